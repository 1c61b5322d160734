"""What two texts are compared by: their different words and pairs of neighbouring words, as numbers.

The numbers are halves of MD5 digests: the same with every version of the engine, and nobody's proof.
"""

from sqlglot import exp

from auditor.content.definition import UNLETTERED
from auditor.content.nodes import columns, select
from auditor.records.sql import call, identifier, literal, named

FEATURES = "features"
_INDEX = "i"


def with_features(texts: exp.Select, text: str) -> exp.Select:
    """Return a query's rows with the list of features of one of its columns in the place of that column, unsorted."""
    kept = [item.alias_or_name for item in texts.expressions if item.alias_or_name != text]
    letters = call("regexp_replace", identifier(text), literal(UNLETTERED), literal(" "), literal("g"))
    words = call("string_split", call("trim", letters, literal(" ")), literal(" "))
    split = select(*columns(*kept), named(words, "words"), of=texts)
    return select(*columns(*kept), named(_features(), FEATURES), of=split)


def _features() -> exp.Expression:
    whole = call("list_concat", identifier("words"), _pairs())
    item = identifier("w")
    digests = exp.Comprehension(
        this=call("md5_number_lower", item), expression=exp.to_identifier("w", quoted=True), iterator=whole
    )
    return call("list_distinct", exp.Array(expressions=[digests]))


def _pairs() -> exp.Expression:
    first = call("list_extract", identifier("words"), identifier(_INDEX))
    after = exp.Add(this=identifier(_INDEX), expression=literal(1))
    second = call("list_extract", identifier("words"), after)
    pair = exp.Comprehension(
        this=call("concat", first, literal(" "), second),
        expression=exp.to_identifier(_INDEX, quoted=True),
        iterator=call("range", literal(1), call("len", identifier("words"))),
    )
    return exp.Array(expressions=[pair])


def common(one: exp.Expression, other: exp.Expression) -> exp.Expression:
    """Return the number of features that two lists have in common."""
    return call("len", call("list_intersect", one, other))


def size(features: exp.Expression) -> exp.Expression:
    """Return the number of features of a list."""
    return call("len", features)
