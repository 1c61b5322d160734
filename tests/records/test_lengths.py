"""An expression can't make a text that fills the memory from one line."""

import pytest

from auditor.errors import Place, Problem
from auditor.records.expressions import parse_expression

REFUSED = {
    "repeat": "repeat('a', 10000000000)",
    "a pad of ten billion": "lpad(x, 10000000000, 'a')",
    "a pad on the right in powers of ten": "rpad(x, 1e9, '0')",
    "a pad that the line chooses": "lpad(x, try_cast(x AS INTEGER), 'a')",
    "a printed width": "printf('%2000000000d', try_cast(x AS INTEGER))",
    "a printed width as a value": "printf('%*d', 2000000000, 5)",
    "a print pattern that the line chooses": "printf(x, 5)",
    "replacements in replacements": f"replace(replace(x, 'a', '{'b' * 20}'), 'b', '{'c' * 20}')",
    "a field in place of each character": "regexp_replace(x, '.', x, 'g')",
    "doubling seven times": "regexp_replace(" * 7 + "x" + r", '(.)', '\1\1', 'g')" * 7,
    "a field two hundred times": f"concat({', '.join(['x'] * 200)})",
    "a field as separator": f"concat_ws(x, {', '.join(['y'] * 60)})",
}
ALLOWED = {
    "a pad to five": "lpad(x, 5, '0')",
    "a number with zeros": "printf('%05d', try_cast(x AS INTEGER))",
    "a few replacements": """replace(replace(replace(x, '"', ''), '&amp;', '&'), ',', ', ')""",
    "a time": "strftime(try_cast(x AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S')",
    "an id of content": "sha256(concat_ws(' ', a, b, c, d))",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused_is(text: str) -> None:
    found = parse_expression(text, Place("p.yml", 3, 5))

    assert isinstance(found, Problem)
    assert found.place == Place("p.yml", 3, 5)


@pytest.mark.parametrize("text", ALLOWED.values(), ids=ALLOWED)
def test_allowed_is(text: str) -> None:
    assert not isinstance(parse_expression(text, Place("p.yml")), Problem)
