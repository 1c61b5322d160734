"""One column's text, turned into its value in SQL, and the tests of what fits: values.py, said again for DuckDB.

A test comes in two forms: `fits` is quick and only says yes when it is sure; `is_unfit` is exact, and run for the rows
that the quick one left open.
"""

from sqlglot import exp

from auditor.records.addresses import IPV4_BASE
from auditor.records.schema import COLUMNS, DUCKDB_TYPES, ColumnType
from auditor.records.sql import all_of, any_of, call, case, cast, identifier, is_not, is_null, literal, total
from auditor.records.values import INTEGER_PATTERN, NAIVE_TIME_PATTERN, NUMBER_PATTERN, TIME_PATTERN

PLAIN_TEXT = (ColumnType.TEXT, ColumnType.ADDRESS)
"""Types whose values are texts as they stand."""

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4_PATTERN = rf"{_OCTET}(\.{_OCTET}){{3}}"


def typed_name(name: str) -> str:
    """Return the working name of a column's typed value."""
    return f"·{name}"


def typed(name: str, zone: str) -> exp.Expression:
    """Return a column's value; NULL where the text doesn't fit, which an empty text never does."""
    column, value = COLUMNS[name], identifier(name)
    match column.type:
        case ColumnType.TEXT | ColumnType.ADDRESS:
            is_text = column.type is ColumnType.TEXT and not column.is_identifier
            return value if is_text else call("nullif", value, literal(""))
        case ColumnType.TIMESTAMP:
            return _time(value, zone)
        case ColumnType.TEXT_LIST:
            return case([(is_json("ARRAY", value), call("from_json", value.copy(), literal('["VARCHAR"]')))])
        case _:
            return cast(value, DUCKDB_TYPES[column.type], attempt=True)


def _time(value: exp.Expression, zone: str) -> exp.Expression:
    """Read a time; one in UTC is read as it stands, which is quicker and ignores no offset, since there is none."""
    plain = cast(value.copy(), "TIMESTAMP", attempt=True)
    instant = call("timezone", literal("UTC"), cast(value.copy(), "TIMESTAMPTZ", attempt=True))
    cases: list[tuple[exp.Expression, exp.Expression]] = [(call("ends_with", value.copy(), literal("Z")), plain)]
    if zone:
        local = call("timezone", literal("UTC"), call("timezone", literal(zone), plain.copy()))
        cases.append((matches(value.copy(), NAIVE_TIME_PATTERN), local))
    return case(cases, instant)


def fits(name: str) -> exp.Expression:
    """Say that a column's text surely fits its type or isn't there; never NULL."""
    value, kept = identifier(name), identifier(typed_name(name))
    match COLUMNS[name].type:
        case ColumnType.TEXT | ColumnType.ADDRESS:
            return exp.true()
        case ColumnType.TIMESTAMP:
            sure = all_of([is_not(is_null(kept)), matches(value, TIME_PATTERN)])
            return call("coalesce", sure, exp.false())
        case ColumnType.INTEGER | ColumnType.BOOLEAN:
            return exp.NullSafeEQ(this=cast(kept, "VARCHAR"), expression=value)
        case ColumnType.REAL | ColumnType.DECIMAL:
            pattern = r"-?[0-9]{1,15}(\.[0-9]{1,15})?(e-[0-9]{1,2})?"
            number = all_of([is_not(is_null(kept)), matches(value.copy(), pattern)])
            return any_of([is_null(value), number])
        case _:
            return is_null(value)


def is_unfit(name: str, zone: str) -> exp.Expression:
    """Say that a column has a text that doesn't fit its type, given its typed value."""
    value, kept = identifier(name), identifier(typed_name(name))
    has_value = exp.NEQ(this=value.copy(), expression=literal(""))
    match COLUMNS[name].type:
        case ColumnType.TIMESTAMP:
            fit = matches(value, TIME_PATTERN)
            fit = any_of([fit, matches(value.copy(), NAIVE_TIME_PATTERN)]) if zone else fit
        case ColumnType.INTEGER:
            fit = matches(value, INTEGER_PATTERN)
        case ColumnType.REAL:
            finite = call("isfinite", call("coalesce", kept, cast(literal("nan"), "DOUBLE")))
            fit = all_of([matches(value, NUMBER_PATTERN), finite])
        case ColumnType.DECIMAL:
            fit = matches(value, NUMBER_PATTERN)
        case ColumnType.BOOLEAN:
            fit = exp.In(this=call("lower", value), expressions=[literal("true"), literal("false")])
        case ColumnType.JSON:
            return all_of([has_value, is_not(is_json("OBJECT", value))])
        case _:
            return all_of([has_value, is_null(kept)])
    return all_of([has_value, any_of([is_null(kept.copy()), is_not(fit)])])


def octets_of(address: exp.Expression) -> exp.Expression:
    """Return the four numbers of an IPv4 address as a list; NULL for any other text."""
    octets = cast(call("string_split", address.copy(), literal(".")), "UBIGINT[]")
    return case([(matches(address, IPV4_PATTERN), octets)])


def ipv4_number(octets: exp.Expression) -> exp.Expression:
    """Return the lower 64 bits of the mapped number (addresses.py) of the address with these octets; NULL for NULL."""
    shifts = (1 << 24, 1 << 16, 1 << 8, 1)
    parts: list[exp.Expression] = [
        exp.Mul(this=call("list_extract", octets.copy(), literal(place)), expression=cast(literal(weight), "UBIGINT"))
        for place, weight in enumerate(shifts, start=1)
    ]
    return total([cast(literal(IPV4_BASE), "UBIGINT"), *parts])


def is_json(kind: str, value: exp.Expression) -> exp.Expression:
    """Say that a text is JSON of the given kind; never NULL."""
    is_kind = exp.EQ(this=call("json_type", value.copy()), expression=literal(kind))
    valid = case([(call("json_valid", value), is_kind)], exp.false())
    return call("coalesce", valid, exp.false())


def matches(value: exp.Expression, pattern: str) -> exp.Expression:
    """Say that a text matches a pattern from its first to its last character."""
    return call("regexp_full_match", value, literal(pattern))
