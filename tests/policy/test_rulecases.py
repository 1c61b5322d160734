"""Rule cases: what a file says, and what is refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from auditor.errors import PolicyError
from auditor.policy.rulecases import cases_path, load_cases
from tests.policy.examples import message_of


def cases(folder: Path, text: str) -> Path:
    """Write a cases file beside a rule and return the rule's path."""
    (folder / "x.cases.yml").write_text(text)
    return folder / "x.yml"


def test_cases_lie_beside_the_rule() -> None:
    assert Path("rules/a.b.cases.yml") == cases_path(Path("rules/a.b.yml"))


def test_a_rule_without_a_file_has_no_cases(tmp_path: Path) -> None:
    assert load_cases(tmp_path / "x.yml") == ()


def test_a_case_keeps_values_as_written(tmp_path: Path) -> None:
    text = (
        "- name: one\n  expect: not evaluated\n  subject: [a, u]\n  context: {unsupported_countries: [NO]}\n"
        "  facts: [{account_id: a, plan: pro}]\n"
        "  records: [{time: '2026-01-01T00:00:00Z', event: login, cost_usd: 0.10, tags: [x],\n"
        "             extra: {k: {n: 1}}, asn: null}]\n"
    )

    case = load_cases(cases(tmp_path, text))[0]

    assert (case.name, case.expect, case.subject) == ("one", "not evaluated", ("a", "u"))
    assert case.context.unsupported_countries == ("NO",)
    assert case.facts == ({"account_id": "a", "plan": "pro"},)
    row = {"time": "2026-01-01T00:00:00Z", "event": "login", "cost_usd": Decimal("0.10"), "tags": ["x"]}
    assert case.records == ({**row, "extra": {"k": {"n": 1}}, "asn": None},)


def test_a_record_may_stand_for_many(tmp_path: Path) -> None:
    texts = "account_id: 'a{n}', plan: '{n%10}-{n/10}', tags: ['{n}']"
    record = f"{{repeat: 12, every: 90s, time: 2026-01-01, event: login, {texts}}}"

    case = load_cases(cases(tmp_path, f"- {{name: x, expect: match, records: [{record}]}}"))[0]

    assert len(case.records) == 12
    assert case.records[0] == {
        "time": "2026-01-01T00:00:00Z", "event": "login", "account_id": "a1", "plan": "1-1", "tags": ["1"],
    }  # fmt: skip
    assert case.records[11] == {
        "time": "2026-01-01T00:16:30Z", "event": "login", "account_id": "a12", "plan": "2-2", "tags": ["12"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "rule cases are a map, expected a list"),
        ("- {name: x, expect: match}", "a case has no `records`"),
        ("- {name: x, expect: maybe, records: []}", "`expect` is text `maybe`, expected one of match,"),
        ("- {name: x, expect: match, records: {}}", "`records` is a map, expected a list of records"),
        ("- {name: x, expect: match, records: [a]}", "a record is text `a`, expected a map"),
        ("- {name: x, expect: match, records: [{evnt: y}]}", "unknown column `evnt` in a record"),
        ("- {name: x, expect: match, records: [{every: 5m}]}", "`every` without `repeat`"),
        ("- {name: x, expect: match, records: [{repeat: 0}]}", "`repeat` is 0, expected a number from 1 to 20000"),
        ("- {name: x, expect: match, records: [{repeat: 2, every: 5m}]}", "`every` without a `time` to count from"),
        ("- {name: x, expect: match, records: [{repeat: 2, every: 1y}]}", "`every` is text `1y`, expected a duration"),
        ("- {name: x, expect: match, records: []}\n- {name: x, expect: match, records: []}", "a second case named `x`"),
        ("- {name: x, expect: match, records: [], context: {window: 5}}", "`window` is number 5"),
    ],
)  # fmt: skip
def test_bad_cases_are_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load_cases(cases(tmp_path, text))

    assert message in message_of(caught.value)
