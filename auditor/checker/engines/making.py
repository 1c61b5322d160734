"""Make the tables of a plan: what all rules share, what each makes of it, and the ids of what they cite."""

import contextlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any  # a record's values are of any column type

import duckdb

from auditor.checker.compile.on_records import pairs_without_by
from auditor.checker.compile.plan import Plan
from auditor.checker.compile.seen import NUMBER
from auditor.checker.compile.statements import Hasty, PairingPlan, RulePlan, Sized, Sliced, Statement
from auditor.checker.engines.tables import append, fill, first_line, rows_of
from auditor.checker.joining import occurrences_of
from auditor.checker.where import Candidate
from auditor.errors import WorkspaceError
from auditor.records.sql import text_of

BATCH = 4096
PAIRS = 1 << 15
SLICE = 4_000_000
"""Past windows of a baseline that are made at once: about half a gigabyte with what is sorted of them."""


def scanned(plan: Plan, connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """Make the tables that rules share; return why the engine couldn't finish some of them, by number."""
    failed: dict[int, str] = {}
    for scan in plan.scans:
        if scan.first and scan.first.number in failed:
            failed[scan.number] = failed[scan.first.number]
            continue
        try:
            for statement in scan.statements:
                connection.execute(statement.text)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            failed[scan.number] = first_line(error)
    return failed


def all_tried(
    plan: Plan, counts: list[dict[str, int]], unscanned: Mapping[int, str], connection: duckdb.DuckDBPyConnection
) -> dict[int, str]:
    """Make the tables of the rules and return by their places why the engine couldn't, empty where it could.

    Composites come last, since they read the tables of others.
    """
    failed: dict[int, str] = {}
    for rule in plan.in_order:
        place = rule.shape.flags.number
        missed = [part.rule.name for part in rule.parts if failed[part.shape.flags.number]]
        if missed:
            failed[place] = f"it rests on {', '.join(missed)}, which could not be run to the end"
        elif rule.scan is not None and rule.scan in unscanned:
            failed[place] = unscanned[rule.scan]
        else:
            failed[place] = _tried(partial(_make, rule, counts[place], connection))
    return failed


def look_up(plan: Plan, failed: Mapping[int, str], connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of the ids of all records that the rules cite."""
    rules = [rule for rule in plan.rules if rule.coverage.is_evaluable and not failed[rule.shape.flags.number]]
    with _readable():
        connection.execute(plan.told(rules).text)


def prepared(plan: Plan, connection: duckdb.DuckDBPyConnection) -> list[dict[str, int]]:
    with _readable():
        for statement in plan.first:
            _made(statement, connection)
        return _counts(plan, connection)


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        message = f"the records can't be read: {first_line(error)}"
        raise WorkspaceError.at(None, message, "free memory and disk space, or restore the activity folder") from error


def _tried(action: Callable[[], None]) -> str:
    """Do something for one rule; return why the engine couldn't, empty if it could."""
    try:
        action()
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        return first_line(error)
    return ""


def _counts(plan: Plan, connection: duckdb.DuckDBPyConnection) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{} for _ in plan.rules]
    if plan.counted:
        row = rows_of(connection, plan.counts)[0]
        for (place, name), value in zip(plan.counted, row, strict=True):
            found[place][name] = value
    return found


def _make(rule: RulePlan, counts: dict[str, int], connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of one rule, and add what they count."""
    if not rule.coverage.is_evaluable:
        return
    for field, query in rule.counts:
        counts[field] = counts.get(field, 0) + rows_of(connection, query)[0][0]
    if rule.pairing:
        _make_pairs(rule, rule.pairing, connection)
        lacking = pairs_without_by(rule)
        counts["without_subject"] += rows_of(connection, lacking)[0][0] if lacking is not None else 0
    for statement in rule.statements:
        _made(statement, connection)
    for field, query in rule.late_counts:
        counts[field] = counts.get(field, 0) + rows_of(connection, query)[0][0]


def _made(statement: Statement, connection: duckdb.DuckDBPyConnection) -> None:
    match statement:
        case Sized():
            connection.execute(statement.fitted(rows_of(connection, statement.size)[0][0]).text)
        case Hasty():
            connection.execute(statement.hastily.text)
            if rows_of(connection, statement.doubts)[0][0]:
                connection.execute(statement.text)
        case Sliced():
            _make_slices(statement, connection)
        case _:
            connection.execute(statement.text)


def _make_slices(statement: Sliced, connection: duckdb.DuckDBPyConnection) -> None:
    most = rows_of(connection, statement.size)[0][0] or 0
    many = max(1, -(-int(most) // SLICE))
    for place in range(many):
        slice_of = Statement(statement.name, statement.sliced(place, many)) if many > 1 else statement
        connection.execute(slice_of.text)
        for made in statement.then:
            connection.execute(text_of(made.addition()) if place else made.text)


def _make_pairs(rule: RulePlan, pairing: PairingPlan, connection: duckdb.DuckDBPyConnection) -> None:
    assert rule.rule.sequence is not None
    numbers, lasts = array("q"), array("q")
    # all of them before the first is written: another statement on the connection would end the reading
    for occurrence in occurrences_of(rule.rule.sequence, _candidates(rule, pairing, connection)):
        numbers.extend(occurrence)
        lasts.extend(occurrence[-1:] * len(occurrence))
    types = {NUMBER: "BIGINT", "_last": "BIGINT"}
    fill(connection, pairing.pairs, types, ())
    for start in range(0, len(numbers), PAIRS):
        append(connection, pairing.pairs, types, (numbers[start : start + PAIRS], lasts[start : start + PAIRS]))


def _candidates(rule: RulePlan, pairing: PairingPlan, connection: duckdb.DuckDBPyConnection) -> Iterator[Candidate]:
    assert rule.rule.sequence is not None
    truths_end = 2 + len(rule.rule.sequence.steps)
    subject_end = truths_end + 1 + pairing.subject_width
    by_end = subject_end + len(rule.rule.sequence.by)
    names, nothing = pairing.values, dict[str, Any]()
    counts = rows_of(connection, pairing.sizes)[0]
    result = connection.execute(text_of(pairing.around[counts.index(min(counts))]))
    while batch := result.fetchmany(BATCH):
        for row in batch:
            divided = row[subject_end:by_end]
            yield Candidate(
                row[1],
                row[0],
                row[2:truths_end],
                row[truths_end],
                row[truths_end + 1 : subject_end],
                None if None in divided else divided,
                dict(zip(names, row[by_end:], strict=False)) if names else nothing,
            )
