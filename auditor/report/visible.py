"""Hostile text made visible: what a log or a policy says is shown, never obeyed.

A character that a reader can't see or tell apart becomes a token in an element of its own (`characters.py`), so that it
can't be mistaken for the same characters typed out. Everything stands inside `<bdi>`; nothing ever becomes a link.
"""

import re

from markupsafe import Markup, escape

from auditor.characters import pieces, told_apart

CELL_CHARACTERS = 300
"""How much of one value is shown in a table."""

NO_BREAK = ("\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}")
"""Spaces that languages ask for at marks and in numbers; to a reader they are spaces."""
AT_NO_BREAK = re.compile(f"([{''.join(NO_BREAK)}])")
WHITE = re.compile(r"\s+")


def visible(text: str, limit: int = CELL_CHARACTERS) -> Markup:
    """Return a text as inert HTML; beyond `limit` characters it is cut and its whole length is said."""
    shown = _tokens(text[:limit])
    if len(text) > limit:
        cut = Markup(' <span class="cut">… cut here, {} characters in all</span>').format(f"{len(text):,}")
        return Markup("{}{}").format(_inert(shown), cut)
    return _inert(shown)


def prose(text: str) -> Markup:
    """Return running text (of a policy or a note) whole; white space counts as one space, as HTML reads it."""
    return _inert(_tokens(" ".join(text.split())))


def letter(text: str) -> Markup:
    """Return running text that the program worded itself: as `prose`, but its no-break spaces are kept."""
    return _inert(
        Markup("").join(part if part in NO_BREAK else _tokens(_one_space(part)) for part in AT_NO_BREAK.split(text))
    )


def plain_letter(text: str) -> str:
    """Return such text on one line as plain text, with hidden characters as tokens."""
    return "".join(part if part in NO_BREAK else plain_visible(part, len(part)) for part in AT_NO_BREAK.split(text))


def plain_visible(text: str, limit: int = CELL_CHARACTERS) -> str:
    """Return a text with its hidden characters as tokens, for places that take no elements (a title, an SVG text)."""
    shown = told_apart(text[:limit])
    return f"{shown} … ({len(text):,} characters)" if len(text) > limit else shown


def _one_space(text: str) -> str:
    return WHITE.sub(" ", text)


def _inert(shown: Markup) -> Markup:
    return Markup(f"<bdi>{shown}</bdi>")


def _tokens(text: str) -> Markup:
    if text.isascii() and text.isprintable():  # nearly every cell of a page
        return escape(text)
    token = Markup('<span class="hidden">{}</span>')
    return Markup("").join(token.format(piece) if is_token else escape(piece) for piece, is_token in pieces(text))
