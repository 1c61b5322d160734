"""The shipped policies and the catalogue that describes them, read for the tests of both."""

import re
from functools import cache
from pathlib import Path
from typing import get_args

from auditor.digests import digest_of
from auditor.policy.fields import Problems
from auditor.policy.lists import Lists
from auditor.policy.load import load_pack, shipped_policies
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Family
from auditor.policy.terms import Terms
from auditor.policy.terms_reader import read_terms
from auditor.policy.yaml import read_yaml

POLICIES = shipped_policies()
SMALL_PACKS = ("sign-up-surge", "vendor-data", "workplace")
CATALOGUE = (POLICIES / "README.md").read_text(encoding="utf-8")


@cache
def shipped_pack() -> Pack:
    """Return the default pack."""
    return load_pack("model-api", context=Context())


def shipped_terms() -> list[Terms]:
    """Return every shipped document, whether a pack names it or not."""
    lists = Lists(value for name in ("model-api", *SMALL_PACKS) for value in load_pack(name).lists)
    problems, documents = Problems(), []
    for path in sorted((POLICIES / "terms").glob("*.yml")):
        data = path.read_bytes()
        node = read_yaml(data, str(path))
        documents.append(read_terms(node, digest=digest_of(data), lists=lists, problems=problems))
    problems.check()
    return [document for document in documents if document]


def rule_paths() -> list[Path]:
    """Return the files of all shipped rules: those of the default pack and those of the small packs."""
    return sorted(path for path in (POLICIES / "rules").rglob("*.yml") if not path.name.endswith(".cases.yml"))


def is_of_the_default_pack(path: Path) -> bool:
    """Say whether a rule's file lies in a folder of a family; the others lie in the folder of their pack."""
    return path.parent.name in get_args(Family)


def pack_of(path: Path) -> Pack:
    """Return the shipped pack that a rule belongs to."""
    return shipped_pack() if is_of_the_default_pack(path) else load_pack(path.parent.name)


def rows_of_rules() -> dict[str, tuple[str, ...]]:
    """Return the catalogue's table of rules: the cells of each row by the rule's file."""
    rows = re.findall(r"^\| \[(.+?)\]\((.+?)\) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", CATALOGUE, re.MULTILINE)
    return {row[1]: (row[0], *row[2:]) for row in rows}


def rows_of_packs() -> dict[str, tuple[str, ...]]:
    """Return the catalogue's table of packs: the cells of each row by the pack's name."""
    part = CATALOGUE.split("## The packs", 1)[1].split("\n## ", 1)[0]
    return {row[0]: row[1:] for row in re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", part, re.MULTILINE)}


def section_of(title: str) -> str:
    """Return what the catalogue says about a rule, empty if nothing."""
    found = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", CATALOGUE, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def conducts_defined() -> dict[str, str]:
    """Return the catalogue's definitions of conducts."""
    part = CATALOGUE.split("## Conducts", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `(.+?)` \| (.+?) \|$", part, re.MULTILINE))
