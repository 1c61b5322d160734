"""From the fields of source records to typed columns, in one query.

The query holds values to the rules of values.py, in SQL: what isn't exactly the column's type makes the row a fault. It
comes in two forms. The exact one looks at the keys of every line and keeps each field that no column uses up in
`extra`. The quick one lets DuckDB read the fields of the profile and nothing else of a line; that there is nothing else
has to be shown afterwards (stretches.py).
"""

import json
from collections.abc import Mapping, Sequence

from sqlglot import exp

from auditor.records.conversion import ipv4_number, is_json, octets_of, typed, typed_name
from auditor.records.faults import (
    DOUBT,
    FAILED,
    FAULT,
    FOUND,
    LINE,
    SURE,
    doubt,
    fault,
    found,
    is_deep,
    is_nested,
    is_sure,
)
from auditor.records.layout import HIGH, LOW
from auditor.records.profiles import Profile
from auditor.records.sql import all_of, any_of, call, case, cast, identifier, is_not, is_null, literal, named, total
from auditor.records.sql import within as table_of

LENGTH = "·length"
_FIELDS, _KEYS, _KNOWN, _REST, _OCTETS = "·fields", "·keys", "·known", "·rest", "·octets"


def mapped_columns(profile: Profile, fields: Sequence[str]) -> Mapping[str, exp.Expression]:
    """Return the columns that can have a value when a source has only these fields."""
    known = set(fields)
    return {
        name: tree
        for name, tree in profile.columns.items()
        if not (isinstance(tree, exp.Column) and tree.name not in known)
    }


def can_be_quick(profile: Profile, fields: Sequence[str]) -> bool:
    """Whether the quick form can do: every field is a column as it stands, so that none is kept in `extra`."""
    trees = mapped_columns(profile, fields)
    plain = [tree.name for name, tree in trees.items() if isinstance(tree, exp.Column) and name != "extra"]
    is_ours = any(name.startswith(LENGTH[0]) for name in fields)  # a name as the statements' own ones begin
    return len(plain) == len(trees) and sorted(plain) == sorted(fields) and not is_ours


def mapping_query(profile: Profile, fields: Sequence[str], rows: exp.Expression) -> exp.Select:
    """Return the exact query, which maps rows of `·line` (JSON text, NULL where there is none) to columns.

    `fields` are the source fields worth reading; columns that need none of the others are left out.
    """
    columns = mapped_columns(profile, fields)
    shared = _exact_shared(profile, fields)
    read = {LINE: identifier(LINE), _FIELDS: _struct(fields), _KEYS: call("json_keys", identifier(LINE))}
    values = {name: _value(tree) for name, tree in columns.items()}
    tried = [name for name, tree in columns.items() if not isinstance(tree, exp.Column)]
    spread: dict[str, exp.Expression] = {_spread(name): identifier(name, _FIELDS) for name in fields}
    kept: dict[str, exp.Expression] = {name: identifier(name) for name in (LINE, *shared)}
    first: list[dict[str, exp.Expression]] = [
        read,
        {name: identifier(name) for name in read if name != _FIELDS} | spread,
        {LINE: identifier(LINE)} | shared | values,
        kept | _outcomes(columns, tried),
    ]
    signs = [call("contains", identifier(LINE), literal("\\u0000")), is_deep(_REST)]
    signs += is_nested(columns) if profile.name == "canonical" else []
    last: dict[str, exp.Expression] = {
        "extra": _extra("extra" in columns),
        DOUBT: doubt(signs),
        LENGTH: call("strlen", identifier(LINE)),
    }
    steps = [*first, *_typing(profile, columns, (LINE, *shared), _no_record(), last)]
    return _chained(rows, steps)


def quick_query(
    profile: Profile, fields: Sequence[str], rows: exp.Expression, kept: Mapping[str, exp.Expression]
) -> exp.Select:
    """Return the quick query, which maps rows of the fields as text, all NULL where a line is no record, to columns.

    What isn't surely sound has no `SURE`; `kept` are more columns of the rows, which are passed on.
    """
    columns = mapped_columns(profile, fields)
    texts = {name: tree.copy() for name, tree in columns.items()}
    values = _typed_values(profile, columns)
    last = {name: identifier(typed_name(name)) for name in columns} | _derived(columns)
    last |= {SURE: is_sure(columns, profile.zone)} | {name: identifier(name) for name in kept}
    passed: dict[str, exp.Expression] = {name: identifier(name) for name in (*kept, *columns)}
    return _chained(rows, [{**kept, **texts}, passed | values, last])


def _typed_values(profile: Profile, columns: Mapping[str, exp.Expression]) -> dict[str, exp.Expression]:
    values = {typed_name(name): typed(name, profile.zone) for name in columns if name != "extra"}
    if "client_ip" in columns:
        values[_OCTETS] = octets_of(identifier("client_ip"))
    return values


def _typing(
    profile: Profile,
    columns: Mapping[str, exp.Expression],
    shared: Sequence[str],
    no_record: Sequence[exp.Expression],
    last: Mapping[str, exp.Expression],
) -> list[dict[str, exp.Expression]]:
    """Return the steps from texts to typed values and what is wrong with them; `last` are columns of the last one."""
    values = _typed_values(profile, columns)
    names = (*shared, *columns)
    verdict: dict[str, exp.Expression] = {FAULT: fault(columns, profile.zone, no_record)}
    final = {name: identifier(typed_name(name)) for name in columns if name != "extra"}
    return [
        {name: identifier(name) for name in (*names, FAILED)} | values,
        {name: identifier(name) for name in (*names, *values)} | verdict,
        {**final, **_derived(columns), FAULT: identifier(FAULT), FOUND: found(columns), **last},
    ]


def _chained(rows: exp.Expression, steps: Sequence[Mapping[str, exp.Expression]]) -> exp.Select:
    whole = _select(steps[0]).from_(rows, copy=False)
    for step in steps[1:]:
        whole = _select(step).from_(table_of(whole), copy=False)
    return whole


def _value(tree: exp.Expression) -> exp.Expression:
    """Return a field as it stands; an expression as a struct of its value, which is NULL for a row where it fails.

    DuckDB computes what occurs twice once, outside of any TRY; it leaves what stands in a CASE alone.
    """
    value = cast(_of_fields(tree), "VARCHAR")
    if isinstance(tree, exp.Column):
        return value
    value = case([(is_not(is_null(identifier(LINE))), value)])
    return call("TRY", exp.Struct(expressions=[exp.PropertyEQ(this=exp.to_identifier("value"), expression=value)]))


def _spread(field: str) -> str:
    """Return the name under which a field stands beside the working columns, whose names begin with a middle dot."""
    return f"{LENGTH[0]}field {field}" if field.startswith(LENGTH[0]) else field


def _of_fields(tree: exp.Expression) -> exp.Expression:
    """Return an expression over fields as one over the names under which they stand."""
    made = tree.transform(lambda node: identifier(_spread(node.name)) if isinstance(node, exp.Column) else node)
    assert isinstance(made, exp.Expression)
    return made


def _outcomes(columns: Mapping[str, exp.Expression], tried: Sequence[str]) -> dict[str, exp.Expression]:
    """Take the values of expressions out of their structs, and name the first one that failed."""
    values: dict[str, exp.Expression] = {name: identifier(name) for name in columns}
    values |= {name: call("struct_extract", identifier(name), literal("value")) for name in tried}
    cases = [(is_null(identifier(name)), literal(name)) for name in tried]
    return values | {FAILED: case(cases) if cases else cast(exp.null(), "VARCHAR")}


def _select(step: Mapping[str, exp.Expression]) -> exp.Select:
    return exp.Select(expressions=[named(value, name) for name, value in step.items()])


def _no_record() -> list[exp.Expression]:
    """Return the tests for lines that are no JSON object or repeat a key."""
    is_object = exp.GT(this=call("len", identifier(_KEYS)), expression=literal(0))
    no_record = any_of([is_null(identifier(LINE)), is_not(call("coalesce", is_object, exp.false()))])
    distinct = call("len", call("list_distinct", identifier(_KEYS)))
    repeats = case([(_has_more(), exp.NEQ(this=distinct, expression=call("len", identifier(_KEYS))))], exp.false())
    return [no_record, repeats]


def _struct(fields: Sequence[str]) -> exp.Expression:
    spec = json.dumps(dict.fromkeys(fields, "VARCHAR"), ensure_ascii=False)
    return call("from_json", identifier(LINE), literal(spec))


def colons_in(text: exp.Expression) -> exp.Expression:
    """Return how many colons a text has, 0 for NULL."""
    rest = call("strlen", call("replace", text.copy(), literal(":"), literal("")))
    inside = exp.Sub(this=call("strlen", text.copy()), expression=rest)
    return case([(call("contains", text.copy(), literal(":")), inside)], literal(0))


def _exact_shared(profile: Profile, fields: Sequence[str]) -> dict[str, exp.Expression]:
    """Count the fields that have a value: as many as there are keys means no null, no repetition and none unknown."""
    known = total([cast(is_not(is_null(identifier(_spread(name)))), "INTEGER") for name in fields])
    return {_KEYS: identifier(_KEYS), _KNOWN: known, _REST: _rest(profile, fields, known)}


def _rest(profile: Profile, fields: Sequence[str], known: exp.Expression) -> exp.Expression:
    """Take the fields that are used up off the line (RFC 7396: null removes); NULL when nothing is left over."""
    used = [name for name in fields if name in profile.used_up]
    patch = json.dumps(dict.fromkeys(used), ensure_ascii=False)
    rest = cast(call("json_merge_patch", identifier(LINE), literal(patch)), "VARCHAR")
    is_object = exp.GT(this=call("len", identifier(_KEYS)), expression=literal(0))
    tests: list[exp.Expression] = [is_object]
    if len(used) == len(fields):
        tests.append(exp.NEQ(this=call("len", identifier(_KEYS)), expression=known.copy()))
    return case([(all_of(tests), call("nullif", rest, literal("{}")))])


def _has_more() -> exp.Expression:
    return exp.NEQ(this=call("len", identifier(_KEYS)), expression=identifier(_KNOWN))


def _extra(is_mapped: bool) -> exp.Expression:
    if not is_mapped:
        return identifier(_REST)
    given = case([(is_json("OBJECT", identifier("extra")), identifier("extra"))])
    both = cast(call("json_merge_patch", given, identifier(_REST)), "VARCHAR")
    return case([(is_null(given.copy()), identifier(_REST)), (is_null(identifier(_REST)), given.copy())], both)


def _derived(columns: Mapping[str, exp.Expression]) -> dict[str, exp.Expression]:
    derived: dict[str, exp.Expression] = {}
    if "client_ip" in columns:
        derived[LOW] = ipv4_number(identifier(_OCTETS))
        derived[HIGH] = case([(is_not(is_null(identifier(_OCTETS))), cast(literal(0), "UBIGINT"))])
    if "prompt" in columns:
        prompt = call("nullif", identifier("prompt"), literal(""))
        given = [identifier(typed_name("prompt_digest"))] if "prompt_digest" in columns else []
        derived["·prompt_digest"] = call("coalesce", *given, call("sha256", prompt))
    return derived
