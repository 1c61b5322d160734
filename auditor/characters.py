"""Characters that a reader can't see, or takes for others: every place that shows hostile text tells them the same way.

A character that is invisible, moves its neighbours about (controls, bidirectional and zero-width characters, lone
surrogates, odd spaces, piled-up accents) or passes for a Latin letter inside a Latin text becomes a token such as
`\\u{202E}`. Texts in other scripts stay as they are.
"""

import unicodedata
from collections.abc import Iterator

ACCENTS_SHOWN = 2
"""Combining marks in a row that are left as they are."""

INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})

CYRILLIC_TWINS = frozenset("АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝ")
GREEK_TWINS = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧνορ")
TWINS = CYRILLIC_TWINS | GREEK_TWINS
"""Letters that look like a Latin one (a choice from Unicode Technical Standard 39, confusables)."""


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text piece by piece: (run, False) as it is, (token, True) for each character that needs one."""
    if text.isascii() and text.isprintable():
        yield text, False
        return
    twins = twins_in(text)
    run, accents = "", 0
    for at, character in enumerate(text):
        accents = accents + 1 if unicodedata.combining(character) else 0
        if is_hidden(character) or accents > ACCENTS_SHOWN or at in twins:
            yield from [(run, False)] if run else []
            yield token_of(character), True
            run = ""
        else:
            run += character
    yield from [(run, False)] if run else []


def told_apart(text: str) -> str:
    """Return a text with a token for each character that a reader can't see or tell from another."""
    return "".join(piece for piece, _ in pieces(text))


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


def twins_in(text: str) -> frozenset[int]:
    """Return where a letter or digit passes for an ASCII one: in words that mix scripts, or alone beside Latin words.

    A Russian word beside an English one is no trick; a Cyrillic letter inside an English word is, and one alone is too.
    """
    found = _styled_in(text)
    if any(character.isascii() and character.isalpha() for character in text):
        for start, end in _words(text):
            word = text[start:end]
            has_latin = any(character.isascii() for character in word)
            if has_latin or all(character in TWINS for character in word):
                found |= {start + at for at, character in enumerate(word) if character in TWINS}
    return frozenset(found)


def token_of(character: str) -> str:
    """Return the token of a character, `\\u{202E}`."""
    return f"\\u{{{ord(character):04X}}}"


def _styled_in(text: str) -> set[int]:
    """Return where an id has ASCII letters or digits in another dress; in running text they are usual."""
    styled = {at for at, character in enumerate(text) if _is_styled_ascii(character)}
    others = (character for at, character in enumerate(text) if at not in styled)
    is_id = all(character.isascii() and not character.isspace() for character in others)
    return styled if is_id else set()


def _is_styled_ascii(character: str) -> bool:
    """Say whether a letter or digit is an ASCII one in another dress: full-width, bold, in a circle."""
    if character.isascii() or not character.isalnum():
        return False
    plain = unicodedata.normalize("NFKC", character)
    return len(plain) == 1 and plain.isascii() and plain.isalnum()


def _words(text: str) -> Iterator[tuple[int, int]]:
    start = None
    for at, character in enumerate(text + " "):
        if character.isalpha() and start is None:
            start = at
        elif not character.isalpha() and start is not None:
            yield start, at
            start = None
