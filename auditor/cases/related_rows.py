"""Rows of many cases at once: one statement a table, grouped by the case or finding they belong to.

A statement a case (or a finding) made reading a casebook slow that holds thousands of them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any  # a row of SQLite holds values of every column type

from sqlite_utils import Database

Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which cases are meant, as conditions on `cases`, on tables of cases and on tables of findings."""

    cases: str
    of_cases: str
    of_findings: str
    values: tuple[str, ...] = ()


_OWNED = {"case_id": "case_id = ?", "finding": "finding = ?"}

EVERY = Wanted("1", "1", "1")
"""All cases of the casebook."""


def of_pack(pack: str) -> Wanted:
    """Return all cases of a pack."""
    return Wanted(
        "pack = ?",
        "case_id in (select case_id from cases where pack = ?)",
        "finding in (select number from findings where case_id in (select case_id from cases where pack = ?))",
        (pack,),
    )


def alone(case_id: str) -> Wanted:
    """Return one case."""
    return Wanted(
        "case_id = ?", "case_id = ?", "finding in (select number from findings where case_id = ?)", (case_id,)
    )


def case_rows(db: Database, wanted: Wanted) -> list[Row]:
    """Return the rows of `cases`, oldest first."""
    return list(db.table("cases").rows_where(wanted.cases, wanted.values, order_by="opened, case_id"))


def rows_by_case(db: Database, name: str, wanted: Wanted, order: str, *, select: str = "*") -> dict[str, list[Row]]:
    """Return the rows of a table by their case, those of each in the order given."""
    rows = db.table(name).rows_where(wanted.of_cases, wanted.values, order_by=order, select=select)
    return _grouped(rows, "case_id")


def rows_by_finding(db: Database, name: str, wanted: Wanted, order: str) -> dict[int, list[Row]]:
    """Return the rows of a table by the number of their finding, those of each in the order given."""
    return _grouped(db.table(name).rows_where(wanted.of_findings, wanted.values, order_by=order), "finding")


def replace_rows(
    db: Database, name: str, column: str, rows: Mapping[Any, Iterable[Row]], known: Collection[Any]
) -> None:
    """Put rows in the place of those that belong to each key; only `known` keys have any so far."""
    for key in rows:
        if key in known:
            db.table(name).delete_where(_OWNED[column], [key])
    db.table(name).insert_all({column: key, **row} for key, own in rows.items() for row in own)


def _grouped(rows: Iterable[Row], column: str) -> dict[Any, list[Row]]:  # a key has the type of its column
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups
