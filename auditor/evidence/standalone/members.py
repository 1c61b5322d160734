"""What a line of the records may hold: members that are committed to, and those that other checks hold to their word.

Anything more would be in no leaf of the tree, and could be put into a bundle, or into an edition, under the same root.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from auditor.evidence.standalone.disclosure import GROUP_OF
from auditor.evidence.standalone.reading import as_object, field_of, list_of

LINE_MEMBERS = frozenset({"findings", "record", "derived", "pseudonyms", "source"})
SOURCE_MEMBERS = frozenset({"id", "name", "line", "offset", "length", "text", "base64", "without_bytes"})
PSEUDONYM = re.compile(r"([a-z]+)-[0-9a-f]{12}")

Odd = tuple[str, str]
"""A field, and what is wrong with it."""


def odd_members(line: Any, *, is_edition: bool) -> Iterator[Odd]:
    """Yield what a record says beyond what it may, and findings that it names twice."""
    source = as_object(line.get("source"))
    if not line.keys() <= LINE_MEMBERS:
        yield "", f"says more than is committed to: {_some_names(line.keys() - LINE_MEMBERS)}"
    if not source.keys() <= SOURCE_MEMBERS:
        yield "source", f"says more than is committed to: {_some_names(source.keys() - SOURCE_MEMBERS)}"
    if sum(source.get(name) is not None for name in ("text", "base64", "without_bytes")) > 1:
        yield "source", "has its bytes more than once, or beside the reason why there are none"
    if "pseudonyms" in line:
        yield from _odd_pseudonyms(line, is_edition=is_edition)
    named = Counter(_name_of(item) for item in list_of(line, "findings"))
    if any(count > 1 for count in named.values()):
        yield "findings", "names a finding twice"


def _odd_pseudonyms(line: Any, *, is_edition: bool) -> Iterator[Odd]:
    given, record = as_object(line["pseudonyms"]), as_object(line.get("record"))
    if not is_edition:
        yield "pseudonyms", "are there, though nothing is withheld"
    for name, value in given.items():
        found = PSEUDONYM.fullmatch(value) if isinstance(value, str) else None
        if name in record or found is None or found[1] != GROUP_OF.get(name):
            yield "pseudonyms", "are not those of columns that are withheld"
            return


def _name_of(item: Any) -> str:
    return item if isinstance(item, str) else str(field_of(item, "id"))


def _some_names(names: Any) -> str:
    return ", ".join(sorted(map(str, names))[:3])
