"""What a template is: the patterns and numbers that the SQL and the plain evaluator of the tests share.

A prompt is read (the last message of the user, where it is a list of messages; at most its beginning and its end),
folded and *blanked*: each slot that a mark shows (a number, a quoted span, code, an address, a long token) becomes `#`.
Slots that no mark shows are found by what an account does: where many of its texts have a long common beginning and
go on differently, the rest is a slot (an *opening*); the same with a common end (a *closing*).

Every pattern means the same to RE2 and to Python's `re` with `ASCII`: no `.`, no `$`, no `\\s`, no look-around.
"""

from dataclasses import dataclass

LONGEST = 600
HEAD = 400
TAIL = 200
"""A longer text is read by so many characters of its beginning and of its end; what is between is a slot."""

USERS = ("user", "human")
"""Roles whose last message is what was asked. A system prompt is the application's and makes no template."""

SLOT = "#"
FREE = "\u2026"
"""Stands for the free part of a template that is an opening or a closing."""

_SPACE = (
    r"\x00-\x20\x7f" + "\u0085\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff"
)  # control signs, spaces of every width, and signs of no width
SPACE = f"[{_SPACE}]"
INK = f"[^{_SPACE}]"
_OTHER_SPACE = r"\x00-\x1f\x7f" + "\u0085\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff"
FOLD = f"{SPACE}{{2,}}|[{_OTHER_SPACE}]"
"""Becomes one space."""

BOILERPLATE = (
    f"^{SPACE}*(?:(?:system|user|human|prompt):{SPACE}*)?"
    r"you are (?:now )?(?:chatgpt|claude|gemini|copilot|"
    r"an? (?:very |highly |extremely )?(?:helpful|friendly|useful|polite|knowledgeable|ai|large language model))"
    f"[^.!?:\\n]*[.!?:\\n]+{SPACE}*({INK})"
)
"""The politeness that half of all software puts before a prompt; what follows is the prompt."""

_SLOTS = (
    r"```(?:[^`]|`[^`]|``[^`])*(?:```)?",  # a code block, to the end where it isn't closed
    r"`[^`\n]*`",
    r'"[^"]*"',
    "\u201c[^\u201d]*\u201d",
    "\u201e[^\u201c\u201d]*[\u201c\u201d]",
    "\u00ab[^\u00bb]*\u00bb",
    "\u300c[^\u300d]*\u300d",
    "\u300e[^\u300f]*\u300f",
    r"[ (\[:=\n]'[^'\n]*'",
    f"(?:https?://|www\\.){INK}*",
    r"[a-z0-9_.+-]+@[a-z0-9.-]+",
    r"[a-z_-]*[0-9](?:[a-z0-9_.,:/-]*[a-z0-9])?",
    "[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\uff10-\uff19]+",
    r"[a-z0-9_+/=-]{20,}",
)
SLOTS = "|".join(_SLOTS)

IDEOGRAPH = "([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])"
"""Chinese and Japanese put no spaces between words: each sign counts as one."""

RUN = f"{SLOT}(?:[ ,;]+{SLOT})+"
"""Several slots in a row are one: a list of three numbers and a list of five are of one template."""

WORDLESS = r"^[\x00-\x40\x5b-\x60\x7b-\x7f]*\z"
"""A text of nothing but slots says nothing about a template: it is its own, unblanked."""


@dataclass(frozen=True)
class Edge:
    """When the common beginning (or end) of an account's texts is a template, and the rest a slot.

    `words` and `size` (bytes) are the least that it must have, so that turns of phrase are none; `longest` is where the
    search ends. The other numbers are one account's: texts that have it, as a part (1 in `one_in`) of all its different
    texts, the different words that follow, of which none may follow in more than half of these texts. Over all
    accounts, those who fill the slot must hold at least half of the texts: what everybody says is nobody's template.
    """

    words: int
    size: int
    longest: int = 40
    texts: int = 20
    one_in: int = 20
    branches: int = 10


OPENING = Edge(words=3, size=16)
CLOSING = Edge(words=5, size=24)

UNLETTERED = r"[\x00-\x1f\x21-\x60\x7b-\x7f" + "\u2000-\u206f\u3000-\u303f]+"
"""What is no part of the words whose likeness is measured: digits, slots and punctuation say nothing about it."""

ALIKE = (1, 2)
"""Two templates are near-duplicates when their features have at least this Jaccard similarity (numerator, denominator).

Features are the different words and the different pairs of neighbouring words: of ten words, two can be other ones."""

FEWEST_WORDS = 4
"""What is shorter is alike by chance, and is a group of its own."""

BANDS, ROWS = 16, 3
"""MinHash bands, and hashes a band: templates at similarity 0.5 meet in some band with probability 0.88, at 0.6 with
0.98, at 0.8 nearly always; at 0.2 with 0.12, and are then compared in vain."""

HEADS = 4
"""The most members of a bucket, oldest first, that the others of the bucket are compared with."""

MOST_ROUNDS = 12

SEED_ALIKE = (2, 5)
"""A lower similarity to a seed is given as 0: it is chance."""
