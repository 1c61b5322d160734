"""The ledger: what people did can be added to, and nothing else goes unseen."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.ledger import FIRST, Head, append, entries_of, head_of
from auditor.cases.ledger_state import read_ledger
from auditor.cases.migrations import casebook_migrations
from auditor.cases.notes import add_note
from auditor.cases.steps import assign, close
from auditor.digests import canonical_json, digest_of
from auditor.errors import WorkspaceError
from tests.cases.factories import at, finding, run


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """A casebook with a case and five entries."""
    with open_casebook(tmp_path / "casebook.db") as opened:
        run(opened, "r1", [finding("a")])
        case_id = next(iter(opened.db.table("cases").rows))["case_id"]
        add_note(opened, case_id, author="A", text="called", now=at(1))
        assign(opened, case_id, to="B", person="A", now=at(2))
        add_note(opened, case_id, author="B", text="nobody answers", now=at(3))
        assign(opened, case_id, to="C", person="B", now=at(4))
        close(opened, case_id, reason="a test account", person="C", now=at(5))
        yield opened


def codes(casebook: Casebook, *heads: Head) -> set[str]:
    """Return the codes of every fault."""
    return {fault.code for fault in read_ledger(casebook, heads).faults}


def by_hand(casebook: Casebook, *statements: str) -> None:
    """Change the file as somebody would who knows what keeps entries as they are."""
    connection = casebook.db.conn
    for trigger in ("ledger_no_update", "ledger_no_delete"):
        connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()


def test_ledger_tells_who_did_what(casebook: Casebook) -> None:
    state = read_ledger(casebook)

    assert [(entry.number, entry.kind, entry.person) for entry in state.entries] == [
        (1, "noted", "A"), (2, "assigned", "A"), (3, "noted", "B"), (4, "assigned", "B"), (5, "closed", "C"),
    ]  # fmt: skip
    assert state.faults == ()


def test_each_entry_holds_the_digest_of_the_one_before(casebook: Casebook) -> None:
    entries = read_ledger(casebook).entries

    assert [entry.previous for entry in entries] == [FIRST, *(entry.digest for entry in entries[:-1])]


@pytest.mark.parametrize("statement", ["UPDATE ledger SET person = 'Z'", "DELETE FROM ledger WHERE number = 5"])
def test_entries_can_not_be_changed_by_accident(casebook: Casebook, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        casebook.db.conn.execute(statement)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        pytest.param("UPDATE ledger SET content = replace(content, 'B', 'Z') WHERE number = 4", "changed", id="change"),
        pytest.param("UPDATE ledger SET person = 'Z' WHERE number = 2", "column", id="change of a column"),
        pytest.param("UPDATE ledger SET content = '{}' WHERE number = 2", "form", id="no entry at all"),
        pytest.param("DELETE FROM ledger WHERE number = 2", "order", id="removal"),
        pytest.param("DELETE FROM ledger WHERE number = 1", "chain", id="removal of the first"),
        pytest.param("UPDATE ledger SET number = 9 WHERE number = 5", "order", id="another number"),
        pytest.param("UPDATE notes SET text = 'answered' WHERE number = 2", "note", id="change of a note"),
        pytest.param("DELETE FROM notes WHERE number = 1", "note", id="removal of a note"),
        pytest.param("UPDATE notes SET number = 7 WHERE number = 1", "note", id="insertion of a note"),
        pytest.param("UPDATE cases SET status = 'open'", "status", id="another status"),
    ],
)
def test_whatever_was_changed_by_hand_is_seen(casebook: Casebook, statement: str, code: str) -> None:
    by_hand(casebook, statement)

    assert code in codes(casebook)


def test_entries_that_change_places_are_seen(casebook: Casebook) -> None:
    moves = [(2, 99), (4, 2), (99, 4)]
    by_hand(casebook, *(f"UPDATE ledger SET number = {new} WHERE number = {old}" for old, new in moves))

    assert {"order", "chain"} <= codes(casebook)


def test_an_inserted_entry_is_seen(casebook: Casebook) -> None:
    row = next(iter(casebook.db.table("ledger").rows_where("number = 2")))
    content = json.loads(row["content"]) | {"number": 6, "previous": "0" * 64}
    data = canonical_json(content)
    casebook.db.table("ledger").insert(row | {"number": 6, "content": data.decode(), "digest": digest_of(data)})

    assert "chain" in codes(casebook)


def test_a_ledger_that_was_cut_off_is_seen_by_a_head_kept_elsewhere(casebook: Casebook) -> None:
    head = head_of(casebook.db)
    by_hand(casebook, "DELETE FROM ledger WHERE number = 5", "UPDATE cases SET status = 'open'")

    assert codes(casebook) == set()
    assert codes(casebook, head) == {"head"}


def test_a_ledger_that_was_made_again_is_seen_by_a_head_kept_elsewhere(casebook: Casebook) -> None:
    head = head_of(casebook.db)
    by_hand(casebook, *_made_again(casebook, lambda content: content | {"person": "Z"}))

    assert codes(casebook) == {"note"}
    assert "head" in codes(casebook, head)


def _made_again(casebook: Casebook, change: Callable[[dict[str, object]], dict[str, object]]) -> Iterator[str]:
    previous = FIRST
    for row in list(casebook.db.table("ledger").rows_where(order_by="number")):
        data = canonical_json(change(json.loads(row["content"])) | {"previous": previous})
        previous = digest_of(data)
        person = json.loads(data)["person"]
        yield (
            f"UPDATE ledger SET content = '{data.decode()}', digest = '{previous}', person = '{person}'"
            f" WHERE number = {row['number']}"
        )


def test_an_earlier_head_still_fits_a_ledger_that_went_on(casebook: Casebook) -> None:
    entries = read_ledger(casebook).entries

    assert codes(casebook, *(Head(number=entry.number, digest=entry.digest) for entry in entries)) == set()


def test_what_is_not_recorded_is_not_done(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        run(casebook, "r1", [finding("a")])
        case_id = next(iter(casebook.db.table("cases").rows))["case_id"]
        casebook.db.conn.execute("DROP TABLE ledger")
        casebook.db.conn.commit()

        with pytest.raises(WorkspaceError, match="without its ledger"):
            add_note(casebook, case_id, author="A", text="called", now=at(1))

        assert list(casebook.db.table("notes").rows) == []


def test_notes_of_an_earlier_casebook_get_their_entries(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "new.db") as casebook:
        run(casebook, "r1", [finding("a")])
        rows = {name: list(casebook.db.table(name).rows) for name in ("runs", "cases", "case_accounts")}
    with sqlite3.connect(tmp_path / "old.db") as connection:
        old = Database(connection, execute_plugins=False)
        casebook_migrations.apply(old, stop_before="m004_ledger")
        for name, found in rows.items():
            old.table(name).insert_all([{key: row[key] for key in row if key != "assignee"} for row in found])
        case_id = rows["cases"][0]["case_id"]
        note = {"number": 1, "case_id": case_id, "time": "2026-01-05T00:00:00Z", "author": "A", "text": "called"}
        old.table("notes").insert(note)

    with open_casebook(tmp_path / "old.db") as casebook:
        state = read_ledger(casebook)

    assert [(entry.kind, entry.person, entry.details["note"]) for entry in state.entries] == [("noted", "A", 1)]
    assert state.faults == ()


def test_entries_of_one_case_are_told_apart(casebook: Casebook) -> None:
    with casebook.writing() as db:
        append(db, kind="closed", case_id="other", person="A", time=at(6), details={"reason": "x"})

    assert [entry.kind for entry in entries_of(casebook.db, "other")] == ["closed"]
