"""MinHash sketches of templates, and the buckets in which near-duplicates meet.

A sketch holds, for each of its hashes, the least number that any feature has under it. Two sketches agree in a hash
with the probability that is the Jaccard similarity of the features. A hash is the feature's number with some of its
bits turned over, which bits is fixed here: the same log gives the same buckets, with any number of threads.
"""

import hashlib

from sqlglot import exp

from auditor.content.definition import BANDS, FEWEST_WORDS, ROWS
from auditor.content.features import FEATURES, WORDS, with_features
from auditor.content.nodes import at_least, columns, count, joined, select
from auditor.content.outlines import OUTLINE, outline_of, rough_outline
from auditor.content.templates import TEMPLATES
from auditor.content.texts import drop
from auditor.records.activity import Activity
from auditor.records.derived import insert, make_table
from auditor.records.sql import call, cast, identifier, literal, named, text_of

NODES = "content_nodes"
OUTLINES = "content_outlines"
BUCKETS = "content_buckets"
_SLICE, _SKETCHES, _MET = (f"content_{name}" for name in ("slice", "sketches", "met"))
AT_ONCE = 100_000
"""Templates sketched at once, so that memory doesn't grow with the log: features take much more room than sketches."""


def make_buckets(activity: Activity) -> None:
    """Make the tables of templates to be compared, numbered from the oldest on, and of the buckets where they meet.

    NODES: node, template_key. OUTLINES: node, and what is compared first, of those with enough words. BUCKETS: bucket,
    node; no bucket has one node only.
    """
    make_table(activity, NODES, _nodes())
    fill = make_table
    for first in range(1, max(1, _number_of_nodes(activity)) + 1, AT_ONCE):
        in_slice = exp.Between(this=identifier("node"), low=literal(first), high=literal(first + AT_ONCE - 1))
        make_table(activity, _SLICE, features_of(select(*columns("node", "template_key"), of=NODES).where(in_slice)))
        make_table(activity, _SKETCHES, _sketches())
        fill(activity, OUTLINES, _outlines())
        fill(activity, _MET, _met())
        fill = insert
    make_table(activity, BUCKETS, _buckets())
    drop(activity, _SLICE, _SKETCHES, _MET)


def features_of(nodes: exp.Select) -> exp.Select:
    """Return those of some nodes, given with their template's key, that have enough words, with different features."""
    texts = joined(select(*columns("node", "template"), of=nodes), TEMPLATES, "template_key")
    featured = with_features(texts, "template", once=True)
    return select(*columns("node", FEATURES), of=featured).where(at_least(identifier(WORDS), literal(FEWEST_WORDS)))


def _number_of_nodes(activity: Activity) -> int:
    return int(activity.connection.execute(text_of(select(count(), of=NODES))).fetchall()[0][0])


def turned_bits(number: int) -> int:
    """Return which bits the hash of that number turns over."""
    return int.from_bytes(hashlib.sha256(b"sketch %d" % number).digest()[:8], "big")


def _nodes() -> exp.Select:
    order = exp.Order(expressions=[exp.Ordered(this=item) for item in columns("first_time", "template_id")])
    node = named(exp.Window(this=exp.RowNumber(), order=order), "node")
    return select(node, identifier("template_key"), of=TEMPLATES)


def _outlines() -> exp.Select:
    return select(*columns("node", *OUTLINE), *rough_outline(), of=_SKETCHES)


def _spread() -> exp.Select:
    return select(identifier("node"), named(call("unnest", identifier(FEATURES)), "feature"), of=_SLICE)


def _sketches() -> exp.Select:
    """The sketch of each node, and its outline."""
    least = [named(exp.Min(this=_hashed(number)), _hash(number)) for number in range(BANDS * ROWS)]
    values = [*least, *outline_of(identifier("feature"))]
    return select(identifier("node"), *values, of=_spread()).group_by(identifier("node"))


def _hashed(number: int) -> exp.Expression:
    return call("xor", identifier("feature"), cast(literal(turned_bits(number)), "UBIGINT"))


def _hash(number: int) -> str:
    return f"hash_{number}"


def _met() -> exp.Select:
    bands = [call("hash", literal(band), *columns(*map(_hash, _rows_of(band)))) for band in range(BANDS)]
    return select(named(call("unnest", exp.Array(expressions=bands)), "bucket"), identifier("node"), of=_SKETCHES)


def _buckets() -> exp.Select:
    crowded = select(identifier("bucket"), of=_MET).group_by(identifier("bucket"))
    crowded = crowded.having(exp.GT(this=count(), expression=literal(1)))
    return joined(select(*columns("bucket", "node"), of=_MET), crowded, "bucket")


def _rows_of(band: int) -> range:
    return range(band * ROWS, (band + 1) * ROWS)
