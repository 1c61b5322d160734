"""Templates whose slot no mark shows: the common beginnings and ends of an account's texts (definition.py, `Edge`).

Word by word: of the texts of one account that begin alike, are there enough, and do they go on differently? Beginnings
that too few texts share are given up at once, so the later steps see almost nothing. An end is the beginning of
the same words in reverse. The answer doesn't depend on the order of records.
"""

from dataclasses import dataclass

from sqlglot import exp

from auditor.content.definition import CLOSING, FREE, OPENING, Edge
from auditor.content.nodes import at_least, columns, count, joined, select, times
from auditor.content.texts import OWNED, TEXTS, drop
from auditor.records.activity import Activity
from auditor.records.derived import make_table
from auditor.records.sql import (
    all_of,
    call,
    columns_definition,
    identifier,
    is_not,
    is_null,
    literal,
    named,
    table,
    text_of,
)

FORMS = "content_forms"
_TOTALS, _LEVEL, _STRONG, _FILLED, _MATCHES, _ACCEPTED = (
    f"content_{name}" for name in ("totals", "level", "strong", "filled", "matches", "accepted")
)


@dataclass(frozen=True)
class Side:
    """Where a common part stands: at the beginning, or (`is_reversed`) at the end."""

    edge: Edge
    is_reversed: bool

    def words(self) -> exp.Expression:
        """Return the words of `text`, in the order in which this side reads them."""
        words = call("string_split", identifier("text"), literal(" "))
        return call("list_reverse", words) if self.is_reversed else words

    def template(self, head: exp.Expression) -> exp.Expression:
        """Return the text of the template whose common part is `head`."""
        if not self.is_reversed:
            return call("concat", head, literal(f" {FREE}"))
        words = call("list_reverse", call("string_split", head, literal(" ")))
        return call("concat", literal(f"{FREE} "), call("array_to_string", words, literal(" ")))


SIDES = (Side(OPENING, is_reversed=False), Side(CLOSING, is_reversed=True))


def make_forms(activity: Activity) -> None:
    """Make the table of texts that have a common part with others: text_key, template."""
    types = {"text_key": "UHUGEINT", "template": "VARCHAR"}
    _make_empty(activity, FORMS, types)
    make_table(activity, _TOTALS, _totals())
    for side in SIDES:
        _find(activity, side)
        _assign(activity, side)
    drop(activity, _TOTALS, _LEVEL, _STRONG, _FILLED, _MATCHES, _ACCEPTED)


def _make_empty(activity: Activity, name: str, types: dict[str, str]) -> None:
    schema = exp.Schema(this=table(name), expressions=columns_definition(types))
    activity.connection.execute(text_of(exp.Create(this=schema, kind="TABLE", replace=True)))


def _totals() -> exp.Select:
    """How many different texts an account has, where they are enough for a slot to be seen."""
    query = select(identifier("account_id"), named(count(), "total"), of=OWNED).group_by(identifier("account_id"))
    return query.having(at_least(count(), literal(min(side.edge.texts for side in SIDES))))


def _find(activity: Activity, side: Side) -> None:
    """Fill the table of common parts that an account fills a slot behind: account_id, head, size."""
    _make_empty(activity, _FILLED, {"account_id": "VARCHAR", "head": "VARCHAR", "size": "BIGINT"})
    make_table(activity, _LEVEL, _beginning())
    for length in range(side.edge.words, side.edge.longest + 1):
        make_table(activity, _STRONG, _strong(side, length))
        filled = select(*columns("account_id", "head", "size"), of=_STRONG).where(identifier("is_filled"))
        activity.connection.execute(text_of(exp.Insert(this=table(_FILLED), expression=filled)))
        if not _rows(activity, select(count(), of=_STRONG).where(is_not(identifier("is_filled")))):
            return
        make_table(activity, _LEVEL, _next_level(side, length))


def _rows(activity: Activity, query: exp.Select) -> int:
    (number,) = activity.connection.execute(text_of(query)).fetchall()[0]
    return int(number)


def _beginning() -> exp.Select:
    """The texts whose place is still open, with their owners."""
    owned = joined(select(*columns("account_id", "text_key", "total"), of=OWNED), _TOTALS, "account_id")
    done = select(identifier("text_key"), of=FORMS)
    return owned.where(is_not(exp.In(this=identifier("text_key"), query=exp.Subquery(this=done))))


def _heads(side: Side, length: int) -> exp.Select:
    """The first words of each text on this level, and the word that follows them."""
    texts = joined(select(*columns("account_id", "text_key", "total", "text"), of=_LEVEL), TEXTS, "text_key")
    split = select(*columns("account_id", "text_key", "total"), named(side.words(), "words"), of=texts)
    head, follower = _first(length), call("list_extract", identifier("words"), literal(length + 1))
    values = [*columns("account_id", "text_key", "total"), named(head, "head"), named(follower, "follower")]
    return select(*values, of=split)


def _first(length: int) -> exp.Expression:
    part = call("list_slice", identifier("words"), literal(1), literal(length))
    return call("array_to_string", part, literal(" "))


def _strong(side: Side, length: int) -> exp.Select:
    """The common parts of one length that enough texts of an account have, and whether it fills a slot there."""
    edge = side.edge
    by_follower = ["account_id", "total", "head", "follower"]
    followed = select(*columns(*by_follower), named(count(), "texts"), of=_heads(side, length))
    followed = followed.where(is_not(is_null(identifier("follower")))).group_by(*columns(*by_follower))
    size = exp.Sum(this=identifier("texts"))
    values = [*columns("account_id", "total", "head"), named(size, "size"), named(count(), "branches")]
    parts = select(*values, named(exp.Max(this=identifier("texts")), "top"), of=followed)
    parts = parts.group_by(*columns("account_id", "total", "head"))
    is_filled = literal(True) if length == edge.longest else _goes_on_differently(edge)
    is_long = at_least(call("strlen", identifier("head")), literal(edge.size))
    enough = [
        at_least(identifier("size"), literal(edge.texts)),
        at_least(times(identifier("size"), edge.one_in), identifier("total")),
    ]
    kept = [*columns("account_id", "head", "size"), named(all_of([is_filled, is_long]), "is_filled")]
    return select(*kept, of=parts).where(all_of(enough))


def _goes_on_differently(edge: Edge) -> exp.Expression:
    many = at_least(identifier("branches"), literal(edge.branches))
    return all_of([many, exp.LTE(this=times(identifier("top"), 2), expression=identifier("size"))])


def _next_level(side: Side, length: int) -> exp.Select:
    open_parts = select(*columns("account_id", "head"), of=_STRONG).where(is_not(identifier("is_filled")))
    heads = _heads(side, length).where(is_not(is_null(identifier("follower"))))
    query = select(*columns("account_id", "text_key", "total"), of=heads)
    return joined(query, open_parts, "account_id", "head")


def _assign(activity: Activity, side: Side) -> None:
    """Give each text without a form the longest accepted common part that it has."""
    make_table(activity, _MATCHES, _matches(side))
    make_table(activity, _ACCEPTED, _accepted())
    longest = call("arg_max", identifier("head"), call("strlen", identifier("head")))
    forms = joined(select(*columns("text_key", "head"), of=_MATCHES), _ACCEPTED, "head")
    chosen = select(identifier("text_key"), named(side.template(longest), "template"), of=forms)
    chosen = chosen.group_by(identifier("text_key"))
    activity.connection.execute(text_of(exp.Insert(this=table(FORMS), expression=chosen)))


def _matches(side: Side) -> exp.Select:
    """Which text has which of the common parts, and something behind it."""
    done = select(identifier("text_key"), of=FORMS)
    texts = select(identifier("text_key"), named(side.words(), "words"), of=TEXTS)
    texts = texts.where(is_not(exp.In(this=identifier("text_key"), query=exp.Subquery(this=done))))
    line = call("array_to_string", identifier("words"), literal(" "))
    lines = select(identifier("text_key"), named(line, "line"), named(_first(side.edge.words), "anchor"), of=texts)
    words = call("string_split", identifier("head"), literal(" "))
    heads = select(identifier("head"), of=_FILLED).distinct()
    split = select(identifier("head"), named(words, "words"), of=heads)
    anchors = select(identifier("head"), named(_first(side.edge.words), "anchor"), of=split)
    begins = call("starts_with", identifier("line"), call("concat", identifier("head"), literal(" ")))
    found = select(*columns("text_key", "head"), of=lines)
    return joined(found, anchors, "anchor").where(begins)


def _accepted() -> exp.Select:
    """The common parts most of whose texts are of accounts that fill a slot there."""
    held = joined(select(identifier("head"), named(count(), "held"), of=_MATCHES), OWNED, "text_key")
    held = held.group_by(identifier("head"))
    filled = select(identifier("head"), named(exp.Sum(this=identifier("size")), "filled"), of=_FILLED)
    filled = filled.group_by(identifier("head"))
    query = joined(select(identifier("head"), of=held), filled, "head")
    return query.where(at_least(times(identifier("filled"), 2), identifier("held")))
