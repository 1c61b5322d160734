import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from auditor.checker.audit import AuditResult, run_audit
from auditor.errors import WorkspaceError
from auditor.policy.conditions import Equals
from auditor.policy.expressions import Aggregate
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Exemption, ExemptionEntry, Measure, Rule, Span
from auditor.policy.terms import Clause, Terms, TermsVersion
from auditor.records.activity import Activity
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from tests.checker.factories import START, a_record, a_rule, counting, reaches, sliding

NOW = datetime(2026, 2, 1, tzinfo=UTC)
RECORDS = [a_record(place * 60, account) for place, account in enumerate("aabaab")]


def a_pack(*rules: Rule, terms: tuple[Terms, ...] = (), exemptions: tuple[Exemption, ...] = ()) -> Pack:
    return Pack(name="pack", title="Pack", rules=rules, terms=terms, exemptions=exemptions)


def an_activity(folder: Path, records: Sequence[dict[str, object]] = RECORDS) -> Activity:
    return activity_of(records, connection=open_connection(folders=(folder,)))


def audited(
    folder: Path,
    pack: Pack,
    activity: Activity | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> AuditResult:
    return run_audit(
        activity or an_activity(folder),
        pack,
        context=Context(),
        approvals=(),
        since=since,
        until=until,
        as_of=None,
        run_id="run",
        started=NOW,
        program="auditor 0",
        folder=folder / "run",
    )


def receipt_in(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "run" / "receipt.json").read_bytes())
    return content


def citations_of(result: AuditResult) -> list[tuple[object, ...]]:
    return duckdb.read_parquet(str(result.citations)).fetchall()


def test_a_finding_says_who_what_and_how_far_beyond(tmp_path: Path) -> None:
    result = audited(tmp_path, a_pack(counting(3, sliding(3600))))

    (finding,) = result.findings
    assert (finding.subject, finding.records, finding.accounts) == (("a",), 4, ("a",))
    assert [(item.measure, item.operator, item.value, item.margin) for item in finding.thresholds] == [
        ("requests", ">=", "3", "1")
    ]


def test_citations_hold_every_contributing_record_in_order(tmp_path: Path) -> None:
    result = audited(tmp_path, a_pack(counting(3, sliding(3600))))

    finding = result.findings[0].id
    assert [(row[0], row[3], row[5], row[6]) for row in citations_of(result)] == [
        (finding, line, "a", True) for line in (1, 2, 4, 5)
    ]


def test_ids_of_findings_do_not_depend_on_other_records(tmp_path: Path) -> None:
    pack = a_pack(counting(3, sliding(3600)))

    first = audited(tmp_path, pack).findings
    more = [*RECORDS, a_record(7200, "c"), a_record(200, "a")]
    second = audited(tmp_path, pack, an_activity(tmp_path, more)).findings

    assert (first[0].id, first[0].records, second[0].records) == (second[0].id, 4, 5)


def test_no_two_findings_share_an_id(tmp_path: Path) -> None:
    # the first window, of an exempt record, and the second, which reaches back to it, start with the same record
    entry = ExemptionEntry(match=(("api_key_id", "k"),), reason="agreed", span=Span())
    exemption = Exemption(name="agreed", owner="legal", reason="agreed", entries=(entry,))
    records = [a_record(0, api_key_id="k"), a_record(60, api_key_id="other")]
    rule = counting(1, sliding(3600), unless=("agreed",))

    result = audited(tmp_path, a_pack(rule, exemptions=(exemption,)), an_activity(tmp_path, records))

    ids = [finding.id for finding in (*result.findings, *result.suppressed)]
    assert (len(result.findings), len(result.suppressed), len(set(ids))) == (1, 1, 2)


def test_suppressed_findings_are_cited_too(tmp_path: Path) -> None:
    entry = ExemptionEntry(match=(("account_id", "a"),), reason="agreed", span=Span())
    exemption = Exemption(name="agreed", owner="legal", reason="agreed", entries=(entry,))

    result = audited(tmp_path, a_pack(a_rule(unless=("agreed",)), exemptions=(exemption,)))

    assert [item.suppressed_by for item in result.suppressed] == ["agreed"]
    assert {row[0] for row in citations_of(result)} == {item.id for item in (*result.findings, *result.suppressed)}


def test_each_record_is_judged_by_the_version_of_its_time(tmp_path: Path) -> None:
    change = START + timedelta(seconds=150)
    clause = Clause(id="2.c", text="no resale", conduct="resale", stance="prohibits")
    other = Clause(id="3", text="no models", conduct="distillation", stance="prohibits")
    versions = (
        TermsVersion(version="1", span=Span(until=change), clauses=(other,)),
        TermsVersion(version="2", span=Span(start=change), clauses=(clause, other)),
    )
    terms = Terms(id="terms", title="Terms", publisher="p", url="", versions=versions, digest="0")

    result = audited(tmp_path, a_pack(a_rule(), terms=(terms,)))

    found = [(item.version, item.clause, item.records) for item in result.findings[0].clauses]
    assert found == [("2", "2.c", 2)]


def test_a_document_that_does_not_apply_gives_no_clause(tmp_path: Path) -> None:
    clause = Clause(id="2.c", text="no resale", conduct="resale", stance="prohibits")
    version = TermsVersion(version="1", span=Span(), clauses=(clause,))
    applies = Equals(field="plan", value="pro")
    terms = Terms(id="t", title="T", publisher="p", url="", applies=applies, versions=(version,), digest="0")
    records = [a_record(0, "a"), a_record(1, "b", plan="pro"), a_record(2, "b")]

    result = audited(tmp_path, a_pack(a_rule(), terms=(terms,)), an_activity(tmp_path, records))

    assert [[item.records for item in finding.clauses] for finding in result.findings] == [[], [2]]


def test_since_and_until_choose_incidents_by_their_end(tmp_path: Path) -> None:
    pack = a_pack(a_rule(within=sliding(1)))
    since, until = START + timedelta(seconds=60), START + timedelta(seconds=180)

    result = audited(tmp_path, pack, since=since, until=until)

    assert [finding.first_record.source_line for finding in result.findings] == [2, 3]


def test_one_failing_rule_does_not_stop_the_others(tmp_path: Path) -> None:
    # the loader refuses such a fraction; it stands for whatever an engine may stumble over
    impossible = Aggregate(function="quantile", column="input_tokens", fraction=Decimal(2))
    measure = Measure(name="typical", expression=impossible)
    failing = a_rule(name="failing", measures=(measure,), violates=reaches("typical", 1))
    records = [a_record(place, input_tokens=place) for place in range(3)]

    result = audited(tmp_path, a_pack(failing, a_rule()), an_activity(tmp_path, records))

    runs = {run.rule: run for run in result.receipt.rules}
    assert (runs["failing"].is_evaluated, bool(runs["failing"].error)) == (False, True)
    assert runs["rule"].findings == 1


def test_the_receipt_names_what_was_read_and_found(tmp_path: Path) -> None:
    result = audited(tmp_path, a_pack(counting(3, sliding(3600))))

    receipt = receipt_in(tmp_path)
    assert (receipt["records"], receipt["findings"], receipt["error"]) == (6, 1, "")
    assert receipt["plan_digest"] == result.receipt.plan_digest != ""


def test_a_run_that_fails_leaves_a_receipt_that_says_why(tmp_path: Path) -> None:
    activity = an_activity(tmp_path)
    activity.connection.execute("DROP TABLE stored_records CASCADE")

    with pytest.raises(WorkspaceError):
        audited(tmp_path, a_pack(a_rule()), activity)

    assert "the records can't be read" in str(receipt_in(tmp_path)["error"])
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["receipt.json"]


def test_cited_records_that_cannot_be_written_stop_the_run_with_a_message(tmp_path: Path) -> None:
    activity = activity_of(RECORDS, connection=open_connection(folders=(tmp_path / "elsewhere",)))

    with pytest.raises(WorkspaceError, match="cited records can't be written"):
        audited(tmp_path, a_pack(a_rule()), activity)

    assert [path.name for path in (tmp_path / "run").iterdir()] == ["receipt.json"]


def test_the_same_audit_gives_the_same_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    records = [
        a_record((place * 7919) % 50_000, f"account-{place % 13}", cost_usd=str(Decimal(place) / 1000))
        for place in range(3000)
    ]
    spent = Measure(name="spent", expression=Aggregate(function="sum", column="cost_usd"))
    rule = a_rule(measures=(spent,), within=sliding(3600), violates=reaches("spent", 20))

    results: list[tuple[bytes, bytes]] = []
    for threads in (1, 2, 2):
        folder = tmp_path / str(len(results))
        folder.mkdir()
        connection = duckdb.connect(config={"threads": threads})
        result = audited(folder, a_pack(rule), activity_of(records, connection=connection))
        results.append(((folder / "run" / "receipt.json").read_bytes(), result.citations.read_bytes()))

    assert results[0] == results[1] == results[2]


def test_an_empty_store_gives_no_findings_and_says_what_is_missing(tmp_path: Path) -> None:
    result = audited(tmp_path, a_pack(a_rule()), an_activity(tmp_path, []))

    assert (result.findings, result.receipt.rules[0].missing) == ((), ("account_id",))
    assert citations_of(result) == []
