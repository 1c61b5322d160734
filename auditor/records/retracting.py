"""Take sources out of the store, and read again what rests on them: as if they had never been read.

All is made in a shadow of the workspace first: files of the store without the leaving records (the others are links),
into which the remaining sources are read as they always are. Then its new files are moved over and the manifest is
replaced in one step, so that a killed run leaves the store as before or as after.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.digests import digest_of_file, digests_of_beginnings
from auditor.errors import InputError, Problem, UsageError
from auditor.records.ingest import ingest
from auditor.records.layout import copy_to_parquet
from auditor.records.manifest import (
    Manifest,
    Retracted,
    Source,
    StoredFile,
    load_manifest,
    save_manifest,
    sweep_unlisted,
)
from auditor.records.profiles import SHIPPED, load_profile
from auditor.records.retraction import DIGITS, Retraction
from auditor.records.sources import path_of
from auditor.records.sql import call, file_reader, identifier, is_not, literal, open_connection, text_of
from auditor.records.trouble import engine_errors
from auditor.records.unfinished import Announcement, announce, quarantine_of
from auditor.records.workspace import TEMPORARY, Workspace, disk_errors


@dataclass(frozen=True)
class Originals:
    """Where the bytes of each source are that has to be read again, and which profile it is read by."""

    files: Mapping[str, Path]
    profiles: Mapping[str, str | Path]


def originals_of(again: Sequence[Source], folder: Path | None, profiles: Sequence[Path]) -> Originals:
    """Find the sources that have to be read again: where they were, or under any name in `folder`.

    A log that grew since still begins with them. Raises UsageError naming every one that is gone, was changed, or was
    read by a profile that is neither shipped nor among `profiles`.
    """
    named = {load_profile(path).name: path for path in profiles}
    others = [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder else []
    wanted = {source.source_id: source.bytes for source in again}
    found: dict[str, Path] = {}
    for path in [*(path_of(source.path) for source in again), *others]:
        left = {source_id: size for source_id, size in wanted.items() if source_id not in found}
        found |= dict.fromkeys(_beginnings_in(path, left), path)
    problems = [_gone(source) for source in again if source.source_id not in found]
    problems += [_unknown_profile(source) for source in again if source.profile not in (*SHIPPED, *named)]
    if problems:
        raise UsageError(problems)
    return Originals(found, {source.profile: named.get(source.profile, source.profile) for source in again})


def retract(
    workspace: Workspace, retraction: Retraction, originals: Originals, *, person: str, reason: str, now: datetime
) -> Manifest:
    """Take sources back and return the manifest as it is afterwards; the caller holds the workspace's lock.

    Who does it and why stands in the manifest, too: if the run is killed before its entry, the ledger learns it there.
    Raises InputError when a source reads otherwise than it did, WorkspaceError for the disk or the store.
    """
    manifest = load_manifest(workspace)
    sweep_unlisted(workspace, manifest)
    with _shadow(workspace) as shadow, engine_errors(workspace.folder):
        kept = _without(workspace, shadow, manifest, retraction.ids)
        save_manifest(shadow, kept)
        for source in retraction.again:
            _lay_out(source, originals.files[source.source_id], shadow)
        for profile, sources in groupby(retraction.again, key=lambda source: source.profile):
            _read_again(shadow, list(sources), originals.profiles[profile], manifest, now)
        made = _as_before(load_manifest(shadow), retraction.again)
        gone = [
            Retracted(
                source_id=source.source_id, name=source.name, records=source.records, quarantined=source.quarantined,
                time=now, person=person, reason=reason,
            )
            for source in retraction.leaving
        ]  # fmt: skip
        return _put_in_place(workspace, shadow, manifest, made, gone, retraction)


def _beginnings_in(path: Path, sizes: Mapping[str, int]) -> list[str]:
    """Return the sources, given with their sizes, that a file is or begins with."""
    try:
        size = path.stat().st_size
        fitting = {source_id: wanted for source_id, wanted in sizes.items() if wanted <= size}
        digests = digests_of_beginnings(path, set(fitting.values())) if fitting else {}
    except OSError:
        return []
    return [source_id for source_id, wanted in fitting.items() if digests[wanted] == source_id]


def _gone(source: Source) -> Problem:
    message = f"source {_shown(source)} has to be read again, but its file is gone or was changed: `{source.path}`"
    hint = "put it back, name a folder that holds it with `--sources DIR`, or take this source back as well"
    return Problem(None, message, hint)


def _unknown_profile(source: Source) -> Problem:
    message = f"source {_shown(source)} has to be read again by profile `{source.profile}`, which is not a shipped one"
    return Problem(None, message, "give its file with `--profile FILE`, or take this source back as well")


def _shown(source: Source) -> str:
    return f"{source.name!a} ({source.source_id[:DIGITS]})"


@contextmanager
def _shadow(workspace: Workspace) -> Iterator[Workspace]:
    folder = workspace.folder / f"{TEMPORARY}retract"
    shadow = Workspace(folder)
    with disk_errors(folder):
        shadow.activity.mkdir(parents=True)
    try:
        yield shadow
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without(workspace: Workspace, shadow: Workspace, manifest: Manifest, gone: frozenset[str]) -> Manifest:
    """Lay the files of the store into the shadow without the records of some sources, and return its manifest."""
    files = []
    with open_connection(folders=(workspace.activity, shadow.activity)) as connection:
        for stored in manifest.files:
            source, target = workspace.activity / stored.name, shadow.activity / stored.name
            left = _records_left(connection, source, gone)
            if left == stored.records:
                _link(source, target)
                files.append(stored)
            elif left:
                query = exp.Select(expressions=[identifier(name) for name in stored.columns]).from_(_file(source))
                connection.execute(text_of(copy_to_parquet(query.where(is_not(_is_of(gone))), target)))
                size, digest = target.stat().st_size, digest_of_file(target)
                files.append(stored.model_copy(update={"records": left, "bytes": size, "sha256": digest}))
    sources = tuple(source for source in manifest.sources if source.source_id not in gone)
    return manifest.model_copy(update={"files": tuple(files), "sources": sources})


def _records_left(connection: duckdb.DuckDBPyConnection, path: Path, gone: frozenset[str]) -> int:
    query = exp.Select(expressions=[call("count", exp.Star())]).from_(_file(path)).where(is_not(_is_of(gone)))
    (left,) = connection.execute(text_of(query)).fetchone() or (0,)
    return int(left)


def _is_of(sources: frozenset[str]) -> exp.Expression:
    return exp.In(this=identifier("source_id"), expressions=[literal(source_id) for source_id in sorted(sources)])


def _file(path: Path) -> exp.Table:
    return exp.Table(this=file_reader("read_parquet", [path]))


def _link(source: Path, target: Path) -> None:
    """Have a file at a second place; where the disk knows no links, copy it."""
    with disk_errors(target):
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)


def _lay_out(source: Source, original: Path, shadow: Workspace) -> None:
    """Put a source's bytes below a folder of its own, under the name that it was read by."""
    path = _place_of(source, shadow) / source.name
    with disk_errors(path):
        path.parent.mkdir(parents=True)
        if original.stat().st_size == source.bytes:
            path.symlink_to(original)
            return
        with original.open("rb") as given, path.open("xb") as target:
            left = source.bytes
            while left and (chunk := given.read(min(left, 1 << 20))):
                target.write(chunk)
                left -= len(chunk)


def _place_of(source: Source, shadow: Workspace) -> Path:
    return shadow.folder / "again" / source.source_id


def _given(source: Source, shadow: Workspace) -> Path:
    """Return the path by which a source is read: its name is what follows the folder that was given."""
    place = _place_of(source, shadow)
    return place if "/" in source.name else place / source.name


def _read_again(
    shadow: Workspace, sources: Sequence[Source], profile: str | Path, manifest: Manifest, now: datetime
) -> None:
    """Read sources into the shadow. Raises InputError when one reads otherwise than it did."""
    paths = [_given(source, shadow) for source in sources]
    report = ingest(paths, profile=profile, workspace=shadow, now=now, erased=manifest.forgotten)
    read = {source.source_id: source for source in load_manifest(shadow).sources}
    problems = [Problem(None, failed, "nothing was changed; check the file") for failed in report.failed]
    for source in sources:
        found = read.get(source.source_id)
        if found is None or _reading(found) != _reading(source):
            message = f"source {_shown(source)} reads otherwise than it did, so its records would be others"
            hint = "nothing was changed; check its file and profile, or take this source back as well"
            problems.append(Problem(None, message, hint))
    if problems:
        raise InputError(problems)


def _reading(source: Source) -> tuple[object, ...]:
    """Return what depends on a source's bytes and profile alone."""
    return source.profile, source.format, source.lines, source.blank, source.provides


def _as_before(manifest: Manifest, again: Sequence[Source]) -> Manifest:
    """Return a manifest in which the sources that were read again are called as before."""
    given = {source.source_id: source for source in again}
    sources = []
    for source in manifest.sources:
        if before := given.get(source.source_id):
            update = {"name": before.name, "path": before.path, "ingested": before.ingested}
            source = source.model_copy(update=update)
        sources.append(source)
    return manifest.model_copy(update={"sources": tuple(sources)})


def _put_in_place(
    workspace: Workspace,
    shadow: Workspace,
    before: Manifest,
    made: Manifest,
    gone: Sequence[Retracted],
    retraction: Retraction,
) -> Manifest:
    """Move what is new from the shadow into the workspace, then switch to the new manifest."""
    batch, same = secrets.token_hex(8), set(before.files)
    announcement = Announcement(
        batch=batch,
        leaving=tuple(stored.name for stored in before.files if stored not in set(made.files)),
        retracted=tuple(item.source_id for item in gone),
        again=tuple(source.source_id for source in retraction.again),
    )
    announce(workspace, announcement)
    files = [
        stored if stored in same else _moved(stored, shadow, workspace, f"{number}-{batch}")
        for number, stored in enumerate(made.files)
    ]
    if shadow.quarantine.is_dir():
        with disk_errors(workspace.quarantine):
            workspace.quarantine.mkdir(exist_ok=True)
            shadow.quarantine.rename(quarantine_of(workspace, batch))
    manifest = made.model_copy(update={"files": tuple(files), "retracted": (*before.retracted, *gone)})
    save_manifest(workspace, manifest)
    sweep_unlisted(workspace, manifest)
    return manifest


def _moved(stored: StoredFile, shadow: Workspace, workspace: Workspace, name: str) -> StoredFile:
    """Move a new file under a name that no file of the store has or had."""
    path = workspace.activity / f"{stored.period}-{name}.parquet"
    with disk_errors(path):
        (shadow.activity / stored.name).replace(path)
    return stored.model_copy(update={"name": path.name})
