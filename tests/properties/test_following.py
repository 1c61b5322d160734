"""What a trace says of each account adds up to what the evaluator says of all of them."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.checker.asked import Question
from auditor.checker.circumstances import Circumstances
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.following import followed_in
from auditor.checker.prepared import Prepared
from auditor.policy.pack import Pack
from auditor.records.extras import with_extra_names
from auditor.records.memory import activity_of
from auditor.report.trace_words import differing, lines_of
from tests.properties.some_derived import links, with_all_derived
from tests.properties.some_records import grids, row_sets
from tests.properties.some_rules import rules, settings_of

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))


@settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(data=st.data())
def test_traces_of_all_accounts_agree_with_the_evaluator(data: st.DataObject) -> None:
    grid = data.draw(grids())
    rule, judged_by = data.draw(rules(grid)), data.draw(settings_of(grid))
    rows = [row for row in data.draw(row_sets(grid)) if row.get("account_id")]
    activity = with_extra_names(activity_of(rows), rule.needed_columns())
    activity = with_all_derived(activity, data.draw(links(grid)))
    pack = Pack(
        name="p", title="p", terms=judged_by.terms, exemptions=judged_by.exemptions, timezone=judged_by.timezone
    )
    accounts = sorted({str(row["account_id"]) for row in rows})

    circumstances = Circumstances(pack, judged_by.context, judged_by.as_of)
    traces = [followed_in(Prepared(activity), Question(rule, account, circumstances)) for account in accounts]

    outcome = evaluate(
        rule, activity.rows(), activity.sources, context=judged_by.context, terms=pack.terms,
        exemptions=pack.exemptions, timezone=pack.timezone, as_of=judged_by.as_of,
    ).outcome  # fmt: skip
    matched = {account for item in outcome.incidents for account, _ in item.accounts}
    suppressed = {account for item in outcome.suppressed for account, _ in item.accounts} - matched
    assert {trace.account for trace in traces if trace.verdict == "match"} == matched
    assert {trace.account for trace in traces if trace.verdict == "suppressed"} == suppressed
    assert sum(trace.left_out for trace in traces) == outcome.left_out
    if outcome.is_evaluated:
        assert sum(trace.selected for trace in traces) == outcome.selected
        # what is new or absent is undetermined later than the selection that a trace tells of
        assert rule.novel or rule.absent or sum(trace.undetermined for trace in traces) == outcome.undetermined
    for trace in traces:
        assert (trace.nearest is None) == (trace.windows == 0)
        assert trace.nearest is None or trace.nearest.is_violating == (trace.violating > 0)
        assert trace.nearest is None or bool(trace.nearest.way) == (not trace.nearest.is_violating)
        assert all("\n" not in line for line in (*lines_of(rule, trace), *differing(rule, trace)))
