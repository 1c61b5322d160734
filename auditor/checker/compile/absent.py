"""Keep the rows that a selection does not follow in time (docs/evaluation.md, "Absent").

`found` are the rows before, `followed` tells of each of their occurrences, by `_last` (the number of its last record),
what follows: `_answer` is one of the constants below.
"""

from sqlglot import exp

from auditor.checker.compile.conditions import TIME, microseconds
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.nodes import (
    ascending,
    choose,
    columns,
    count_where,
    every,
    inner,
    is_known,
    is_null,
    joined_on,
    named,
    over,
    select,
    some,
    union_all,
)
from auditor.checker.compile.rows import AT, LAST, MICROS, Shape
from auditor.checker.compile.seen import NUMBER, Scope
from auditor.policy.rule import Absent
from auditor.records.sql import identifier, literal, table

ANSWER = "_answer"
FOLLOWED, UNDECIDED, UNFOLLOWED = 0, 1, 2
_IS_OCCURRENCE, _HOLDS, _END, _NEXT, _DOUBTFUL = "_is_occurrence", "_holds", "_end", "_next", "_doubtful"


def followed(shape: Shape, found: str) -> exp.Select:
    """Return `followed` over the table of rows: the subject, `_last` and `_answer` of every occurrence."""
    subject = shape.flags.subject
    lines = inner(union_all([_occurrences(shape, found), _looked_for(shape)]), "lines")
    order = ascending(TIME, NUMBER, _IS_OCCURRENCE)

    def first_after(test: exp.Expression) -> exp.Expression:
        # an occurrence stands after its own last record, which may be of the selection too
        return over(exp.Min(this=choose(test, identifier(TIME))), subject, order, frame="ROWS", ahead=True)

    is_other = exp.EQ(this=identifier(_IS_OCCURRENCE), expression=literal(0))
    doubtful = first_after(every([is_other, is_null(identifier(_HOLDS))]))
    marks = [named(first_after(identifier(_HOLDS)), _NEXT), named(doubtful, _DOUBTFUL)]
    walked = select([exp.Star(), *marks], lines)
    ends = inner(_end_of_log(shape.flags.scope), "log")
    answered = joined_on(
        select(
            [*columns(subject), named(identifier(NUMBER), LAST), named(_answer(shape), ANSWER)], inner(walked, "walked")
        ),
        ends,
        exp.true(),
    )
    return answered.where(exp.EQ(this=identifier(_IS_OCCURRENCE), expression=literal(1)), copy=False)


def _occurrences(shape: Shape, found: str) -> exp.Select:
    items = [
        *columns(shape.flags.subject),
        named(identifier(AT), TIME),
        named(identifier(LAST), NUMBER),
        named(literal(1), _IS_OCCURRENCE),
        named(exp.null(), _HOLDS),
    ]
    return select(items, table(found), distinct=True)


def _looked_for(shape: Shape) -> exp.Select:
    holds = identifier(shape.flags.absent)
    subject = columns(shape.flags.subject)
    items = [*subject, *columns((TIME, NUMBER)), named(literal(0), _IS_OCCURRENCE), named(holds, _HOLDS)]
    may_hold = some([holds.copy(), is_null(holds.copy())])
    return select(items, table(BASE)).where(every([may_hold, *(is_known(c.copy()) for c in subject)]), copy=False)


def _end_of_log(scope: Scope) -> exp.Select:
    until = scope.context.window.until
    if until is None:
        return select([named(exp.Max(this=identifier(TIME)), _END)], table(BASE))
    last = microseconds(until) - 1
    known = last if scope.as_of is None else min(last, microseconds(scope.as_of))
    return exp.Select(expressions=[named(literal(known), _END)])


def _answer(shape: Shape) -> exp.Expression:
    length = literal(_of(shape).within * MICROS)
    reach = exp.Paren(this=exp.Add(this=identifier(TIME), expression=length))
    ifs = [
        exp.If(this=exp.LTE(this=identifier(_NEXT), expression=reach), true=literal(FOLLOWED)),
        exp.If(this=exp.GT(this=reach.copy(), expression=identifier(_END)), true=literal(UNDECIDED)),
        exp.If(this=exp.LTE(this=identifier(_DOUBTFUL), expression=reach.copy()), true=literal(UNDECIDED)),
    ]
    return exp.Case(ifs=ifs, default=literal(UNFOLLOWED))


def unfollowed_rows(found: str, answers: str) -> exp.Select:
    """Return the rows of occurrences that nothing follows."""
    row = exp.Column(this=exp.Star(), table=exp.to_identifier("row", quoted=True))
    same = exp.EQ(this=identifier(LAST, "row"), expression=identifier(LAST, "followed"))
    query = joined_on(select([row], table(found, "row")), table(answers, "followed"), same)
    return query.where(_is(UNFOLLOWED), copy=False)


def absent_counts(shape: Shape, answers: str) -> tuple[tuple[str, exp.Select], ...]:
    """Return the counts that `absent` adds: undecided occurrences, and subjects that have no others."""
    subject = shape.flags.subject
    undecided = select([exp.Count(this=exp.Star())], table(answers)).where(_is(UNDECIDED), copy=False)
    all_and_unknown = [named(exp.Count(this=exp.Star()), "_all"), named(count_where(_is(UNDECIDED)), "_unknown")]
    grouped = select([*columns(subject), *all_and_unknown], table(answers))
    grouped = grouped.group_by(*columns(subject), copy=False) if subject else grouped
    is_never = exp.EQ(this=identifier("_all"), expression=identifier("_unknown"))
    has_any = exp.GT(this=identifier("_all"), expression=literal(0))
    never = select([exp.Count(this=exp.Star())], inner(grouped, "subjects"))
    return ("undetermined", undecided), ("not_evaluated_subjects", never.where(every([is_never, has_any]), copy=False))


def _is(answer: int) -> exp.Expression:
    return exp.EQ(this=identifier(ANSWER), expression=literal(answer))


def _of(shape: Shape) -> Absent:
    absent = shape.flags.rule.absent
    assert absent is not None
    return absent
