"""One test of a Sigma rule as a line of a native rule's selection, where both mean the same for every record.

What differs, and is therefore refused: identifiers, which compare exactly in packs and ignore case in Sigma; `extra`,
where a list is one text; account facts, which packs fill in from earlier records; times, which packs read in their own
time zone; keywords, which name no column.
"""

from dataclasses import dataclass
from ipaddress import IPv6Network

from auditor.checker.evaluator.texts import fold
from auditor.policy.columns import NUMBERS, column_named, is_exact, is_extra
from auditor.policy.conditions import AnyText
from auditor.policy.patterns import Pattern
from auditor.policy.regexes import fault_of
from auditor.records.schema import COLUMNS, Column, ColumnType
from auditor.sigma.columns import Columns
from auditor.sigma.conditions import (
    Compares,
    InNetwork,
    IsNull,
    IsPresent,
    Leaf,
    NumberIs,
    RegexFound,
    SameField,
    TextFits,
    TimeCompares,
    TruthIs,
)
from auditor.sigma.translate import UntranslatableError

Value = str | int | float | bool
_WORDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_POSITIONS = {"whole": "", "start": "|startswith", "end": "|endswith", "inside": "|contains"}
_MAPPED = IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True)
class Line:
    """A line of a selection: `key: value`, the key with its modifiers."""

    key: str
    value: Value

    @property
    def is_listable(self) -> bool:
        """Whether several values under the key mean that one of them fits."""
        return self.key.rpartition("|")[2] not in {"exists", *_WORDS.values()}


def line_of(leaf: Leaf, columns: Columns) -> Line:
    """Return the native line with the same meaning. Raises UntranslatableError."""
    if leaf.field is None:
        raise UntranslatableError("a keyword, expected a test of a field", "name the field to search")
    column = column_for(leaf.field, columns)
    match leaf:
        case TextFits(pattern=pattern, is_cased=is_cased):
            return _text_line(column, pattern, is_cased)
        case RegexFound(pattern=pattern, flags=flags):
            return _regex_line(column, pattern, flags)
        case NumberIs(number=number):
            return _number_line(column, number)
        case Compares(operator=sign, number=number):
            _need(column, column.type in NUMBERS, "a comparison", "a number column")
            return Line(f"{column.name}|{_WORDS[sign]}", number)
        case TruthIs(value=truth):
            _need(column, column.type is ColumnType.BOOLEAN, "a boolean", "a boolean column")
            return Line(column.name, truth)
        case IsNull() | IsPresent():
            _need(column, column.type is not ColumnType.TEXT_LIST, "`exists` or null", "a single value")
            return Line(f"{column.name}|exists", isinstance(leaf, IsPresent))
        case InNetwork():
            return _network_line(column, leaf)
        case SameField(other=other, position=position):
            return _same_line(column, column_for(other, columns), position)
        case TimeCompares():
            raise UntranslatableError(
                "a part of a time, which packs read in their own time zone", "write a native rule"
            )


def column_for(field: str, columns: Columns) -> Column:
    """Return the column that a field is. Raises UntranslatableError when there is none with one meaning."""
    name = columns.get(field)
    column = column_named(name) if name else None
    if column is None:
        found = f"field `{field[:60]}` has no column, expected one in the profile or the map"
        raise UntranslatableError(found, "map it with `--map FILE`")
    if is_extra(column) or column.type is ColumnType.JSON:
        found = (
            f"field `{field[:60]}` is kept in `{column.name}`, where a list is one text, expected a column of its own"
        )
        raise UntranslatableError(found, "write the native rule by hand if its values are always single")
    if column.is_fact or name not in COLUMNS:
        why = "is an account fact, comes from the context or is derived"
        found = f"`{column.name}` {why}, so that packs also see it on other records"
        raise UntranslatableError(found, "write the native rule by hand")
    return column


def _text_line(column: Column, pattern: Pattern, is_cased: bool) -> Line:
    if column.type is ColumnType.INTEGER:
        return _number_of_text(column, pattern)
    texts = (ColumnType.TEXT, ColumnType.ADDRESS, ColumnType.TEXT_LIST)
    _need(column, column.type in texts, "a text", "a text column")
    if is_exact(column) and not is_cased and not _is_caseless(pattern):
        found = f"text that ignores case on `{column.name}`, an identifier, which compares exactly"
        raise UntranslatableError(found, "write `|cased` in the Sigma rule if its case is right")
    if pattern == (AnyText(),):
        _need(column, column.type is not ColumnType.TEXT_LIST, "any text", "a single value")
        return Line(f"{column.name}|exists", True)
    return Line(f"{column.name}|cased" if is_cased else column.name, _written(pattern))


def _number_of_text(column: Column, pattern: Pattern) -> Line:
    (text,) = pattern if len(pattern) == 1 else ("",)
    if not isinstance(text, str) or not text.removeprefix("-").isdecimal() or str(int(text)) != text:
        raise UntranslatableError(f"text on `{column.name}`, a column of whole numbers", "write the number")
    return Line(column.name, int(text))


def _regex_line(column: Column, pattern: str, flags: str) -> Line:
    _need(column, column.type in (ColumnType.TEXT, ColumnType.TEXT_LIST), "a regular expression", "text")
    fault = fault_of(pattern)
    if fault:
        raise UntranslatableError(f"a regular expression that {fault}", "rewrite it in the part that packs accept")
    return Line("|".join((column.name, "re", *flags)), pattern)


def _number_line(column: Column, number: int | float) -> Line:
    if column.type is ColumnType.TEXT:
        text = str(number)
        if fold(text) != text or text.upper() != text:
            raise UntranslatableError(f"number {text} on `{column.name}`, a text column", "write the text")
        return Line(column.name, text)
    _need(column, column.type in NUMBERS, "a number", "a number column")
    return Line(column.name, number)


def _network_line(column: Column, leaf: InNetwork) -> Line:
    _need(column, column.type is ColumnType.ADDRESS, "a network", "an address column")
    if isinstance(leaf.network, IPv6Network) and leaf.network.overlaps(_MAPPED):
        found = f"network {leaf.network}, in which packs also see IPv4 addresses"
        raise UntranslatableError(found, "write IPv4 and IPv6 networks apart")
    return Line(f"{column.name}|cidr", str(leaf.network))


def _same_line(column: Column, other: Column, position: str) -> Line:
    for one in (column, other):
        _need(one, one.type is ColumnType.TEXT and not is_exact(one), "`fieldref`", "text columns that ignore case")
    return Line(f"{column.name}|fieldref{_POSITIONS[position]}", other.name)


def _need(column: Column, is_right: bool, what: str, wanted: str) -> None:
    if not is_right:
        found = f"{what} on `{column.name}`, a column of type {column.type}, expected {wanted}"
        raise UntranslatableError(found, "map the field to another column")


def _is_caseless(pattern: Pattern) -> bool:
    return all(fold(part) == part and part.upper() == part for part in pattern if isinstance(part, str))


def _written(pattern: Pattern) -> str:
    """Return a pattern as Sigma writes it: wildcards bare, everything that could be read as one escaped."""
    pieces = []
    for part in pattern:
        if isinstance(part, AnyText):
            pieces.append("?" if part.single else "*")
        else:
            pieces.append("".join(f"\\{sign}" if sign in "\\*?" else sign for sign in part))
    return "".join(pieces)
