"""A pack's rules as a folder of one's own, to be judged by one's own terms: what it holds, without the terms."""

from pathlib import Path

from auditor.cli.policies import rule_paths
from auditor.errors import UsageError
from auditor.policy.load import load_pack
from auditor.policy.rulecases import cases_path
from auditor.records.workspace import write_atomically

TERMS, PACKS = "terms", "packs"
NOT_COPIED = (f"{TERMS}/", f"{PACKS}/")


def copied(pack: str, folder: Path) -> tuple[str, ...]:
    """Write rules with their cases, lists, links and ladder of a pack into a new folder, and an empty one for terms.

    Returns the paths below the folder. Raises UsageError when there is something in it already.
    """
    loaded = load_pack(pack)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError.at(str(folder), "found something there already, expected a new folder", "choose another name")
    texts = {file.path: file.text.encode() for file in loaded.files if not file.path.startswith(NOT_COPIED)}
    for path in rule_paths(loaded).values():
        cases = cases_path(path)
        if cases.is_file():
            texts[cases.relative_to(loaded.root).as_posix()] = cases.read_bytes()
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / name, text)
    (folder / TERMS).mkdir(parents=True, exist_ok=True)
    return tuple(sorted(texts))
