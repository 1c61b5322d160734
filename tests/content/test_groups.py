"""Groups of near-duplicates: who belongs together, who doesn't, and that the SQL says what the definition says."""

import random
from hashlib import sha256
from typing import Any  # a record holds values of every column type

import duckdb
import pytest

from auditor.content.definition import ALIKE
from auditor.content.derivations import content_derivations
from auditor.content.templates import DIGITS
from auditor.records.derived import with_derived
from auditor.records.memory import activity_of
from tests.content.plain import blanked, features, groups
from tests.content.test_templates import NOUNS, rows_of

LONG = "Please act as a strict examiner and grade the answer of the student below on a scale with reasons"


def groups_of(prompts: list[str], threads: int | None = None) -> list[Any]:
    """Return the group of each prompt, as rules will read it; each prompt comes from an account of its own."""
    connection = duckdb.connect(config={"threads": threads}) if threads else None
    activity = activity_of(rows_of((f"u{n}", prompt) for n, prompt in enumerate(prompts)), connection=connection)
    derived = with_derived(activity, content_derivations(activity, ["template_group"]))
    return [row["template_group"] for row in derived.rows()]


def identifier_of(template: str) -> str:
    """Return the id of a template."""
    return sha256(template.encode()).hexdigest()[:DIGITS]


def plain_groups_of(prompts: list[str]) -> list[str]:
    """Return the same, by the plain evaluator; the time of a prompt is its place."""
    texts = [blanked(prompt) for prompt in prompts]
    oldest_first = list(dict.fromkeys(texts))
    named_after = groups(oldest_first)
    return [identifier_of(named_after[text]) for text in texts]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(LONG, LONG.replace("strict", "severe"), id="one word is another"),
        pytest.param(LONG, LONG.replace("Please act", "Act").replace("student", "pupil"), id="two small changes"),
        pytest.param(LONG, LONG.upper() + "!!", id="case and punctuation"),
        pytest.param(
            "Solve exercise 4 of the sheet below", "Solve exercise 5 of the sheets below", id="a short template"
        ),
    ],
)
def test_variants_of_one_template_fall_together(one: str, other: str) -> None:
    first, second = groups_of([one, other])

    assert first == second == identifier_of(blanked(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Write a short poem about the sea for her", "Write me an essay on trade with Asia", id="tasks"),
        pytest.param("What is the capital of France?", "What is the boiling point of iron?", id="questions"),
        pytest.param("Summarise the minutes of meeting 4.", "Summarise the query of report 7.", id="the same verb"),
        pytest.param("Write a poem", "Write a novel", id="too short to be compared"),
    ],
)
def test_ordinary_prompts_stay_apart(one: str, other: str) -> None:
    first, second = groups_of([one, other])

    assert first != second


def test_a_chain_of_small_differences_makes_no_group() -> None:
    words = [f"{noun}s" for noun in NOUNS] + list(NOUNS)
    chain = [" ".join(words[start : start + 10]) for start in range(30)]

    found = groups_of(chain)

    first = features(blanked(chain[0]))
    part, whole = ALIKE
    together = [text for text, group in zip(chain, found, strict=True) if group == found[0]]
    assert 1 < len(together) < 5
    assert all(
        len(first & features(blanked(text))) * whole >= len(first | features(blanked(text))) * part for text in together
    )
    assert len(set(found)) >= 6


def test_common_boilerplate_does_not_hold_different_tasks_together() -> None:
    chance = random.Random(3)
    tasks = [" ".join(chance.choices(NOUNS, k=14)) for _ in range(200)]

    found = groups_of([f"Answer briefly please. {task}" for task in tasks])

    assert len(set(found)) > 180


@pytest.mark.parametrize("seed", range(3))
def test_the_engine_groups_as_the_definition_says(seed: int) -> None:
    chance = random.Random(seed)
    prompts = []
    for _ in range(12):
        words = chance.choices(NOUNS, k=chance.randrange(3, 14))
        for _ in range(chance.randrange(1, 12)):
            changed = [chance.choice(NOUNS) if chance.random() < 0.15 else word for word in words]
            prompts.append(" ".join(changed))
    chance.shuffle(prompts)

    assert groups_of(prompts) == plain_groups_of(prompts)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_changes_nothing(threads: int) -> None:
    chance = random.Random(5)
    prompts = [" ".join(chance.choices(NOUNS[:9], k=7)) for _ in range(250)]

    assert groups_of(prompts, threads) == plain_groups_of(prompts)


def test_every_member_is_like_the_one_its_group_is_named_after() -> None:
    chance = random.Random(11)
    prompts = [" ".join(chance.choices(NOUNS[:8], k=chance.randrange(4, 9))) for _ in range(300)]
    of = {identifier_of(blanked(prompt)): features(blanked(prompt)) for prompt in prompts}
    part, whole = ALIKE

    for prompt, group in zip(prompts, groups_of(prompts), strict=True):
        own = features(blanked(prompt))
        assert len(own & of[group]) * whole >= len(own | of[group]) * part
