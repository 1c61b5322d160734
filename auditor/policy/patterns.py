"""Text values of a `when` block: wildcards, escapes, placeholders and encodings, as in Sigma.

`*` is any run of characters, `?` exactly one. A backslash makes the next `*`, `?` or backslash plain; before
anything else it is itself (Sigma rules specification 2.1, "Escape Character").
"""

import base64
import itertools
import re

from auditor.policy.conditions import AnyText

Pattern = tuple[str | AnyText, ...]

PLACEHOLDER = re.compile(r"(?<!\\)%([A-Za-z0-9_-]+)%")
_DASHES = ("-", "/", "–", "—", "―")
_FLAG_DASH = re.compile(r"\B[-/–—―]\b")
MOST_DASHES = 4
"""Each dash of a `windash` value stands for five characters: 625 variants at most."""


def pattern_of(text: str) -> Pattern:
    """Return a text as literal pieces and wildcards."""
    pieces: list[str | AnyText] = []
    signs = iter(re.findall(r"\\[\\*?]|.", text, re.DOTALL))
    for sign in signs:
        if sign in {"*", "?"}:
            pieces.append(AnyText(single=sign == "?"))
        else:
            pieces.append(sign[-1])
    return joined(pieces)


def joined(pieces: "list[str | AnyText] | Pattern") -> Pattern:
    """Return a pattern with neighbouring literals joined and repeated `*` written once."""
    result: list[str | AnyText] = []
    for piece in pieces:
        last = result[-1] if result else None
        if isinstance(piece, str) and isinstance(last, str):
            result[-1] = last + piece
        elif isinstance(piece, AnyText) and piece == last and not piece.single:
            continue
        elif piece != "":
            result.append(piece)
    return tuple(result)


def literal_of(pattern: Pattern) -> str | None:
    """Return the text of a pattern without wildcards, else None."""
    if not pattern:
        return ""
    return pattern[0] if len(pattern) == 1 and isinstance(pattern[0], str) else None


def placed(pattern: Pattern, position: str) -> Pattern:
    """Return a pattern that may stand at the start, at the end or anywhere (`contains`), or is the whole text."""
    before = [AnyText()] if position in {"contains", "endswith"} else []
    after = [AnyText()] if position in {"contains", "startswith"} else []
    return joined([*before, *pattern, *after])


def dash_variants(text: str) -> tuple[str, ...] | None:
    """Return every way to write the dashes that start a flag; None if there are more than MOST_DASHES."""
    pieces = _FLAG_DASH.split(text)
    if len(pieces) - 1 > MOST_DASHES:
        return None
    variants = []
    for dashes in itertools.product(_DASHES, repeat=len(pieces) - 1):
        variants.append("".join(itertools.chain(*zip(pieces, (*dashes, ""), strict=True))))
    return tuple(variants)


def base64_at_offsets(data: bytes) -> tuple[str, ...]:
    """Return the part of the Base64 text that is the same wherever the data begins: one for each of three shifts."""
    starts, ends = (0, 2, 3), (None, -3, -2)
    encoded = (base64.b64encode(b" " * shift + data).decode()[starts[shift] :] for shift in range(3))
    return tuple(text[: ends[(len(data) + shift) % 3]] for shift, text in enumerate(encoded))
