"""Cited records come back whole and in order, and their bytes are those of the original file."""

import gzip
import hashlib
from pathlib import Path

import pytest

from auditor.cases.dossier import gather, wanted_of
from auditor.cases.finding_evidence import bucket_seconds
from auditor.records.activity import Activity
from auditor.records.cited import Wanted, cited_records, first_cited, timelines
from auditor.records.memory import activity_of
from auditor.records.sourcebytes import SourceBytes
from auditor.records.sql import open_connection
from tests.evidence.arrange import World, call_row, finding, make_case, world, write_citations, write_log


@pytest.fixture
def small(tmp_path: Path) -> World:
    """One case of twelve records."""
    return world(tmp_path, calls=12)


def all_cited(activity: Activity, wanted: list[Wanted]) -> list[tuple[int, tuple[tuple[str, bool], ...]]]:
    """Return the line of each cited record, and the findings that cite it, in order."""
    query = cited_records(wanted).order_by("source_line")
    rows = activity.connection.sql(query.sql(dialect="duckdb")).select("source_line", "findings").fetchall()
    return [(line, tuple((item["id"], item["is_against"]) for item in findings)) for line, findings in rows]


def test_first_records_of_each_finding_come_in_order_up_to_the_limit(small: World) -> None:
    rows = list(first_cited(small.activity, wanted_of(small.case, small.runs), limit=5))

    assert [row.row["source_line"] for row in rows] == [1, 2, 3, 4, 5]


def test_all_records_come_once_with_every_finding_that_cites_them(tmp_path: Path) -> None:
    _, rows = write_log(tmp_path / "log.jsonl", [call_row(number, account="a") for number in range(4)])
    activity = activity_of(rows, connection=open_connection(folders=(tmp_path,)))
    write_citations(tmp_path / "c.parquet", {"f1": rows[:3], "f2": rows[2:]})
    wanted = [Wanted("C", name, tmp_path / "c.parquet") for name in ("f2", "f1")]

    found = all_cited(activity, wanted)

    expected = [
        (1, (("f1", False),)),
        (2, (("f1", True),)),
        (3, (("f1", True), ("f2", True))),
        (4, (("f2", False),)),
    ]
    assert expected == found


def test_finding_is_found_under_the_id_that_its_run_gave_it(tmp_path: Path) -> None:
    _, rows = write_log(tmp_path / "log.jsonl", [call_row(1, account="a")])
    activity = activity_of(rows, connection=open_connection(folders=(tmp_path,)))
    write_citations(tmp_path / "c.parquet", {"newer": rows})
    wanted = [Wanted("C", "kept", tmp_path / "c.parquet", cited_as="newer")]

    assert [findings for _, findings in all_cited(activity, wanted)] == [(("kept", True),)]


def test_records_of_several_runs_come_together(tmp_path: Path) -> None:
    _, rows = write_log(tmp_path / "log.jsonl", [call_row(number, account="a") for number in range(4)])
    activity = activity_of(rows, connection=open_connection(folders=(tmp_path,)))
    write_citations(tmp_path / "c1.parquet", {"f1": rows[2:]})
    write_citations(tmp_path / "c2.parquet", {"f2": rows[:2], "f1": rows})
    wanted = [Wanted("C", "f1", tmp_path / "c1.parquet"), Wanted("C", "f2", tmp_path / "c2.parquet")]

    assert [line for line, _ in all_cited(activity, wanted)] == [1, 2, 3, 4]


def test_timeline_counts_every_cited_record(small: World) -> None:
    buckets = timelines(small.activity, wanted_of(small.case, small.runs))

    assert sum(bucket.records for bucket in buckets) == 12
    assert all(bucket.start.timestamp() % bucket_seconds(small.case.findings[0].finding) == 0 for bucket in buckets)


def test_nothing_wanted_asks_nothing(small: World) -> None:
    assert list(first_cited(small.activity, [], limit=5)) == []
    assert timelines(small.activity, []) == ()


def test_dossiers_of_many_cases_hold_their_own_records_only(tmp_path: Path) -> None:
    built = world(tmp_path)
    _, rows = write_log(tmp_path / "log.jsonl", [call_row(number, account=f"b{number}") for number in range(3)])
    activity = activity_of(rows, connection=open_connection(folders=(tmp_path,)))
    found = [finding([row], account=row["account_id"]) for row in rows]
    (tmp_path / "runs" / "run-1" / "citations.parquet").unlink()
    write_citations(
        tmp_path / "runs" / "run-1" / "citations.parquet",
        {item.id: [row] for item, row in zip(found, rows, strict=True)},
    )
    cases = [make_case(item, account=item.accounts[0], id=f"C-{item.accounts[0]}") for item in reversed(found)]

    dossiers = list(gather(cases, receipt=built.receipt, pack=built.pack, activity=activity, runs=built.runs))

    shown = [[record.account for record in dossier.evidence[0].shown] for dossier in dossiers]
    assert shown == [["b0"], ["b1"], ["b2"]]


def test_case_whose_citations_are_gone_shows_no_records(small: World) -> None:
    (small.runs / "run-1" / "citations.parquet").unlink()

    assert small.dossier().evidence[0].shown == ()


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
def test_bytes_are_cut_out_of_the_plain_content(tmp_path: Path, is_packed: bool) -> None:
    plain = b"first\nsecond\nthird\n"
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(plain) if is_packed else plain)
    source = hashlib.sha256(path.read_bytes()).hexdigest()

    with SourceBytes({source: path}, scratch=tmp_path) as sources:
        found = [sources.of(source, 13, 5), sources.of(source, 0, 5), sources.of(source, 15, 50)]

    assert found == [b"third", b"first", None]


def test_file_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    with SourceBytes({"s": tmp_path / "none"}, scratch=tmp_path) as sources:
        found = sources.of("s", 0, 5)

        assert (found, sources.why_not("s", 0)) == (None, "the original file is gone")


def test_format_without_byte_ranges_is_said_to_have_none(tmp_path: Path) -> None:
    with SourceBytes({}, scratch=tmp_path) as sources:
        assert sources.why_not("s", None) == "the format of the source has no byte ranges"
