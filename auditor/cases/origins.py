"""Where the records of a case lie: the sources that a run read, numbered so that a row can name one in a word.

A source is numbered by its place among all of them, by name. Files of equal name are told apart by as much of their
paths as it takes; a path belongs to one machine, so a sealed report shows name, number and digest instead.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath

from auditor.checker.findings import Receipt
from auditor.policy.conditions import Node
from auditor.records.manifest import Source


class SourceAccount(Node):
    """One source and where every line of it went; `number` counts from 1.

    `where` is the shortest end of its path that no other source of its name has, empty when the name says enough.
    """

    number: int
    source_id: str
    name: str
    where: str = ""
    profile: str
    format: str = ""
    compression: str = ""
    records: int
    bytes: int | None = None
    lines: int | None = None
    quarantined: int | None = None
    duplicates: int | None = None
    conflicts: int | None = None
    first_time: datetime | None = None
    last_time: datetime | None = None


_KNOWN_OF_A_SOURCE = (
    "format", "compression", "bytes", "lines", "quarantined", "duplicates", "conflicts", "first_time", "last_time",
)  # fmt: skip


def numbered_sources(receipt: Receipt, known: Sequence[Source]) -> tuple[SourceAccount, ...]:
    """Return the sources of a run by name; `known` are those of the store, without which less is said of them."""
    stored = {source.source_id: source for source in known}
    ordered = sorted(receipt.sources, key=lambda read: (read.name, read.source_id))
    paths = {read.source_id: stored[read.source_id].path for read in ordered if read.source_id in stored}
    places = _told_apart({read.source_id: read.name for read in ordered}, paths)
    return tuple(
        SourceAccount(
            number=number,
            source_id=read.source_id,
            name=read.name,
            where=places.get(read.source_id, ""),
            profile=read.profile,
            records=read.records,
            **(_known_of(stored[read.source_id]) if read.source_id in stored else {}),
        )
        for number, read in enumerate(ordered, start=1)
    )


def _known_of(source: Source) -> dict[str, str | int | datetime | None]:
    return {name: getattr(source, name) for name in _KNOWN_OF_A_SOURCE}


def _told_apart(names: Mapping[str, str], paths: Mapping[str, str]) -> dict[str, str]:
    """Return, for sources that share their name, the shortest end of each one's path that tells it from the others."""
    groups: dict[str, list[str]] = {}
    for source_id, name in names.items():
        if source_id in paths:
            groups.setdefault(name, []).append(source_id)
    found: dict[str, str] = {}
    for group in groups.values():
        parts = {source_id: PurePath(paths[source_id]).parts for source_id in group}
        found |= {source_id: _shortest_end(source_id, parts) for source_id in group if len(group) > 1}
    return found


def _shortest_end(source_id: str, parts: Mapping[str, tuple[str, ...]]) -> str:
    own = parts[source_id]
    others = [path for other, path in parts.items() if other != source_id]
    length = next((size for size in range(1, len(own)) if all(path[-size:] != own[-size:] for path in others)), 0)
    return str(PurePath(*own[-length:]))  # the whole path where no end differs: the file was read twice, and changed
