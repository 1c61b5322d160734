"""Erase what an account wrote from the store: prompts, answers, and whatever its records hold beside the columns.

The files that hold any of it are written anew, and the manifest is replaced last, so that a killed run changes nothing.
What the account did (times, models, counts, identifiers) stays; so do the source files, which are not ours.
"""

import secrets
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.digests import digest_of_file
from auditor.records.layout import copy_to_parquet
from auditor.records.manifest import StoredFile, load_manifest, save_manifest, sweep_unlisted
from auditor.records.sql import (
    all_of,
    any_of,
    call,
    file_reader,
    identifier,
    is_not,
    is_null,
    literal,
    named,
    open_connection,
    table,
    text_of,
)
from auditor.records.staging import Staged
from auditor.records.unfinished import Announcement, announce
from auditor.records.workspace import Workspace

CONTENT = ("prompt", "system_prompt", "response", "extra", "tags")
"""What an account wrote, and what a source says beside the columns, which may be anything."""


def records_with_content(workspace: Workspace, account: str) -> int:
    """Count the stored records of an account that hold content."""
    manifest = load_manifest(workspace)
    with _connection(workspace) as connection:
        return sum(_counted(connection, workspace, manifest.files, account).values())


def forget_content(workspace: Workspace, account: str) -> int:
    """Erase the content of an account's records, note that it is forgotten, and return of how many records.

    The caller holds the workspace's lock. Raises WorkspaceError.
    """
    manifest, batch = load_manifest(workspace), secrets.token_hex(8)
    with _connection(workspace) as connection:
        counts = _counted(connection, workspace, manifest.files, account)
        leaving = [stored.name for stored in manifest.files if counts.get(stored.name)]
        announce(workspace, Announcement(batch=batch, leaving=tuple(leaving)))
        anew = {
            stored.name: _without_content(connection, workspace, stored, account, f"{number}-{batch}")
            for number, stored in enumerate(manifest.files)
            if counts.get(stored.name)
        }
    changed = manifest.model_copy(
        update={
            "files": tuple(anew.get(stored.name, stored) for stored in manifest.files),
            "forgotten": tuple(sorted({*manifest.forgotten, account})),
        }
    )
    save_manifest(workspace, changed)
    sweep_unlisted(workspace, changed)
    return sum(counts.values())


def erase_content(connection: duckdb.DuckDBPyConnection, staged: Staged, accounts: Collection[str]) -> None:
    """Erase what some accounts wrote from a source that was read and isn't stored yet."""
    held = [name for name in CONTENT if name in staged.columns]
    if held and "account_id" in staged.columns:
        erased = [exp.EQ(this=identifier(name), expression=exp.null()) for name in held]
        names = [literal(account) for account in sorted(accounts)]
        is_one = exp.In(this=identifier("account_id"), expressions=names)
        update = exp.Update(this=table(staged.loaded_table), expressions=erased, where=exp.Where(this=is_one))
        connection.execute(text_of(update))


def _connection(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    return open_connection(folders=(workspace.activity,))


def _counted(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, files: Sequence[StoredFile], account: str
) -> dict[str, int]:
    """Return how many records of the account hold content, by file."""
    counts = {}
    for stored in files:
        held = [name for name in CONTENT if name in stored.columns]
        if held and "account_id" in stored.columns:
            has_any = any_of([is_not(is_null(identifier(name))) for name in held])
            query = exp.Select(expressions=[call("count", exp.Star())]).from_(_file(workspace.activity / stored.name))
            (found,) = connection.execute(text_of(query.where(all_of([_is_of(account), has_any])))).fetchone() or (0,)
            counts[stored.name] = found
    return counts


def _without_content(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, stored: StoredFile, account: str, name: str
) -> StoredFile:
    path = workspace.activity / f"{stored.period}-{name}.parquet"
    columns = [
        named(exp.Case(ifs=[exp.If(this=_is_of(account), true=exp.null())], default=identifier(name)), name)
        if name in CONTENT
        else identifier(name)
        for name in stored.columns
    ]
    query = exp.Select(expressions=columns).from_(_file(workspace.activity / stored.name))
    connection.execute(text_of(copy_to_parquet(query, path)))
    return stored.model_copy(update={"name": path.name, "bytes": path.stat().st_size, "sha256": digest_of_file(path)})


def _is_of(account: str) -> exp.Expression:
    same = exp.EQ(this=identifier("account_id"), expression=literal(account))
    return call("coalesce", same, exp.false())


def _file(path: Path) -> exp.Table:
    return exp.Table(this=file_reader("read_parquet", [path]))
