"""The activity store, opened for reading: one view over the daily Parquet files that the manifest lists."""

import os
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.errors import WorkspaceError
from auditor.records.activity import ALL_COLUMNS, STORED, STORED_TYPES, Activity, SourceSummary, one_kind, show
from auditor.records.layout import ADDRESS_NUMBER, HIGH, address_number
from auditor.records.manifest import Manifest, load_manifest
from auditor.records.sql import (
    all_of,
    any_of,
    call,
    cast,
    columns_definition,
    file_reader,
    identifier,
    is_not,
    literal,
    open_connection,
    table,
    text_of,
    within,
)
from auditor.records.workspace import Workspace, disk_errors

SCRATCH = ".partial-scratch"
"""Folder inside `activity/` for what doesn't fit into memory; swept like any unfinished name."""

MEMORY, MEMORY_WITH_TEXT = "1GB", "2GB"
"""What the engine may use before it turns to the disk; what prompts have in common is worked out from all of them."""


def open_activity(workspace: Workspace) -> Activity:
    """Open the store of a workspace for reading; an empty store has the right columns and no rows.

    The connection reaches the activity folder and `runs`, where cited records are written, and nothing else.
    Raises WorkspaceError.
    """
    manifest = load_manifest(workspace)
    with disk_errors(workspace.activity):
        workspace.activity.mkdir(exist_ok=True)
    scratch = workspace.activity / f"{SCRATCH}-{os.getpid()}"  # two engines would write over each other's files
    memory = MEMORY_WITH_TEXT if _holds_text(manifest) else MEMORY
    folders = (workspace.activity, workspace.runs)
    connection = open_connection(folders=folders, memory_limit=memory, temporary=scratch, keeps_footers=True)
    try:
        _create_view(connection, workspace.activity, manifest)
    except duckdb.Error as error:
        message = f"a file of the store can't be read: {_first_line(error)}"
        hint = "restore the activity folder from a backup"
        raise WorkspaceError.at(str(workspace.activity), message, hint) from error
    _must_hold_what_is_listed(connection, workspace, manifest)
    return Activity(connection, summaries_of(manifest))


def _must_hold_what_is_listed(connection: duckdb.DuckDBPyConnection, workspace: Workspace, manifest: Manifest) -> None:
    """Refuse a store in which a source has not as many records as the manifest says: rules would leave them out."""
    source_id = identifier("source_id")
    query = (
        exp.Select(expressions=[source_id, call("count", exp.Star())]).from_(table(STORED)).group_by(source_id.copy())
    )
    found = dict(connection.execute(text_of(query)).fetchall())
    names = {source.source_id: source.name for source in manifest.sources}
    listed = {source.source_id: source.records for source in manifest.sources}
    hint = "restore the activity folder from a backup, or ingest the sources again into a new workspace"
    for one in sorted({*found, *listed}, key=str):
        if found.get(one, 0) != listed.get(one, 0):
            of = f"`{names[one]}`" if one in names else f"a source `{str(one)[:16]}…` that the manifest doesn't list"
            message = f"found {found.get(one, 0)} records of {of}, expected {listed.get(one, 0)} by the manifest"
            raise WorkspaceError.at(str(workspace.activity), message, hint)


def _holds_text(manifest: Manifest) -> bool:
    return any("prompt" in source.provides for source in manifest.sources)


def summaries_of(manifest: Manifest) -> tuple[SourceSummary, ...]:
    """Return what the checker needs to know of each source; files of one profile are of one kind."""
    return one_kind(
        SourceSummary(source.source_id, source.name, source.profile, source.records, frozenset(source.provides))
        for source in manifest.sources
    )


def _create_view(connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest) -> None:
    if not manifest.files:
        schema = exp.Schema(this=table(STORED), expressions=columns_definition(STORED_TYPES))
        connection.execute(text_of(exp.Create(this=schema, kind="TABLE")))
    else:
        made = exp.Create(this=table(STORED), kind="VIEW", expression=stored_records(folder, manifest))
        connection.execute(text_of(made))
    show(connection)


def stored_records(folder: Path, manifest: Manifest) -> exp.Select:
    """Return the query of all stored records, every column in its contract type; the manifest lists some file."""
    present = {name for stored in manifest.files for name in stored.columns}
    columns = [exp.alias_(_stored(name, present), name, quoted=True) for name in ALL_COLUMNS]
    files = [folder / stored.name for stored in manifest.files]
    reader = exp.Table(this=file_reader("read_parquet", files, union_by_name=exp.true()))
    ends = [
        all_of([_is("source_id", source.source_id), _is_from("source_line", source.cut_line)])
        for source in manifest.sources
        if source.cut_line
    ]
    query = exp.Select(expressions=columns).from_(reader)
    return query.where(is_not(any_of(ends))) if ends else query


def records_from(connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest, line: int) -> dict[str, int]:
    """Count the stored records that stand on a line of their source, or after it, by source."""
    if not manifest.files:
        return {}
    query = exp.Select(expressions=[identifier("source_id"), call("count", exp.Star())])
    query = query.from_(within(stored_records(folder, manifest))).where(_is_from("source_line", line))
    return dict(connection.execute(text_of(query.group_by(identifier("source_id")))).fetchall())


def _is(name: str, value: str) -> exp.Expression:
    return exp.EQ(this=identifier(name), expression=literal(value))


def _is_from(name: str, least: int) -> exp.Expression:
    return exp.GTE(this=identifier(name), expression=literal(least))


def _stored(name: str, present: set[str]) -> exp.Expression:
    if name == ADDRESS_NUMBER and HIGH in present:
        return address_number()
    return cast(identifier(name) if name in present else exp.null(), STORED_TYPES[name])


def _first_line(error: duckdb.Error) -> str:
    text = str(error).splitlines()[0]
    return text[:1].lower() + text[1:].rstrip(".")
