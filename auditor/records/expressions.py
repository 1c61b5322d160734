"""The SQL expressions of a profile: parsed once, held to pure scalar functions, kept as trees.

An expression sees the fields of one source record as text (nested values as JSON text) and nothing else: no tables, no
sub-queries, no files, no clock, no randomness.
"""

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from auditor.errors import Place, Problem
from auditor.records.lengths import FIELD, LONGEST, length_fault

MAX_LENGTH = 20_000
FUNCTIONS = frozenset(
    (
        "json_extract", "json_extract_string", "json_array_length", "json_type", "json_valid", "json_keys",
        "list_contains", "array_length", "len", "string_split", "to_timestamp", "make_timestamptz", "strptime",
        "try_strptime", "strftime", "epoch_ms", "contains", "starts_with", "ends_with", "prefix", "suffix",
        "strlen", "sha256", "md5", "printf", "format", "url_decode", "nullif", "coalesce", "ifnull", "least",
        "greatest", "round", "floor", "ceil", "abs", "regexp_full_match", "regexp_matches", "regexp_extract",
        "regexp_replace", "split_part", "lpad", "rpad", "reverse", "if",
    )
)  # fmt: skip
"""Functions that sqlglot has no node for, by name; those it has nodes for are in `_NODES`."""

_NODES: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Case, exp.If, exp.Connector, exp.Not,
    exp.Predicate, exp.Binary, exp.Neg, exp.Between, exp.In, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam,
    exp.Coalesce, exp.Nullif, exp.Concat, exp.ConcatWs, exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Length,
    exp.Replace, exp.SplitPart, exp.Split, exp.RegexpExtract, exp.RegexpReplace, exp.RegexpLike, exp.RegexpFullMatch,
    exp.StrToTime, exp.UnixToTime, exp.TimeToStr, exp.StartsWith, exp.EndsWith, exp.Contains, exp.Left, exp.Right,
    exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Greatest, exp.Least, exp.JSONExtract, exp.JSONExtractScalar,
    exp.JSONPath, exp.JSONPathPart, exp.Bracket, exp.Array, exp.Tuple, exp.SHA2, exp.MD5, exp.Pad, exp.Reverse,
    exp.StrPosition, exp.Var, exp.TimestampFromParts, exp.Interval, exp.Anonymous,
)  # fmt: skip


def parse_expression(text: str, place: Place) -> exp.Expression | Problem:
    """Return an expression's tree, or the problem with it."""
    hint = "use the source's fields with CASE, casts, comparisons and scalar functions; see the profile documentation"
    if len(text) > MAX_LENGTH:
        return Problem(place, f"found an expression of {len(text)} characters, expected at most {MAX_LENGTH}", hint)
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except (ParseError, TokenError, RecursionError) as error:
        return Problem(place, f"found no valid SQL expression: {_short(error)}", hint)
    found = _first_refused(tree)
    if isinstance(tree, exp.Alias) and isinstance(tree.this, exp.Column):
        hint = f'put a field\'s name of several words into double quotes: `"{_short_name(text)}"`'
        return Problem(place, f"found two words side by side: `{_short_name(text)}`, expected one field", hint)
    if found:
        return Problem(place, f"found {found} in an expression, expected scalar functions of the record's fields", hint)
    too_long = length_fault(tree)
    if too_long:
        hint = "give lengths as small numbers, and replace and repeat less; one line could fill the memory"
        return Problem(place, f"found {too_long}, expected at most {LONGEST // FIELD} times a field", hint)
    assert isinstance(tree, exp.Expression)
    return tree


def fields_of(tree: exp.Expression) -> tuple[str, ...]:
    """Return the source fields that an expression reads, in order of first use."""
    return tuple(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))


def _first_refused(tree: exp.Expr) -> str | None:
    for node in tree.walk():
        if isinstance(node, exp.Anonymous) and node.name.lower() not in FUNCTIONS:
            return f"the function `{node.name.lower()[:40]}`"
        if isinstance(node, exp.Column) and (node.table or isinstance(node.this, exp.Star)):
            return f"`{node.sql(dialect='duckdb')[:40]}`"
        if not isinstance(node, _NODES) or isinstance(node, exp.Subquery | exp.Query | exp.PropertyEQ):
            return f"`{node.key}`"
    return None


def _short_name(text: str) -> str:
    return " ".join(text.split())[:40]


def _short(error: Exception) -> str:
    first = str(error).splitlines()[0] if str(error) else "nested too deeply"
    return (first[:1].lower() + first[1:]).rstrip(".")[:120].rstrip(".")
