"""How texts are compared: folding, wildcard patterns, and RE2's regular expressions said in Python's.

Which regular expressions there are is `auditor/policy/regexes.py`. Of these, Python reads otherwise, and has them
translated here: `$` (RE2's is the very end of the text) and the ASCII classes `\\d \\w \\s \\b` and their opposites.
Known to differ: with flag `i`, Python lets `i` match U+0130 and U+0131, which RE2 does not.
"""

import re
from functools import lru_cache

from auditor.errors import PolicyError
from auditor.policy.conditions import AnyText
from auditor.policy.regexes import fault_of
from auditor.records.schema import is_identifier

_DOTTED_CAPITAL_I = "\u0130"
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r\x20"}
_OPPOSITES = {
    "D": r"\x00-/:-\U0010ffff", "W": r"\x00-/:-@\[-\^`{-\U0010ffff", "S": r"\x00-\x08\x0b\x0e-\x1f!-\U0010ffff",
}  # fmt: skip
_WORD = "[0-9A-Za-z_]"
_EDGES = {
    "b": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
    "B": f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))",
}
_TOKEN = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)
"""An escape's first two characters, the start of a class with a `]` that belongs to it, or one character."""


def fold(text: str) -> str:
    """Return the text in lower case, one code point for one (Unicode simple lower-casing)."""
    return "".join("i" if char == _DOTTED_CAPITAL_I else char.lower() for char in text)


def is_exact(*columns: str) -> bool:
    """Say whether one of the columns is an identifier, which compares exactly."""
    return is_identifier(*columns)


def fits(text: str, parts: tuple[str | AnyText, ...]) -> bool:
    """Say whether the whole text is the pieces in their order, wildcards standing for what they may.

    Only the last `*` passed ever has to give way, so the work is at most the product of both lengths.
    """
    signs = [sign for part in parts for sign in (part if isinstance(part, str) else (part,))]
    at = place = 0
    after_run, taken = -1, 0
    while at < len(text):
        sign = signs[place] if place < len(signs) else ""
        if isinstance(sign, AnyText) and not sign.single:
            after_run, taken = place + 1, at
            place = after_run
        elif isinstance(sign, AnyText) or sign == text[at]:
            at, place = at + 1, place + 1
        elif after_run < 0:
            return False
        else:
            taken += 1
            at, place = taken, after_run
    return all(isinstance(sign, AnyText) and not sign.single for sign in signs[place:])


def is_found(pattern: str, flags: str, text: str) -> bool:
    """Say whether a regular expression is found somewhere in the text.

    Raises PolicyError for one that no rule may have.
    """
    return _compiled(pattern, flags).search(text) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str, flags: str) -> re.Pattern[str]:
    fault = fault_of(pattern)
    if fault:
        message = f"the regular expression `{pattern!r}` {fault}"
        raise PolicyError.at(None, message, "use the part of RE2 that Python's `re` also has")
    leading = re.match(r"\(\?([ims]+)\)", pattern)
    body = pattern[leading.end() :] if leading else pattern
    wanted = set(flags + (leading.group(1) if leading else ""))
    options = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
    return re.compile(_translated(body, "m" in wanted), sum(options[flag] for flag in wanted))


def _translated(pattern: str, is_multiline: bool) -> str:
    """Return the pattern in Python's words."""
    pieces, is_inside = [], False
    for token in _TOKEN.findall(pattern):
        if token[0] == "\\":
            pieces.append(_escape(token, is_inside))
        else:
            is_inside = token != "]" if is_inside else token[0] == "["
            pieces.append("\\Z" if token == "$" and not is_inside and not is_multiline else token)
    return "".join(pieces)


def _escape(token: str, is_inside: bool) -> str:
    letter = token[1]
    if letter in _CLASSES:
        return _CLASSES[letter] if is_inside else f"[{_CLASSES[letter]}]"
    if letter in _OPPOSITES:
        return _OPPOSITES[letter] if is_inside else f"[^{_CLASSES[letter.lower()]}]"
    return _EDGES.get(letter, token)
