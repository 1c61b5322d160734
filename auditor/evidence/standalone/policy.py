"""The policy files are those that the receipt names, and every finding's rule is among them."""

import re
from collections.abc import Iterator
from typing import Any

from auditor.evidence.standalone.layout import EDITION
from auditor.evidence.standalone.reading import (
    BundleFile,
    Files,
    digest_of_file,
    document_of,
    field_of,
    lines_of,
    list_of,
)
from auditor.evidence.standalone.results import Fault

RULE_WORD = re.compile(
    r"^(strength|family|level): *[\"']?([a-z]+(?:-[a-z]+)?)[\"']? *(?:#.*)?$", re.MULTILINE | re.ASCII
)


def policy_faults(files: Files) -> Iterator[Fault]:
    """The policy files are those the receipt names, and every finding's rule is among them."""
    index, _ = document_of(files, "data/policy/index.json")
    receipt, _ = document_of(files, "data/receipt.json")
    place, digests = "data/policy/index.json", []
    listed = {"data/policy/index.json", "data/policy/approvals.json"}
    for number, entry in enumerate(list_of(index, "files"), start=1):
        name = f"data/policy/{field_of(entry, 'file')}"
        listed.add(name)
        if EDITION in files and field_of(entry, "is_withheld") is True:
            if name in files:
                yield Fault(name, "", f"is there, though {place} says that it is withheld")
        elif name not in files:
            yield Fault(name, "", f"is named in {place} but is missing")
        elif digest_of_file(files[name]) != field_of(entry, "sha256"):
            yield Fault(name, "", f"its SHA-256 is not the one in {place}")
        if field_of(entry, "role") == "pack":
            digests.append([str(field_of(entry, "path")), str(field_of(entry, "sha256"))])
        elif field_of(entry, "role") != "context":
            yield Fault(place, f"files[{number}].role", "expected pack or context")
    for name in sorted(name for name in files if name.startswith("data/policy/") and name not in listed):
        yield Fault(name, "", f"is not named in {place}")
    if not digests or sorted(digests, key=ascii) != sorted(list_of(receipt, "policy_files"), key=ascii):
        yield Fault(place, "files", "the policy files are not those that data/receipt.json names")
    rules = {
        (path.rpartition("/")[2].rpartition(".")[0], digest): files.get(f"data/policy/{field_of(entry, 'file')}")
        for entry in list_of(index, "files")
        for path, digest in [(str(field_of(entry, "path")), field_of(entry, "sha256"))]
        if field_of(entry, "role") == "pack" and isinstance(digest, str)
    }
    for _, finding, faults in lines_of(files, "data/findings.jsonl"):
        if not faults and field_of(finding, "is_stale") is not True:
            yield from _rule_must_be_that(finding, rules)
    case, _ = document_of(files, "data/case.json")
    if not field_of(case, "case", "pack") == field_of(receipt, "pack") == field_of(index, "pack"):
        yield Fault(place, "pack", "the case, the receipt and the index name different packs")


def _rule_must_be_that(finding: Any, rules: dict[tuple[str, str], BundleFile | None]) -> Iterator[Fault]:
    """The file that made a finding is the one of its rule: name, id, and the words that say how grave it is."""
    place, name = "data/findings.jsonl", str(field_of(finding, "id"))
    file = rules.get((str(field_of(finding, "rule")), str(field_of(finding, "rule_digest"))))
    if file is None:
        yield Fault(place, f"{name}: rule_digest", "no bundled policy file of the rule's name has it")
        return
    text, rule_id = file.read().decode("utf-8", "replace"), field_of(finding, "rule_id")
    if not isinstance(rule_id, str) or len(rule_id) < 8 or rule_id.lower() not in text.lower():
        yield Fault(place, f"{name}: rule_id", "is not in the rule's file")
    for word, value in RULE_WORD.findall(text):
        if field_of(finding, word) != value:
            yield Fault(
                place, f"{name}: {word}", f"is {ascii(field_of(finding, word))[:40]}, the rule's file says {value}"
            )
