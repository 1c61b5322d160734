"""The blanked text of a prompt, as SQL: read, folded, its marked slots blanked (definition.py says how)."""

from sqlglot import exp

from auditor.content.asked import asked_text
from auditor.content.definition import (
    BOILERPLATE,
    FOLD,
    HEAD,
    IDEOGRAPH,
    LONGEST,
    RUN,
    SLOT,
    SLOTS,
    TAIL,
    WORDLESS,
)
from auditor.content.nodes import equal
from auditor.records.sql import any_of, call, case, identifier, literal, named, within

BLANKED = "blanked"
TEXT = "text"


def with_text(records: exp.Select, prompt: str) -> exp.Select:
    """Return a query's rows with the blanked text of one of its columns as `text`, in the place of that column."""
    kept = [item.alias_or_name for item in records.expressions if item.alias_or_name != prompt]
    read = _stage(records, kept, "read", _cut(asked_text(identifier(prompt))))
    low = _stage(read, kept, "low", exp.Lower(this=identifier("read")))
    spaced = _stage(low, [*kept, "low"], "spaced", _blanked(identifier("low")))
    blanked = _stage(spaced, [*kept, "low"], BLANKED, _trimmed("spaced"))
    return _stage(blanked, kept, TEXT, _own_if_wordless())


def _stage(inner: exp.Select, kept: list[str], name: str, value: exp.Expression) -> exp.Select:
    columns = [*map(identifier, kept), named(value, name)]
    return exp.Select(expressions=columns).from_(within(inner))


def _cut(text: exp.Expression) -> exp.Expression:
    is_long = exp.GT(this=exp.Length(this=text.copy()), expression=literal(LONGEST))
    head = call("left", text.copy(), literal(HEAD))
    tail = call("right", text.copy(), literal(TAIL))
    joined = call("concat", head, literal(f" {SLOT} "), tail)
    return case([(is_long, joined)], text.copy())


def _blanked(text: exp.Expression) -> exp.Expression:
    plain = call("regexp_replace", text, literal(BOILERPLATE), literal(r"\1"))
    spaced = _replaced(plain, SLOTS, f" {SLOT} ")
    # as many signs as bytes: no ideograph is among them, and to look for one would cost more than to count
    is_plain = equal(exp.Length(this=text.copy()), call("strlen", text.copy()))
    spaced = case([(is_plain, spaced)], _replaced(spaced.copy(), IDEOGRAPH, r" \1 "))
    return _replaced(_replaced(spaced, FOLD, " "), RUN, SLOT)


def _own_if_wordless() -> exp.Expression:
    is_wordless = call("regexp_matches", identifier(BLANKED), literal(WORDLESS))
    return case([(is_wordless, call("trim", _replaced(identifier("low"), FOLD, " ")))], identifier(BLANKED))


def _replaced(text: exp.Expression, pattern: str, by: str) -> exp.Expression:
    return call("regexp_replace", text, literal(pattern), literal(by), literal("g"))


def _trimmed(name: str) -> exp.Expression:
    """Return a text whose only spaces are plain ones, without those at its ends.

    To look for them costs a tenth of what trimming costs, and most texts have none.
    """
    text = identifier(name)
    ends = [call(test, text.copy(), literal(" ")) for test in ("starts_with", "ends_with")]
    return case([(any_of(ends), call("trim", text))], text.copy())
