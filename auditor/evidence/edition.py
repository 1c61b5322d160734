"""Editions: what of a bundle one kind of recipient sees, as a profile in YAML; users add their own.

edition: partner              # a name for it
title: ...                    # whom it is for
purpose: ...                  # why anything is disclosed
records: all                  # or `own`: of one account only, which the command names
context: true                 # whether context records are in it
policy: judged                # rules that made findings, and the terms; or `all`
withhold:
  - groups: [account, key]    # disclosure groups; a column of a group that stands alone may be named too
    reason: personal-data     # a code that says why
    pseudonym: true           # the same value has the same pseudonym, another one for each recipient
"""

import re
from importlib.resources import files
from pathlib import Path
from typing import Literal

from auditor.errors import UsageError
from auditor.evidence.standalone.disclosure import BYTES, GROUP_FIELDS, GROUP_OF, GROUPS, REST
from auditor.policy.conditions import Node
from auditor.policy.fields import Fields, Problems, nearest
from auditor.policy.files import read_bytes
from auditor.policy.yaml import LARGEST, ScalarNode, read_yaml

KEYS = ("edition", "title", "purpose", "records", "context", "policy", "withhold")
CODE = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")


class Withheld(Node):
    """Groups that an edition withholds for one reason."""

    groups: tuple[str, ...]
    reason: str
    is_pseudonymous: bool = False


class Edition(Node):
    """What one kind of recipient sees."""

    name: str
    title: str
    purpose: str
    is_of_one_account: bool
    has_context: bool
    policy: Literal["all", "judged"]
    withheld: tuple[Withheld, ...]

    @property
    def groups(self) -> frozenset[str]:
        """Every group that is withheld."""
        return frozenset(group for item in self.withheld for group in item.groups)

    @property
    def pseudonymous(self) -> frozenset[str]:
        """The groups whose values have pseudonyms."""
        return frozenset(group for item in self.withheld if item.is_pseudonymous for group in item.groups)


def shipped_editions() -> tuple[str, ...]:
    """Return the names of the editions that come with the program."""
    folder = files("auditor.evidence").joinpath("editions")
    return tuple(sorted(item.name.removesuffix(".yml") for item in folder.iterdir() if item.name.endswith(".yml")))


def load_edition(edition: str) -> Edition:
    """Load an edition by shipped NAME or FILE. Raises PolicyError with every problem, UsageError when there is none."""
    if edition in shipped_editions():
        text = files("auditor.evidence").joinpath("editions", f"{edition}.yml").read_bytes()
        return _read(text, f"{edition}.yml")
    path = Path(edition)
    if path.is_file():
        return _read(read_bytes(path, LARGEST), str(path))
    found = f"unknown edition `{edition[:60]}`, expected one of {', '.join(shipped_editions())}, or a file"
    raise UsageError.at(None, found, nearest(edition, shipped_editions(), "name a shipped edition or a YAML file"))


def _read(data: bytes, file: str) -> Edition:
    problems = Problems()
    fields = Fields(read_yaml(data, file), "an edition", problems)
    fields.allow(KEYS)
    name = fields.text("edition")
    if name and not CODE.match(name):
        problems.add(fields.key_place("edition"), f"name `{name[:60]}`, expected small letters and dashes", "rename it")
    records = fields.choice("records", ("all", "own"))
    policy: Literal["all", "judged"] = fields.choice("policy", ("all", "judged"), "judged")
    edition = Edition(
        name=name,
        title=fields.text("title"),
        purpose=fields.text("purpose"),
        is_of_one_account=records == "own",
        has_context=_flag(fields, "context", is_usual=False),
        policy=policy,
        withheld=tuple(_withheld(item) for item in fields.maps("withhold", "an entry of `withhold`")),
    )
    _bytes_must_not_tell(edition, fields)
    problems.check()
    return edition


def _withheld(fields: Fields) -> Withheld:
    fields.allow(("groups", "reason", "pseudonym"))
    reason = fields.text("reason")
    if reason and not CODE.match(reason):
        fields.problems.add(
            fields.key_place("reason"), f"reason `{reason[:60]}`, expected small letters and dashes", "write a code"
        )
    groups = tuple(_group(name, fields) for name in fields.texts("groups", alone=True))
    if not groups:
        fields.problems.add(fields.place, "an entry without groups, expected at least one", "name groups")
    return Withheld(groups=groups, reason=reason, is_pseudonymous=_flag(fields, "pseudonym", is_usual=False))


def _group(name: str, fields: Fields) -> str:
    """Return the group that a name means: its own, or that of the one column that makes it."""
    known = [group for group in GROUPS if group != REST]
    if name in known:
        return name
    group = GROUP_OF.get(name, REST)
    if group != REST and len([field for field in GROUP_FIELDS[group] if "." not in field]) == 1:
        return group
    found = f"`{name[:60]}` can't be withheld alone, expected one of {', '.join(known)}"
    hint = f"withhold the group `{group}` as a whole" if group != REST else nearest(name, known, "name a group")
    fields.problems.add(fields.key_place("groups"), found, hint)
    return BYTES


def _flag(fields: Fields, name: str, *, is_usual: bool) -> bool:
    node = fields.node(name)
    if node is None:
        return is_usual
    if isinstance(node, ScalarNode) and isinstance(node.value, bool):
        return node.value
    fields.problems.add(node.place, f"`{name}` is not true or false, expected one of them", "write `true` or `false`")
    return is_usual


def _bytes_must_not_tell(edition: Edition, fields: Fields) -> None:
    """Refuse an edition that shows the exact bytes of a line of which it withholds a part."""
    if edition.groups and BYTES not in edition.groups:
        found = "fields are withheld but `source` is not, expected both: the exact bytes of a line hold all its fields"
        fields.problems.add(fields.key_place("withhold"), found, "withhold the group `source` as well")
