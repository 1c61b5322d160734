"""The text of a condition: precedence, quantities, and where errors point."""

import pytest

from auditor.errors import Place, PolicyError
from auditor.policy.condition_parser import parse_condition
from auditor.policy.conditions import All, AnyOf, Condition, Not, SelectionRef
from tests.policy.examples import rule_of

NAMES = ("a", "b", "c1", "c2", "c3", "_hidden")
A, B = SelectionRef(name="a"), SelectionRef(name="b")
C1, C2, C3 = (SelectionRef(name=name) for name in ("c1", "c2", "c3"))


def both(*parts: Condition) -> All:
    return All(parts=parts)


def either(*parts: Condition) -> AnyOf:
    return AnyOf(parts=parts)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("a", A),
        ("a or b and c1", either(A, both(B, C1))),
        ("(a or b) and c1", both(either(A, B), C1)),
        ("not a and b", both(Not(part=A), B)),
        ("not (a and b)", Not(part=both(A, B))),
        ("not not a", Not(part=Not(part=A))),
        ("a and b and c1", both(A, B, C1)),
        ("1 of c*", either(C1, C2, C3)),
        ("any of c*", either(C1, C2, C3)),
        ("all of c*", both(C1, C2, C3)),
        ("2 of c*", either(both(C1, C2), both(C1, C3), both(C2, C3))),
        ("3 of c*", both(C1, C2, C3)),
        ("all of them", both(A, B, C1, C2, C3)),
        ("1 of a*", A),
        ("a and not 1 of *2", both(A, Not(part=C2))),
        ("1 of _*", SelectionRef(name="_hidden")),
        ("  a   or\tb ", either(A, B)),
    ],
)
def test_a_text_becomes_a_tree(text: str, condition: Condition) -> None:
    assert condition == parse_condition(text, NAMES, Place("f", 1, 1))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a and", 6),
        ("a b", 3),
        ("(a", 3),
        ("a)", 2),
        ("nope", 1),
        ("a and 4 of c*", 12),
        ("0 of c*", 1),
        ("1 of ", 6),
        ("1 of d*", 6),
        ("a, b", 2),
        ("and", 1),
    ],
)
def test_an_error_points_into_the_text(text: str, column: int) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_condition(text, NAMES, Place("f", 7, 1))

    assert Place("f", 7, column) == caught.value.problems[0].place


def test_too_many_combinations_are_refused() -> None:
    names = tuple(f"s{number}" for number in range(30))

    with pytest.raises(PolicyError, match="at most 1000 combinations"):
        parse_condition("15 of s*", names, Place("f", 1, 1))


def test_without_a_condition_all_selections_must_hold() -> None:
    rule = rule_of("when: {a: {event: x}, b: {plan: y}}")

    assert both(A, B) == rule.condition


def test_the_condition_of_a_sequence_is_one_of_its_steps() -> None:
    rule = rule_of("when: {a: {event: x}, b: {event: y}}\nsequence: {steps: [b, a], within: 1m}")

    assert either(B, A) == rule.condition


def test_a_step_that_comes_twice_is_named_once_in_the_condition() -> None:
    part = "when: {{a: {{event: x}}, b: {{event: y}}{}}}\nsequence: {{steps: [b, a, b], within: 1m, ordered: false}}"

    rules = [rule_of(part.format(condition)) for condition in ("", ", condition: b or a")]

    assert [either(B, A)] * 2 == [rule.condition for rule in rules]
