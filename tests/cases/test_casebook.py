"""The casebook as a file: its schema, its neighbours, and everything that may be wrong with it."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.migrations import STEPS, casebook_migrations
from auditor.cases.notes import add_note, list_cases, show_case
from auditor.errors import UsageError, WorkspaceError
from tests.cases.factories import at, finding, run


def schema_of(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        return [sql for (sql,) in rows]


@pytest.mark.parametrize("step", STEPS)
def test_a_casebook_of_any_earlier_step_is_brought_up_to_date(tmp_path: Path, step: str) -> None:
    old = Database(tmp_path / "old.db", execute_plugins=False)
    casebook_migrations.apply(old, stop_before=step)
    old.conn.close()

    open_casebook(tmp_path / "old.db").close()

    open_casebook(tmp_path / "new.db").close()
    assert schema_of(tmp_path / "old.db") == schema_of(tmp_path / "new.db")


def test_every_registered_step_is_known_in_order(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        assert tuple(step.name for step in casebook_migrations.applied(casebook.db)) == STEPS


def test_content_of_the_oldest_casebook_survives(tmp_path: Path) -> None:
    old = Database(tmp_path / "casebook.db", execute_plugins=False)
    casebook_migrations.apply(old, stop_before=STEPS[1])
    row = {"run_id": "r0", "pack": "example", "pack_digest": "1", "started": "2025-01-01T00:00:00Z", "receipt": "{}"}
    old.table("runs").insert(row)
    old.conn.close()

    with open_casebook(tmp_path / "casebook.db") as casebook:
        assert [item["run_id"] for item in casebook.db.table("runs").rows] == ["r0"]


def test_a_casebook_of_a_newer_program_is_refused_by_name(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        step = {"migration_set": "auditor-casebook", "name": "m900_from_the_future", "applied_at": "later"}
        casebook.db.table("_sqlite_migrations").insert(step)

    with pytest.raises(WorkspaceError, match="m900_from_the_future"):
        open_casebook(tmp_path / "casebook.db")


@pytest.mark.parametrize(
    "content", [b"no database at all, just text that goes on for a while", b"SQLite format 3\0" * 90]
)
def test_a_damaged_file_is_said_to_be_damaged_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "casebook.db"
    path.write_bytes(content)

    with pytest.raises(WorkspaceError, match="damaged"):
        open_casebook(path)

    assert path.read_bytes() == content


def test_a_casebook_that_was_cut_off_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "casebook.db"
    with open_casebook(path) as casebook:
        run(casebook, "r1", [finding("a")])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])

    with pytest.raises(WorkspaceError, match="damaged"), open_casebook(path) as casebook:
        list_cases(casebook)


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "casebook.db").table("dogs").insert({"name": "Cleo"})

    with pytest.raises(WorkspaceError, match="other tables"):
        open_casebook(tmp_path / "casebook.db")


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="can't be opened"):
        open_casebook(tmp_path)


def test_references_must_exist(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        note = {"number": 1, "case_id": "C-none", "time": "t", "author": "a", "text": "t"}
        with pytest.raises(sqlite3.IntegrityError):
            casebook.db.table("notes").insert(note)


def test_tables_are_strict(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        made_here = [t for t in casebook.db.tables if not t.name.startswith("_")]

        assert made_here
        assert all(table.strict for table in made_here)


def test_overviews_count_what_holds(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        run(casebook, "r1", [finding("a"), finding("a", start=5, end=6)])
        run(casebook, "r2", [finding("a")])

        (case,) = casebook.db.query("select accounts, findings from case_overview")
        (account,) = casebook.db.query("select account, action, citations from account_overview")

    assert case == {"accounts": 1, "findings": 1}
    assert account == {"account": "a", "action": "verify", "citations": 10}


def two(path: Path) -> tuple[Casebook, Casebook]:
    return open_casebook(path), open_casebook(path)


def test_two_connections_see_each_others_work(tmp_path: Path) -> None:
    first, second = two(tmp_path / "casebook.db")
    run(first, "r1", [finding("a")])
    (case,) = list_cases(second)

    add_note(second, case.id, author="Ben", text="seen", now=at(2))
    run(first, "r2", [finding("a", end=3)])

    assert show_case(first, case.id) == show_case(second, case.id)
    assert [note.text for note in show_case(first, case.id).notes] == ["seen"]


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    first, second = two(tmp_path / "casebook.db")
    second.db.conn.execute("PRAGMA busy_timeout = 10")
    run(first, "r1", [finding("a")])

    with first.writing(), pytest.raises(WorkspaceError, match="another program is writing"):
        add_note(second, "C-any", author="Ben", text="seen", now=at(2))


def test_a_full_disk_is_named_and_nothing_is_half_written(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        run(casebook, "r1", [finding("a")])
        before = list_cases(casebook)
        (pages,) = casebook.db.conn.execute("PRAGMA page_count").fetchone()
        casebook.db.conn.execute(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(WorkspaceError, match="no space left"):
            run(casebook, "r2", [finding(f"b{number}") for number in range(200)])

        assert list_cases(casebook) == before
        assert [row["run_id"] for row in casebook.db.table("runs").rows] == ["r1"]


def test_a_note_on_an_unknown_case_names_the_nearest(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        run(casebook, "r1", [finding("a")])
        (case,) = list_cases(casebook)
        nearly = case.id[:-1] + ("0" if case.id[-1] != "0" else "1")

        with pytest.raises(UsageError) as caught:
            add_note(casebook, nearly, author="Ada", text="hello", now=at(1))

    assert case.id in caught.value.problems[0].hint


@pytest.mark.parametrize(
    ("author", "text"),
    [("", "text"), ("Ada", " \n"), ("Ada", "x" * 100_001), ("Ada", "half a pair \udc80"), ("\udc80", "text")],
)
def test_a_note_that_is_empty_endless_or_no_text_is_refused(tmp_path: Path, author: str, text: str) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        run(casebook, "r1", [finding("a")])
        (case,) = list_cases(casebook)

        with pytest.raises(UsageError):
            add_note(casebook, case.id, author=author, text=text, now=at(1))

        assert show_case(casebook, case.id).notes == ()


def statements_to_read(path: Path, accounts: int) -> int:
    """Count the statements that reading a casebook of so many cases takes."""
    with open_casebook(path) as casebook:
        run(casebook, "r1", [finding(f"a{number}") for number in range(accounts)])
        statements: list[str] = []
        casebook.db.conn.set_trace_callback(statements.append)
        assert len(list_cases(casebook)) == accounts
    return len(statements)


def test_reading_many_cases_takes_no_more_statements_than_reading_one(tmp_path: Path) -> None:
    one, many = (statements_to_read(tmp_path / f"{count}" / "casebook.db", count) for count in (1, 7))

    assert one == many
