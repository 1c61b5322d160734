"""Sources that begin, byte for byte, with the whole of a source that was read before: a log that grew, or its copy.

Only its new lines count. A stored source is known by its size and SHA-256, so the first bytes of the new one are
digested and compared; compression is taken off on both sides. The last line of the old one may have been cut off: it is
new when it is longer now.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from auditor.digests import digests_of_beginnings
from auditor.records.manifest import Beginning, Manifest, Source
from auditor.records.profiles import CSV, JSON_LINES, TEXT_LOG
from auditor.records.reading import Loaded
from auditor.records.staging import Staged
from auditor.records.unpack import PLAIN

LINE_FORMATS = (JSON_LINES, CSV, TEXT_LOG)
"""Formats that grow at their end; an array has its end there, and a table its directory."""


@dataclass(frozen=True)
class Content:
    """The bytes of a source of lines without its compression: how many there are, and their SHA-256."""

    source_id: str
    name: str
    size: int
    digest: str


@dataclass(frozen=True)
class Grown:
    """What a source begins with: `known` of its rows, all of `beginnings` (longest last).

    `cut_line` is the line of a row that was cut off at the end of a beginning and is whole now, else 0.
    """

    beginnings: tuple[Content, ...]
    known: int
    cut_line: int = 0
    cut_offset: int = 0


def contents_of(manifest: Manifest) -> list[Content]:
    """Return the contents of the stored sources that can grow."""
    return [
        Content(source.source_id, source.name, source.plain_bytes, source.plain_sha256)
        for source in manifest.sources
        if source.format in LINE_FORMATS and source.plain_sha256
    ] + [
        Content(source.source_id, source.name, source.bytes, source.source_id)
        for source in manifest.sources
        if source.format in LINE_FORMATS and source.compression == PLAIN
    ]


def content_of(loaded: Loaded, name: str) -> Content | None:
    """Return the content of a source that was just read; None where it can't grow."""
    if loaded.format not in LINE_FORMATS:
        return None
    if loaded.compression == PLAIN:
        return Content(loaded.source_id, name, loaded.bytes, loaded.source_id)
    size = loaded.data.path.stat().st_size
    return Content(loaded.source_id, name, size, digests_of_beginnings(loaded.data.path, [size])[size])


def grown_from(loaded: Loaded, staged: Staged, known: Iterable[Content]) -> Grown | None:
    """Say with which known contents a source begins, and how many of its rows these hold; None for no content."""
    if loaded.format not in LINE_FORMATS:
        return None
    size = loaded.data.path.stat().st_size
    fitting = [one for one in known if 0 < one.size <= size]
    digests = digests_of_beginnings(loaded.data.path, {one.size for one in fitting})
    same = [one for one in fitting if digests.get(one.size) == one.digest]
    if not same:
        return None
    beginnings = tuple(sorted(same, key=lambda one: one.size))
    return _rows_of(beginnings, loaded, staged)


def new_rows_only(staged: Staged, grown: Grown | None) -> Staged:
    """Return a staged source without the rows that are known: neither records nor bad lines of it."""
    if grown is None:
        return staged
    bad = {row: reason for row, reason in staged.bad.items() if row >= grown.known}
    return replace(staged, known=grown.known, bad=bad)


def beginning_of(grown: Grown | None) -> Beginning | None:
    """Return what is kept of it in the manifest: the longest beginning."""
    if grown is None:
        return None
    longest = grown.beginnings[-1]
    return Beginning(source_id=longest.source_id, name=longest.name, bytes=longest.size, lines=grown.known)


def cut_short(sources: Iterable[Source], grown: Grown, records: Mapping[str, int]) -> tuple[Source, ...]:
    """Return the sources with the ends taken back that were cut off; `records` are how many those ends had."""
    ends = {one.source_id for one in grown.beginnings if one.size > grown.cut_offset} if grown.cut_line else set()
    return tuple(
        source.model_copy(
            update={
                "cut_line": min(source.cut_line or grown.cut_line, grown.cut_line),
                "records": source.records - records.get(source.source_id, 0),
                "duplicates": source.duplicates + records.get(source.source_id, 0),
            }
        )
        if source.source_id in ends
        else source
        for source in sources
    )


def _rows_of(beginnings: tuple[Content, ...], loaded: Loaded, staged: Staged) -> Grown:
    places, end = loaded.places, beginnings[-1].size
    known = bisect_left(places.offsets, end)
    last = known - 1
    if last < 0 or places.offsets[last] + places.lengths[last] <= end:
        return Grown(beginnings, known)
    line = loaded.data.of(last)
    if line[: end - places.offsets[last]].rstrip(b"\r\n") == line.rstrip(b"\r\n"):
        return Grown(beginnings, known)
    if last in staged.bad:
        return Grown(beginnings, last)
    return Grown(beginnings, last, places.lines[last], places.offsets[last])
