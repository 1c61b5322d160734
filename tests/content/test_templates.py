"""Templates of a log: openings and closings, and that the SQL says what the definition says."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any  # a record holds values of every column type

import pytest

from auditor.content.derivations import content_derivations
from auditor.content.templates import DIGITS
from auditor.records.derived import with_derived
from auditor.records.memory import activity_of
from tests.content.plain import Owned, blanked, forms

START = datetime(2026, 6, 1, tzinfo=UTC)
NOUNS = (
    "harbour", "letter", "garden", "window", "bridge", "engine", "lesson", "market", "valley", "doctor", "summer",
    "pencil", "winter", "basket", "planet", "kitchen", "forest", "village", "captain", "teacher", "mirror", "island",
)  # fmt: skip


def rows_of(asked: Iterable[tuple[str | None, str]], **columns: object) -> list[dict[str, object]]:
    """Return a call for each (account, prompt), a minute apart."""
    return [
        {"time": START + timedelta(minutes=n), "event": "completion", "account_id": who, "prompt": text, **columns}
        for n, (who, text) in enumerate(asked)
    ]


def templates_of(rows: list[dict[str, object]], as_of: datetime | None = None) -> list[Any]:
    """Return the template id of each record, as rules will read it."""
    activity = activity_of(rows)
    derived = with_derived(activity, content_derivations(activity, ["template_id"], as_of=as_of))
    return [row["template_id"] for row in derived.rows()]


def plain_templates_of(rows: list[dict[str, object]]) -> list[Any]:
    """Return the same, by the plain evaluator."""
    texts = [blanked(str(row["prompt"])) for row in rows]
    owned: Owned = {}
    for row, text in zip(rows, texts, strict=True):
        if row["account_id"] is not None and text:
            owned.setdefault(str(row["account_id"]), set()).add(text)
    found = forms(set(texts) - {""}, owned)
    return [sha256(found.get(text, text).encode()).hexdigest()[:DIGITS] if text else None for text in texts]


def sentence(chance: random.Random, words: int = 6) -> str:
    """Return some words."""
    return " ".join(chance.choice(NOUNS) for _ in range(words))


def filled(template: str, account: str, count: int, seed: int = 1) -> list[tuple[str | None, str]]:
    """Return so many calls of an account with a template, its `{}` filled in."""
    chance = random.Random(seed)
    return [(account, template.format(sentence(chance))) for _ in range(count)]


def test_an_unmarked_slot_is_found_by_what_an_account_does() -> None:
    rows = rows_of(filled("Solve this problem: {}", "a", 40) + filled("Solve this problem: {}", "b", 3, seed=2))

    assert len(set(templates_of(rows))) == 1


def test_a_common_end_makes_a_template_too() -> None:
    rows = rows_of(filled("{} Please reason step by step and give the answer in a box.", "a", 40))

    assert len(set(templates_of(rows))) == 1


def test_the_same_opening_with_marked_slots_needs_no_company() -> None:
    rows = rows_of([("a", "Grade answer 4 of batch 2."), ("b", "grade answer 12 of  batch 9.")])

    assert len(set(templates_of(rows))) == 1


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(filled("Solve this problem: {}", "a", 19), id="nineteen texts are too few"),
        pytest.param(filled("Solve: {}", "a", 40), id="one word is no opening"),
        pytest.param(
            filled("Could you please help me with {}", "a", 20) + filled("{}", "a", 400, seed=3), id="a turn of phrase"
        ),
        pytest.param(
            [call for n in range(60) for call in filled("Could you please explain {}", f"u{n}", 3, seed=n)],
            id="what many people say now and then",
        ),
    ],
)
def test_ordinary_beginnings_make_no_template(asked: list[tuple[str | None, str]]) -> None:
    rows = rows_of(asked)

    assert len(set(templates_of(rows))) == len({blanked(text) for _, text in asked})


def test_one_heavy_user_of_a_phrase_does_not_make_it_a_template_for_all() -> None:
    everybody = [call for n in range(60) for call in filled("Tell me more about {}", f"u{n}", 3, seed=n)]
    rows = rows_of([*everybody, *filled("Tell me more about {}", "heavy", 40, seed=99)])

    assert len(set(templates_of(rows))) == len(rows)


def test_two_templates_that_begin_alike_stay_two() -> None:
    one = filled("You are an expert in chemistry who answers: {}", "a", 40)
    two = filled("You are an expert in history who answers: {}", "a", 40, seed=2)

    templates = templates_of(rows_of([*one, *two]))

    assert len(set(templates[:40])) == len(set(templates[40:])) == 1
    assert templates[0] != templates[-1]


def test_a_template_that_the_source_gives_comes_first() -> None:
    rows = rows_of([("a", "Name 1 bird.")], template_id="given")

    assert templates_of(rows) == ["given"]


def test_later_records_are_out_of_sight() -> None:
    rows = rows_of(filled("Solve this problem: {}", "a", 40))

    templates = templates_of(rows, as_of=START + timedelta(minutes=9))

    assert len(set(templates[:10])) == 10
    assert set(templates[10:]) == {None}


def test_a_digest_given_to_different_texts_names_no_template() -> None:
    rows = rows_of([("a", "Name a bird."), ("a", "Name a fish.")], prompt_digest="same")

    assert templates_of(rows) == [None, None]


@pytest.mark.parametrize("seed", range(3))
def test_the_engine_finds_the_templates_of_the_definition_in_any_order(seed: int) -> None:
    rows = rows_of(mixture(seed))
    shuffled = random.Random(seed).sample(rows, len(rows))

    found = dict(zip((str(row["prompt"]) for row in rows), templates_of(rows), strict=True))

    assert [found[str(row["prompt"])] for row in rows] == plain_templates_of(rows)
    by_time = sorted(shuffled, key=lambda row: str(row["time"]))
    assert templates_of(shuffled) == [found[str(row["prompt"])] for row in by_time]


def mixture(seed: int) -> list[tuple[str | None, str]]:
    """Return calls of a few accounts with templates of all kinds, near every threshold."""
    chance = random.Random(seed)
    templates = [
        "Solve this problem: {}", "Solve this problem: show {}", "{} Now answer in one word and nothing else please.",
        "Could you {}", "Write a story about {} for children", "Write a story of {}", "{}", "word " * 45 + "{}",
        "\u8bf7\u89e3\u51b3\u4ee5\u4e0b\u95ee\u9898 {}", "You are an expert in {}", "Question {} of 12: \t {}",
    ]  # fmt: skip
    calls: list[tuple[str | None, str]] = []
    for account in [*map(str, range(5)), None]:
        for template in chance.sample(templates, 4):
            for _ in range(chance.choice([1, 9, 19, 20, 21, 60])):
                text = template.replace("{}", sentence(chance, chance.choice([1, 2, 5])))
                calls.append((account, text))
    return calls
