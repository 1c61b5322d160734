"""Keep the violating windows that come again often enough (docs/evaluation.md, "Repeat").

`violating` are the violating windows; `windows` those that are kept, with `_incident`, `_run` (windows of an incident
that share records) and `_until`, where the first stretch that keeps the window ends; `runs` are an incident's runs.
"""

from sqlglot import exp

from auditor.checker.compile.incidents import INCIDENT
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    every,
    inner,
    joined_on,
    named,
    over,
    same_keys,
    select,
    some,
    union_all,
)
from auditor.checker.compile.rows import MICROS, Shape, calendar_unit
from auditor.checker.compile.windows import EXEMPT, HIGH, LOW, NOT_EXEMPT
from auditor.policy.rule import Repeat
from auditor.records.sql import identifier, literal, table

RUN = "_run"
_TURN, _COMES, _GOES, _TURNS, _UNTIL, _BEFORE = "_turn", "_comes", "_goes", "_turns", "_until", "_before"


def repeated_windows(shape: Shape, violating: str, timezone: str) -> exp.Select:
    """Return `windows` over the table of violating windows."""
    alone = select([exp.Star()], table(violating))
    is_exempt = exp.NEQ(this=identifier(EXEMPT), expression=literal(NOT_EXEMPT))
    if not shape.exemptions:
        return _numbered(shape, _kept(shape, alone, timezone))
    plain = alone.where(exp.Not(this=exp.Paren(this=is_exempt.copy())), copy=False)
    together = _kept(shape, select([exp.Star()], table(violating)), timezone)
    exempt = select([exp.Star()], inner(together, "together")).where(is_exempt, copy=False)
    return _numbered(shape, union_all([_kept(shape, plain, timezone), exempt]))


def _kept(shape: Shape, windows: exp.Select, timezone: str) -> exp.Select:
    """Return the windows that stand in a stretch that repeats, with `_until`."""
    repeat, keys = _of(shape), shape.keys
    length = repeat.within * MICROS
    turn = (
        identifier(HIGH) if repeat.distinct == "window" else calendar_unit(identifier(HIGH), repeat.distinct, timezone)
    )
    turned = select([exp.Star(), named(turn, _TURN)], inner(windows, "violating"))
    # a turn is there from its first window until the length after its last one; what comes again sooner never left
    before = over(exp.Lag(this=identifier(HIGH)), (*keys, _TURN), ascending(HIGH))
    after = over(exp.Lead(this=identifier(HIGH)), (*keys, _TURN), ascending(HIGH))
    since = exp.Sub(this=identifier(HIGH), expression=before)
    until = exp.Sub(this=after, expression=identifier(HIGH))
    marks = [named(_unless_near(since, length), _COMES), named(_unless_near(until, length), _GOES)]
    marked = select([exp.Star(), *marks], inner(turned, "turned"))
    come = over(exp.Sum(this=identifier(_COMES)), keys, ascending(HIGH), frame="RANGE")
    gone = over(exp.Sum(this=identifier(_GOES)), keys, ascending(HIGH), frame="RANGE", before=length + 1)
    turns = exp.Sub(this=come, expression=exp.Coalesce(this=gone, expressions=[literal(0)]))
    counted = select([exp.Star(), named(turns, _TURNS)], inner(marked, "marked"))
    repeats = exp.GTE(this=identifier(_TURNS), expression=literal(repeat.at_least))
    end = over(exp.Min(this=choose(repeats, identifier(HIGH))), keys, ascending(HIGH), frame="ROWS", ahead=True)
    found = select([exp.Star(), named(end, _UNTIL)], inner(counted, "counted"))
    reach = exp.Add(this=identifier(HIGH), expression=literal(length))
    is_kept = exp.LTE(this=identifier(_UNTIL), expression=exp.Paren(this=reach))
    return select([exp.Star()], inner(found, "found")).where(is_kept, copy=False)


def _unless_near(distance: exp.Expression, length: int) -> exp.Expression:
    return choose(exp.LTE(this=distance, expression=literal(length)), literal(0), literal(1))


def _numbered(shape: Shape, kept: exp.Query) -> exp.Select:
    keys = (*shape.keys, EXEMPT)
    before = over(exp.Lag(this=identifier(HIGH)), keys, ascending(HIGH))
    steps = select([exp.Star(), named(before, _BEFORE)], inner(kept, "kept"))
    shares = exp.LTE(this=identifier(LOW), expression=identifier(_BEFORE))
    reach = exp.Add(this=identifier(_BEFORE), expression=literal(_of(shape).within * MICROS))
    follows = exp.LTE(this=identifier(_UNTIL), expression=exp.Paren(this=reach))

    def number(is_same: exp.Expression) -> exp.Expression:
        new = choose(is_same, literal(0), literal(1))
        return over(exp.Sum(this=new), (), ascending(*keys, HIGH), frame="ROWS")

    numbers = [named(number(some([shares, follows])), INCIDENT), named(number(shares.copy()), RUN)]
    return select([exp.Star(), *numbers], inner(steps, "steps"))


def runs(shape: Shape, windows: str, found: str) -> exp.Select:
    """Return `runs` of the incidents in table `found`, in the form of `incidents`: what lies between is not theirs."""
    keys = (*shape.keys, EXEMPT, INCIDENT)
    low, high = exp.Min(this=identifier(LOW, "window")), exp.Max(this=identifier(HIGH, "window"))
    items = [*columns(keys, "window"), named(low, LOW), named(high, HIGH)]
    same = every(same_keys((INCIDENT,), "window", "incident"))
    query = joined_on(select(items, table(windows, "window")), table(found, "incident"), same)
    return query.group_by(*columns((*keys, RUN), "window"), copy=False)


def _of(shape: Shape) -> Repeat:
    repeat = shape.flags.rule.repeat
    assert repeat is not None
    return repeat
