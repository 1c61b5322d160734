"""A rule followed for one account: every number is the evaluator's, and the nearest window is the nearest."""

import pytest

from auditor.checker.asked import Question
from auditor.checker.circumstances import Circumstances
from auditor.checker.following import followed
from auditor.checker.trace import AccountTrace
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Exemption, ExemptionEntry
from auditor.records.memory import activity_of
from tests.policy.examples import rule_of

CALLS = """\
measure: {calls: count(), spent: sum(cost_usd)}
within: 1h
violates: calls >= 3 and not spent < 10
"""
APPROVED = Exemption(
    name="approved",
    owner="us",
    reason="tests",
    entries=(ExemptionEntry(match=(("plan", "pro"),), reason="a contract"),),
)


def row(minute: int, account: str = "a", **values: object) -> dict[str, object]:
    """Return a completion of an account at a minute of one day."""
    time = f"2026-06-01T{minute // 60:02}:{minute % 60:02}:00Z"
    return {"time": time, "event": "completion", "account_id": account, "cost_usd": "4", **values}


def trace_of(
    part: str, rows: list[dict[str, object]], account: str = "a", *, most_records: int = 99, most_steps: int = 99
) -> AccountTrace:
    """Follow a rule over rows."""
    circumstances = Circumstances(Pack(name="p", title="p", exemptions=(APPROVED,)), Context())
    question = Question(rule_of(part), account, circumstances)
    return followed(question, activity_of(rows), most_records=most_records, most_steps=most_steps)


def test_the_nearest_window_is_the_one_that_lacks_least() -> None:
    trace = trace_of(CALLS, [row(0), row(300), row(310), row(600, cost_usd="9")])

    assert (trace.verdict, trace.windows, trace.violating) == ("no match", 4, 0)
    assert trace.nearest is not None
    assert trace.nearest.measures == (("calls", "2", ""), ("spent", "8", "usd"))
    assert [(item.words, item.left, item.distance) for item in trace.nearest.way] == [
        ("“calls” is at least 3", "2", "1"),
        ("“spent” is at least 10", "8", "2"),
    ]


def test_a_match_shows_its_margin() -> None:
    trace = trace_of(CALLS, [row(minute) for minute in range(4)])

    assert (trace.verdict, trace.windows, trace.violating) == ("match", 4, 2)
    assert trace.nearest is not None
    assert [(item.holds, item.distance) for item in trace.nearest.comparisons] == [(True, "1"), (True, "6")]


def test_of_an_or_the_nearer_side_is_the_way() -> None:
    part = "measure: {calls: count(), spent: sum(cost_usd)}\nviolates: calls >= 100 or spent > 9"

    trace = trace_of(part, [row(0), row(1)])

    assert trace.nearest is not None
    assert [item.words for item in trace.nearest.way] == ["“spent” is more than 9"]


def test_undetermined_records_name_the_columns_that_are_missing() -> None:
    part = "when: {asked: {country: DE, plan: pro}, other: {model: x}, condition: asked or other}"
    rows = [row(0, country="DE", model="y"), row(1, plan="pro", country="FR"), row(2, country="DE", plan="pro")]

    trace = trace_of(part, rows)

    assert (trace.selected, trace.undetermined) == (1, 2)
    assert dict(trace.undetermined_lacking) == {"plan": 1, "model": 1}
    assert [(item.name, item.holds, item.fails, item.unknown) for item in trace.selections] == [
        ("asked", 1, 1, 1),
        ("other", 0, 1, 2),
    ]


def test_a_suppressed_finding_names_its_exemption_and_a_near_one_says_what_is_not_covered() -> None:
    rows = [row(0, plan="free"), row(1, plan="pro"), row(2, plan="pro"), row(3, plan="pro"), row(4, plan="pro")]

    whole, part = (trace_of(f"{CALLS}unless: [approved]", chosen) for chosen in (rows[1:], rows[:4]))

    assert (whole.verdict, whole.suppressed) == ("suppressed", 2)
    assert whole.nearest is not None
    assert whole.nearest.suppressed_by == "approved"
    assert (part.verdict, part.nearest.exemptions[0].covered if part.nearest else 0) == ("match", 3)


def test_an_account_that_only_shares_the_subject_is_context() -> None:
    part = "subject: api_key\nwhen: {x: {event: completion}, y: {plan: pro}, condition: x}\nagainst: y"
    rows = [row(0, "a", api_key_id="k", plan="free"), row(1, "b", api_key_id="k", plan="pro")]

    assert trace_of(part, rows, "a").verdict == "context only"
    assert trace_of(part, rows, "b").verdict == "match"


def test_records_of_other_accounts_count_where_the_subject_is_shared() -> None:
    part = "subject: none\nby: [model]\nmeasure: {accounts: count(distinct account_id)}\nviolates: accounts >= 2"
    rows = [row(0, "a", model="m"), row(1, "b", model="m"), row(2, "c", model="n")]

    assert [trace_of(part, rows, account).verdict for account in "abc"] == ["match", "match", "no match"]
    assert trace_of(part, rows, "c").windows == 1


def test_records_left_out_and_out_of_time_are_counted() -> None:
    part = "when: {asked: {country: DE}}\neffective: {from: 2026-06-01T00:01:00Z}"
    rows = [row(0, country="DE"), row(1, country="DE"), row(2, source_id="other")]

    trace = trace_of(part, rows)

    assert (trace.records, trace.outside, trace.left_out, trace.lacking) == (3, 1, 1, (("country", 1),))


def test_a_rule_that_needs_what_no_source_has_is_not_evaluated() -> None:
    trace = trace_of("when: {asked: {country: DE}}", [row(0)])

    assert (trace.verdict, trace.missing) == ("not evaluated", ("country",))


def test_too_little_history_is_not_evaluated() -> None:
    trace = trace_of("novel: {fields: [model], history: 7d}", [row(0, model="m"), row(1, model="n")])

    assert (trace.verdict, trace.is_history_short) == ("not evaluated", True)


@pytest.mark.parametrize(("most_records", "most_steps"), [(2, 99), (99, 2)], ids=["records", "windows"])
def test_a_subject_too_large_to_follow_still_has_its_verdict(most_records: int, most_steps: int) -> None:
    rows = [row(minute) for minute in range(4)]

    trace = trace_of(CALLS, rows, most_records=most_records, most_steps=most_steps)

    assert (trace.verdict, trace.is_followed, trace.selected, trace.nearest) == ("match", False, 4, None)
