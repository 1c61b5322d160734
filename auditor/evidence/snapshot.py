"""The policy as it was when the run judged by it, with the platform's facts that concern the case."""

from collections.abc import Mapping

from auditor.cases.dossier import Dossier
from auditor.digests import canonical_json
from auditor.evidence.bag import Bag, is_plain
from auditor.evidence.documents import FORMAT_VERSION, PolicyDocument, PolicyEntry
from auditor.policy.pack import SourceFile


def add_policy(bag: Bag, sealed: Dossier) -> None:
    """Add every policy file byte for byte, the context, the approvals of the case's accounts, and an index."""
    taken: dict[str, str] = {"index.json": "", "approvals.json": ""}
    entries = []
    context = [sealed.context_file] if sealed.context_file else []
    for role, file in [("pack", file) for file in sealed.policy_files] + [("context", file) for file in context]:
        name = _name(file, taken)
        if name not in taken:
            bag.add(f"policy/{name}", [file.text.encode()])
            taken[name] = file.digest
        entries.append(PolicyEntry(path=file.path, file=name, sha256=file.digest, role=role))
    if sealed.approvals:
        approvals = [approval.model_dump() for approval in sealed.approvals]
        bag.add(
            "policy/approvals.json",
            [canonical_json({"format_version": FORMAT_VERSION, "approvals": approvals}) + b"\n"],
        )
    index = PolicyDocument(pack=sealed.receipt.pack, files=tuple(entries))
    bag.add("policy/index.json", [canonical_json(index.model_dump()) + b"\n"])


def _name(file: SourceFile, taken: Mapping[str, str]) -> str:
    """Return the path of a file in its pack where that is a plain name that is free, else one made of its digest."""
    path = file.path.replace("\\", "/")
    while path.startswith(("../", "./", "/")):
        path = path.partition("/")[2]
    is_free = is_plain(path) and not any(_clash(path.lower(), other.lower()) for other in taken)
    return path if is_free else f"by-digest/{file.digest}.yml"


def _clash(path: str, other: str) -> bool:
    """Say whether two paths can't both be files: they are the same, or one is a folder of the other."""
    return path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/")
