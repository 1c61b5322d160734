"""Violating windows that share records become incidents, and incidents get all their records.

`incidents`: the keys, `_exempt`, `_incident` (a number of its own), `_lo`, `_hi`, `_windows`, the peak measures.
`members`: `_incident` and the record's `_n`, `_t`, `account_id`, `_is_against`, and one truth
column for each document of the terms.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlglot import exp

from auditor.checker.compile.codes import account_text, with_account
from auditor.checker.compile.conditions import TIME, microseconds
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    every,
    inner,
    is_known,
    is_true,
    joined_on,
    named,
    over,
    present_in,
    same_keys,
    select,
    union_all,
)
from auditor.checker.compile.rows import AT, BUCKET, Shape
from auditor.checker.compile.seen import NUMBER
from auditor.checker.compile.windows import EXEMPT, HIGH, LOW, NOT_EXEMPT, measure_column, peaks
from auditor.records.sql import identifier, literal, table

INCIDENT = "_incident"
IS_AGAINST = "_is_against"


def numbered_windows(shape: Shape, windows: exp.Select) -> exp.Select:
    """Return the violating windows with the number of the incident that each belongs to."""
    if not shape.is_sliding():
        number = over(exp.RowNumber(), (), ascending(*shape.keys, BUCKET))
        return select([exp.Star(), named(number, INCIDENT)], inner(windows, "violating"))
    before = over(exp.Lag(this=identifier(HIGH)), (*shape.keys, EXEMPT), ascending(HIGH))
    shares = exp.LTE(this=identifier(LOW), expression=identifier("_before"))
    starts = select([exp.Star(), named(before, "_before")], inner(windows, "violating"))
    is_new = choose(shares, literal(0), literal(1))
    number = over(exp.Sum(this=is_new), (), ascending(*shape.keys, EXEMPT, HIGH), frame="ROWS")
    return select([exp.Star(), named(number, INCIDENT)], inner(starts, "starts"))


def incidents(shape: Shape, windows: str, since: datetime | None, until: datetime | None) -> exp.Select:
    """Return the incidents of the numbered windows that end in [since, until)."""
    keys = (INCIDENT, *shape.keys, EXEMPT)
    low, high = exp.Min(this=identifier(LOW)), exp.Max(this=identifier(HIGH))
    ends = [named(low, LOW), named(high, HIGH), named(exp.Count(this=exp.Star()), "_windows")]
    query = select([*columns(keys), *ends, *peaks(shape)], table(windows)).group_by(*columns(keys), copy=False)
    tests = ends_in(exp.Max(this=identifier(HIGH)), since, until)
    return query.having(every(tests), copy=False) if tests else query


def incidents_ending(found: str, since: datetime | None, until: datetime | None) -> exp.Select:
    """Return the incidents of a table that end in [since, until)."""
    tests = ends_in(identifier(HIGH), since, until)
    query = select([exp.Star()], table(found))
    return query.where(every(tests), copy=False) if tests else query


def members_of(cited: str, found: str) -> exp.Select:
    """Return the records of a table of members that belong to the incidents of another table."""
    return select([exp.Star()], table(cited, "cited")).where(present_in(found, (INCIDENT,), "cited"), copy=False)


def ends_in(end: exp.Expression, since: datetime | None, until: datetime | None) -> list[exp.Expression]:
    """Return the tests that an end lies in [since, until), none where everything does."""
    tests: list[exp.Expression] = []
    if since:
        tests.append(exp.GTE(this=end, expression=literal(microseconds(since))))
    if until:
        tests.append(exp.LT(this=end.copy(), expression=literal(microseconds(until))))
    return tests


def members(
    shape: Shape, rows: str, windows: str, found: str, documents: Sequence[str], source: str = BASE
) -> exp.Select:
    """Return the contributing records of the incidents in table `found`, with what is told of each by `source`."""
    pairs = _sliding_pairs(shape, rows, found) if shape.is_sliding() else _grouped_pairs(shape, rows, windows, found)
    against = is_true(identifier(shape.flags.against, "record")) if shape.flags.against else exp.true()
    items = [
        identifier(INCIDENT, "pair"),
        *columns((NUMBER, TIME), "record"),
        account_text(),
        named(against, IS_AGAINST),
        *columns(documents, "record"),
    ]
    query = joined_on(select(items, inner(pairs, "pair")), table(source, "record"), _same(NUMBER, "pair", "record"))
    return with_account(query, "record")


def _same(name: str, left: str, right: str) -> exp.Expression:
    return every(same_keys((name,), left, right))


def _grouped_pairs(shape: Shape, rows: str, windows: str, found: str) -> exp.Select:
    same = every(same_keys((*shape.keys, BUCKET), "row", "window"))
    items = [identifier(INCIDENT, "window"), identifier(NUMBER, "row")]
    query = joined_on(select(items, table(rows, "row")), table(windows, "window"), same)
    return joined_on(query, table(found, "incident"), _same(INCIDENT, "window", "incident"))


def _sliding_pairs(shape: Shape, rows: str, found: str) -> exp.Query:
    """Return (`_incident`, `_n`): the windows of an incident leave no gap between its ends, and incidents of a class
    (not exempt, or by one exemption) share no time. So a record belongs to the last one that began, unless it is over.
    A running maximum finds that one without comparing every record with every incident.
    """
    classes = range(NOT_EXEMPT, len(shape.exemptions))
    return union_all([_pairs_of_class(shape, rows, found, place) for place in classes])


def _pairs_of_class(shape: Shape, rows: str, found: str, place: int) -> exp.Select:
    keys = shape.keys
    nothing = [named(exp.null(), HIGH), named(exp.null(), INCIDENT)]
    own = select([*columns((*keys, AT, NUMBER), "row"), *nothing], table(rows, "row"))
    own = own.where(present_in(found, keys, "row"), copy=False)
    begun = select(
        [*columns(keys), named(identifier(LOW), AT), named(exp.null(), NUMBER), *columns((HIGH, INCIDENT))],
        table(found),
    ).where(exp.EQ(this=identifier(EXEMPT), expression=literal(place)), copy=False)
    # later incidents end later and have higher numbers
    latest = {
        name: over(exp.Max(this=identifier(name)), keys, ascending(AT), frame="RANGE") for name in (HIGH, INCIDENT)
    }
    items = [*columns((NUMBER, AT)), *(named(sql, name) for name, sql in latest.items())]
    walked = select(items, inner(union_all([own, begun]), "line"))
    lasts = exp.LTE(this=identifier(AT), expression=identifier(HIGH))
    belongs = every([is_known(identifier(NUMBER)), lasts])
    return select(columns((INCIDENT, NUMBER)), inner(walked, "walked")).where(belongs, copy=False)


def measure_columns(shape: Shape) -> tuple[str, ...]:
    """Return the columns of the rule's measures and of what they are compared with."""
    return tuple(measure_column(place) for place in range(len(shape.flags.rule.reported)))
