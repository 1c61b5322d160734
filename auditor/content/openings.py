"""Templates whose slot no mark shows: the common beginnings and ends of an account's texts (definition.py, `Edge`).

Which parts an account fills a slot behind is found in its texts in their order (parts.py), one account at a time; whose
they are over all accounts is counted in the engine. An end is the beginning of the same words in reverse. The answer
doesn't depend on the order of records.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter

from sqlglot import exp

from auditor.content.definition import CLOSING, FREE, OPENING, Edge
from auditor.content.nodes import at_least, columns, count, joined, select, times
from auditor.content.parts import filled_parts
from auditor.content.texts import OWNED, TEXTS, drop
from auditor.records.activity import Activity
from auditor.records.derived import insert, keep_table, make_table
from auditor.records.sql import (
    call,
    columns_definition,
    identifier,
    is_not,
    literal,
    named,
    table,
    text_of,
)

FORMS = "content_forms"
_TOTALS, _FILLED, _MATCHES, _ACCEPTED = (f"content_{name}" for name in ("totals", "filled", "matches", "accepted"))
_BATCH = 10_000


@dataclass(frozen=True)
class Side:
    """Where a common part stands: at the beginning, or (`is_reversed`) at the end."""

    edge: Edge
    is_reversed: bool

    def line(self) -> exp.Expression:
        """Return `text` with its words in the order in which this side reads them."""
        return _reversed(identifier("text")) if self.is_reversed else identifier("text")

    def template(self, head: exp.Expression) -> exp.Expression:
        """Return the text of the template whose common part is `head`."""
        if not self.is_reversed:
            return call("concat", head, literal(f" {FREE}"))
        return call("concat", literal(f"{FREE} "), _reversed(head))


def _reversed(line: exp.Expression) -> exp.Expression:
    words = call("list_reverse", call("string_split", line, literal(" ")))
    return call("array_to_string", words, literal(" "))


SIDES = (Side(OPENING, is_reversed=False), Side(CLOSING, is_reversed=True))


def make_forms(activity: Activity) -> None:
    """Make the table of texts that have a common part with others: text_key, template."""
    types = {"text_key": "UHUGEINT", "template": "VARCHAR"}
    _make_empty(activity, FORMS, types)
    make_table(activity, _TOTALS, _totals())
    for side in SIDES:
        _find(activity, side)
        _assign(activity, side)
    drop(activity, _TOTALS, _FILLED, _MATCHES, _ACCEPTED)


def _make_empty(activity: Activity, name: str, types: dict[str, str]) -> None:
    schema = exp.Schema(this=table(name), expressions=columns_definition(types))
    activity.connection.execute(text_of(exp.Create(this=schema, kind="TABLE", replace=True)))


def _totals() -> exp.Select:
    """How many different texts an account has, where they are enough for a slot to be seen."""
    query = select(identifier("account_id"), named(count(), "total"), of=OWNED).group_by(identifier("account_id"))
    return query.having(at_least(count(), literal(min(side.edge.texts for side in SIDES))))


def _find(activity: Activity, side: Side) -> None:
    """Fill the table of common parts that an account fills a slot behind: account_id, head, size."""
    found = [
        (account, head, size)
        for account, total, lines in _lines_by_account(activity, side)
        for head, size in filled_parts(lines, total, side.edge)
    ]
    accounts, heads, sizes = zip(*found, strict=True) if found else ((), (), ())
    columns = {"account_id": ("VARCHAR", accounts), "head": ("VARCHAR", heads), "size": ("BIGINT", sizes)}
    keep_table(activity, _FILLED, columns)


def _lines_by_account(activity: Activity, side: Side) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each account with the number of its texts, and those whose place is open, in order, as this side reads."""
    result = activity.connection.cursor().execute(text_of(_lines(side)))
    rows = chain.from_iterable(iter(lambda: result.fetchmany(_BATCH), []))
    for (account, total), group in groupby(rows, key=itemgetter(0, 1)):
        yield account, total, [line for _, _, line in group]


def _lines(side: Side) -> exp.Select:
    owned = joined(select(*columns("account_id", "text_key", "total"), of=OWNED), _TOTALS, "account_id")
    done = select(identifier("text_key"), of=FORMS)
    owned = owned.where(is_not(exp.In(this=identifier("text_key"), query=exp.Subquery(this=done))))
    lines = joined(select(*columns("account_id", "total"), named(side.line(), "line"), of=owned), TEXTS, "text_key")
    return lines.order_by(*columns("account_id", "line"))


def _assign(activity: Activity, side: Side) -> None:
    """Give each text without a form the longest accepted common part that it has."""
    make_table(activity, _MATCHES, _matches(side))
    make_table(activity, _ACCEPTED, _accepted())
    longest = call("arg_max", identifier("head"), call("strlen", identifier("head")))
    forms = joined(select(*columns("text_key", "head"), of=_MATCHES), _ACCEPTED, "head")
    chosen = select(identifier("text_key"), named(side.template(longest), "template"), of=forms)
    chosen = chosen.group_by(identifier("text_key"))
    insert(activity, FORMS, chosen)


def _matches(side: Side) -> exp.Select:
    """Which text has which of the common parts, and something behind it."""
    done = select(identifier("text_key"), of=FORMS)
    lines = select(identifier("text_key"), named(side.line(), "line"), of=TEXTS)
    lines = lines.where(is_not(exp.In(this=identifier("text_key"), query=exp.Subquery(this=done))))
    anchored = select(*columns("text_key", "line"), named(_anchor("line", side), "anchor"), of=lines)
    heads = select(identifier("head"), of=_FILLED).distinct()
    anchors = select(identifier("head"), named(_anchor("head", side), "anchor"), of=heads)
    begins = call("starts_with", identifier("line"), call("concat", identifier("head"), literal(" ")))
    found = select(*columns("text_key", "head"), of=anchored)
    return joined(found, anchors, "anchor").where(begins)


def _anchor(line: str, side: Side) -> exp.Expression:
    """The first words, nothing where there are fewer: a line that begins with a common part has its anchor."""
    words = literal(f"^(?:[^ ]* ){{{side.edge.words - 1}}}[^ ]*")
    return call("regexp_extract", identifier(line), words)


def _accepted() -> exp.Select:
    """The common parts most of whose texts are of accounts that fill a slot there."""
    held = joined(select(identifier("head"), named(count(), "held"), of=_MATCHES), OWNED, "text_key")
    held = held.group_by(identifier("head"))
    filled = select(identifier("head"), named(exp.Sum(this=identifier("size")), "filled"), of=_FILLED)
    filled = filled.group_by(identifier("head"))
    query = joined(select(identifier("head"), of=held), filled, "head")
    return query.where(at_least(times(identifier("filled"), 2), identifier("held")))
