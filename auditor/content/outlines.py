"""Outlines: a few bits of each template by which most of what isn't alike is passed over, and nothing that is.

Each feature turns one of an outline's bits over. A feature that only one of two templates has changes one bit at the
most, so two outlines never differ in more bits than the templates differ in features. Counting these bits takes a
hundredth of the time that comparing the features takes. The rough outline is the outline folded twice: a third of the
bits, of which the same is true, for the many pairs that have nothing in common.
"""

from sqlglot import exp

from auditor.content.definition import ALIKE
from auditor.content.nodes import times
from auditor.records.sql import call, case, cast, identifier, literal, named, total

SIZE = "size"
"""How many different features a template has."""

_BITS = 64
_WORDS, _ROUGH_WORDS = 9, 3


def _word(word: int) -> str:
    return f"outline_{word}"


def _rough_word(word: int) -> str:
    return f"rough_{word}"


OUTLINE = (SIZE, *map(_word, range(_WORDS)))
"""The columns of an outline."""


def outline_of(feature: exp.Expression) -> list[exp.Expression]:
    """Return the columns of an outline, as aggregates over a template's different features."""
    size = named(exp.Count(this=exp.Star()), SIZE)
    return [size, *(named(call("bit_xor", _bit_of(feature, word)), _word(word)) for word in range(_WORDS))]


def rough_outline() -> list[exp.Expression]:
    """Return the columns of a rough outline, over those of the outline."""
    folded = [[identifier(_word(word)) for word in range(first, _WORDS, _ROUGH_WORDS)] for first in range(_ROUGH_WORDS)]
    return [
        named(call("xor", call("xor", one, other), another), _rough_word(word))
        for word, (one, other, another) in enumerate(folded)
    ]


def may_be_alike(one: str, other: str, *, is_rough: bool = False) -> exp.Expression:
    """Return the test that the outlines in two tables don't differ in more bits than is possible for what is alike.

    Of what is alike, at most (whole - part) of (whole + part) features, counted in both, are in one of the two only.
    """
    words = [*map(_rough_word, range(_ROUGH_WORDS))] if is_rough else OUTLINE[1:]
    differences = total([_changed(word, one, other) for word in words])
    sizes = total([identifier(SIZE, one), identifier(SIZE, other)])
    part, whole = ALIKE
    return exp.LTE(this=times(differences, whole + part), expression=times(sizes, whole - part))


def _changed(word: str, one: str, other: str) -> exp.Expression:
    return cast(call("bit_count", call("xor", identifier(word, one), identifier(word, other))), "INTEGER")


def _bit_of(feature: exp.Expression, word: int) -> exp.Expression:
    """The bit of a feature in one word of the outline, none for features whose bit is in another word."""
    place = exp.Mod(this=feature.copy(), expression=literal(_BITS))
    rest = exp.Paren(this=exp.IntDiv(this=feature.copy(), expression=literal(_BITS)))
    own = exp.Mod(this=rest, expression=literal(_WORDS))
    bit = exp.BitwiseLeftShift(this=cast(literal(1), "UBIGINT"), expression=exp.Paren(this=place))
    is_here = exp.EQ(this=own, expression=literal(word))
    return case([(is_here, bit)], cast(literal(0), "UBIGINT"))
