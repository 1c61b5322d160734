"""A trace in words: each step, the margin, what would have to differ; hostile names are shown, never obeyed."""

from auditor.checker.asked import Question
from auditor.checker.circumstances import Circumstances
from auditor.checker.following import followed
from auditor.policy.pack import Context, Pack
from auditor.records.memory import activity_of
from auditor.report.trace_words import differing, lines_of
from tests.policy.examples import rule_of

CALLS = "measure: {calls: count()}\nwithin: 1h\nviolates: calls >= 3"


def told(part: str, rows: list[dict[str, object]], account: str = "a") -> tuple[str, str]:
    """Return the steps and what would have to differ, as two texts."""
    rule = rule_of(part)
    trace = followed(Question(rule, account, Circumstances(Pack(name="p", title="p"), Context())), activity_of(rows))
    return "\n".join(lines_of(rule, trace)), "\n".join(differing(rule, trace))


def row(minute: int, account: str = "a", **values: object) -> dict[str, object]:
    return {"time": f"2026-06-01T00:{minute:02}:00Z", "event": "completion", "account_id": account, **values}


def test_a_near_miss_says_how_much_is_short() -> None:
    steps, differ = told(CALLS, [row(0), row(1)])

    assert "“asked”: 2 fit, 0 don't." in steps
    assert "The nearest window: 2026-06-01T00:00:00Z to 2026-06-01T00:01:00Z, 2 records." in steps
    assert "Asked: “calls” is at least 3: no, 2 against 3, 1 short." in steps
    assert differ == "In the nearest window “calls” is at least 3 would have to hold: it is 2 against 3, 1 short."


def test_a_match_says_what_would_end_it() -> None:
    steps, differ = told(CALLS, [row(0), row(1), row(2)])

    assert "a finding is about this account" in steps
    assert "margin 0" in differ


def test_missing_values_are_named_and_not_held_against_anybody() -> None:
    steps, differ = told("when: {asked: {country: DE}}", [row(0), row(1, country="FR")])

    assert "Selected: 0 records, 1 undetermined for lack of `country` (1)." in steps
    assert "1 record might be selected if `country` (1) were known" in differ


def test_what_no_source_provides_is_asked_for() -> None:
    _, differ = told("when: {asked: {country: DE}}", [row(0)])

    assert differ == "A source would have to provide `country`."


def test_too_little_history_is_said() -> None:
    steps, differ = told("novel: {fields: [model], history: 7d}", [row(0, model="m"), row(1, model="n")])

    assert "too little history" in steps
    assert "1 week" in differ


def test_hidden_characters_of_an_account_are_visible() -> None:
    steps, _ = told(CALLS, [row(0, account="a\x1b[2J\u202e")], "a\x1b[2J\u202e")

    assert "a\\u{001B}[2J\\u{202E}" in steps
    assert "\x1b" not in steps
