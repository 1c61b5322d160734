"""Likeness to public instructions: the engine's and the definition's."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any  # a record holds values of every column type

import pytest

from auditor.content.definition import SEED_ALIKE
from auditor.content.derivations import content_derivations
from auditor.content.seeds import SMALLEST
from auditor.records.derived import with_derived
from auditor.records.memory import activity_of
from tests.content.plain import blanked, features, words_of
from tests.content.test_templates import NOUNS, rows_of

SEEDS = (
    "Brainstorm a list of possible New Year's resolutions.",
    "Write a cover letter based on the given facts.",
    "Write a conversation based on the given facts.",
    "Given a set of numbers, find all possible subsets that sum to a given number.",
    "Explain human's behavior.",
)


def similarities_of(prompts: list[str], seeds: tuple[str, ...] = SEEDS) -> list[Any]:
    """Return the similarity of each prompt, as rules will read it."""
    activity = activity_of(rows_of(("a", prompt) for prompt in prompts))
    derived = with_derived(activity, content_derivations(activity, ["seed_similarity"], seeds=seeds))
    return [row["seed_similarity"] for row in derived.rows()]


def plain_similarity(prompt: str, seeds: tuple[str, ...] = SEEDS) -> Decimal:
    """Return the same, by the plain evaluator."""
    own, least = features(blanked(prompt)), Fraction(*SEED_ALIKE)
    most = 2 * len(words_of(blanked(prompt))) - 1
    comparable = [one for one in map(features, map(blanked, seeds)) if most * least <= len(one) >= SMALLEST]
    greatest = max((Fraction(len(own & of_seed), len(own | of_seed)) for of_seed in comparable), default=0)
    return Decimal(int(greatest * 1000) if greatest >= least else 0) / 1000


@pytest.mark.parametrize(
    ("prompt", "least", "most"),
    [
        pytest.param(SEEDS[0], "1", "1", id="the seed itself"),
        pytest.param("Brainstorm a list of possible New Year's presents.", "0.6", "0.9", id="one word is another"),
        pytest.param("Write a report based on the given facts.", "0.4", "0.7", id="one word fewer"),
        pytest.param("What is the capital of France?", "0", "0", id="an ordinary question"),
        pytest.param("Write a poem.", "0", "0", id="the same first words"),
    ],
)
def test_likeness_grows_with_the_words_in_common(prompt: str, least: str, most: str) -> None:
    (found,) = similarities_of([prompt])

    assert Decimal(least) <= found <= Decimal(most)
    assert found == plain_similarity(prompt)


def test_without_seeds_nothing_is_like_them() -> None:
    assert similarities_of(["Write a poem."], seeds=()) == [Decimal(0)]


def test_the_engine_measures_what_the_definition_says() -> None:
    chance = random.Random(7)
    words = [*" ".join(SEEDS).lower().split(), *NOUNS]
    seeds = tuple(" ".join(chance.choices(words, k=chance.randrange(2, 12))) for _ in range(25))
    prompts = []
    for _ in range(120):
        changed = chance.choice(seeds).split()
        for _ in range(chance.randrange(4)):
            changed[chance.randrange(len(changed))] = chance.choice(words)
        prompts.append(" ".join(changed))

    assert similarities_of(prompts, seeds) == [plain_similarity(prompt, seeds) for prompt in prompts]
    assert len(set(similarities_of(prompts, seeds))) > 10
