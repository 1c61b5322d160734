"""The casebook: one SQLite file of runs, cases, findings, proposals and notes, which Datasette opens as it is.

Opening brings the schema up to date. Writing happens in `Casebook.writing`, one transaction that is taken at once, so
that two writers wait for each other instead of failing half-way. Every refusal of SQLite becomes a WorkspaceError.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from auditor.cases.migrations import STEPS, casebook_migrations
from auditor.errors import WorkspaceError
from auditor.records.workspace import disk_errors

SECONDS_TO_WAIT = 10.0
"""How long a writer waits for another one."""

_DAMAGED = "restore it from a backup, or move it away and audit again (notes and proposals are only in this file)"


@dataclass(frozen=True)
class Casebook:
    """An open casebook; make one with `open_casebook`, and close it when done."""

    path: Path
    db: Database

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """Run the block as one transaction: all of it is written, or nothing.

        Raises WorkspaceError when another program keeps the file, the disk refuses, or the file is damaged.
        """
        with _in_our_words(self.path):
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
            except BaseException:
                self.db.conn.rollback()
                raise
            self.db.conn.commit()

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Run the block against one unchanging state of the casebook. Raises WorkspaceError like `writing`."""
        with _in_our_words(self.path):
            if self.db.conn.in_transaction:
                yield self.db
                return
            self.db.conn.execute("BEGIN")
            try:
                yield self.db
            finally:
                self.db.conn.rollback()

    def close(self) -> None:
        """Close the connection; the casebook can't be used afterwards."""
        self.db.conn.close()

    def __enter__(self) -> "Casebook":
        """Return the casebook, for use in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the casebook."""
        self.close()


def open_casebook(path: Path) -> Casebook:
    """Open the casebook, making it or bringing it up to date where needed.

    Raises WorkspaceError when the file is no casebook, is damaged, was written by a newer program, or can't be written.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _in_our_words(path):
        connection = sqlite3.connect(path, timeout=SECONDS_TO_WAIT)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            db = Database(connection, execute_plugins=False)
            _refuse_newer(db, path)
            _bring_up_to_date(db, path)
        except BaseException:
            connection.close()
            raise
        return Casebook(path, db)


def _refuse_newer(db: Database, path: Path) -> None:
    unknown = sorted({step.name for step in casebook_migrations.applied(db)} - set(STEPS))
    if unknown:
        message = f"found a casebook with step `{unknown[-1]}`, this program knows steps up to `{STEPS[-1]}`"
        raise WorkspaceError.at(str(path), message, "use the newer program that wrote it, or another `--workspace`")


def _bring_up_to_date(db: Database, path: Path) -> None:
    """Apply missing steps in one transaction, so that two programs that open a new casebook don't both make it."""
    if not casebook_migrations.pending(db):
        return
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        others = set(db.table_names()) - {casebook_migrations.migrations_table}
        if others and not casebook_migrations.applied(db):
            message = "found a database with other tables, expected a casebook"
            raise WorkspaceError.at(str(path), message, "choose another `--workspace`")
        casebook_migrations.apply(db)
    except BaseException:
        db.conn.rollback()
        raise
    db.conn.commit()


@contextmanager
def _in_our_words(path: Path) -> Iterator[None]:
    """Turn SQLite's refusals into a WorkspaceError that says what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        found, hint = _refusal(error)
        raise WorkspaceError.at(str(path), found, hint) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise  # a defect of this program, not of the file
        raise WorkspaceError.at(str(path), f"the casebook is damaged ({_lowered(error)})", _DAMAGED) from error


def _refusal(error: sqlite3.OperationalError) -> tuple[str, str]:
    match error.sqlite_errorcode & 0xFF:  # the primary result code: https://sqlite.org/rescode.html
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another program is writing to the casebook", "wait until it has finished, then try again"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return "the casebook can't be written", "change its permissions or choose another `--workspace`"
        case sqlite3.SQLITE_FULL:
            return "no space left on the disk", "free some space and run the command again; nothing was half-written"
        case sqlite3.SQLITE_CANTOPEN:
            return "the casebook can't be opened", "check that the folder exists and may be written"
        case sqlite3.SQLITE_IOERR:
            return f"the disk refuses ({_lowered(error)})", "check the disk; nothing was half-written"
        case _:
            return f"the casebook can't be used ({_lowered(error)})", _DAMAGED


def _lowered(error: sqlite3.Error) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:1].lower() + text[1:]
