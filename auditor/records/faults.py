"""What is wrong with a row, told in SQL: the column at fault, the text found there, and rows in doubt.

A quick test clears nearly every row; only the others go through the exact ones. Rows in doubt are looked at once more
in Python (reasons.py).
"""

from collections.abc import Iterable, Sequence

from sqlglot import exp

from auditor.records.conversion import PLAIN_TEXT, fits, is_unfit, matches
from auditor.records.schema import COLUMNS, ColumnType
from auditor.records.sql import all_of, any_of, call, case, identifier, is_not, is_null, literal
from auditor.records.values import CONTENT

LINE, FAULT, FOUND, DOUBT, FAILED, SURE = "·line", "·fault", "·found", "·doubt", "·failed", "·sure"
"""Names of working columns; the middle dot keeps them apart from any column or field of a profile."""

NOT_A_RECORD = "·json"
"""Fault of a line that is no JSON object or repeats a key."""

EXPRESSION = "·expression "
"""Fault of a line on which a profile's expression fails; the column's name follows."""

MANY_OPENINGS = 64
_NO_NUMBER = "(?i)-?(nan|inf|infinity)"
_NO_NUMBER_LENGTHS = (3, 9)
_REQUIRED = ("time", "event")


def fault(columns: Iterable[str], zone: str, no_record: Sequence[exp.Expression]) -> exp.Expression:
    """Name what is wrong with a row, NULL for nothing; `no_record` are tests for rows that are no records at all."""
    names = tuple(columns)
    judged = [name for name in names if COLUMNS[name].type not in PLAIN_TEXT]
    cases = [(test.copy(), literal(NOT_A_RECORD)) for test in no_record]
    has_failed = is_not(is_null(identifier(FAILED)))
    cases.append((has_failed, exp.DPipe(this=literal(EXPRESSION), expression=identifier(FAILED))))
    cases += [(_is_missing(name, names), literal(name)) for name in _REQUIRED]
    cases += [(is_unfit(name, zone), literal(name)) for name in judged]
    sure = [is_not(call("coalesce", test, exp.true())) for test in no_record]
    sure.append(is_null(identifier(FAILED)))
    sure += [is_not(_is_missing(name, names)) for name in _REQUIRED]
    sure += [fits(name) for name in judged]
    return case([(all_of(sure), exp.null())], case(cases))


def is_sure(columns: Iterable[str], zone: str) -> exp.Expression:
    """Say that a row surely is a record without a fault, and that nothing in it may come from what no record holds."""
    names = tuple(columns)
    judged = [name for name in names if COLUMNS[name].type not in PLAIN_TEXT]
    tests = [is_not(_is_missing(name, names)) for name in _REQUIRED]
    tests += [
        is_not(call("coalesce", is_unfit(name, zone), exp.false())) if _is_rare(name) else fits(name) for name in judged
    ]
    return call("coalesce", all_of([*tests, is_not(_is_no_text(names))]), exp.false())


def _is_no_text(columns: Sequence[str]) -> exp.Expression:
    """Say that a text may come from what is no text, never NULL; a glance at all texts clears nearly every row."""
    nested, no_numbers = is_nested(columns), is_no_number(columns)
    glances = [_may_be_no_number(name) for name in columns if COLUMNS[name].type in PLAIN_TEXT]
    return case([(doubt([*nested, *glances]), doubt([*(test.copy() for test in nested), *no_numbers]))], exp.false())


def _is_rare(name: str) -> bool:
    """Whether a column is of a type that `fits` is only sure of where there is nothing."""
    return COLUMNS[name].type in (ColumnType.TEXT_LIST, ColumnType.JSON)


def _is_missing(name: str, columns: Sequence[str]) -> exp.Expression:
    if name not in columns:
        return exp.true()
    return exp.EQ(this=call("coalesce", identifier(name), literal("")), expression=literal(""))


def found(columns: Iterable[str]) -> exp.Expression:
    """Return the text of the column at fault."""
    about = [(exp.EQ(this=identifier(FAULT), expression=literal(name)), identifier(name)) for name in columns]
    return case([(is_not(is_null(identifier(FAULT))), case(about))])


def is_no_number(columns: Iterable[str]) -> list[exp.Expression]:
    """Return tests for texts that may come from NaN or an infinity, which JSON doesn't have."""
    return [_says_no_number(name) for name in columns if COLUMNS[name].type in PLAIN_TEXT]


def _says_no_number(name: str) -> exp.Expression:
    """Match a pattern: a word that is compared with several others is worked out for every row, even in a CASE."""
    return case([(_may_be_no_number(name), matches(identifier(name), _NO_NUMBER))], exp.false())


def _may_be_no_number(name: str) -> exp.Expression:
    """Say that a text is as long as one of these words and begins as one; NULL for none."""
    shortest, longest = map(literal, _NO_NUMBER_LENGTHS)
    is_short = exp.Between(this=call("strlen", identifier(name)), low=shortest, high=longest)
    return all_of([is_short, any_of([_begins(name, sign) for sign in "-INin"])])


def _begins(name: str, sign: str) -> exp.Expression:
    """Say that a text begins with an ASCII character; a range is quicker to test than a prefix."""
    low = exp.GTE(this=identifier(name), expression=literal(sign))
    return all_of([low, exp.LT(this=identifier(name), expression=literal(chr(ord(sign) + 1)))])


def is_nested(columns: Iterable[str]) -> list[exp.Expression]:
    """Return tests for texts that may come from an object or a list, which only content may hold."""
    return [
        _begins(name, sign)
        for name in columns
        if COLUMNS[name].type in PLAIN_TEXT and name not in CONTENT
        for sign in ("{", "[")
    ]


def is_deep(rest: str) -> exp.Expression:
    """Say that what is left over of a row may be nested too deeply."""
    plain = call("translate", identifier(rest), literal("[{"), literal(""))
    openings = exp.Sub(this=call("strlen", identifier(rest)), expression=call("strlen", plain))
    is_long = exp.GTE(this=call("strlen", identifier(rest)), expression=literal(2 * MANY_OPENINGS))
    return case([(is_long, exp.GTE(this=openings, expression=literal(MANY_OPENINGS)))], exp.false())


def doubt(signs: Sequence[exp.Expression]) -> exp.Expression:
    """Join the signs that a row needs a second look; never NULL."""
    return call("coalesce", any_of(signs), exp.false())
