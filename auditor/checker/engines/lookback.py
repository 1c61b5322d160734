"""Write down which records bear on the findings of a run, so that a bundle can carry them and be judged again.

`context.parquet` holds, by group, the records of each finding's reach (compile/lookback.py), those that it cites
among them, and the records that gave their accounts the facts that rules read; `reaches.parquet` says which group and
which stretch of time each finding needs. What rests on others comes in numbers only: `Population`. A composite looks at
no records of its own: what bears on it is what bears on the findings of the rules that it names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT, code_in, with_code
from auditor.checker.compile.conditions import TIME
from auditor.checker.compile.flags import BASE
from auditor.checker.compile.lookback import (
    EDGE,
    SCOPE,
    UNTIL,
    accounts_of,
    context_of,
    first_of,
    peers_of,
    reach_of,
    reaches_of,
    spans_of,
    strangers_of,
)
from auditor.checker.compile.nodes import (
    ascending,
    columns,
    every,
    inner,
    is_known,
    joined_on,
    named,
    same_keys,
    select,
    union_all,
)
from auditor.checker.compile.plan import Plan
from auditor.checker.compile.seen import LINES, NUMBER, fact_table
from auditor.checker.compile.statements import RulePlan, Statement
from auditor.checker.engines.duckdb import PlanResult
from auditor.checker.engines.incidents import time_of
from auditor.checker.engines.tables import fill, first_line, interruptible, rows_of
from auditor.checker.population import MOST_GAPS, Gap, PeersSeen, Population
from auditor.errors import WorkspaceError
from auditor.records.activity import RECORDS, STORED, Activity
from auditor.records.context import CONTEXT_TYPES, REACH_TYPES
from auditor.records.schema import COLUMNS, DERIVABLE_COLUMNS, DERIVED_FROM
from auditor.records.sql import call, cast, file_reader, identifier, literal, table, text_of

HOUR = 3_600_000_000
HOURS_OF_A_GAP = 24
IDS, ROWS = "kept_ids", "context_rows"
_PLACE = "_place"
ID_TYPES = {"rule": "BIGINT", "incident": "BIGINT", "finding_id": "VARCHAR"}
ROW_TYPES = {
    "rule": "BIGINT",
    "scope": "BIGINT",
    NUMBER: "BIGINT",
    TIME: "BIGINT",
    "account_id": "VARCHAR",
    "is_fact": "BOOLEAN",
}


@dataclass(frozen=True)
class Files:
    """Where the files of a run's context go."""

    context: Path
    reaches: Path
    derived: Path


def write_context(result: PlanResult, ids: Mapping[tuple[str, int], str], activity: Activity, to: Files) -> Population:
    """Write the files for the findings named in `ids`, by (rule, number), and return what rests on others.

    What the activity derived is written for the records of the context, where it derived anything.

    Raises WorkspaceError where they can't be written.
    """
    try:
        with interruptible():
            return _Writer(result, ids).written(activity, to)
    except duckdb.Error as error:
        message = f"context records can't be written: {first_line(error)}"
        raise WorkspaceError.at(str(to.context), message, "check that the workspace can be written") from error


def has_derived(activity: Activity) -> bool:
    """Say whether records of an activity may hold anything that was worked out for them."""
    return bool(activity.derived) or any(
        name in source.provides and DERIVED_FROM[name] <= source.provides
        for source in activity.sources
        for name in COLUMNS.keys() & DERIVABLE_COLUMNS.keys()
    )


class _Writer:
    def __init__(self, result: PlanResult, ids: Mapping[tuple[str, int], str]) -> None:
        self._plan: Plan = result.plan
        self._connection = result.connection
        self._rules: list[tuple[int, RulePlan]] = [
            (place, item)
            for place, item in enumerate(result.plan.rules)
            if not item.rule.composite and any(rule == item.rule.name for rule, _ in ids)
        ]
        places = {item.rule.name: place for place, item in self._rules}
        named_here = ((rule, number, name) for (rule, number), name in sorted(ids.items()) if rule in places)
        rows = [(places[rule], result.found[rule][number].key, name) for rule, number, name in named_here]
        fill(self._connection, IDS, ID_TYPES, rows)
        fill(self._connection, ROWS, ROW_TYPES, [])

    def written(self, activity: Activity, to: Files) -> Population:
        strangers: dict[str, int] = {}
        peers: list[PeersSeen] = []
        for place, item in self._rules:
            strangers |= self._gathered(place, item)
            if item.shape.has_peers:
                rows = rows_of(self._connection, peers_of(item.shape, place, IDS))
                peers += [PeersSeen(finding=row[0], bucket=row[1], name=row[2], value=repr(row[3])) for row in rows]
        self._copied(self._context(), to.context)
        self._copied(self._reaches(), to.reaches)
        if has_derived(activity):
            self._copied(self._derived(activity, to.context), to.derived)
        end = rows_of(self._connection, select([exp.Max(this=identifier(TIME))], table(BASE)))[0][0]
        return Population(
            log_end=None if end is None else time_of(end),
            strangers=tuple(sorted(strangers.items())),
            peers=tuple(sorted(peers, key=lambda seen: (seen.finding, seen.bucket, seen.name))),
            gaps=self._gaps(),
        )

    def _gaps(self) -> tuple[Gap, ...]:
        hour = exp.IntDiv(this=identifier(TIME), expression=literal(HOUR))
        query = select([named(hour, "hour")], table(BASE), distinct=True).order_by(identifier("hour"), copy=False)
        hours = [row[0] for row in rows_of(self._connection, query)]
        pairs = [
            (after - before, before, after) for before, after in pairwise(hours) if after - before > HOURS_OF_A_GAP
        ]
        longest = sorted(pairs, reverse=True)[:MOST_GAPS]
        ends = sorted((before, after) for _, before, after in longest)
        return tuple(Gap(start=time_of((before + 1) * HOUR), end=time_of(after * HOUR)) for before, after in ends)

    def _gathered(self, place: int, item: RulePlan) -> dict[str, int]:
        """Add the records of one rule's reaches, and count those of strangers by finding."""
        shape = item.shape
        reaches, spans = shape.table("reaches"), shape.table("spans")
        self._made(reaches, reaches_of(shape, place, IDS))
        self._made(spans, spans_of(shape, reaches))
        is_everyone = not item.rule.subject_columns
        accounts = accounts_of(shape, reaches, IDS, place) if is_everyone else None
        self._added(place, context_of(shape, spans, accounts))
        if reach_of(item.rule).has_first:
            self._added(place, first_of(shape, spans), is_needed_always=True)
        if accounts is None:
            return {}
        return dict(rows_of(self._connection, strangers_of(shape, reaches, accounts.copy())))

    def _made(self, name: str, query: exp.Query) -> None:
        self._connection.execute(text_of(Statement(name, query).creation()))

    def _added(self, place: int, query: exp.Query, *, is_needed_always: bool = False) -> None:
        items = [literal(place), *columns((SCOPE, NUMBER, TIME, "account_id")), exp.Boolean(this=is_needed_always)]
        self._connection.execute(text_of(exp.Insert(this=table(ROWS), expression=select(items, inner(query, "found")))))

    def _context(self) -> exp.Query:
        line = exp.Mod(this=identifier(NUMBER), expression=literal(LINES))
        place = exp.IntDiv(this=identifier(NUMBER), expression=literal(LINES))
        items = [
            *columns(("rule", "scope", TIME)),
            named(exp.Paren(this=place), _PLACE),
            named(exp.Paren(this=line), "source_line"),
            identifier("is_fact"),
        ]
        # told apart and put in order by numbers, of which the sources have theirs by the order of their ids
        parts: list[exp.Query] = [select(items, table(ROWS)), *map(self._facts, self._fact_names())]
        numbers = ("rule", "scope", TIME, _PLACE, "source_line", "is_fact")
        everything = select(columns(numbers), inner(union_all(parts), "context"), distinct=True)
        return select(self._in_words(), inner(everything, "context")).order_by(*ascending(*numbers), copy=False)

    def _in_words(self) -> list[exp.Expression]:
        """Return the columns of the context's file, over those by which its rows are told apart."""
        sources = exp.Array(expressions=[literal(source) for source in self._plan.scope.source_ids])
        place = exp.Add(this=identifier(_PLACE), expression=literal(1))
        told: dict[str, exp.Expression] = {
            "time": exp.UnixToTime(this=identifier(TIME), scale=exp.UnixToTime.MICROS),
            "source_id": call("LIST_EXTRACT", sources, place),
        }
        return [named(told[name], name) if name in told else identifier(name) for name in CONTEXT_TYPES]

    def _fact_names(self) -> list[str]:
        return [statement.name.removeprefix("fact_") for statement in self._plan.facts]

    def _facts(self, name: str) -> exp.Select:
        """Return the records that began a stretch of a fact which was in force in a span of its account."""
        ends = [named(identifier(column, "span"), column) for column in ("rule", "scope", "account_id")]
        spans = select(
            [
                *ends,
                named(exp.Min(this=identifier(TIME, "span")), EDGE),
                named(exp.Max(this=identifier(TIME, "span")), UNTIL),
            ],
            table(ROWS, "span"),
        ).group_by(*columns(("rule", "scope", "account_id"), "span"), copy=False)
        stretch = fact_table(name)
        at = exp.UnixMicros(this=identifier("time", "record"))
        sources = exp.Array(expressions=[literal(source) for source in self._plan.scope.source_ids])
        place = call("LIST_POSITION", sources, identifier("source_id", "record"))
        items = [
            *columns(("rule", "scope"), "span"),
            named(at.copy(), TIME),
            named(exp.Sub(this=place, expression=literal(1)), _PLACE),
            identifier("source_line", "record"),
            named(exp.true(), "is_fact"),
        ]
        begins = every(
            [
                exp.EQ(this=code_in("account_id"), expression=identifier(ACCOUNT, "stretch")),
                exp.EQ(this=at, expression=identifier("valid_from", "stretch")),
                is_known(identifier(name, "record")),
            ]
        )
        in_force = every(
            [
                *same_keys(("account_id",), "span", "record"),
                exp.LTE(this=identifier("valid_from", "stretch"), expression=identifier(UNTIL, "span")),
                exp.GT(this=identifier("valid_until", "stretch"), expression=identifier(EDGE, "span")),
            ]
        )
        query = with_code(select(items, table(STORED, "record")), "account_id", identifier("account_id", "record"))
        query = joined_on(query, table(stretch, "stretch"), begins)
        return joined_on(query, inner(spans, "span"), in_force)

    def _reaches(self) -> exp.Query:
        parts = [self._reaches_of(place, item) for place, item in self._rules]
        nothing = [named(cast(exp.null(), kind), name) for name, kind in REACH_TYPES.items()]
        parts.append(exp.Select(expressions=nothing).where(exp.false(), copy=False))
        everything = inner(union_all(parts), "reaches")
        return select(columns(REACH_TYPES), everything).order_by(*ascending("finding_id"), copy=False)

    def _reaches_of(self, place: int, item: RulePlan) -> exp.Select:
        scope, edge, until = columns((SCOPE, EDGE, UNTIL))
        own = [named(cast(literal(place), "BIGINT"), "rule"), named(scope, "scope")]
        items = [identifier("finding_id"), *own, named(edge, "edge"), named(until, "until")]
        return select(items, table(item.shape.table("reaches")))

    def _derived(self, activity: Activity, context: Path) -> exp.Query:
        """Return what was worked out for each record of the context, as text."""
        key = ("source_id", "source_line")
        names = set(activity.derived) | (COLUMNS.keys() & DERIVABLE_COLUMNS.keys())
        values = [
            named(cast(identifier(name, "record") if name in names else exp.null(), "VARCHAR"), name)
            for name in DERIVABLE_COLUMNS
        ]
        listed = exp.Table(this=file_reader("read_parquet", [context]))
        wanted = inner(select(columns(key), listed, distinct=True), "wanted")
        query = select([*columns(key, "record"), *values], table(RECORDS, "record"))
        query = joined_on(query, wanted, every(same_keys(key, "record", "wanted")))
        return query.order_by(*(exp.Ordered(this=identifier(name, "record"), desc=False) for name in key), copy=False)

    def _copied(self, query: exp.Query, path: Path) -> None:
        options = [
            exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("PARQUET")),
            exp.CopyParameter(this=exp.var("COMPRESSION"), expression=exp.var("ZSTD")),
        ]
        target = exp.Copy(this=query.subquery(copy=False), kind=False, files=[literal(str(path))], params=options)
        self._connection.execute(text_of(target))
