"""The records of many cases as lines of a bundle, with the commitments to them, out of one query.

The engine prints the JSON of a record and hashes its disclosure groups, which is quicker than Python by the factor
that decides whether five hundred cases can be sealed together. What is committed to, and how, is
`standalone/disclosure.py`, said again as SQL; a test holds the two to each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlglot import exp

from auditor.evidence.sourceforms import SourceForm
from auditor.evidence.standalone.disclosure import (
    BYTES,
    GROUPS,
    KEY_DIGITS,
    PAIRS,
    PLACE_FIELDS,
    REST,
    group_of,
)
from auditor.evidence.valuequery import (
    as_json,
    cells_of,
    json_value,
    own_lines,
    plain_row,
    put_together,
    raw_columns,
    value_name,
)
from auditor.records.activity import ORDER, Activity
from auditor.records.context import DERIVED_MARK
from auditor.records.schema import COLUMNS
from auditor.records.sql import all_of, call, cast, identifier, is_not, is_null, literal, named, table, text_of

SECRETS = "case_secrets"
ALWAYS = ("record_id", "time", "event", "prompt_digest", "template_id", "extra", "tags")
"""Columns that are written where they hold something, whatever the sources are said to provide."""

LINE_COLUMNS = (
    "case_id", "findings", "source_id", "source_line", "source_offset", "source_length", "own", "head", "key",
    "committed", "salt", "row",
)  # fmt: skip
"""What `lines_of_records` gives of each record. `own` is what its own line would be by the form of its source, NULL
where none is known; `head` is its line in the bundle up to the name of its source. `committed` holds the numbers of all
groups but the exact bytes and the commitments to them in the order of a leaf, all hexadecimal, `salt` is that of the
bytes. `row` is the beginning of its row of the table, NULL where a cell takes a closer look. These are UTF-8."""

ENCODED = frozenset(("own", "head", "key", "committed", "salt", "row"))
KEPT = ("case_id", "time", "source_id", "source_line", "source_offset", "source_length", "key")


def keep_secrets(activity: Activity, secrets: Mapping[str, str]) -> None:
    """Make the secrets of cases known to the connection; they are no part of any statement's text."""
    lists = [call("unnest", cast(exp.Placeholder(), "VARCHAR[]")) for _ in range(2)]
    items = [named(value, name) for value, name in zip(lists, ("case_id", "secret"), strict=True)]
    creation = exp.Create(
        this=table(SECRETS),
        kind="TABLE",
        replace=True,
        expression=exp.Select(expressions=items),
    )
    activity.connection.execute(text_of(creation), [list(secrets), list(secrets.values())])


def forget_secrets(activity: Activity) -> None:
    """Take the secrets back."""
    activity.connection.execute(text_of(exp.Drop(tables=[table(SECRETS)], kind="TABLE")))


def columns_written(activity: Activity) -> tuple[str, ...]:
    """Return the columns that some record may hold, sorted."""
    provided = set[str](ALWAYS).union(*(source.provides for source in activity.sources))
    return tuple(sorted(provided & COLUMNS.keys()))


def lines_of_records(
    records: exp.Select,
    columns: Collection[str],
    derived: Collection[str] = (),
    *,
    forms: Mapping[str, SourceForm] | None = None,
    cells: Sequence[str] = (),
) -> exp.Select:
    """Return `LINE_COLUMNS` of records in order of case and record; `keep_secrets` comes first.

    `records` gives `case_id`, `findings` (a list, printed as JSON), every one of `columns`, each of `derived` as text
    under its marked name, and where the record lies. `forms` say how sources write their lines, by source; `cells` are
    the columns of the table, if it is to have rows.
    """
    names = sorted(columns)
    marked = sorted(DERIVED_MARK + name for name in derived)
    order = [exp.Ordered(this=identifier(name, "item"), nulls_first=False) for name in ("case_id", *ORDER)]
    joined = _with_key(records).order_by(*order)  # before they are printed, since lines are several times as wide
    values = [named(json_value(name), value_name(name)) for name in names]
    values += [named(_given(name), value_name(name)) for name in marked]
    said = named(as_json(identifier("findings")), "findings")
    own = named(own_lines(forms or {}, names), "own")
    first = exp.Select(expressions=[*map(identifier, KEPT), said, *values, *raw_columns(names)])
    committed = call("concat", *(_committed(group, fields) for group, fields in _groups([*names, *marked]).items()))
    plain = ("case_id", "findings", "source_id", "source_line", "source_offset", "source_length", "key")
    second = exp.Select(
        expressions=[
            *map(identifier, plain),
            own,
            named(_members({name.removeprefix(DERIVED_MARK): value_name(name) for name in marked}), "derived"),
            named(_object({name: value_name(name) for name in names}), "record"),
            named(committed, "committed"),
            named(_salt(BYTES), "salt"),
            named(cells_of(cells, names), "cells"),
        ]
    ).from_(_inner(_with_salts(first.from_(_inner(joined, "joined"))), "salted"))
    made = {"head": _head(), "row": plain_row()}
    given = [
        named(call("encode", made.get(name, identifier(name))), name) if name in ENCODED else identifier(name)
        for name in LINE_COLUMNS
    ]
    return exp.Select(expressions=given).from_(_inner(second, "lines"))


def _head() -> exp.Expression:
    """Return a line up to the name of the source."""
    derived = call("concat", literal('"derived":{'), identifier("derived"), literal("},"))
    is_derived = exp.NEQ(this=identifier("derived"), expression=literal(""))
    return call(
        "concat",
        literal("{"),
        exp.Case(ifs=[exp.If(this=is_derived, true=derived)]),
        *(literal('"findings":'), identifier("findings"), literal(',"record":'), identifier("record")),
        *(literal(',"source":{"id":"'), identifier("source_id"), literal('","length":'), _or_null("source_length")),
        *(literal(',"line":'), identifier("source_line"), literal(',"name":')),
    )


def _or_null(name: str) -> exp.Expression:
    return call("coalesce", cast(identifier(name), "VARCHAR"), literal("null"))


def _with_key(records: exp.Select) -> exp.Select:
    parts = identifier("secret", "own"), identifier("source_id", "item"), identifier("source_line", "item")
    key = call("left", call("sha256", call("concat", *parts)), literal(KEY_DIGITS))
    everything = exp.Column(this=exp.Star(), table=exp.to_identifier("item", quoted=True))
    same = exp.EQ(this=identifier("case_id", "own"), expression=identifier("case_id", "item"))
    query = exp.Select(expressions=[everything, named(key, "key")]).from_(_inner(records, "item"))
    return query.join(table(SECRETS, "own"), on=same)


def _with_salts(values: exp.Select) -> exp.Select:
    """Return what a query gives and the digest that each pair of groups takes its salts from."""
    salts = [
        named(call("sha256", call("concat", identifier("key"), literal(str(pair)))), _salts_name(pair))
        for pair in range(len(PAIRS))
    ]
    return exp.Select(expressions=[exp.Star(), *salts]).from_(_inner(values, "said"))


def _salts_name(pair: int) -> str:
    return f"salts {pair}"


def _salt(group: str) -> exp.Expression:
    pair = next(number for number, groups in enumerate(PAIRS) if group in groups)
    place = PAIRS[pair].index(group) * KEY_DIGITS + 1
    return call("substr", identifier(_salts_name(pair)), literal(place), literal(KEY_DIGITS))


def _groups(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the fields of each group but the exact bytes, in the order of a leaf."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS if group != BYTES}
    for name in names:
        found[group_of(name)].append(name)
    return {group: fields for group, fields in found.items() if fields or group == REST}


def _committed(group: str, fields: list[str]) -> exp.Expression:
    """Return a group's number and the commitment to it in hexadecimal, NULL where the record has nothing in it."""
    members: dict[str, str] = {name: value_name(name) for name in fields}
    if group == REST:
        members |= {"findings": "findings"} | {f"source.{name}": f"source_{name}" for name in PLACE_FIELDS}
    number = literal(f"{GROUPS.index(group):02x}")
    commitment = call("concat", number, call("sha256", call("concat", _salt(group), _object(members))))
    if group == REST:
        return commitment
    nothing = [is_null(identifier(value_name(name))) for name in fields]
    return exp.Case(ifs=[exp.If(this=is_not(all_of(nothing)), true=commitment)])


def _object(columns: Mapping[str, str]) -> exp.Expression:
    """Return a JSON object of values that are JSON, by name: its keys sorted, those without a value left out."""
    return call("concat", literal("{"), _members(columns), literal("}"))


def _members(columns: Mapping[str, str]) -> exp.Expression:
    members = (put_together(literal(f'"{name}":'), _json_of(columns[name])) for name in sorted(columns))
    return call("concat_ws", literal(","), *members) if columns else literal("")


def _json_of(column: str) -> exp.Expression:
    return put_together(literal('"'), identifier(column), literal('"')) if column == "source_id" else identifier(column)


def _given(name: str) -> exp.Expression:
    """Return a derived value as JSON; a template that the source gave stands in the record itself."""
    plain = name.removeprefix(DERIVED_MARK)
    if plain not in COLUMNS:
        return as_json(identifier(name))
    return exp.Case(ifs=[exp.If(this=is_null(identifier(plain)), true=as_json(identifier(name)))])


def _inner(query: exp.Query, alias: str) -> exp.Subquery:
    return query.subquery(exp.to_identifier(alias, quoted=True), copy=False)
