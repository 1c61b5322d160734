"""From the fields of source records to typed columns, in one query.

The query holds values to the rules of values.py, in SQL: what isn't exactly the column's type makes the row a fault. It
reads each line once, keeps every field that no column uses up in `extra`, and marks rows that need a second look.
"""

import json
from collections.abc import Mapping, Sequence

from sqlglot import exp

from auditor.records.addresses import IPV4_BASE
from auditor.records.profiles import Profile
from auditor.records.schema import COLUMNS, DUCKDB_TYPES, Column, ColumnType
from auditor.records.sql import call, cast, identifier, literal, named
from auditor.records.values import CONTENT, INTEGER_PATTERN, NAIVE_TIME_PATTERN, NUMBER_PATTERN, TIME_PATTERN

LINE, FAULT, FOUND, DOUBT, LENGTH, NUMBER = "·line", "·fault", "·found", "·doubt", "·length", "client_ip_number"
"""Names of working columns; the middle dot keeps them apart from any column or field of a profile."""

NOT_A_RECORD = "·json"
"""Fault of a line that is no JSON object or repeats a key."""

MANY_OPENINGS = 64
_When = tuple[exp.Expression, exp.Expression]
_FIELDS, _KEYS, _KNOWN = "·fields", "·keys", "·known"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4_PATTERN = rf"{_OCTET}(\.{_OCTET}){{3}}"


def mapping_query(profile: Profile, fields: Sequence[str], rows: exp.Expression) -> exp.Select:
    """Return the query that maps rows of `·line` (JSON text, NULL where there is none) to columns.

    `fields` are the source fields worth reading; columns that need none of the others are left out.
    """
    columns = mapped_columns(profile, fields)
    read = exp.Select(expressions=[identifier(LINE), named(_struct(fields), _FIELDS), named(_key_count(), _KEYS)])
    spread = exp.Select(
        expressions=[
            *(identifier(name) for name in (LINE, _KEYS)),
            named(_known(fields), _KNOWN),
            *(named(identifier(name, _FIELDS), name) for name in fields),
        ]
    )
    texts = exp.Select(
        expressions=[
            *(identifier(name) for name in (LINE, _KEYS, _KNOWN)),
            named(_rest(profile, fields), "·rest"),
            *(named(cast(tree.copy(), "VARCHAR"), name) for name, tree in columns.items()),
        ]
    )
    typed = exp.Select(
        expressions=[
            *(identifier(name) for name in (LINE, _KEYS, _KNOWN, "·rest")),
            *(identifier(name) for name in columns),
            *(named(_typed(COLUMNS[name], profile.zone), _typed_name(name)) for name in columns if name != "extra"),
        ]
    )
    judged = exp.Select(expressions=[exp.Star(), named(_fault(columns, profile.zone), FAULT)])
    final = exp.Select(
        expressions=[
            *(named(identifier(_typed_name(name)), name) for name in columns if name != "extra"),
            *_derived(columns),
            named(_extra("extra" in columns), "extra"),
            identifier(FAULT),
            named(_found(columns), FOUND),
            named(_doubt(columns, profile), DOUBT),
            named(call("strlen", identifier(LINE)), LENGTH),
        ]
    )
    whole = read.from_(rows, copy=False)
    for query in (spread, texts, typed, judged, final):
        whole = query.from_(_within(whole), copy=False)
    return whole


def _typed_name(name: str) -> str:
    return f"·{name}"


def mapped_columns(profile: Profile, fields: Sequence[str]) -> Mapping[str, exp.Expression]:
    """Return the columns that can have a value when a source has only these fields."""
    known = set(fields)
    return {
        name: tree
        for name, tree in profile.columns.items()
        if not (isinstance(tree, exp.Column) and tree.name not in known)
    }


def _struct(fields: Sequence[str]) -> exp.Expression:
    spec = json.dumps(dict.fromkeys(fields, "VARCHAR"), ensure_ascii=False)
    return call("from_json", identifier(LINE), literal(spec))


def _key_count() -> exp.Expression:
    return call("len", call("json_keys", identifier(LINE)))


def _known(fields: Sequence[str]) -> exp.Expression:
    """Count the fields that have a value: as many as there are keys means no null, no repetition and none unknown."""
    counted = [cast(_not(_is_null(identifier(name, _FIELDS))), "INTEGER") for name in fields]
    total: exp.Expression = literal(0)
    for one in counted:
        total = exp.Add(this=total, expression=one)
    return total


def _rest(profile: Profile, fields: Sequence[str]) -> exp.Expression:
    """Take the fields that are used up off the line (RFC 7396: null removes); NULL when nothing is left over."""
    used = [name for name in fields if name in profile.used_up]
    patch = json.dumps(dict.fromkeys(used), ensure_ascii=False)
    rest = cast(call("json_merge_patch", identifier(LINE), literal(patch)), "VARCHAR")
    rest = call("nullif", rest, literal("{}"))
    if len(used) < len(fields):
        return _case([(_is_object(), rest)])
    return _case([(exp.And(this=_is_object(), expression=_has_more()), rest)])


def _has_more() -> exp.Expression:
    return exp.NEQ(this=identifier(_KEYS), expression=identifier(_KNOWN))


def _is_object() -> exp.Expression:
    return exp.GT(this=identifier(_KEYS), expression=literal(0))


def _extra(is_mapped: bool) -> exp.Expression:
    if not is_mapped:
        return identifier("·rest")
    is_given = _not(_is_null(identifier("extra")))
    given = _case([(is_given, _case([(_is_valid_json("OBJECT", identifier("extra")), identifier("extra"))]))])
    both = cast(call("json_merge_patch", given, identifier("·rest")), "VARCHAR")
    return _case([(_is_null(given.copy()), identifier("·rest")), (_is_null(identifier("·rest")), given.copy())], both)


def _typed(column: Column, zone: str) -> exp.Expression:
    """Return a column's value; NULL where the text doesn't fit, which an empty text never does."""
    value = identifier(column.name)
    match column.type:
        case ColumnType.TEXT | ColumnType.ADDRESS:
            is_text = column.type is ColumnType.TEXT and not column.is_identifier
            return value if is_text else call("nullif", value, literal(""))
        case ColumnType.TIMESTAMP:
            return _time(value, zone)
        case ColumnType.TEXT_LIST:
            valid = _is_valid_json("ARRAY", value)
            return _case([(valid, call("from_json", value.copy(), literal('["VARCHAR"]')))])
        case _:
            return cast(value, DUCKDB_TYPES[column.type], attempt=True)


def _time(value: exp.Expression, zone: str) -> exp.Expression:
    instant = cast(value, "TIMESTAMPTZ", attempt=True)
    utc = call("timezone", literal("UTC"), instant)
    if not zone:
        return utc
    local = call("timezone", literal(zone), cast(value.copy(), "TIMESTAMP", attempt=True))
    naive = _matches(value.copy(), NAIVE_TIME_PATTERN)
    return _case([(naive, call("timezone", literal("UTC"), local))], utc)


def _bad(column: Column, zone: str) -> exp.Expression:
    """Say that a column has a text that doesn't fit its type, given its typed value."""
    value, typed = identifier(column.name), identifier(_typed_name(column.name))
    has_value = exp.NEQ(this=value.copy(), expression=literal(""))
    match column.type:
        case ColumnType.TIMESTAMP:
            fits = _matches(value, TIME_PATTERN)
            if zone:
                fits = exp.Paren(this=exp.Or(this=fits, expression=_matches(value.copy(), NAIVE_TIME_PATTERN)))
        case ColumnType.INTEGER:
            fits = _matches(value, INTEGER_PATTERN)
        case ColumnType.REAL:
            finite = call("isfinite", call("coalesce", typed, cast(literal("nan"), "DOUBLE")))
            fits = exp.And(this=_matches(value, NUMBER_PATTERN), expression=finite)
        case ColumnType.DECIMAL:
            fits = _matches(value, NUMBER_PATTERN)
        case ColumnType.BOOLEAN:
            fits = exp.In(this=call("lower", value), expressions=[literal("true"), literal("false")])
        case ColumnType.JSON:
            return exp.And(this=has_value, expression=_not(_is_valid_json("OBJECT", value)))
        case _:
            return exp.And(this=has_value, expression=_is_null(typed))
    unfit = exp.Paren(this=exp.Or(this=_is_null(typed.copy()), expression=exp.Not(this=exp.Paren(this=fits))))
    return exp.And(this=has_value, expression=unfit)


def _faults(columns: Mapping[str, exp.Expression], zone: str) -> list[tuple[exp.Expression, str]]:
    """Return what makes a row a fault, each with the column it is about; the first that holds counts."""
    faults: list[tuple[exp.Expression, str]] = []
    for name in ("time", "event"):
        is_empty = exp.EQ(this=identifier(name), expression=literal(""))
        is_missing = exp.Paren(this=exp.Or(this=_is_null(identifier(name)), expression=is_empty))
        faults.append((is_missing if name in columns else exp.true(), name))
    typed = (name for name in columns if COLUMNS[name].type not in (ColumnType.TEXT, ColumnType.ADDRESS))
    faults.extend((_bad(COLUMNS[name], zone), name) for name in typed)
    return faults


def _fault(columns: Mapping[str, exp.Expression], zone: str) -> exp.Expression:
    """Name what is wrong with a row. Costly tests stand in CASE, which DuckDB runs only for the rows that get there."""
    distinct = call("len", call("list_distinct", call("json_keys", identifier(LINE))))
    repeats = _case([(_has_more(), exp.NEQ(this=distinct, expression=identifier(_KEYS)))], exp.false())
    no_record = exp.Or(this=_is_null(identifier(LINE)), expression=exp.Not(this=exp.Paren(this=_is_object())))
    cases: list[_When] = [(no_record, literal(NOT_A_RECORD)), (repeats, literal(NOT_A_RECORD))]
    cases += [(bad, literal(name)) for bad, name in _faults(columns, zone)]
    any_bad: exp.Expression = exp.false()
    for bad, _ in cases:
        any_bad = exp.Or(this=any_bad, expression=exp.Paren(this=bad.copy()))
    return _case([(any_bad, _case(cases))])


def _found(columns: Mapping[str, exp.Expression]) -> exp.Expression:
    has_fault = _not(_is_null(identifier(FAULT)))
    about: list[_When] = [
        (exp.EQ(this=identifier(FAULT), expression=literal(name)), identifier(name)) for name in columns
    ]
    return _case([(has_fault, _case(about))])


def _doubt(columns: Mapping[str, exp.Expression], profile: Profile) -> exp.Expression:
    """Say that a row needs a second look in Python: escapes of NUL, numbers that are none, nested or deep values."""
    signs: list[exp.Expression] = [call("contains", identifier(LINE), literal("\\u0000"))]
    for name in columns:
        column = COLUMNS[name]
        if column.type not in (ColumnType.TEXT, ColumnType.ADDRESS):
            continue
        words = [literal(word) for word in ("NaN", "Infinity", "-Infinity")]
        signs.append(exp.In(this=identifier(name), expressions=words))
        if name not in CONTENT and profile.name == "canonical":
            signs.extend(call("starts_with", identifier(name), literal(sign)) for sign in ("{", "["))
    plain = call("translate", identifier("·rest"), literal("[{"), literal(""))
    openings = exp.Sub(this=call("strlen", identifier("·rest")), expression=call("strlen", plain))
    is_long = exp.GTE(this=call("strlen", identifier("·rest")), expression=literal(2 * MANY_OPENINGS))
    signs.append(_case([(is_long, exp.GTE(this=openings, expression=literal(MANY_OPENINGS)))], exp.false()))
    doubt = signs[0]
    for sign in signs[1:]:
        doubt = exp.Or(this=doubt, expression=sign)
    return call("coalesce", doubt, exp.false())


def _derived(columns: Mapping[str, exp.Expression]) -> list[exp.Expression]:
    derived: list[exp.Expression] = []
    if "client_ip" in columns:
        derived.append(named(_ipv4_number(identifier("client_ip")), NUMBER))
    if "prompt" in columns:
        prompt = call("nullif", identifier("prompt"), literal(""))
        given = [identifier(_typed_name("prompt_digest"))] if "prompt_digest" in columns else []
        derived.append(named(call("coalesce", *given, call("sha256", prompt)), "·prompt_digest"))
    return derived


def _ipv4_number(address: exp.Expression) -> exp.Expression:
    """Return an IPv4 address as its mapped number (addresses.py); NULL for any other text."""
    total: exp.Expression = literal(IPV4_BASE)
    for position, weight in enumerate((1 << 24, 1 << 16, 1 << 8, 1), start=1):
        octet = cast(call("split_part", address.copy(), literal("."), literal(position)), "UBIGINT")
        total = exp.Add(this=total, expression=exp.Mul(this=octet, expression=literal(weight)))
    return _case([(_matches(address, IPV4_PATTERN), cast(exp.Paren(this=total), "UHUGEINT"))])


def _is_valid_json(kind: str, value: exp.Expression) -> exp.Expression:
    is_kind = exp.EQ(this=call("json_type", value.copy()), expression=literal(kind))
    valid = _case([(call("json_valid", value), is_kind)], exp.false())
    return call("coalesce", valid, exp.false())


def _matches(value: exp.Expression, pattern: str) -> exp.Expression:
    return call("regexp_full_match", value, literal(pattern))


def _case(cases: Sequence[tuple[exp.Expression, exp.Expression]], default: exp.Expression | None = None) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in cases], default=default)


def _is_null(value: exp.Expression) -> exp.Expression:
    return exp.Paren(this=exp.Is(this=value, expression=exp.null()))


def _not(value: exp.Expression) -> exp.Expression:
    return exp.Paren(this=exp.Not(this=value))


def _within(query: exp.Select) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier("inner", quoted=True)))
