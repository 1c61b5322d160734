"""An audit as on a day sees what a store of that day would have shown, and no rule that begins later."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.checker.audit import AuditResult, run_audit
from auditor.policy.conditions import Equals
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Rule, Span
from auditor.records.activity import Activity
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from tests.checker.factories import START, a_record, a_rule
from tests.properties.some_records import grids, row_sets
from tests.properties.some_rules import rules, settings_of

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))
DAY = START.replace(minute=1)


def audited(
    folder: Path, pack: Pack, activity: Activity, as_of: datetime | None, context: Context | None = None
) -> AuditResult:
    """Audit as on a day."""
    return run_audit(
        activity, pack, context=context or Context(), approvals=(), since=None, until=None, as_of=as_of, run_id="run",
        started=START, program="auditor 0", folder=folder,
    )  # fmt: skip


def an_activity(folder: Path, records: Sequence[dict[str, object]]) -> Activity:
    return activity_of(records, connection=open_connection(folders=(folder,)))


def pack_of(*chosen: Rule) -> Pack:
    return Pack(name="pack", title="Pack", rules=chosen)


@settings(
    max_examples=EXAMPLES or 40,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(data=st.data())
def test_an_audit_as_on_a_day_is_that_of_a_store_of_that_day(data: st.DataObject) -> None:
    grid = data.draw(grids())
    rows, as_of, given_with = data.draw(row_sets(grid)), data.draw(grid.moments()), data.draw(settings_of(grid))
    pack = Pack(
        name="p", title="P", rules=(data.draw(rules(grid)),), terms=given_with.terms,
        exemptions=given_with.exemptions, timezone=given_with.timezone,
    )  # fmt: skip

    results = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        whole = an_activity(folder, rows)
        by_then = [row for row, seen in zip(rows, _times(rows), strict=True) if seen <= as_of]
        for part, activity in (("whole", whole), ("part", an_activity(folder, by_then))):
            results.append(audited(folder / part, pack, activity, as_of, given_with.context))

    assert results[0].findings == results[1].findings
    assert results[0].suppressed == results[1].suppressed
    assert results[0].receipt == results[1].receipt


def _times(rows: Sequence[dict[str, object]]) -> list[datetime]:
    """Return the times of rows in their own order."""
    numbered = [{"time": row["time"], "event": "x", "source_line": place} for place, row in enumerate(rows)]
    found = {row["source_line"]: row["time"] for row in activity_of(numbered).rows()}
    return [found[place] for place in range(len(rows))]


def test_a_column_that_is_filled_only_later_is_not_there_yet(tmp_path: Path) -> None:
    rule = a_rule(Equals(field="country", value="DE"))
    activity = an_activity(tmp_path, [a_record(0), a_record(120, country="DE")])

    then, now = (audited(tmp_path / name, pack_of(rule), activity, day) for name, day in (("a", DAY), ("b", None)))

    assert [(run.is_evaluated, run.missing) for run in then.receipt.rules] == [(False, ("country",))]
    assert [run.is_evaluated for run in now.receipt.rules] == [True]


def test_a_source_that_begins_later_is_not_read_yet(tmp_path: Path) -> None:
    records = [a_record(0, source_id="early"), a_record(120, source_id="late")]

    receipt = audited(tmp_path / "run", pack_of(a_rule()), an_activity(tmp_path, records), DAY).receipt

    assert ([source.source_id for source in receipt.sources], receipt.records) == (["early"], 1)


def test_a_rule_that_begins_later_is_no_part_of_the_run(tmp_path: Path) -> None:
    begins = datetime(2026, 6, 1, tzinfo=UTC)
    later = a_rule(Equals(field="country", value="DE"), effective=Span(start=begins), name="later")
    activity = an_activity(tmp_path, [a_record(0)])

    runs = audited(tmp_path / "run", pack_of(later, a_rule()), activity, DAY).receipt.rules

    assert [run.rule for run in runs] == ["rule"]


def test_a_rule_that_begins_on_the_day_is_part_of_the_run(tmp_path: Path) -> None:
    rule = a_rule(effective=Span(start=DAY))

    result = audited(tmp_path / "run", pack_of(rule), an_activity(tmp_path, [a_record(60), a_record(61)]), DAY)

    assert [finding.records for finding in result.findings] == [1]
