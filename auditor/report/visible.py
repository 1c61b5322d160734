"""Hostile text made visible: what a log or a policy says is shown, never obeyed.

Every character that a reader can't see, or that changes how its neighbours are shown (controls, bidirectional and
zero-width characters, lone surrogates, odd spaces, piled-up accents), becomes a token such as `\\u{202E}` in an
element of its own, so that it can't be mistaken for the same characters typed out. Everything stands inside
`<bdi>`; nothing ever becomes a link.
"""

import unicodedata

from markupsafe import Markup, escape

CELL_CHARACTERS = 300
"""How much of one value is shown in a table."""

ACCENTS_SHOWN = 2
"""Combining marks in a row that are left as they are."""

INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


def visible(text: str, limit: int = CELL_CHARACTERS) -> Markup:
    """Return a text as inert HTML; beyond `limit` characters it is cut and its whole length is said."""
    shown = _tokens(text[:limit])
    if len(text) > limit:
        cut = Markup(' <span class="cut">… cut here, {} characters in all</span>').format(f"{len(text):,}")
        return Markup("<bdi>{}</bdi>{}").format(shown, cut)
    return Markup("<bdi>{}</bdi>").format(shown)


def prose(text: str) -> Markup:
    """Return running text (of a policy or a note) whole; white space counts as one space, as HTML reads it."""
    return Markup("<bdi>{}</bdi>").format(_tokens(" ".join(text.split())))


def plain_visible(text: str, limit: int = CELL_CHARACTERS) -> str:
    """Return a text with its hidden characters as tokens, for places that take no elements (a title, an SVG text)."""
    head = text[:limit]
    shown = head if _is_plain(head) else "".join(_token(item) if is_hidden(item) else item for item in head)
    return f"{shown} … ({len(text):,} characters)" if len(text) > limit else shown


def is_hidden(character: str) -> bool:
    """Say whether a character can't be seen as such or moves others about; the plain space is not hidden."""
    if character == " ":
        return False
    return (
        unicodedata.category(character) in HIDDEN_CATEGORIES
        or character in INVISIBLE_LETTERS
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )


def _tokens(text: str) -> Markup:
    if _is_plain(text):
        return escape(text)
    pieces: list[Markup] = []
    run, accents = "", 0
    for character in text:
        accents = accents + 1 if unicodedata.combining(character) else 0
        if is_hidden(character) or accents > ACCENTS_SHOWN:
            pieces += [escape(run), Markup('<span class="hidden">{}</span>').format(_token(character))]
            run = ""
        else:
            run += character
    return Markup("").join([*pieces, escape(run)])


def _is_plain(text: str) -> bool:
    """Say at once of most texts that nothing in them is hidden: they hold printable ASCII alone."""
    return text.isascii() and text.isprintable()


def _token(character: str) -> str:
    return f"\\u{{{ord(character):04X}}}"
