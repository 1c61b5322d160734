"""Joining the regular expressions of an `or` changes what is run, not what is found."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from auditor.checker.compile.alternatives import joined_alternatives
from auditor.checker.compile.conditions import sql_of
from auditor.policy.conditions import AnyOf, Condition, Exists, Regex
from auditor.policy.regexes import LONGEST
from auditor.records.sql import literal, named, open_connection, text_of, within

CONNECTION = open_connection()
PATTERNS = ("a|b", "^c", "d$", "(e)(f)?", "[gh]+i", "(?i)j", "k.l", r"\bm\b", "n{2,3}", "", "o|")


def found(condition: Condition, model: str | None) -> bool | None:
    """Return what the engine says of a record with that model."""
    record = exp.Select(expressions=[named(exp.null() if model is None else literal(model), "model")])
    query = exp.Select(expressions=[sql_of(condition)]).from_(within(record))
    (value,) = CONNECTION.execute(text_of(query)).fetchall()[0]
    return None if value is None else bool(value)


def test_expressions_on_one_column_with_the_same_flags_are_one() -> None:
    parts = (
        Regex(field="model", pattern="a"),
        Regex(field="model", pattern="b|c"),
        Regex(field="model", pattern="d", flags="i"),
        Exists(field="model"),
    )

    joined = joined_alternatives(parts)

    assert joined == (Exists(field="model"), Regex(field="model", pattern="(?:(?:a)|(?:b|c))"), parts[2])


def test_no_joined_expression_is_longer_than_a_rule_may_have_one() -> None:
    parts = [Regex(field="model", pattern="x" * 600) for _ in range(7)]

    joined = joined_alternatives(parts)

    patterns = [part.pattern for part in joined if isinstance(part, Regex)]
    assert sum(pattern.count("x") for pattern in patterns) == 7 * 600
    assert len(patterns) == 3
    assert all(len(pattern) <= LONGEST + len("(?:)") for pattern in patterns)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.builds(Regex, field=st.just("model"), pattern=st.sampled_from(PATTERNS)), min_size=1, max_size=5),
    st.none() | st.text("abcdefghijklmno J\n", max_size=6),
)
def test_joined_expressions_find_what_they_found_apart(regexes: list[Regex], model: str | None) -> None:
    apart = [found(regex, model) for regex in regexes]

    together = found(AnyOf(parts=tuple(regexes)), model)

    assert together == (None if model is None else any(apart))
