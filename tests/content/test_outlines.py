"""Outlines pass over what can't be alike, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from auditor.content.definition import ALIKE
from auditor.content.outlines import OUTLINE, may_be_alike, outline_of, rough_outline
from auditor.records.sql import call, cast, identifier, literal, named, text_of, within
from tests.content.plain import ENGINE

FEATURE = st.integers(0, 2**64 - 1)


def may_be(one: set[int], other: set[int]) -> tuple[bool, bool]:
    """Return whether the outlines of two sets of features leave it open that they are alike, the rough ones first."""
    tests = [may_be_alike("one", "other", is_rough=is_rough) for is_rough in (True, False)]
    query = exp.Select(expressions=tests).from_(within(_outline(one), "one"))
    query = query.join(within(_outline(other), "other"), join_type="CROSS")
    roughly, exactly = ENGINE.execute(text_of(query)).fetchall()[0]
    return bool(roughly), bool(exactly)


def _outline(features: set[int]) -> exp.Select:
    listed = cast(exp.Array(expressions=[literal(str(feature)) for feature in sorted(features)]), "UBIGINT[]")
    spread = exp.Select(expressions=[named(call("unnest", listed), "feature")])
    outline = exp.Select(expressions=outline_of(identifier("feature"))).from_(within(spread))
    return exp.Select(expressions=[*map(identifier, OUTLINE), *rough_outline()]).from_(within(outline))


@given(st.sets(FEATURE, min_size=1, max_size=80), st.sets(FEATURE, max_size=40), st.sets(FEATURE, max_size=40))
def test_what_is_alike_is_never_passed_over(both: set[int], first: set[int], second: set[int]) -> None:
    one, other = both | first, both | second
    part, whole = ALIKE

    is_alike = len(one & other) * whole >= len(one | other) * part

    assert may_be(one, other) == (True, True) or not is_alike


def test_what_has_nothing_in_common_is_passed_over() -> None:
    even, odd = {number * 7919 for number in range(40)}, {number * 7919 + 1 for number in range(40)}

    assert may_be(even, odd) == (False, False)
