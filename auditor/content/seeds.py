"""How much a prompt is like a public instruction that training data were grown from.

A text with similarity s to a seed has at least the part s of the seed's features. So it has one of any larger part than
the rest of them: the rarest are looked up, and only what has one of these is compared. Nothing is missed by that.
"""

from collections.abc import Sequence

from sqlglot import exp

from auditor.content.blanking import with_text
from auditor.content.definition import SEED_ALIKE
from auditor.content.features import FEATURES, common, different, size, with_features
from auditor.content.nodes import at_least, columns, count, joined, select, times
from auditor.content.texts import PROMPTS, TEXTS, drop
from auditor.records.activity import Activity
from auditor.records.derived import make_table
from auditor.records.sql import call, cast, identifier, literal, named

PROMPT_SEEDS = "content_prompt_seeds"
SIMILARITY = "similarity"
_SEEDS, _RARE, _PAIRS, _BEST = (f"content_seed_{name}" for name in ("features", "rare", "pairs", "best"))


def make_similarities(activity: Activity, seeds: Sequence[str]) -> None:
    """Make the table of prompts with their greatest similarity to a seed: prompt_key, similarity."""
    make_table(activity, _SEEDS, _seeds(seeds))
    make_table(activity, _RARE, _rare())
    make_table(activity, _PAIRS, _pairs())
    make_table(activity, _BEST, _best())
    make_table(activity, PROMPT_SEEDS, _of_prompts())
    drop(activity, _SEEDS, _RARE, _PAIRS, _BEST)


def _seeds(seeds: Sequence[str]) -> exp.Select:
    texts = exp.Array(expressions=[literal(seed) for seed in seeds]) if seeds else exp.Array()
    listed = call("unnest", cast(texts, "VARCHAR[]"))
    numbers = call("unnest", call("range", literal(1), literal(len(seeds) + 1)))
    given = exp.Select(expressions=[named(numbers, "seed"), named(listed, "prompt")])
    featured = with_features(with_text(given, "prompt"), "text")
    return select(identifier("seed"), named(different(identifier(FEATURES)), FEATURES), of=featured)


def _rare() -> exp.Select:
    """Of each seed the features that the fewest seeds have: so many that a text alike must have one of them."""
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
        this=times(exp.Sub(this=identifier("place"), expression=literal(1)), whole),
        expression=exp.Add(this=times(identifier("size"), whole - part), expression=literal(1)),
    )
    return select(*columns("seed", "feature"), of=ranked).where(spared)


def _pairs() -> exp.Select:
    """The texts and seeds that have a rare feature in common."""
    featured = with_features(select(*columns("text_key", "text"), of=TEXTS), "text")
    spread = select(identifier("text_key"), named(call("unnest", identifier(FEATURES)), "feature"), of=featured)
    return joined(select(*columns("text_key", "seed"), of=spread), _RARE, "feature").distinct()


def _best() -> exp.Select:
    texts = joined(select(*columns("text_key", "seed", "text"), of=_PAIRS), TEXTS, "text_key")
    featured = with_features(texts, "text")
    own = select(*columns("text_key", "seed"), named(different(identifier(FEATURES)), "own"), of=featured)
    compared = select(*columns("text_key", "own", FEATURES), of=own)
    compared = joined(compared, _SEEDS, "seed")
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
