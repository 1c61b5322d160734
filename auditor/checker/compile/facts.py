"""The stretches of time in which an account had a fact, such as its plan: what `seen` fills in.

Of two facts of one time the later line counts. Few logs have such two, and reading the lines of all records costs half
of what the rest does: so stretches are made in haste first, without them, and say themselves where that was too quick.
"""

from collections.abc import Sequence

from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT, code_in, with_code
from auditor.checker.compile.nodes import (
    ascending,
    columns,
    descending,
    every,
    inner,
    is_known,
    is_null,
    named,
    over,
    select,
    some,
)
from auditor.checker.compile.seen import FOLDED_VALUE, ROW, Scope, existing, fact_table, time_number
from auditor.checker.compile.statements import Hasty, Statement
from auditor.records.activity import STORED
from auditor.records.sql import identifier, literal, table

OPEN_END = (1 << 63) - 1
_DOUBT = "is_in_doubt"


def fact_statement(name: str, scope: Scope) -> Hasty:
    """Return the table of one fact's stretches."""
    doubts = select([exp.Count(this=exp.Star())], table(fact_table(name))).where(identifier(_DOUBT), copy=False)
    hastily = Statement(fact_table(name), _hasty_stretches(name, scope))
    return Hasty(hastily.name, stretches_of(name, scope), hastily, doubts)


def stretches_of(name: str, scope: Scope) -> exp.Select:
    """Return the change-only stretches (code of the account, valid_from, valid_until, value) of one fact column."""
    place = ("source_id", "source_line") if len(scope.sources) > 1 else ("source_line",)
    last = over(exp.RowNumber(), (ACCOUNT, "at"), descending(*place))
    given = inner(_given(name, scope, columns(place, ROW)), "given")
    ranked = select([*columns((ACCOUNT, "at", "value")), named(last, "place")], given)
    newest = select(columns((ACCOUNT, "at", "value")), inner(ranked, "ranked"))
    return _changes(newest.where(exp.EQ(this=identifier("place"), expression=literal(1)), copy=False))


def _hasty_stretches(name: str, scope: Scope) -> exp.Select:
    """Return likewise, and `is_in_doubt` where two facts of one time differ."""
    values = [function(this=identifier("value")) for function in (exp.Max, exp.Min)]
    differs = exp.NEQ(this=values[0].copy(), expression=values[1])
    items = [*columns((ACCOUNT, "at")), named(values[0], "value"), named(exp.Paren(this=differs), _DOUBT)]
    newest = select(items, inner(_given(name, scope), "given")).group_by(*columns((ACCOUNT, "at")), copy=False)
    return _changes(newest, [_DOUBT])


def _given(name: str, scope: Scope, further: Sequence[exp.Expression] = ()) -> exp.Select:
    """Return every record that gives an account the fact."""
    value = identifier(name, ROW)
    items = [
        named(code_in("account_id"), ACCOUNT),
        named(time_number(identifier("time", ROW)), "at"),
        named(value, "value"),
    ]
    given = select([*items, *further], table(STORED, ROW))
    given = with_code(given, "account_id", identifier("account_id", ROW), "INNER")
    return given.where(every([is_known(value.copy()), *existing(scope, ROW)]), copy=False)


def _changes(newest: exp.Select, doubts: Sequence[str] = ()) -> exp.Select:
    """Return the stretches between changes, from the fact of each time; those in doubt among them all."""
    before = over(exp.Lag(this=identifier("value")), (ACCOUNT,), ascending("at"))
    steps = select([exp.Star(), named(before, "before")], inner(newest, "newest"))
    is_other = exp.NEQ(this=identifier("before"), expression=identifier("value"))
    changed = some([is_null(identifier("before")), is_other, *columns(doubts)])
    changes = select(columns((ACCOUNT, "at", "value", *doubts)), inner(steps, "steps")).where(changed, copy=False)
    end = over(exp.Lead(this=identifier("at")), (ACCOUNT,), ascending("at"))
    until = named(exp.Coalesce(this=end, expressions=[literal(OPEN_END)]), "valid_until")
    folded = named(exp.Lower(this=identifier("value")), FOLDED_VALUE)
    found = [identifier(ACCOUNT), named(identifier("at"), "valid_from"), until, identifier("value"), folded]
    return select([*found, *columns(doubts)], inner(changes, "changes"))
