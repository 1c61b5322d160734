"""Values of records as text, in the engine: as JSON, as their source writes them, as cells of a table."""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from auditor.evidence.sourceforms import MOST_DECIMALS, Member, SourceForm
from auditor.records.schema import COLUMNS, ColumnType
from auditor.records.sql import all_of, any_of, call, case, cast, data_type, identifier, is_not, is_null, literal, total

MOST_FORMS = 8
"""Different forms of sources that are written again; lines of any other are compared one by one."""
MICROS = 6
"""Decimals of a second."""
FORMULA = r'":"[\s=+@\-\x{85}\x{a0}\x{1680}\x{2000}-\x{202f}\x{205f}\x{3000}\x{ff0b}\x{ff0d}\x{ff1d}\x{ff20}]'
"""The beginning of a text in JSON that may be a formula: those of `spreadsheet.FORMULA_STARTS`."""


def value_name(name: str) -> str:
    """Return what the value of a column as JSON is called."""
    return f"{name} as JSON"


def as_json(value: exp.Expression) -> exp.Expression:
    """Return a text, or a list, as JSON."""
    return cast(call("to_json", value), "VARCHAR")


def json_value(name: str) -> exp.Expression:
    """Return a column's value as JSON."""
    value = identifier(name)
    match COLUMNS[name].type:
        case ColumnType.INTEGER | ColumnType.BOOLEAN:
            return cast(value, "VARCHAR")
        case ColumnType.TIMESTAMP:
            whole = call("strftime", value, literal("%Y-%m-%dT%H:%M:%S.%f"))
            return put_together(literal('"'), call("replace", whole, literal(".000000"), literal("")), literal('Z"'))
        case ColumnType.DECIMAL:
            digits = call("rtrim", cast(value, "VARCHAR"), literal("0"))
            return put_together(literal('"'), call("rtrim", digits, literal(".")), literal('"'))
        case ColumnType.REAL:
            return put_together(literal('"'), cast(value, "VARCHAR"), literal('"'))
        case _:
            return as_json(value)


def put_together(*parts: exp.Expression) -> exp.Expression:
    """Return texts one after the other, NULL where one of them is."""
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part, safe=False)
    return exp.Paren(this=whole)


def raw_columns(names: Sequence[str]) -> list[exp.Expression]:
    """Return the columns as they are; the time is there anyway."""
    return [identifier(name) for name in names if name != "time"]


def own_lines(forms: Mapping[str, SourceForm], names: Sequence[str]) -> exp.Expression:
    """Return the own line of each record as its source writes it, NULL where that isn't known."""
    of_form: dict[SourceForm, list[str]] = {}
    for source_id in sorted(forms):
        of_form.setdefault(forms[source_id], []).append(source_id)
    ifs = []
    for form, sources in list(of_form.items())[:MOST_FORMS]:
        is_of = exp.In(this=identifier("source_id"), expressions=[literal(source_id) for source_id in sources])
        has_range = is_not(is_null(identifier("source_offset")))
        ifs.append(exp.If(this=all_of([has_range, is_of, *_is_all(form, names)]), true=_own_line(form, names)))
    return exp.Case(ifs=ifs) if ifs else cast(exp.Null(), "VARCHAR")


def _is_all(form: SourceForm, names: Sequence[str]) -> list[exp.Expression]:
    """Return what must hold so that a line of this form says everything that the record says."""
    written = {member.name for member in form.members}
    tests = [
        is_null(identifier(name)) for name in names if name not in written | {"record_id", "prompt_digest", "extra"}
    ]
    if "record_id" not in written:
        made = call("concat", identifier("source_id"), literal(":"), identifier("source_line"))
        tests.append(exp.EQ(this=identifier("record_id"), expression=made))
    if "prompt_digest" not in written and "prompt_digest" in names:
        digest = call("sha256", identifier("prompt")) if "prompt" in names else literal("")
        is_made = exp.EQ(this=identifier("prompt_digest"), expression=digest)
        tests.append(any_of([is_null(identifier("prompt_digest")), is_made]))
    if "extra" in names:
        more = [exp.Cast(this=is_not(is_null(_own_value(member, names))), to=data_type("INTEGER"))
                for member in form.members if member.name not in COLUMNS]  # fmt: skip
        keys = call("len", call("json_keys", identifier("extra")))
        is_plain = exp.EQ(this=call("json_type", identifier("extra")), expression=literal("OBJECT"))
        tests.append(any_of([is_null(identifier("extra")), is_plain]))  # what is none has no keys either
        tests.append(exp.EQ(this=call("coalesce", keys, literal(0)), expression=total(more) if more else literal(0)))
    return tests


def _own_line(form: SourceForm, names: Sequence[str]) -> exp.Expression:
    return call("concat", literal("{"), *(_own_member(member, names) for member in form.members), literal(form.end))


def _own_member(member: Member, names: Sequence[str]) -> exp.Expression:
    value = put_together(literal(member.lead), _own_value(member, names))
    return value if member.nothing is None else call("coalesce", value, literal(member.lead + member.nothing))


def _own_value(member: Member, names: Sequence[str]) -> exp.Expression:
    """Return a value as a source writes it; a field that is no column lies in `extra`."""
    name = member.name
    if name not in COLUMNS:
        path = literal('$."' + name + '"')
        held = cast(call("json_extract", identifier("extra"), path), "VARCHAR")
        return held if "extra" in names else cast(exp.Null(), "VARCHAR")
    if name not in names:
        return cast(exp.Null(), "VARCHAR")
    plain = identifier(value_name(name))
    match COLUMNS[name].type:
        case ColumnType.TIMESTAMP if (member.decimals, member.zone) != (None, "Z"):
            return _own_time(member)
        case ColumnType.DECIMAL if member.decimals is not None:
            cut = _cut_off(cast(identifier(name), "VARCHAR"), MOST_DECIMALS - member.decimals)
            return put_together(literal('"'), cut, literal('"')) if member.is_text else cut
        case ColumnType.DECIMAL | ColumnType.REAL if not member.is_text:
            return call("replace", plain, literal('"'), literal(""))
        case ColumnType.INTEGER | ColumnType.BOOLEAN if member.is_text:
            return put_together(literal('"'), plain, literal('"'))
        case _:
            return plain


def _own_time(member: Member) -> exp.Expression:
    plain = identifier(value_name("time"))
    if member.decimals is None:
        return call("replace", plain, literal('Z"'), literal(f'{member.zone}"'))
    whole = call("strftime", identifier("time"), literal("%Y-%m-%dT%H:%M:%S.%f"))
    cut = _cut_off(whole, MICROS - member.decimals)
    if not member.decimals:
        cut = call("replace", cut, literal("."), literal(""))
    return put_together(literal('"'), cut, literal(f'{member.zone}"'))


def _cut_off(text: exp.Expression, digits: int) -> exp.Expression:
    """Return a number without so many last digits; where these aren't naught, what no line of JSON has there."""
    if not digits:
        return text
    size = exp.Sub(this=call("strlen", text.copy()), expression=literal(digits))
    is_naught = call("ends_with", text.copy(), literal("0" * digits))
    return case([(is_null(text), exp.Null()), (is_naught, call("left", text, size))], literal("?"))


def cells_of(cells: Sequence[str], names: Sequence[str]) -> exp.Expression:
    """Return the cells of a record, a text as JSON has it."""
    if not cells:
        return cast(exp.Null(), "VARCHAR")
    values = (
        call("coalesce", identifier(value_name(name)), literal("")) if name in names else literal("") for name in cells
    )
    return call("concat_ws", literal(","), *values)


def plain_row() -> exp.Expression:
    """Return the cells where each is in a table as it is in JSON: no escapes, no formula, no list."""
    record = identifier("record")
    odd = [call("contains", record, literal(text)) for text in ("\\", '"tags":[')]
    odd.append(call("regexp_matches", record, literal(FORMULA)))
    return exp.Case(ifs=[exp.If(this=all_of([exp.Not(this=test) for test in odd]), true=identifier("cells"))])
