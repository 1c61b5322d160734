"""What is read or written quickly is what the slow and obvious way gives, or nothing."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auditor.evidence.recordlines import _plain_object
from auditor.evidence.standalone.columns import COLUMNS, INTEGERS
from auditor.evidence.standalone.ownbytes import record_in
from auditor.evidence.standalone.spreadsheet import CitedTable, cell_of

NASTY = st.sampled_from(['"', "\\", ":", ",", "{", "}", " ", "=", "-1", "\u2003", "\uff1d", "a", "0", "é", "\t"])
TEXT = st.lists(NASTY, max_size=4).map("".join)
SCALAR = TEXT | st.integers(-5, 10**20) | st.booleans() | st.none() | st.floats(allow_nan=False)
NAMES = st.sampled_from(sorted(COLUMNS))


def line_of(pairs: list[tuple[str, Any]], gap: str) -> bytes:
    """Write an object of which keys may be there twice."""
    fields = [
        f"{json.dumps(name, ensure_ascii=False)}{gap}:{json.dumps(value, ensure_ascii=False)}" for name, value in pairs
    ]
    return f"{{{','.join(fields)}}}".encode()


@given(
    pairs=st.lists(st.tuples(TEXT, SCALAR | st.lists(SCALAR, max_size=2)), max_size=5),
    gap=st.sampled_from(["", " "]),
)
def test_line_that_is_read_quickly_has_no_key_twice(pairs: list[tuple[str, Any]], gap: str) -> None:
    data = line_of(pairs, gap)
    found = _plain_object(data)

    if found is not None:
        assert len(found) == len(pairs)
        assert {name: repr(value) for name, value in found.items()} == {
            name: repr(float(value)) if isinstance(found[name], float) else repr(value)
            for name, value in (record_in(data) or {}).items()
        }


def test_line_with_a_key_twice_is_not_read_quickly() -> None:
    assert _plain_object(b'{"a":1,"a":2}') is None
    assert _plain_object(b'{"a" :"x","b":":","a":"y"}') is None
    assert _plain_object(b'{"a":1,"b":"x"}') == {"a": 1, "b": "x"}


@given(record=st.dictionaries(NAMES, SCALAR.filter(lambda value: not isinstance(value, float)), max_size=12))
def test_row_that_is_filled_into_a_template_is_the_one_made_cell_by_cell(record: dict[str, Any]) -> None:
    table = CitedTable({"sources": [{"provides": sorted(COLUMNS)}]})
    columns = table.head().rstrip("\r\n").replace('"', "").split(",")[:-3]

    row = table.row(record, "F-1", "5e", 7)

    assert row == ",".join(cell_of(record.get(name)) for name in columns) + ',"F-1","5e",7\r\n'


def test_most_rows_are_filled_into_a_template() -> None:
    table = CitedTable({"sources": [{"provides": sorted(COLUMNS)}]})

    assert table._plain_row({"account_id": "a", "status": 200, "endpoint": "/v1", "time": "2025"}) is not None
    assert all(table._plain_row({name: "=1"}) is None for name in COLUMNS - INTEGERS)
    assert table._plain_row({"account_id": 0, "status": ""}) is None
