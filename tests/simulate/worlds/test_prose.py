"""Prompts: products repeat their frame, campaigns one wording, the careful many."""

import statistics
from itertools import pairwise
from random import Random

import pytest

from auditor.simulate.worlds import requests
from auditor.simulate.worlds.prose import Asking, Paraphrased, Template, product, question


def likeness(asking: Asking, random: Random) -> float:
    """Return the median likeness (Jaccard, of three words in a row) of pairs of prompts."""
    pairs = [(_threes(asking.text(random)), _threes(asking.text(random))) for _ in range(60)]
    return statistics.median(len(one & other) / len(one | other) for one, other in pairs)


def _threes(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return set(zip(words, words[1:], words[2:], strict=False))


PAIRS = [
    (requests.REASONING, requests.REASONING_IN_OTHER_WORDS),
    (requests.GRADING, requests.GRADING_IN_OTHER_WORDS),
    (requests.CENSORED, requests.CENSORED_IN_OTHER_WORDS),
    (requests.CODING, requests.CODING_IN_OTHER_WORDS),
    (requests.PINNED, requests.PINNED_IN_OTHER_WORDS),
]


@pytest.mark.parametrize(("plain", "reworded"), PAIRS, ids=[plain.name for plain, _ in PAIRS])
def test_a_paraphrase_is_much_less_alike_than_a_template(plain: Template, reworded: Paraphrased) -> None:
    random = Random(1)

    assert likeness(reworded, random) < 0.6 * likeness(plain, random)


def test_questions_of_people_are_seldom_the_same() -> None:
    random = Random(1)

    asked = [question(random) for _ in range(3000)]

    assert len(set(asked)) > 2990


def test_two_products_have_little_in_common() -> None:
    random = Random(1)
    pairs = [(product(random), product(random)) for _ in range(60)]

    alike = [_threes(one.frame) & _threes(other.frame) for one, other in pairs]

    assert statistics.median(map(len, alike)) <= 3


def test_two_parties_ask_for_the_same_thing_in_words_of_their_own() -> None:
    random = Random(1)
    prompts = [requests.agentic(random, is_adaptive=False).text(random) for _ in range(40)]

    alike = [
        len(_threes(one) & _threes(other)) / len(_threes(one) | _threes(other)) for one, other in pairwise(prompts)
    ]

    assert statistics.median(alike) < 0.4
