"""Prompts: what people, products and campaigns ask, with the words that vary from call to call.

A `Template` has a fixed text with slots. Whoever means to be found by nobody paraphrases: `Paraphrased` says the same
in other words, in another order, with other politeness, from call to call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

_NOUNS = (
    "harbour invoice parser kitchen garden ticket contract orchard module poem ledger bridge violin engine lesson "
    "recipe shipment theorem patient novel airport budget river compiler insurance museum bicycle protocol tomato "
    "server battery lecture tunnel blanket satellite vaccine election puzzle castle printer mortgage desert syllabus "
    "antenna quarry widget penguin turbine basket customs pension furnace glacier hostel index jacket kernel lantern "
    "magnet needle octave paddle quilt ribbon saddle tariff umbrella valve wagon yeast zipper abbey beacon canal dairy "
    "easel ferry galaxy hedge ivory jungle kettle lobby meadow nickel onion pebble quartz rocket statue trellis "
    "upgrade village walnut yacht acid bakery cobalt dialect embassy fabric gravel harvest insect jewel kayak lemon "
    "mosaic nursery opera pigeon query resin silk temple uniform vessel wheat anchor bazaar cedar dragon epoch"
)
_VERBS = (
    "explain summarise translate rewrite check compare plan describe shorten extend correct classify outline draft "
    "improve convert list estimate review design debug test document rank sketch simplify interpret merge"
)
MANNERS = (
    "in plain words", "for a child", "in two sentences", "as a table", "with an example", "for my manager",
    "without jargon", "as a short email", "step by step", "with sources", "in a friendly tone", "for a presentation",
    "before Friday", "like last time", "and keep the numbers", "but not too long", "for beginners", "in order",
)  # fmt: skip
_ADJECTIVES = (
    "old new broken annual blue wooden hidden shared local final early public quiet missing digital northern seasonal "
    "cheap formal fragile modern round steep urban vast weekly young rusty linear frozen daily cosmic bitter"
)
NOUNS, VERBS, ADJECTIVES = (tuple(words.split()) for words in (_NOUNS, _VERBS, _ADJECTIVES))
OPENINGS = ("", "", "", "Please ", "Hi, can you ", "Could you ", "I need you to ", "Help me: ", "Quick one: ", "So, ")


class Asking(Protocol):
    """Something that gives a prompt a call, and the name of the template that it comes from."""

    @property
    def name(self) -> str:
        """The template that prompts come from; empty for none."""
        ...

    def text(self, random: Random) -> str:
        """Return the next prompt."""
        ...


def one_of(random: Random, words: Sequence[str]) -> str:
    """Return one of some words; millions are asked for, and this costs a third of `Random.choice`."""
    return words[int(random.random() * len(words))]


def phrase(random: Random) -> str:
    """Return a noun phrase by chance."""
    return f"the {one_of(random, ADJECTIVES)} {one_of(random, NOUNS)} of the {one_of(random, NOUNS)}"


def question(random: Random) -> str:
    """Return a prompt as anybody types it: one to three clauses, seldom the same twice."""
    text = f"{one_of(random, OPENINGS)}{one_of(random, VERBS)} {phrase(random)} {one_of(random, MANNERS)}"
    for _ in range(int(random.random() * 3)):
        things = f"{one_of(random, NOUNS)} and {one_of(random, NOUNS)}"
        text += f", then {one_of(random, VERBS)} {things} {one_of(random, MANNERS)}"
    return text


def passage(random: Random, words: int) -> str:
    """Return running text of about so many words."""
    parts = []
    for _ in range(max(1, words // 9)):
        who = f"{one_of(random, ADJECTIVES)} {one_of(random, NOUNS)}"
        parts.append(f"The {who} will {one_of(random, VERBS)} {phrase(random)}.")
    return " ".join(parts)


class Anything:
    """Whatever somebody has in mind."""

    name = ""

    def text(self, random: Random) -> str:
        """Return the next prompt."""
        return question(random)


@dataclass(frozen=True)
class Template:
    """A product's prompt: a fixed frame around what its customer sends."""

    name: str
    frame: str
    words: int = 12

    def text(self, random: Random) -> str:
        """Return the frame, filled."""
        filled = self.frame.replace("{n}", str(random.randrange(1, 100_000)))
        return filled.replace("{text}", passage(random, self.words)) if "{text}" in filled else filled


@dataclass(frozen=True)
class Paraphrased:
    """One request in many words: each part has alternatives, parts may change places, and small talk is mixed in."""

    name: str
    parts: tuple[tuple[str, ...], ...]
    words: int = 12

    def text(self, random: Random) -> str:
        """Return the request in words of the moment."""
        parts = [random.choice(part) for part in self.parts]
        if random.random() < 0.5:
            parts.append(parts.pop(0))
        if random.random() < 0.6:
            parts.insert(random.randrange(len(parts) + 1), f"{random.choice(OPENINGS)}mind {phrase(random)}.")
        text = " ".join(parts).replace("{n}", str(random.randrange(1, 100_000)))
        return text.replace("{text}", passage(random, self.words + random.randrange(20)))


@dataclass(frozen=True)
class Mix:
    """Several requests, each with its weight."""

    name: str
    of: tuple[Asking, ...]
    weights: tuple[float, ...]

    def text(self, random: Random) -> str:
        """Return a prompt of one of them."""
        return random.choices(self.of, self.weights)[0].text(random)


FRAMES = (
    "You work for the {a} desk of {b}. {c} and {d}. Never mention {e}. Answer {f}. Item {n}: {text}",
    "{c}. Input: {text}",
    "### Task\n{c} {f}.\n### Rules\n- {d}\n- no word about {e}\n### Data {n}\n{text}",
    "Context: customer of {b}. Question about {a}: {text} {c}, {f}.",
    '{"task": "{a}", "do": "{c}", "style": "{f}", "id": {n}, "body": "{text}"}',
    "As {b}'s assistant, {c}; if you can't, {d}. {text}",
    "<doc id={n}>{text}</doc> {c} {f}, then {d}.",
    "{text}\n\nGiven the above, {c}. Output {f}. Ignore {e}.",
)


def product(random: Random, words: int = 14) -> Template:
    """Return the prompt of a product of its own: its makers' frame, task, rules and words."""
    choice = random.choice
    name = f"{choice(ADJECTIVES)}-{choice(NOUNS)}-{random.getrandbits(24):06x}"
    parts = {
        "{a}": choice(NOUNS),
        "{b}": f"{choice(NOUNS).title()} {choice(NOUNS).title()}",
        "{c}": f"{choice(VERBS)} {phrase(random)} {choice(MANNERS)}",
        "{d}": f"{choice(VERBS)} {phrase(random)}",
        "{e}": phrase(random),
        "{f}": choice(MANNERS),
    }
    frame = choice(FRAMES)
    for slot, value in parts.items():
        frame = frame.replace(slot, value)
    return Template(name, frame, words)
