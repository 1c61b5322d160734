"""What two texts are compared by: their different words and pairs of neighbouring words, as numbers.

The numbers of words are the engine's hashes, twenty times as fast as a digest. Which numbers they are changes no
similarity; another version of the engine could only let other candidates meet in a bucket (docs/adr/0014).
"""

from sqlglot import exp

from auditor.content.definition import UNLETTERED
from auditor.content.nodes import columns, select
from auditor.records.sql import call, cast, identifier, literal, named

FEATURES = "features"
WORDS = "words"
_HALF = 2**32
_PAIR = "p"
_WORD = "w"
_FEATURE = "f"
_PLACE = "i"


def with_features(texts: exp.Select, text: str, *, once: bool = False) -> exp.Select:
    """Return a query's rows with the list of features of one of its columns in its place, and the number of `words`.

    A feature that comes twice in a text is twice in its list, unless each is wanted `once`.
    """
    kept = [item.alias_or_name for item in texts.expressions if item.alias_or_name != text]
    letters = call("regexp_replace", identifier(text), literal(UNLETTERED), literal(""), literal("g"))
    words = call("string_split", letters, literal(" "))
    # between two spaces is no word: to pass it over is quicker than to make one space of them
    is_word = exp.NEQ(this=identifier(_WORD), expression=literal(""))
    hashes = _each(_WORD, call("hash", identifier(_WORD)), words, is_word)
    numbered = select(*columns(*kept), named(hashes, "numbers"), of=texts)
    paired = select(*columns(*kept, "numbers"), named(_pairs(), "pairs"), of=numbered)
    parts = columns("numbers", "pairs")
    features = call("list_concat", *(map(_different, parts) if once else parts))
    count = call("len", identifier("numbers"))
    return select(*columns(*kept), named(features, FEATURES), named(count, WORDS), of=paired)


def _each(
    name: str, value: exp.Expression, values: exp.Expression, condition: exp.Expression | None = None
) -> exp.Expression:
    item = exp.Comprehension(
        this=value, expression=exp.to_identifier(name, quoted=True), iterator=values, condition=condition
    )
    return exp.Array(expressions=[item])


def _pairs() -> exp.Expression:
    """A pair's number: the first word's, with those bits turned over that the second word's has, its halves swapped."""
    first, second = (call("array_extract", identifier(_PAIR), literal(place)) for place in (1, 2))
    low = exp.Mul(this=exp.Paren(this=exp.Mod(this=second, expression=literal(_HALF))), expression=literal(_HALF))
    high = exp.IntDiv(this=second.copy(), expression=literal(_HALF))
    swapped = exp.Add(this=exp.Paren(this=low), expression=exp.Paren(this=high))
    numbers = identifier("numbers")
    following = call("list_slice", numbers.copy(), literal(2), call("len", numbers.copy()))
    pairs = call("list_zip", numbers, following, exp.true())
    return _each(_PAIR, call("xor", first, cast(swapped, "UBIGINT")), pairs)


def _different(numbers: exp.Expression) -> exp.Expression:
    """Return the different numbers of a list: those that stand where they are found first.

    For lists as short as a prompt's that takes a third of the time of the engine's own function for it. The list must
    be a column: an expression would be worked out again for each of its numbers.
    """
    is_first = exp.EQ(this=call("list_position", numbers, identifier(_FEATURE)), expression=identifier(_PLACE))
    names = [exp.to_identifier(name, quoted=True) for name in (_FEATURE, _PLACE)]
    return call("list_filter", numbers.copy(), exp.Lambda(this=is_first, expressions=names))


def common(one: exp.Expression, other: exp.Expression) -> exp.Expression:
    """Return the number of features that two lists of different features have in common.

    Looking each one up in the other list is four times as fast as the engine's own intersection of such short lists.
    """
    is_in_both = call("list_contains", other, identifier(_FEATURE))
    return call("len", _each(_FEATURE, identifier(_FEATURE), one, is_in_both))


def size(features: exp.Expression) -> exp.Expression:
    """Return the number of features of a list of different ones."""
    return call("len", features)
