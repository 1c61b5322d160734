"""The patterns of profiles: regular expressions of RE2, whose time grows with the line and not beyond.

Python's own engine goes back and tries again, so that a careless pattern (`(a+)+b`) hangs on one line. DuckDB runs RE2.
Python only tells the numbers of the named groups, which both engines count alike.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import duckdb
from sqlglot import exp

from auditor.records.sql import call, case, cast, identifier, literal, named, open_connection, text_of, within

LONGEST_PATTERN = 2_000
"""Characters of a pattern."""

_LINE, _GROUPS = "line", "groups"


def pattern_fault(pattern: str) -> str | None:
    """Return why a pattern can't be used, in a few words, or None."""
    if len(pattern) > LONGEST_PATTERN:
        return f"a pattern of {len(pattern)} characters, expected at most {LONGEST_PATTERN}"
    try:
        groups = re.compile(pattern).groupindex
    except (re.error, OverflowError, RecursionError) as error:
        return f"a broken pattern: {str(error)[:80]}"
    if not groups:
        return "no named group in the pattern"
    connection = open_connection()
    try:
        fields_of_lines(connection, [""], pattern)
    except duckdb.Error as error:
        return (
            f"a pattern that RE2 does not know: {(str(error).splitlines() or ['unknown'])[0].partition(': ')[2][:80]}"
        )
    finally:
        connection.close()
    return None


def fields_of_lines(connection: duckdb.DuckDBPyConnection, lines: Sequence[str], pattern: str) -> list[str | None]:
    """Return the named groups of each line as a JSON object, None for a line that doesn't match from end to end.

    A group that takes no part in the match, or matches the empty text, is left out.
    """
    return [fields for (fields,) in connection.execute(_statement(pattern), [lines]).fetchall()]


@lru_cache(maxsize=8)
def _statement(pattern: str) -> str:
    """Return the statement that matches a list of texts, which is its one parameter, in order."""
    compiled = re.compile(pattern)
    names = {number: name for name, number in compiled.groupindex.items()}
    listed = [names.get(number, f"·{number}") for number in range(1, max(names) + 1)]
    whole = literal(rf"\A(?:{pattern})\z")
    lines = exp.Select(expressions=[named(call("unnest", cast(exp.Placeholder(), "VARCHAR[]")), _LINE)])
    groups = call("regexp_extract", identifier(_LINE), whole, exp.Array(expressions=[literal(one) for one in listed]))
    is_match = call("regexp_matches", identifier(_LINE), whole.copy())
    matched = exp.Select(expressions=[named(case([(is_match, groups)]), _GROUPS)]).from_(within(lines))
    fields = exp.Struct(
        expressions=[
            exp.PropertyEQ(
                this=exp.to_identifier(name, quoted=True),
                expression=call("nullif", call("struct_extract", identifier(_GROUPS), literal(name)), literal("")),
            )
            for name in compiled.groupindex
        ]
    )
    kept = call("json_merge_patch", literal("{}"), call("to_json", fields))
    is_none = exp.Is(this=identifier(_GROUPS), expression=exp.null())
    value = case([(is_none, cast(exp.null(), "VARCHAR"))], cast(kept, "VARCHAR"))
    return text_of(exp.Select(expressions=[value]).from_(within(matched)))
