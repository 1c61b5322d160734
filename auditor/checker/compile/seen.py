"""The relation `seen`: records as rules see them, with account facts and columns of the context filled in.

Account facts are change-only stretches of time per account and column (`valid_from` included, `valid_until`
excluded), joined where the record has no value of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT, CODE, code_in, with_code
from auditor.checker.compile.columns import FOLDED
from auditor.checker.compile.conditions import LOCAL_TIME, TIME, microseconds
from auditor.checker.compile.nodes import (
    every,
    joined_on,
    named,
    select,
)
from auditor.checker.provided import provided_anywhere
from auditor.policy.pack import Context
from auditor.records.activity import RECORDS, SourceSummary
from auditor.records.extras import extra_text
from auditor.records.schema import FACT_COLUMNS
from auditor.records.sql import cast, identifier, literal, table

NUMBER = "_n"
"""Number of a record: source and line packed into one integer; (`_t`, `_n`) is the order of records."""

LINES = 1 << 40
"""More lines than a source may have."""

ROW = "r"
FOLDED_VALUE = "folded"
"""Column of a fact's stretches: its value in lower case."""


@dataclass(frozen=True)
class Scope:
    """Which records exist and what is known of the platform: everything `seen` depends on."""

    sources: tuple[SourceSummary, ...]
    context: Context
    timezone: str
    as_of: datetime | None

    def number_of(self, source_id: str) -> int:
        """Return the position of a source in the order of ids."""
        return self.source_ids.index(source_id)

    @cached_property
    def source_ids(self) -> tuple[str, ...]:
        """The ids of all sources, sorted."""
        return tuple(sorted(source.source_id for source in self.sources))

    @property
    def facts(self) -> frozenset[str]:
        """The fact columns that some source fills."""
        return provided_anywhere(self.sources) & frozenset(FACT_COLUMNS)


def fact_table(name: str) -> str:
    """Return the name of the table of one fact's stretches."""
    return f"fact_{name}"


def facts_read(names: Iterable[str], scope: Scope) -> tuple[str, ...]:
    """Return the fact columns that must be filled in to read the given names of `seen`, sorted."""
    wanted = {_plain(name) for name in names}
    wanted |= {"plan"} if "rate_limit" in wanted else set()
    return tuple(sorted(wanted & scope.facts))


def coded_names(names: Iterable[str]) -> list[str]:
    """Return the columns of which names of `seen` are codes, sorted."""
    return sorted(name.removeprefix(CODE) for name in names if name.startswith(CODE))


def seen(names: Iterable[str], scope: Scope, source: str = RECORDS) -> exp.Select:
    """Return `seen` with the given columns; roster records and records that don't exist yet are kept out."""
    wanted = sorted(set(names))
    facts = facts_read(wanted, scope)
    items = [named(_definition(name, scope, facts), name) for name in wanted]
    query = select(items, table(source, ROW))
    if facts or ACCOUNT in wanted:
        query = with_code(query, "account_id", identifier("account_id", ROW))
    for fact in facts:
        query = joined_on(query, table(fact_table(fact), fact_table(fact)), _holds(fact), "LEFT")
    for name in coded_names(wanted):
        if name != "account_id":
            query = with_code(query, name, _column(name, scope, facts))
    if len(scope.sources) > 1:
        numbers = exp.values(list(enumerate(scope.source_ids)), alias="s", columns=["number", "source_id"])
        same = exp.EQ(this=identifier("source_id", ROW), expression=exp.column("source_id", table="s"))
        query = joined_on(query, numbers, same)
    conditions = [*existing(scope, ROW), *_complete(scope)]
    return query.where(every(conditions), copy=False) if conditions else query


def _holds(fact: str) -> exp.Expression:
    at, stretch = time_number(identifier("time", ROW)), fact_table(fact)
    return every(
        [
            exp.EQ(this=code_in("account_id"), expression=identifier(ACCOUNT, stretch)),
            exp.GTE(this=at, expression=identifier("valid_from", stretch)),
            exp.LT(this=at.copy(), expression=identifier("valid_until", stretch)),
        ]
    )


def time_number(time: exp.Expression) -> exp.Expression:
    """Return a time as microseconds since 1970."""
    return exp.UnixMicros(this=time)


def existing(scope: Scope, of: str) -> list[exp.Expression]:
    """Return the tests that a record was there on the day of the audit, none where all were."""
    if scope.as_of is None:
        return []
    return [exp.LTE(this=identifier("time", of or None), expression=_timestamp(scope.as_of))]


def _complete(scope: Scope) -> list[exp.Expression]:
    window, time = scope.context.window, identifier("time", ROW)
    since = [exp.GTE(this=time, expression=_timestamp(window.start))] if window.start else []
    return since + ([exp.LT(this=time.copy(), expression=_timestamp(window.until))] if window.until else [])


def _timestamp(time: datetime) -> exp.Expression:
    return cast(literal(time.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")), "TIMESTAMP")


def _plain(name: str) -> str:
    return name.removeprefix(FOLDED).removeprefix(CODE)


def _definition(name: str, scope: Scope, facts: tuple[str, ...]) -> exp.Expression:
    time = identifier("time", ROW)
    if name == NUMBER:
        line = identifier("source_line", ROW)
        if len(scope.sources) < 2:
            return line
        return exp.Add(this=exp.Mul(this=_source(scope), expression=literal(LINES)), expression=line)
    if name == TIME:
        return time_number(time)
    if name == LOCAL_TIME:
        return local_time(time, scope.timezone)
    if name.startswith(CODE):
        return code_in(name.removeprefix(CODE))
    if name.startswith(FOLDED):
        return _folded(_plain(name), scope, facts)
    return _column(name, scope, facts)


def same_record(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Return the test that two numbers of records, neither of them NULL, are the same.

    Not by `=`: for a join of whole numbers DuckDB may lay out all that it takes over for every number between the least
    and the greatest, which are the lines of a whole log.
    """
    return exp.NullSafeEQ(this=left, expression=right)


def source_of(of: str | None = None) -> exp.Expression:
    """Return the place of a record's source among all, read off its number."""
    return exp.Paren(this=exp.IntDiv(this=identifier(NUMBER, of), expression=literal(LINES)))


def _source(scope: Scope) -> exp.Expression:
    number = exp.column("number", table="s") if len(scope.sources) > 1 else literal(0)
    return cast(number, "BIGINT")


def local_time(time: exp.Expression, timezone: str) -> exp.Expression:
    """Return a UTC time as the wall clock of a zone shows it."""
    if timezone == "UTC":
        return time
    return exp.AtTimeZone(this=exp.AtTimeZone(this=time, zone=literal("UTC")), zone=literal(timezone))


def _column(name: str, scope: Scope, facts: tuple[str, ...]) -> exp.Expression:
    if name.startswith("extra."):
        return extra_text(name, ROW)
    if name == "rate_limit":
        plan = _column("plan", scope, facts)
        limits = [exp.If(this=literal(item), true=literal(limit)) for item, limit in scope.context.requests_per_minute]
        return cast(exp.Case(this=plan, ifs=limits) if limits else exp.null(), "BIGINT")
    if name == "model_age":
        return _model_age(scope)
    own = identifier(name, ROW)
    return exp.Coalesce(this=own, expressions=[identifier("value", fact_table(name))]) if name in facts else own


def _folded(name: str, scope: Scope, facts: tuple[str, ...]) -> exp.Expression:
    if name not in facts:
        return exp.Lower(this=_column(name, scope, facts))
    own = exp.Lower(this=identifier(name, ROW))
    return exp.Coalesce(this=own, expressions=[identifier(FOLDED_VALUE, fact_table(name))])


def _model_age(scope: Scope) -> exp.Expression:
    model, at = identifier("model", ROW), time_number(identifier("time", ROW))
    releases = scope.context.model_releases
    ifs = [exp.If(this=literal(item), true=literal(microseconds(time))) for item, time in releases]
    released = cast(exp.Case(this=model, ifs=ifs) if ifs else exp.null(), "BIGINT")
    return seconds(exp.Paren(this=exp.Sub(this=at, expression=released)))


def seconds(micros: exp.Expression) -> exp.Expression:
    """Return whole microseconds as exact seconds, a DECIMAL of scale 6."""
    return exp.Mul(this=micros, expression=cast(literal("0.000001"), "DECIMAL(7, 6)"))
