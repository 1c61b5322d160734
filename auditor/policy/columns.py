"""The columns a rule may read: those of the record, of the context, what is derived, and `extra.NAME`."""

from auditor.errors import Place
from auditor.policy.fields import Problems, nearest
from auditor.records.schema import READABLE_COLUMNS, Column, ColumnType
from auditor.records.values import shown

EXTRA = "extra."
NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.REAL, ColumnType.DECIMAL})
INEXACT = frozenset({ColumnType.TEXT_LIST, ColumnType.JSON, ColumnType.REAL})
"""Types without exact single values."""
TEXTS = frozenset({ColumnType.TEXT, ColumnType.ADDRESS, ColumnType.TEXT_LIST})


def column_named(name: str) -> Column | None:
    """Return a column by name; `extra.NAME` is a text column of its own."""
    if name.startswith(EXTRA) and len(name) > len(EXTRA):
        return Column(name, ColumnType.TEXT, "an input field that has no column of its own")
    return READABLE_COLUMNS.get(name)


def is_extra(column: Column) -> bool:
    """Say whether a column is one key of `extra`."""
    return column.name.startswith(EXTRA)


def is_exact(column: Column) -> bool:
    """Say whether values of a column compare exactly (identifiers), never ignoring case."""
    return column.is_identifier and not is_extra(column)


def known_column(name: str, place: Place, problems: Problems) -> Column | None:
    """Return a column by name; an unknown one is a problem that names the nearest."""
    column = column_named(name)
    if column is None:
        hint = nearest(name, READABLE_COLUMNS, "a field without a column is read as `extra.NAME`")
        problems.add(place, f"unknown column {shown(name)}, expected a column of the record", hint)
    return column


def grouping_columns(names: tuple[str, ...], place: Place, what: str, problems: Problems) -> tuple[str, ...]:
    """Return columns that divide records; lists of text, whole maps and inexact numbers can't."""
    for name in names:
        column = known_column(name, place, problems)
        if column is not None and column.type in INEXACT:
            found = f"`{name}` in {what} is of type {column.type}, expected one with exact single values"
            problems.add(place, found, "choose another column")
    refuse_repeated(names, place, what, problems)
    return names


def refuse_repeated(names: tuple[str, ...], place: Place, what: str, problems: Problems) -> None:
    """Note a name that a list holds more than once."""
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        found = f"{what} names {shown(name)} {names.count(name)} times, expected each name once"
        problems.add(place, found, "remove the repetition")
