"""What the windows of a rule are compared with: others of the same plan (docs/evaluation.md, "Baseline of peers").

values      every window: the keys, `_bucket`, its `_plan` (null if there is not exactly one), `_first` (of its
            group), `_subject` (a number a subject), one double a measure that is compared
peers       the keys and `_bucket` of open windows, and a column for each name of the baseline
"""

from sqlglot import exp

from auditor.checker.compile.baseline import compared_measures
from auditor.checker.compile.codes import coded
from auditor.checker.compile.measures import as_double
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
    same_keys,
    select,
)
from auditor.checker.compile.rows import AT, BUCKET, MICROS, PLAN, Shape
from auditor.checker.compile.windows import (
    EXEMPT,
    HIGH,
    LOW,
    aggregated,
    measure_column,
    measure_types,
)
from auditor.policy.baseline import FEWEST_PEERS, fraction_of
from auditor.policy.rule import Baseline, Window
from auditor.records.sql import identifier, literal, table

_FIRST, _SUBJECT = "_first", "_subject"


def values_of_peers(shape: Shape, rows: str) -> exp.Select:
    """Return `values` over the table of rows."""
    keys = (*shape.keys, BUCKET)
    one, other = (made(this=identifier(PLAN)) for made in (exp.Min, exp.Max))
    is_known_everywhere = exp.EQ(this=exp.Count(this=identifier(PLAN)), expression=exp.Count(this=exp.Star()))
    plan = choose(every([exp.EQ(this=one, expression=other), is_known_everywhere]), exp.Min(this=identifier(PLAN)))
    begun = named(exp.Min(this=identifier(AT)), "_begun")
    grouped = aggregated(shape, lambda: table(rows), keys, [begun, named(plan, PLAN)])
    types = measure_types(shape)
    values = [named(as_double(types[place]), measure_column(place)) for place in compared_measures(shape)]
    first = named(over(exp.Min(this=identifier("_begun")), shape.keys, []), _FIRST)
    number = named(over(exp.DenseRank(), (), ascending(*shape.flags.subject)), _SUBJECT)
    return select([*columns((*keys, PLAN)), first, number, *values], inner(grouped, "grouped"))


def peers_of_windows(shape: Shape, opened: str, values: str) -> exp.Select:
    """Return `peers` of the table of open windows."""
    keys = (*shape.keys, BUCKET)
    items = [*columns(keys, "open"), *_compared(shape)]
    query = select(items, table(opened, "open"))
    query = joined_on(query, table(values, "own"), every(same_keys(keys, "open", "own")))
    query = joined_on(query, table(values, "peer"), every(_is_peer(shape)))
    return query.group_by(*columns(keys, "open"), copy=False)


def _is_peer(shape: Shape) -> list[exp.Expression]:
    baseline, within = _of(shape)
    at, length = identifier(BUCKET, "own"), within.seconds * MICROS
    earliest = exp.Sub(this=at, expression=literal(baseline.over // within.seconds))
    begin = exp.Mul(this=at.copy(), expression=literal(length))
    history = exp.Paren(this=exp.Sub(this=begin, expression=identifier(_FIRST, "peer")))
    return [
        *same_keys((*coded(shape.flags.rule.by), PLAN), "own", "peer"),
        exp.NEQ(this=identifier(_SUBJECT, "own"), expression=identifier(_SUBJECT, "peer")),
        exp.GTE(this=identifier(BUCKET, "peer"), expression=earliest),
        exp.LT(this=identifier(BUCKET, "peer"), expression=at.copy()),
        exp.GTE(this=history, expression=literal(baseline.at_least * MICROS)),
    ]


def _compared(shape: Shape) -> list[exp.Expression]:
    rule = shape.flags.rule
    names, first = [measure.name for measure in rule.measures], len(rule.measures)
    found = []
    for place, name in enumerate(rule.compared, first):
        value = identifier(measure_column(names.index(name.name)), "peer")
        known = choose(is_known(value), identifier(_SUBJECT, "peer"))
        peers = exp.Count(this=exp.Distinct(expressions=[known]))
        enough = exp.GTE(this=peers, expression=literal(FEWEST_PEERS))
        quantile = exp.PercentileDisc(this=value.copy(), expression=literal(fraction_of(name.step)))
        found.append(named(choose(enough, quantile), measure_column(place)))
    return found


def windows_with_peers(shape: Shape, opened: str, peers: str) -> exp.Select:
    """Return the open windows with what they are compared with as further columns of measures."""
    rule = shape.flags.rule
    first = len(rule.measures)
    own = [*shape.keys, BUCKET, LOW, HIGH, EXEMPT, *(measure_column(place) for place in range(first))]
    further = [measure_column(place) for place in range(first, first + len(rule.compared))]
    query = select([*columns(own, "open"), *columns(further, "peers")], table(opened, "open"))
    same = every(same_keys((*shape.keys, BUCKET), "open", "peers"))
    return joined_on(query, table(peers, "peers"), same, "LEFT")


def _of(shape: Shape) -> tuple[Baseline, Window]:
    baseline, within = shape.flags.rule.baseline, shape.flags.rule.within
    assert baseline is not None
    assert within is not None
    return baseline, within
