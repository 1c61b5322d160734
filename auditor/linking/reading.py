"""Which records count for links: known account, not later than `as_of`, not made by a key thief.

Builds the parts of queries that every signal shares; the records themselves stay in the engine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any  # a row holds values of every column type

from sqlglot import exp

from auditor.policy.pack import Context
from auditor.records.activity import RECORDS, STORED, Activity
from auditor.records.asof import timestamp
from auditor.records.derived import derivable, keep_table
from auditor.records.sql import all_of, any_of, call, identifier, is_not, is_null, literal, named, table, text_of
from auditor.records.tallies import AccountSpan

ACCOUNT, TIME = "_account", "_time"
OWN_WORK = ("completion", "embedding", "image", "audio", "moderation", "fine_tune", "file", "batch", "list_models",
            "web_request")  # fmt: skip
"""The events that an account makes by itself: calls of a model, and what goes with them."""

_SPANS = "link_excluded"


@dataclass(frozen=True)
class Reading:
    """The records that links are read from: an activity as of a time, without stretches of theft.

    `columns` are those that some source fills; `records` is the table or view that is read.
    """

    activity: Activity
    context: Context
    as_of: datetime | None
    columns: frozenset[str]
    has_spans: bool
    records: str = RECORDS

    def select(self, items: Sequence[exp.Expression], *tests: exp.Expression) -> exp.Select:
        """Return a query over the records that count, with account and time (in microseconds) first."""
        own = [named(identifier("account_id", "r"), ACCOUNT), named(microseconds(identifier("time", "r")), TIME)]
        return self.of_records(exp.Select(expressions=[*own, *items]), *tests)

    def of_records(self, query: exp.Select, *tests: exp.Expression) -> exp.Select:
        """Return a query, of which only the items are there, over the records that count and pass some tests."""
        query = query.from_(table(self._relation([*query.expressions, *tests]), "r"))
        if self.has_spans:
            # as a join, which costs a tenth of what the same costs as NOT EXISTS
            query = query.join(table(_SPANS, "e"), on=_is_inside(), join_type="ANTI")
        return query.where(all_of([*self._conditions(), *tests]), copy=False)

    def calls(self) -> list[exp.Expression]:
        """Return the tests that a record is a call in the complete part of the log."""
        return [is_one_of(identifier("event", "r"), OWN_WORK), *self.complete()]

    def complete(self) -> list[exp.Expression]:
        """Return the tests that a record is no roster row."""
        window, time = self.context.window, identifier("time", "r")
        since = [exp.GTE(this=time, expression=timestamp(window.start))] if window.start else []
        until = [exp.LT(this=time.copy(), expression=timestamp(window.until))] if window.until else []
        return [*since, *until]

    def _relation(self, read: Iterable[exp.Expr]) -> str:
        """Return where to read: what is derived costs several joins a record, also where nobody looks at it."""
        if self.records != RECORDS:
            return self.records
        names = {column.name for item in read for column in item.find_all(exp.Column)}
        return RECORDS if derivable(names) & self.context.derivable else STORED

    def rows(self, query: exp.Query) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        return self.activity.connection.cursor().execute(text_of(query)).fetchall()

    def keep(self, name: str, query: exp.Query) -> None:
        """Keep the answer of a query as a table, in the place of an earlier one of that name."""
        made = exp.Create(this=table(name), kind="TABLE", replace=True, expression=query)
        self.activity.connection.cursor().execute(text_of(made))

    def drop(self, *names: str) -> None:
        """Drop those of some tables that are there."""
        for name in names:
            dropped = exp.Drop(tables=[table(name)], kind="TABLE", exists=True)
            self.activity.connection.cursor().execute(text_of(dropped))

    def _conditions(self) -> list[exp.Expression]:
        tests = [is_known(identifier("account_id", "r"))]
        if self.as_of:
            tests.append(exp.LTE(this=identifier("time", "r"), expression=timestamp(self.as_of)))
        return tests


def reading_of(
    activity: Activity, context: Context, as_of: datetime | None, excluded: Sequence[AccountSpan]
) -> Reading:
    """Return what links are read from; the excluded stretches become a table on the activity's connection."""
    spans = sorted({(span.account, span.key or "", span.start, span.end) for span in excluded})
    if spans:
        columns: dict[str, tuple[str, Sequence[object]]] = {
            "account": ("VARCHAR", [span[0] for span in spans]),
            "key": ("VARCHAR", [span[1] for span in spans]),
            "start": ("TIMESTAMP", [_naive(span[2]) for span in spans]),
            "end": ("TIMESTAMP", [_naive(span[3]) for span in spans]),
        }
        keep_table(activity, _SPANS, columns)
    return Reading(activity, context, as_of, _columns_of(activity), bool(spans))


def microseconds(time: exp.Expression) -> exp.Expression:
    """Return a time as whole microseconds since 1970."""
    return call("epoch_us", time)


def moment(value: int) -> datetime:
    """Return the time of so many microseconds since 1970."""
    seconds, rest = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def is_known(value: exp.Expression) -> exp.Expression:
    """Return the test that a value is there."""
    return is_not(exp.Is(this=value, expression=exp.null()))


def is_one_of(value: exp.Expression, words: Sequence[str]) -> exp.Expression:
    """Return the test that a value is one of some words."""
    return exp.In(this=value, expressions=[literal(word) for word in words])


def _columns_of(activity: Activity) -> frozenset[str]:
    described = activity.connection.cursor().execute(text_of(exp.Describe(this=table(RECORDS)))).fetchall()
    there = {str(row[0]) for row in described}
    stored = {name for source in activity.sources for name in source.provides}
    return frozenset(stored & there)


def _is_inside() -> exp.Expression:
    key, own = identifier("key", "e"), identifier("api_key_id", "r")
    fits = [exp.EQ(this=key, expression=literal("")), is_null(own), exp.EQ(this=key.copy(), expression=own.copy())]
    inside: list[exp.Expression] = [
        exp.EQ(this=identifier("account", "e"), expression=identifier("account_id", "r")),
        exp.Between(this=identifier("time", "r"), low=identifier("start", "e"), high=identifier("end", "e")),
        any_of(fits),
    ]
    return all_of(inside)


def _naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)
