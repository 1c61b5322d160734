"""Totals of accounts, and counts over citations."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from auditor.errors import WorkspaceError
from auditor.records.activity import Activity
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from auditor.records.tallies import AccountSpan, cited_by_account, keys_cited, records_within
from auditor.records.totals import AccountTotal, account_totals


def at(hour: int) -> datetime:
    return datetime(2026, 1, 5, hour, tzinfo=UTC)


def record(hour: int, account: str | None, **columns: object) -> dict[str, object]:
    return {"time": f"2026-01-05T{hour:02}:00:00Z", "event": "completion", "account_id": account, **columns}


def test_totals_count_every_record_of_the_asked_accounts_only() -> None:
    activity = activity_of([record(1, "a"), record(3, "a"), record(2, "b"), record(2, None)])

    totals = account_totals(activity, ["a", "unheard-of", "a"])

    assert {"a": AccountTotal(2, at(1), at(3))} == totals


def test_organizations_come_with_the_time_they_were_first_seen() -> None:
    rows = [record(3, "a", organization_id="new"), record(1, "a", organization_id="old"), record(2, "a")]

    totals = account_totals(activity_of(rows), ["a"])

    assert (("old", at(1)), ("new", at(3))) == totals["a"].organizations


def test_hostile_account_names_are_only_values() -> None:
    name = "x'); DROP TABLE memory_records; --"

    totals = account_totals(activity_of([record(1, name)]), [name])

    assert totals[name].records == 1


def test_no_accounts_need_no_query() -> None:
    assert account_totals(activity_of([record(1, "a")]), []) == {}


def citations_of(folder: Path, rows: Sequence[tuple[str, int, int, str | None, bool]]) -> Path:
    """Write (finding, hour, line, account, is_against) as a citations file."""
    path = folder / "citations.parquet"
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE c (finding_id VARCHAR, time TIMESTAMP, source_id VARCHAR, source_line BIGINT,"
        " record_id VARCHAR, account_id VARCHAR, is_against BOOLEAN)"
    )
    for finding, hour, line, account, against in rows:
        values = [finding, at(hour).replace(tzinfo=None), "s", line, str(line), account, against]
        connection.execute("INSERT INTO c VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    connection.execute("COPY c TO $path (FORMAT parquet)", {"path": str(path)})
    return path


def span(first: int, last: int, until: int = 23, key: str | None = None) -> AccountSpan:
    return AccountSpan("a", at(first), at(last), at(until), key)


def keyed(folder: Path, keys: Mapping[int, str]) -> Activity:
    """Return an activity that may read the folder: records of account `a` by line, with their key."""
    rows = [record(line, "a", api_key_id=key, source_id="s", source_line=line) for line, key in keys.items()]
    return activity_of(rows, connection=open_connection(folders=(folder,)))


def test_records_within_spans_count_once_even_when_spans_overlap(tmp_path: Path) -> None:
    rows = [("f", hour, hour, "a", True) for hour in range(6)] + [("f", 3, 30, "b", True), ("f", 2, 31, "a", False)]
    citations = {"r": citations_of(tmp_path, rows)}

    counts = records_within(keyed(tmp_path, {}), citations, [span(1, 2), span(2, 3)])

    assert counts == {"r": {("f", "a"): (3, 2)}}


def test_records_long_after_a_span_are_not_counted(tmp_path: Path) -> None:
    citations = {"r": citations_of(tmp_path, [("f", hour, hour, "a", True) for hour in range(10)])}

    counts = records_within(keyed(tmp_path, {}), citations, [span(2, 3, until=5)])

    assert counts == {"r": {("f", "a"): (2, 2)}}


def test_records_made_with_another_key_are_not_counted_and_those_without_one_are(tmp_path: Path) -> None:
    citations = {"r": citations_of(tmp_path, [("f", 2, line, "a", True) for line in (1, 2, 3)])}

    counts = records_within(keyed(tmp_path, {1: "k1", 2: "k2"}), citations, [span(1, 3, key="k1")])

    assert counts == {"r": {("f", "a"): (2, 0)}}


def test_keys_are_those_of_the_records_that_a_finding_of_that_run_cites(tmp_path: Path) -> None:
    rows = [("f", 1, 1, "a", True), ("f", 2, 2, "a", True), ("f", 3, 3, "a", False), ("g", 4, 4, "a", True)]
    (tmp_path / "other").mkdir()
    citations = {"r": citations_of(tmp_path, rows), "q": citations_of(tmp_path / "other", [("f", 5, 5, "a", True)])}
    activity = keyed(tmp_path, {1: "k2", 2: "k1", 3: "k3", 4: "k4", 5: "k5"})

    assert keys_cited(activity, citations, {("r", "f")}) == {("r", "f", "a"): ("k1", "k2")}


def test_different_findings_that_cite_one_record_count_it_once(tmp_path: Path) -> None:
    rows = [("f", 1, 1, "a", True), ("g", 1, 1, "a", True), ("g", 2, 2, "a", True), ("h", 3, 3, "a", True)]

    citations = {"r": citations_of(tmp_path, rows)}
    counts = cited_by_account(keyed(tmp_path, {}), citations, {("r", "f"), ("r", "g")})

    assert counts == {"a": 2}


def test_a_record_that_findings_of_two_runs_cite_counts_once(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = citations_of(tmp_path, [("f", 1, 1, "a", True), ("g", 2, 2, "a", True)])
    second = citations_of(tmp_path / "other", [("f", 1, 1, "a", True), ("f", 3, 3, "a", True), ("g", 4, 4, "a", True)])

    counts = cited_by_account(keyed(tmp_path, {}), {"r": first, "q": second}, {("r", "f"), ("r", "g"), ("q", "f")})

    assert counts == {"a": 3}


def test_damaged_citations_are_named(tmp_path: Path) -> None:
    path = tmp_path / "citations.parquet"
    path.write_bytes(b"PAR1 no more")

    with pytest.raises(WorkspaceError, match="can't be read"):
        cited_by_account(keyed(tmp_path, {}), {"r": path}, {("r", "f")})
    with pytest.raises(WorkspaceError, match="can't be read"):
        records_within(keyed(tmp_path, {}), {"r": path}, [span(1, 2)])


def test_totals_as_of_a_time_count_no_later_record_and_keep_every_organization() -> None:
    rows = [record(1, "a"), record(2, "a"), record(3, "a", organization_id="o"), record(3, "b")]

    totals = account_totals(activity_of(rows), ["a", "b"], as_of=at(2))

    assert totals == {"a": AccountTotal(2, at(1), at(2), (("o", at(3)),)), "b": AccountTotal(0, at(3), at(3))}
