"""The records of many cases as lines of a bundle, with the commitments to them, out of one query.

The engine prints the JSON of a record and hashes its disclosure groups, which is quicker than Python by the factor
that decides whether five hundred cases can be sealed together. What is committed to, and how, is
`standalone/disclosure.py`, said again as SQL; a test holds the two to each other.
"""

from collections.abc import Collection, Iterable, Mapping

from sqlglot import exp

from auditor.evidence.standalone.disclosure import BYTES, GROUPS, REST, group_code, group_of
from auditor.records.activity import ORDER, Activity
from auditor.records.context import DERIVED_MARK
from auditor.records.schema import COLUMNS, ColumnType
from auditor.records.sql import all_of, call, cast, identifier, is_not, is_null, literal, named, table, text_of

SECRETS = "case_secrets"
ALWAYS = ("record_id", "time", "event", "prompt_digest", "template_id", "extra", "tags")
"""Columns that are written where they hold something, whatever the sources are said to provide."""

LINE_COLUMNS = (
    "case_id", "derived", "findings", "record", "source_id", "source_line", "source_offset", "source_length", "key",
    "committed", "salt",
)  # fmt: skip
"""What `lines_of_records` gives of each record; `committed` holds the commitments to all groups but the exact bytes, in
the order of a leaf, `salt` is that of the bytes."""

_NUMBERS = (ColumnType.INTEGER, ColumnType.BOOLEAN)


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


def lines_of_records(records: exp.Select, columns: Collection[str], derived: Collection[str] = ()) -> exp.Select:
    """Return `LINE_COLUMNS` of records in order of case and record; `keep_secrets` comes first.

    `records` gives `case_id`, `findings` (a list, printed as JSON), every one of `columns`, each of `derived` as text
    under its marked name, and where the record lies.
    """
    names = sorted(columns)
    marked = sorted(DERIVED_MARK + name for name in derived)
    order = [exp.Ordered(this=identifier(name, "item"), nulls_first=False) for name in ("case_id", *ORDER)]
    joined = _with_key(records).order_by(*order)  # before they are printed, since lines are several times as wide
    texts = {name: exp.alias_(_text(name), _text_name(name), quoted=True) for name in names}
    said = call("to_json", identifier("findings"))
    kept = ["case_id", "time", "source_id", "source_line", "source_offset", "source_length", "key"]
    first = exp.Select(
        expressions=[
            *(identifier(name) for name in kept),
            named(cast(said, "VARCHAR"), "findings"),
            *texts.values(),
            *(named(_given(name), _text_name(name)) for name in marked),
            *(named(_printed(name), _printed_name(name)) for name in names if _is_list(name)),
        ]
    ).from_(_inner(joined, "joined"))
    groups = _groups([*names, *marked])
    hashed = [_committed(group, fields) for group, fields in groups.items()]
    body = call("concat", *(_piece(name) for name in names))
    record = call("concat", literal("{"), call("rtrim", body, literal(",")), literal("}"))
    salt = _digest(identifier("key"), literal(group_code(BYTES)))
    plain = ("case_id", "findings", "source_id", "source_line", "source_offset", "source_length", "key")
    second = exp.Select(
        expressions=[
            *(identifier(name) for name in (*plain, "time")),
            named(record, "record"),
            named(_derived_object(marked), "derived"),
            named(call("concat", *hashed), "committed"),
            named(salt, "salt"),
        ]
    ).from_(_inner(first, "texts"))
    return exp.Select(expressions=[identifier(name) for name in LINE_COLUMNS]).from_(_inner(second, "lines"))


def _given(name: str) -> exp.Expression:
    """Return a derived value as text; a template that the source gave stands in the record itself."""
    plain = name.removeprefix(DERIVED_MARK)
    if plain not in COLUMNS:
        return identifier(name)
    return exp.Case(ifs=[exp.If(this=is_null(identifier(plain)), true=identifier(name))])


def _derived_object(marked: list[str]) -> exp.Expression:
    if not marked:
        return literal("")
    pieces = [
        _joined(literal(f'"{name.removeprefix(DERIVED_MARK)}":'), _quoted(identifier(_text_name(name))), literal(","))
        for name in marked
    ]
    return call("rtrim", call("concat", *pieces), literal(","))


def _quoted(value: exp.Expression) -> exp.Expression:
    """Return a text as JSON."""
    return cast(call("to_json", value), "VARCHAR")


def _with_key(records: exp.Select) -> exp.Select:
    line = call("lpad", cast(identifier("source_line", "item"), "VARCHAR"), literal(20), literal("0"))
    key = _digest(identifier("secret", "own"), identifier("source_id", "item"), line)
    everything = exp.Column(this=exp.Star(), table=exp.to_identifier("item", quoted=True))
    same = exp.EQ(this=identifier("case_id", "own"), expression=identifier("case_id", "item"))
    query = exp.Select(expressions=[everything, named(key, "key")]).from_(_inner(records, "item"))
    return query.join(table(SECRETS, "own"), on=same)


def _groups(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the fields of each group but the exact bytes, in the order of a leaf; fields are sorted."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS if group != BYTES}
    for name in names:
        found[group_of(name)].append(name)
    found[REST] += ["findings", "source.id", "source.length", "source.line", "source.offset"]
    return {group: sorted(fields) for group, fields in found.items() if fields}


def _committed(group: str, fields: list[str]) -> exp.Expression:
    """Return a group's code and the commitment to it, nothing where the record has nothing in it."""
    text = call("concat", *(_field(name) for name in fields))
    code = literal(group_code(group))
    commitment = call("concat", code, _digest(_digest(identifier("key"), code.copy()), text))
    if group == REST:
        return commitment
    nothing = [is_null(identifier(_text_name(name))) for name in fields]
    return exp.Case(ifs=[exp.If(this=is_not(all_of(nothing)), true=commitment)])


def _field(name: str) -> exp.Expression:
    """Return `name:bytes:value,`, NULL where there is no value."""
    value = _place(name) if name.startswith("source.") or name == "findings" else identifier(_text_name(name))
    return _joined(
        literal(f"{name}:"), cast(call("strlen", value), "VARCHAR"), literal(":"), value.copy(), literal(",")
    )


def _place(name: str) -> exp.Expression:
    column = {"findings": "findings", "source.id": "source_id"}.get(name)
    return identifier(column) if column else cast(identifier(name.replace(".", "_")), "VARCHAR")


def _piece(name: str) -> exp.Expression:
    """Return `"name":value,` as JSON, NULL where there is no value."""
    return _joined(
        literal(f'"{name}":'), identifier(_printed_name(name)) if _is_list(name) else _json(name), literal(",")
    )


def _json(name: str) -> exp.Expression:
    text = identifier(_text_name(name))
    match COLUMNS[name].type:
        case kind if kind in _NUMBERS:
            return text
        case ColumnType.TIMESTAMP | ColumnType.REAL | ColumnType.DECIMAL:
            return _joined(literal('"'), text, literal('"'))
        case _:
            return _quoted(text)


def _text(name: str) -> exp.Expression:
    """Return a column's value as the text that is committed to."""
    value = identifier(name)
    match COLUMNS[name].type:
        case ColumnType.TEXT | ColumnType.ADDRESS | ColumnType.JSON:
            return value
        case ColumnType.TIMESTAMP:
            whole = call("strftime", value, literal("%Y-%m-%dT%H:%M:%S.%f"))
            return _joined(call("replace", whole, literal(".000000"), literal("")), literal("Z"))
        case ColumnType.DECIMAL:
            digits = call("rtrim", cast(value, "VARCHAR"), literal("0"))
            return call("rtrim", digits, literal("."))
        case ColumnType.TEXT_LIST:
            return _quoted(value)
        case _:
            return cast(value, "VARCHAR")


def _printed(name: str) -> exp.Expression:
    return _quoted(identifier(name))


def _is_list(name: str) -> bool:
    return COLUMNS[name].type is ColumnType.TEXT_LIST


def _text_name(name: str) -> str:
    return f"text {name}"


def _printed_name(name: str) -> str:
    return f"json {name}"


def _digest(*parts: exp.Expression) -> exp.Expression:
    return call("sha256", _joined(*parts))


def _joined(*parts: exp.Expression) -> exp.Expression:
    """Return texts one after the other, NULL where one of them is."""
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part, safe=False)
    return exp.Paren(this=whole)


def _inner(query: exp.Query, alias: str) -> exp.Subquery:
    return query.subquery(exp.to_identifier(alias, quoted=True), copy=False)
