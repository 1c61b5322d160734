"""Violating windows that share records become incidents, and incidents get all their records.

`incidents`: the keys, `_exempt`, `_incident` (a number of its own), `_lo`, `_hi`, `_windows`, the peak measures.
`members`: `_incident` and the record's `_n`, `_t`, the code of its account, `_is_against`, and one truth column for
each document of the terms.
"""

from datetime import datetime

from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT
from auditor.checker.compile.conditions import TIME, microseconds
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    every,
    inner,
    is_true,
    joined_on,
    joined_to_latest,
    named,
    over,
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
    same = every(same_keys((INCIDENT,), "cited", "found"))
    return joined_on(select([exp.Star()], table(cited, "cited")), table(found, "found"), same, "SEMI")


def ends_in(end: exp.Expression, since: datetime | None, until: datetime | None) -> list[exp.Expression]:
    """Return the tests that an end lies in [since, until), none where everything does."""
    tests: list[exp.Expression] = []
    if since:
        tests.append(exp.GTE(this=end, expression=literal(microseconds(since))))
    if until:
        tests.append(exp.LT(this=end.copy(), expression=literal(microseconds(until))))
    return tests


def members(shape: Shape, rows: str, windows: str, found: str) -> exp.Query:
    """Return the contributing records of the incidents in table `found`, with what is told of each."""
    return _sliding_members(shape, rows, found) if shape.is_sliding() else _grouped_members(shape, rows, windows, found)


def _told(shape: Shape) -> list[exp.Expression]:
    """Return what `members` takes over from a row."""
    against = is_true(identifier(shape.flags.against, "row")) if shape.flags.against else exp.true()
    owner = named(identifier(shape.owner, "row"), ACCOUNT)
    return [*columns((NUMBER, TIME), "row"), owner, named(against, IS_AGAINST), *columns(shape.documents, "row")]


def _grouped_members(shape: Shape, rows: str, windows: str, found: str) -> exp.Select:
    same = every(same_keys((*shape.keys, BUCKET), "row", "window"))
    items = [identifier(INCIDENT, "window"), *_told(shape)]
    query = joined_on(select(items, table(rows, "row")), table(windows, "window"), same)
    return joined_on(query, table(found, "incident"), every(same_keys((INCIDENT,), "window", "incident")))


def _sliding_members(shape: Shape, rows: str, found: str) -> exp.Query:
    """Return the records of incidents whose windows leave no gap between their ends; those of a class (not exempt, or
    by one exemption) share no time. So a record belongs to the last one that began, unless it is over.
    """
    return union_all([_of_class(shape, rows, found, place) for place in range(NOT_EXEMPT, len(shape.exemptions))])


def _of_class(shape: Shape, rows: str, found: str, place: int) -> exp.Select:
    is_of_class = exp.EQ(this=identifier(EXEMPT), expression=literal(place))
    begun = select(columns((*shape.keys, LOW, HIGH, INCIDENT)), table(found)).where(is_of_class, copy=False)
    since = exp.GTE(this=identifier(AT, "row"), expression=identifier(LOW, "begun"))
    latest = every([*same_keys(shape.keys, "row", "begun"), since])
    near = select([exp.Star()], table(rows, "row"))
    near = joined_on(near, table(found, "other"), every(same_keys(shape.keys, "row", "other")), "SEMI")
    query = select([identifier(INCIDENT, "begun"), *_told(shape)], inner(near, "row"))
    query = joined_to_latest(query, inner(begun, "begun"), latest)
    lasts = exp.LTE(this=identifier(AT, "row"), expression=identifier(HIGH, "begun"))
    return query.where(lasts, copy=False)


def measure_columns(shape: Shape) -> tuple[str, ...]:
    """Return the columns of the rule's measures and of what they are compared with."""
    return tuple(measure_column(place) for place in range(len(shape.flags.rule.reported)))
