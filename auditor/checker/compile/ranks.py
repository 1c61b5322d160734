"""Ranks among the levels of sliding windows: the least, the greatest, the median, a quantile.

A rank is found digit by digit: changes and ends alike go down the digits of the levels' places in order, and running
sums within each branch tell an end which branch its rank lies in. So the work grows with the records (times a
logarithm), however many levels a window has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from auditor.checker.compile.columns import comparison
from auditor.checker.compile.measures import Typed
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    every,
    inner,
    is_known,
    joined_on,
    named,
    over,
    select,
)
from auditor.checker.compile.rows import AT
from auditor.checker.compile.spreads import LEVEL, MANY, ranks_of, read_off
from auditor.policy.expressions import Aggregate
from auditor.records.sql import cast, identifier, literal, total

IS_END, ALL, PLACE = "_ends", "_all", "_place"
"""Columns of the line of changes and ends: whether a row is an end (1 or 0), how many values a window has then, and the
place of a change's level among those of its keys, from 0 on.
"""

BRANCH, RANK, WHICH = "_branch", "_rank", "_which"
BASE = 8
DIGITS = 11
"""Digits of a place to that base: more places than there can be records."""


def is_end() -> exp.Expression:
    """Say whether a row is the end of a window, not a change."""
    return comparison("=", identifier(IS_END), literal(1))


def digits_for(places: int) -> int:
    """Return how many digits so many places have."""
    return next(digits for digits in range(1, DIGITS + 1) if places <= BASE**digits)


def with_places(carried: exp.Select, keys: Sequence[str]) -> exp.Select:
    """Return the line with the place of each level."""
    place = exp.Sub(this=over(exp.DenseRank(), keys, ascending(LEVEL)), expression=literal(1))
    return select([exp.Star(), named(choose(_is_change(), place), PLACE)], inner(carried, "carried"))


def with_ranks(
    line: exp.Expression,
    keys: Sequence[str],
    end: str,
    level: Typed,
    ranked: Mapping[str, Aggregate],
    sums: Sequence[str],
    digits: int = DIGITS,
) -> exp.Select:
    """Return (keys, `end`, the sums, a column for each ranked spread): a row asks for one rank in the end.

    `line` has places, all of at most so many `digits`.
    """
    asked = {name: ranks_of(node, identifier(ALL)) for name, node in ranked.items()}
    wanted = dict.fromkeys(rank for ranks in asked.values() for rank in ranks)
    number = {rank: which for which, rank in enumerate(wanted)}
    found = _sought(line, keys, tuple(wanted), sums, digits)

    def of(rank: exp.Expression) -> Typed:
        is_it = comparison("=", identifier(WHICH), literal(number[rank]))
        return replace(level, sql=exp.Max(this=choose(is_it, identifier(LEVEL))))

    items = [named(exp.Max(this=identifier(name)), name) for name in sums]
    items += [named(read_off(node, [of(rank) for rank in asked[name]]).sql, name) for name, node in ranked.items()]
    query = select([*columns(keys), named(identifier(AT), end), *items], inner(found, "found"))
    return query.where(is_end(), copy=False).group_by(*columns((*keys, AT)), copy=False)


def _sought(
    line: exp.Expression, keys: Sequence[str], ranks: Sequence[exp.Expression], sums: Sequence[str], digits: int
) -> exp.Select:
    """Return each end once for every rank, numbered by `_which`, with the level of the value that has the rank."""
    numbers = exp.values([(which,) for which in range(len(ranks))], alias="which", columns=["number"])
    number = exp.column("number", table="which")
    is_asked = every([is_end(), comparison(">", identifier(ALL), literal(0))])
    cases = [exp.If(this=comparison("=", number, literal(which)), true=rank) for which, rank in enumerate(ranks)]
    kept = (*keys, AT, LEVEL, MANY, IS_END, *sums)
    items = [
        *columns(kept),
        named(number.copy(), WHICH),
        named(choose(is_asked, exp.Case(ifs=cases)), RANK),
        identifier(PLACE),
        named(cast(literal(0), "BIGINT"), BRANCH),
    ]
    once = exp.Paren(this=exp.Or(this=is_end(), expression=comparison("=", number.copy(), literal(0))))
    branched = joined_on(select(items, line), numbers, once)
    for digit in reversed(range(digits)):
        branched = _branched(branched, keys, (*kept, WHICH, PLACE), BASE**digit)
    level = over(exp.Max(this=identifier(LEVEL)), (*keys, BRANCH), [])
    found = choose(is_known(identifier(RANK)), level)
    rest = [name for name in (*kept, WHICH) if name != LEVEL]
    return select([*columns(rest), named(found, LEVEL)], inner(branched, "line"))


def _is_change() -> exp.Expression:
    return comparison("=", identifier(IS_END), literal(0))


def _branched(line: exp.Select, keys: Sequence[str], kept: Sequence[str], unit: int) -> exp.Select:
    """Return the line one digit further: a change takes the branch of its place, an end the one of its rank."""
    digit = exp.Mod(this=exp.Paren(this=exp.IntDiv(this=identifier(PLACE), expression=literal(unit))),
                    expression=literal(BASE))  # fmt: skip
    # whatever comes goes again, so the changes of a branch add up to nothing: a sum over all branches in their order is
    # that of the branch, without the cost of a partition for each
    below = {
        f"_below{place}": over(
            exp.Sum(this=choose(comparison("<", digit.copy(), literal(place)), identifier(MANY), literal(0))),
            (), ascending(*keys, BRANCH, AT, IS_END), frame="ROWS",
        )
        for place in range(1, BASE)
    }  # fmt: skip
    sums = [named(cast(sql, "BIGINT"), name) for name, sql in below.items()]
    counted = inner(select([*columns((*kept, BRANCH, RANK)), *sums], inner(line, "line")), "counted")
    tests = [comparison(">", identifier(RANK), identifier(name)) for name in below]
    passed = [choose(test, literal(1), literal(0)) for test in tests]
    left = [choose(test.copy(), identifier(name), literal(0)) for test, name in zip(tests, below, strict=True)]
    own = choose(is_known(identifier(RANK)), total(passed), digit)
    branch = exp.Add(this=exp.Mul(this=identifier(BRANCH), expression=literal(BASE)), expression=exp.Paren(this=own))
    rank = exp.Sub(this=identifier(RANK), expression=exp.Greatest(this=left[0], expressions=left[1:]))
    return select([*columns(kept), named(branch, BRANCH), named(rank, RANK)], counted)
