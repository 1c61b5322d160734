"""Which sources a retraction takes along: those whose records may count once only because an earlier source had them.

A record that two sources hold is stored with the first and counted as a duplicate of the second; a log that grew holds
only its new lines. So when the first goes, the second has to be read again. The manifest counts duplicates, it doesn't
say of what: each later source with any is read again, which costs time and can't be wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.errors import UsageError
from auditor.records.grown import LINE_FORMATS
from auditor.records.manifest import Manifest, Source

DIGITS = 12
FEWEST_DIGITS = 8
"""How much of a source's digest is shown, and how much at least names it."""

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Retraction:
    """The sources that are taken back, and those that are read again without them; both in the manifest's order."""

    leaving: tuple[Source, ...]
    again: tuple[Source, ...]

    @property
    def ids(self) -> frozenset[str]:
        """Ids of all sources whose records leave the store, for good or to be read again."""
        return frozenset(source.source_id for source in (*self.leaving, *self.again))


def source_named(manifest: Manifest, name: str, path: str = "") -> Source:
    """Return the source of an id, of the beginning of one, or of a name or path as `ingest` was given it.

    `path` is the name as an absolute path.

    Raises UsageError when there is none or more than one.
    """
    found = [source for source in manifest.sources if _is_called(source, name, path)]
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"found no source {name!a} among the {len(manifest.sources)} of this workspace"
        raise UsageError.at(None, message, "give its file name, its path as it was read, or its SHA-256")
    each = "; ".join(f"{source.source_id[:DIGITS]} ({source.records:,} records)" for source in found[:10])
    message = f"{len(found)} sources are called {name!a}: {each}{'; …' if len(found) > 10 else ''}"
    raise UsageError.at(None, message, "give the digits of the one that you mean, or of several")


def retraction_of(manifest: Manifest, leaving: Sequence[Source]) -> Retraction:
    """Return what it takes to take sources back."""
    ids = {source.source_id for source in leaving}
    affected: list[Source] = []
    again: list[Source] = []
    for place, source in enumerate(manifest.sources):
        if source.source_id in ids:
            affected.append(source)
        elif _rests_on(source, affected) or _was_cut_by(source, manifest.sources[place + 1 :], ids):
            affected.append(source)
            again.append(source)
    return Retraction(tuple(source for source in manifest.sources if source.source_id in ids), tuple(again))


def _is_called(source: Source, name: str, path: str) -> bool:
    is_id = len(name) >= FEWEST_DIGITS and set(name) <= _HEX and source.source_id.startswith(name)
    return is_id or name in (source.name, source.path) or path == source.path


def _rests_on(source: Source, earlier: Sequence[Source]) -> bool:
    """Whether rows of a source may have been dropped, or called a conflict, because of earlier sources."""
    if source.grew_from and any(item.format in LINE_FORMATS for item in earlier):
        return True
    has_repeated = source.duplicates > 0 or source.conflicts > 0
    return has_repeated and _has_ids(source) and any(map(_has_ids, earlier))


def _was_cut_by(source: Source, later: Sequence[Source], leaving: set[str]) -> bool:
    """Whether the end of a source may have been taken back because a leaving one has it as whole lines."""
    return source.cut_line > 0 and any(item.grew_from for item in later if item.source_id in leaving)


def _has_ids(source: Source) -> bool:
    """Whether a source names its rows itself: no other row can be repeated."""
    return "record_id" in source.provides
