"""How much a prompt is like a public instruction that training data were grown from.

A text with similarity s to a seed has at least the part s of the seed's features. So it has three of any three more
features than the rest: the rarest are looked up, and only what has three of these is compared. Nothing is missed by
that. A text that has too many words for the similarity, each counted as often as it comes, has none; a seed with fewer
than seven features (four words and their pairs) is anybody's.
"""

from collections.abc import Sequence

from sqlglot import exp

from auditor.content.blanking import with_text
from auditor.content.definition import SEED_ALIKE
from auditor.content.features import FEATURES, WORDS, common, size, with_features
from auditor.content.nodes import at_least, columns, count, joined, select, times
from auditor.content.texts import PROMPTS, TEXTS, drop
from auditor.records.activity import Activity
from auditor.records.derived import make_table
from auditor.records.sql import call, cast, identifier, literal, named

PROMPT_SEEDS = "content_prompt_seeds"
SIMILARITY = "similarity"
_SEEDS, _RARE, _PAIRS, _OWN, _BEST = (f"content_seed_{name}" for name in ("features", "rare", "pairs", "own", "best"))
PROOFS = 3
"""How many of a seed's rarest features a text must have to be compared with it."""

SMALLEST = 7
"""A similarity of two fifths takes three features of seven."""


def make_similarities(activity: Activity, seeds: Sequence[str]) -> None:
    """Make the table of prompts with their greatest similarity to a seed: prompt_key, similarity."""
    make_table(activity, _SEEDS, _seeds(seeds))
    make_table(activity, _RARE, _rare())
    make_table(activity, _PAIRS, _pairs())
    make_table(activity, _OWN, _own())
    make_table(activity, _BEST, _best())
    make_table(activity, PROMPT_SEEDS, _of_prompts())
    drop(activity, _SEEDS, _RARE, _PAIRS, _OWN, _BEST)


def _seeds(seeds: Sequence[str]) -> exp.Select:
    texts = exp.Array(expressions=[literal(seed) for seed in seeds]) if seeds else exp.Array()
    listed = call("unnest", cast(texts, "VARCHAR[]"))
    numbers = call("unnest", call("range", literal(1), literal(len(seeds) + 1)))
    given = exp.Select(expressions=[named(numbers, "seed"), named(listed, "prompt")])
    featured = with_features(with_text(given, "prompt"), "text", once=True)
    return select(*columns("seed", FEATURES), of=featured).where(
        at_least(size(identifier(FEATURES)), literal(SMALLEST))
    )


def _rare() -> exp.Select:
    """Of each seed the features that the fewest seeds have: so many that a text alike must have `PROOFS` of them."""
    spread = select(
        identifier("seed"),
        named(size(identifier(FEATURES)), "size"),
        named(call("unnest", identifier(FEATURES)), "feature"),
        of=_SEEDS,
    )
    held = exp.Window(this=count(), partition_by=[identifier("feature")])
    counted = select(*columns("seed", "size", "feature"), named(held, "held"), of=spread)
    order = exp.Order(expressions=[exp.Ordered(this=item) for item in columns("held", "feature")])
    place = exp.Window(this=exp.RowNumber(), partition_by=[identifier("seed")], order=order)
    ranked = select(*columns("seed", "size", "feature"), named(place, "place"), of=counted)
    part, whole = SEED_ALIKE
    spared = exp.LT(
        this=times(exp.Paren(this=exp.Sub(this=identifier("place"), expression=literal(PROOFS))), whole),
        expression=exp.Add(this=times(identifier("size"), whole - part), expression=literal(1)),
    )
    return select(*columns("seed", "size", "feature"), of=ranked).where(spared)


def _pairs() -> exp.Select:
    """The texts and seeds of comparable length that have enough rare features in common."""
    featured = with_features(select(*columns("text_key", "text"), of=TEXTS), "text")
    spread = select(*columns("text_key", WORDS), named(call("unnest", identifier(FEATURES)), "feature"), of=featured)
    met = joined(select(*columns("text_key", "seed"), of=spread), _RARE, "feature")
    part, whole = SEED_ALIKE
    most = exp.Paren(this=exp.Sub(this=times(identifier(WORDS), 2), expression=literal(1)))
    met = met.where(at_least(times(identifier("size"), whole), times(most, part)))
    return met.group_by(*columns("text_key", "seed")).having(at_least(count(), literal(PROOFS)))


def _own() -> exp.Select:
    """The different features of each text that is to be compared."""
    listed = select(identifier("text_key"), of=_PAIRS).distinct()
    texts = joined(select(*columns("text_key", "text"), of=listed), TEXTS, "text_key")
    featured = with_features(texts, "text", once=True)
    return select(identifier("text_key"), named(identifier(FEATURES), "own"), of=featured)


def _best() -> exp.Select:
    own = joined(select(*columns("text_key", "seed", "own"), of=_PAIRS), _OWN, "text_key")
    compared = joined(select(*columns("text_key", "own", FEATURES), of=own), _SEEDS, "seed")
    shared = select(
        identifier("text_key"),
        named(common(identifier("own"), identifier(FEATURES)), "shared"),
        named(exp.Add(this=size(identifier("own")), expression=size(identifier(FEATURES))), "both"),
        of=compared,
    )
    either = exp.Paren(this=exp.Sub(this=identifier("both"), expression=identifier("shared")))
    part, whole = SEED_ALIKE
    is_alike = at_least(times(identifier("shared"), whole), times(either.copy(), part))
    thousandths = exp.IntDiv(this=times(identifier("shared"), 1000), expression=either)
    similarity = named(exp.Max(this=thousandths), "thousandths")
    return select(identifier("text_key"), similarity, of=shared).where(is_alike).group_by(identifier("text_key"))


def _of_prompts() -> exp.Select:
    known = exp.Coalesce(this=identifier("thousandths"), expressions=[literal(0)])
    value = cast(exp.Mul(this=known, expression=cast(literal("0.001"), "DECIMAL(4,3)")), "DECIMAL(4,3)")
    query = select(identifier("prompt_key"), named(value, SIMILARITY), of=PROMPTS)
    return joined(query, _BEST, "text_key", left=True)
