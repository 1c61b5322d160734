"""Two versions over the same records: accounts gained and lost are the evaluator's, and each has its reason."""

from datetime import UTC, datetime

from auditor.checker.comparing import MOST_REASONS, RuleChange, Version, compared
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Exemption, ExemptionEntry, Rule
from auditor.records.memory import activity_of
from tests.policy.examples import rule_of

CALLS = "measure: {calls: count()}\nviolates: calls >= "


def version(*rules: Rule, exemptions: tuple[Exemption, ...] = ()) -> Version:
    """Return a version of a pack."""
    return Version(Pack(name="p", title="p", rules=rules, exemptions=exemptions), Context())


def rows(**calls: int) -> list[dict[str, object]]:
    """Return so many completions of each account, a minute apart."""
    return [
        {"time": f"2026-06-01T00:{minute:02}:00Z", "event": "completion", "account_id": account, "plan": "pro"}
        for account, count in calls.items()
        for minute in range(count)
    ]


def change(old: Version, new: Version, records: list[dict[str, object]]) -> RuleChange:
    """Return the one rule of both versions."""
    (found,) = compared(activity_of(records), old, new, as_of=None)
    return found


def test_a_higher_threshold_loses_accounts_and_says_what_they_lack() -> None:
    found = change(version(rule_of(CALLS + "2")), version(rule_of(CALLS + "4")), rows(a=5, b=3, c=1))

    assert (found.kind, [item.account for item in found.lost], found.gained) == ("changed", ["b"], ())
    assert found.said == ("It is a finding when “calls” is at least 2.",)
    assert found.says == ("It is a finding when “calls” is at least 4.",)
    trace = found.lost[0].trace
    assert trace is not None
    assert trace.nearest is not None
    assert [(item.left, item.distance) for item in trace.nearest.way] == [("3", "1")]


def test_a_lower_threshold_gains_accounts_with_the_reason_under_the_old_one() -> None:
    found = change(version(rule_of(CALLS + "4")), version(rule_of(CALLS + "2")), rows(a=5, b=3, c=1))

    assert [item.account for item in found.gained] == ["b"]
    assert found.gained[0].trace is not None
    assert found.gained[0].trace.verdict == "no match"


def test_an_exemption_that_is_new_loses_what_it_suppresses() -> None:
    entry = ExemptionEntry(match=(("plan", "pro"),), reason="a contract")
    approved = Exemption(name="approved", owner="us", reason="tests", entries=(entry,))
    old, new = version(rule_of()), version(rule_of("unless: [approved]"), exemptions=(approved,))

    found = change(old, new, rows(a=1))

    assert [(item.account, item.trace and item.trace.verdict) for item in found.lost] == [("a", "suppressed")]


def test_a_rule_in_one_version_only_is_added_or_removed() -> None:
    rule, nothing = version(rule_of()), version()

    assert change(nothing, rule, rows(a=1)).kind == "added"
    removed = change(rule, nothing, rows(a=1))

    assert (removed.kind, removed.new, [item.account for item in removed.lost]) == ("removed", None, ["a"])


def test_a_rule_that_needs_what_is_missing_loses_all_and_names_it() -> None:
    found = change(version(rule_of()), version(rule_of("when: {asked: {country: DE}}")), rows(a=1))

    assert found.new is not None
    assert (found.new.is_evaluated, found.new.missing) == (False, ("country",))
    assert found.lost[0].trace is not None
    assert found.lost[0].trace.verdict == "not evaluated"


def test_the_same_rule_has_no_difference() -> None:
    found = change(version(rule_of(CALLS + "2")), version(rule_of(CALLS + "2")), rows(a=5))

    assert (found.kind, found.has_difference) == ("same", False)


def test_only_the_first_accounts_are_followed() -> None:
    many = {f"a{number:02}": 1 for number in range(MOST_REASONS + 3)}

    found = change(version(rule_of()), version(rule_of(CALLS + "4")), rows(**many))

    assert [item.trace is not None for item in found.lost] == [True] * MOST_REASONS + [False] * 3


def test_later_records_are_not_seen_as_of_a_day() -> None:
    old, new = version(rule_of(CALLS + "4")), version(rule_of(CALLS + "2"))
    activity = activity_of(rows(a=5))

    (found,) = compared(activity, old, new, as_of=datetime(2026, 6, 1, tzinfo=UTC))

    assert (found.gained, found.lost) == ((), ())
