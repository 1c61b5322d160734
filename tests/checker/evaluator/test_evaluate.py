"""The sentences of docs/evaluation.md, one by one, with answers worked out by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any  # rows and circumstances of every kind

import pytest

from auditor.policy.conditions import All, AnyOf, Compare, Equals, Exists, Not
from auditor.policy.expressions import Aggregate, Arithmetic, Comparison, Name, Number
from auditor.policy.pack import Context
from auditor.policy.rule import Exemption, ExemptionEntry, Measure, Novel, Sequence, Span, Window
from auditor.policy.terms import Terms, TermsVersion
from tests.checker.evaluator.rows import START, evaluated, row, rule

COUNT = Measure(name="n", expression=Aggregate(function="count"))
DE = Equals(field="country", value="DE")


def at_least(number: int) -> Comparison:
    return Comparison(operator=">=", left=Name(name="n"), right=Number(value=Decimal(number)))


def sliding(seconds: int) -> Window:
    return Window(kind="sliding", seconds=seconds)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_record_whose_condition_is_unknown_is_undetermined() -> None:
    rows = [row(0, country="DE"), row(1, country=None), row(2, country="FR")]

    outcome = evaluated(rule(condition=Not(part=DE)), rows).outcome

    assert (outcome.selected, outcome.undetermined) == (1, 1)


def test_with_missing_counts_an_unknown_leaf_is_false_and_its_negation_true() -> None:
    rows = [row(0, country="DE"), row(1, country=None)]

    outcome = evaluated(rule(condition=Not(part=DE), is_missing_counted=True), rows).outcome

    assert (outcome.selected, outcome.undetermined) == (1, 0)


def test_a_number_in_a_field_of_its_own_is_equal_as_a_number() -> None:
    rows = [
        row(0, extra={"score": "5.0"}),
        row(1, extra={"score": 7}),
        row(2, extra={"score": 5}),
        row(3, extra={"score": "x"}),
    ]

    outcome = evaluated(rule(condition=Equals(field="extra.score", value=Decimal(5))), rows).outcome

    assert (outcome.selected, outcome.undetermined) == (2, 1)


@pytest.mark.parametrize(
    ("condition", "selected", "undetermined"),
    [
        (All(parts=(DE, Equals(field="model", value="m"))), 0, 1),
        (All(parts=(DE, Equals(field="model", value="other"))), 0, 0),
        (AnyOf(parts=(DE, Equals(field="model", value="m"))), 1, 0),
        (AnyOf(parts=(DE, Equals(field="model", value="other"))), 0, 1),
        (Exists(field="country"), 0, 0),
    ],
)
def test_logic_is_kleenes(condition: Any, selected: int, undetermined: int) -> None:
    rows = [row(0, country=None, model="m"), row(-9e6, country="FR", model="x")]
    judged = rule(condition=condition, effective=Span(start=START))

    outcome = evaluated(judged, rows).outcome

    assert (outcome.selected, outcome.undetermined) == (selected, undetermined)


def test_a_fact_holds_from_its_time_on_and_never_before() -> None:
    rows = [row(0, model="early"), row(5, event="signup", plan="pro"), row(9, model="late"), row(5, model="same time")]

    outcome = evaluated(rule(condition=Equals(field="plan", value="pro")), rows).outcome

    assert (outcome.selected, outcome.undetermined) == (3, 1)


def test_a_roster_gives_facts_and_is_never_counted() -> None:
    rows = [row(-99, event="signup", plan="pro"), row(0, model="m")]

    outcome = evaluated(
        rule(condition=Equals(field="plan", value="pro")), rows, context=Context(window=Span(start=START))
    ).outcome

    assert (outcome.selected, outcome.incidents[0].records) == (1, 1)


def test_a_window_holds_both_its_ends() -> None:
    judged = rule(measures=(COUNT,), within=sliding(60), violates=at_least(2))

    on_the_edge = evaluated(judged, [row(0), row(60)]).outcome
    beyond = evaluated(judged, [row(0), row(60.000001)]).outcome

    assert (len(on_the_edge.incidents), len(beyond.incidents)) == (1, 0)


def test_windows_that_share_a_record_are_one_incident_with_all_records() -> None:
    judged = rule(measures=(COUNT,), within=sliding(60), violates=at_least(2))

    incident = evaluated(judged, [row(second) for second in (0, 50, 100, 300, 350)]).outcome.incidents

    assert [(one.start, one.end, one.windows, one.records) for one in incident] == [
        (after(0), after(100), 2, 3),
        (after(300), after(350), 1, 2),
    ]


@pytest.mark.parametrize(
    ("window", "sizes"),
    [
        (None, [4]),
        (Window(kind="tumbling", seconds=3600), [2, 2]),
        (Window(kind="session", seconds=600), [1, 3]),
        (Window(kind="calendar", unit="day"), [4]),
    ],
)
def test_each_kind_of_window_divides_its_way(window: Window | None, sizes: list[int]) -> None:
    rows = [row(second) for second in (0, 3599, 3600, 4199)]

    incidents = evaluated(rule(within=window), rows).outcome.incidents

    assert [incident.records for incident in incidents] == sizes


def test_a_calendar_day_is_the_packs() -> None:
    rows = [row(3600 * hour) for hour in (0, 21, 22, 23)]

    incidents = evaluated(rule(within=Window(kind="calendar", unit="day")), rows, timezone="Europe/Berlin").outcome

    assert [incident.records for incident in incidents.incidents] == [2, 2]


@pytest.mark.parametrize(
    ("function", "expected"),
    [("sum", Decimal("4.6")), ("min", Decimal("0.1")), ("max", Decimal(4)), ("median", 0.5 / 2), ("avg", 4.6 / 4)],
)
def test_measures_are_exact_until_a_quotient(function: Any, expected: object) -> None:
    rows = [row(at, cost_usd=cost) for at, cost in enumerate(("0.1", "0.1", "0.4", "4", None))]
    measure = Measure(name="m", expression=Aggregate(function=function, column="cost_usd"))

    incident = evaluated(rule(measures=(measure,)), rows).outcome.incidents[0]

    assert incident.measures == (("m", expected),)


def test_a_division_by_zero_is_unknown_and_violates_nothing() -> None:
    none_seen = Aggregate(function="count", column="model")
    ratio = Arithmetic(operator="/", left=COUNT.expression, right=none_seen)
    judged = rule(measures=(Measure(name="n", expression=ratio),), violates=at_least(0))

    outcome = evaluated(judged, [row(0), row(1, account_id="b", model="m")]).outcome

    assert [incident.subject for incident in outcome.incidents] == [("b",)]


def test_the_peak_of_a_measure_that_violates_by_being_small_is_the_least() -> None:
    small = Comparison(operator="<", left=Name(name="n"), right=Number(value=Decimal(9)))
    judged = rule(measures=(COUNT,), within=sliding(60), violates=small)

    incident = evaluated(judged, [row(0), row(50), row(60)]).outcome.incidents[0]

    assert incident.measures == (("n", 1),)


def test_novel_keeps_the_first_record_of_a_tuple_after_enough_history() -> None:
    judged = rule(novel=Novel(fields=("asn",), history=100))
    rows = [row(0, asn=1), row(99, asn=2), row(100, asn=3), row(101, asn=3), row(102, asn=None)]

    evaluation = evaluated(judged, rows)

    assert [record.time for record in evaluation.citations[0]] == [after(100)]
    assert evaluation.outcome.undetermined == 1


def test_novel_with_lasts_keeps_what_follows_the_first() -> None:
    judged = rule(novel=Novel(fields=("asn",), history=100, lasts=10))
    rows = [row(0, asn=1), *(row(second, asn=3) for second in (100, 105, 110, 111))]

    evaluation = evaluated(judged, rows)

    assert evaluation.outcome.incidents[0].records == 3


def test_a_subject_with_too_little_history_is_not_evaluated() -> None:
    evaluation = evaluated(rule(novel=Novel(fields=("asn",), history=100)), [row(0, asn=1), row(99, asn=2)])

    assert evaluation.not_evaluated == (("a",),)
    assert evaluation.outcome.not_evaluated_subjects == 1


REFUSED, ANSWERED = (
    Compare(field="status", operator=">=", value=Decimal(400)),
    Equals(field="status", value=Decimal(200)),
)
HOP: dict[str, Any] = {
    "selections": (("refused", REFUSED), ("answered", ANSWERED), ("stop", Equals(field="event", value="stop"))),
    "measures": (COUNT, Measure(name="rows", expression=Aggregate(function="count", column="status"))),
}


def hops(**values: Any) -> Any:
    return rule(**HOP, sequence=Sequence(steps=("refused", "answered"), within=60, **values))


def test_a_sequence_pairs_the_earliest_open_step_and_uses_each_record_once() -> None:
    rows = [row(0, status=429), row(10, status=429), row(20, status=200), row(61, status=200), row(62, status=200)]

    outcome = evaluated(hops(), rows).outcome

    assert outcome.incidents[0].measures == (("n", 2), ("rows", 4))
    assert (outcome.selected, outcome.incidents[0].records) == (5, 4)


def test_until_closes_what_is_open() -> None:
    rows = [row(0, status=429), row(10, event="stop", status=300), row(20, status=200)]

    assert not evaluated(hops(until="stop"), rows).outcome.incidents
    assert evaluated(hops(), rows).outcome.incidents


def test_null_in_by_never_joins() -> None:
    rows = [row(0, status=429, model=None), row(10, status=200, model=None), row(11, status=500, model="m")]

    outcome = evaluated(hops(by=("model",)), rows).outcome

    assert (outcome.incidents, outcome.selected, outcome.without_subject) == ((), 3, 0)


def test_where_compares_the_two_steps() -> None:
    other_key = Comparison(
        operator="<>", left=Name(step="answered", name="api_key_id"), right=Name(step="refused", name="api_key_id")
    )
    rows = [row(0, status=429, api_key_id="k"), row(1, status=200, api_key_id="k"), row(2, status=200, api_key_id="K")]

    evaluation = evaluated(hops(where=other_key), rows)

    assert [record.time for record in evaluation.citations[0]] == [after(0), after(2)]


def test_a_window_is_suppressed_only_if_one_exemption_covers_all_its_records() -> None:
    entry = ExemptionEntry(match=(("model", "m"),), reason="agreed", span=Span(until=after(100)))
    agreed = Exemption(name="agreed", owner="legal", reason="agreed", entries=(entry,))
    judged = rule(within=Window(kind="session", seconds=10), unless=("agreed",))
    rows = [row(0, model="m"), row(1, model="m"), row(50, model="m"), row(51, model="x"), row(200, model="m")]

    outcome = evaluated(judged, rows, exemptions=(agreed,)).outcome

    assert [(one.number, one.records, one.suppressed_by) for one in outcome.suppressed] == [(0, 2, "agreed")]
    assert [(one.number, one.records) for one in outcome.incidents] == [(1, 2), (2, 1)]


def test_a_source_without_a_needed_column_is_left_out() -> None:
    rows = [row(0, source_id="s1", country="DE"), row(1, source_id="s2", account_id="b")]

    evaluation = evaluated(rule(condition=DE), rows)

    assert (evaluation.outcome.left_out, evaluation.not_evaluated) == (1, (("b",),))


def test_a_rule_whose_column_nobody_provides_is_not_evaluated_and_says_why() -> None:
    outcome = evaluated(rule(condition=DE), [row(0)]).outcome

    assert (outcome.is_evaluated, outcome.missing, outcome.left_out) == (False, ("country",), 1)


def test_a_record_is_counted_for_the_version_in_force_at_its_time() -> None:
    versions = (
        TermsVersion(version="1", span=Span(until=after(10)), clauses=()),
        TermsVersion(version="2", span=Span(start=after(10)), clauses=()),
    )
    document = Terms(id="t", title="T", publisher="P", url="", versions=versions, digest="0", applies=DE)
    rows = [row(0, country="DE"), row(10, country="de"), row(11, country="DE"), row(12, country=None)]

    incident = evaluated(rule(), rows, terms=(document,)).outcome.incidents[0]

    assert [(count.version, count.records) for count in incident.terms] == [("1", 1), ("2", 2)]


def test_against_names_whom_the_finding_is_about() -> None:
    judged = rule(subject="none", selections=(("all", Exists(field="event")), ("german", DE)), against="german")
    rows = [row(0, country="DE"), row(1, account_id="b", country="FR"), row(2, account_id="c", country=None)]

    incident = evaluated(judged, rows).outcome.incidents[0]

    assert (incident.records, incident.accounts) == (3, (("a", 1),))


def test_since_and_until_choose_incidents_by_their_end_and_look_back_all_the_same() -> None:
    judged = rule(measures=(COUNT,), within=sliding(60), violates=at_least(2))
    rows = [row(0), row(50), row(500), row(501)]

    chosen = evaluated(judged, rows, since=after(50), until=after(501)).outcome.incidents

    assert [(incident.start, incident.number) for incident in chosen] == [(after(0), 0)]


def test_as_of_ends_the_world() -> None:
    outcome = evaluated(rule(), [row(0), row(1), row(2)], as_of=after(1)).outcome

    assert outcome.selected == 2


def test_context_columns_come_from_plan_and_model() -> None:
    context = Context(requests_per_minute=(("pro", 60),), model_releases=(("m", datetime(2026, 5, 31, tzinfo=UTC)),))
    fits = All(parts=(
        Compare(field="rate_limit", operator=">=", value=Decimal(60)),
        Compare(field="model_age", operator=">=", value=Decimal(86400)),
    ))  # fmt: skip
    rows = [
        row(0, plan="pro", model="m"),
        row(-1, plan="pro", model="m"),
        row(5, plan="free", model="m", account_id="b"),
    ]

    outcome = evaluated(rule(condition=fits), rows, context=context).outcome

    assert (outcome.selected, outcome.undetermined) == (1, 1)
