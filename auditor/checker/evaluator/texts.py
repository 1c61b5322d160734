"""How texts are compared: folding, wildcard patterns, and RE2's regular expressions said in Python's.

RE2 and Python agree on the common subset. Translated here: `$` (RE2's is the very end of the text), `\\z`, the ASCII
classes `\\d \\w \\s \\b` and their opposites, POSIX classes such as `[[:alpha:]]`, `\\Q...\\E`, flags at the very
start. Refused: `\\p{..}`, `\\C`, flags that begin further inside. Known to differ: with flag `i`, Python lets `i`
match U+0130 and U+0131, which RE2 does not.
"""

import re
from functools import lru_cache

from auditor.errors import AuditorError, PolicyError
from auditor.policy.conditions import AnyText
from auditor.records.schema import COLUMNS

_DOTTED_CAPITAL_I = "\u0130"
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r\x20"}
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t\x20", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": r"\x20-~", "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r\x20", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_WORD = "[0-9A-Za-z_]"
_EDGE = f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))"
_NO_EDGE = f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))"


def fold(text: str) -> str:
    """Return the text in lower case, one code point for one (Unicode simple lower-casing)."""
    return "".join("i" if char == _DOTTED_CAPITAL_I else char.lower() for char in text)


def is_exact(*columns: str) -> bool:
    """Say whether one of the columns is an identifier, which compares exactly."""
    return any(name in COLUMNS and COLUMNS[name].is_identifier for name in columns)


def fits(text: str, parts: tuple[str | AnyText, ...]) -> bool:
    """Say whether the whole text is the pieces in their order, wildcards standing for what they may."""
    if not parts:
        return text == ""
    first, rest = parts[0], parts[1:]
    if isinstance(first, str):
        return text.startswith(first) and fits(text[len(first) :], rest)
    if first.single:
        return text != "" and fits(text[1:], rest)
    return any(fits(text[skipped:], rest) for skipped in range(len(text) + 1))


def is_found(pattern: str, flags: str, text: str) -> bool:
    """Say whether a regular expression is found somewhere in the text.

    Raises PolicyError for what can't be said in Python.
    """
    return _compiled(pattern, flags).search(text) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str, flags: str) -> re.Pattern[str]:
    leading = re.match(r"\(\?([ims]+)\)", pattern)
    body = pattern[leading.end() :] if leading else pattern
    wanted = set(flags + (leading.group(1) if leading else ""))
    options = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
    try:
        return re.compile(_Translation(body, "m" in wanted).text(), sum(options[flag] for flag in wanted))
    except re.error as error:
        raise _refusal(pattern, str(error)) from None


def _refusal(pattern: str, reason: str) -> AuditorError:
    message = f"the plain evaluator can't read `{pattern!r}`: {reason}"
    return PolicyError.at(None, message, "use the part of RE2 that Python's `re` also has")


class _Translation:
    """One walk over a pattern, left to right."""

    def __init__(self, pattern: str, is_multiline: bool) -> None:
        self.pattern = pattern
        self.is_multiline = is_multiline
        self.at = 0
        self.is_inside = False

    def text(self) -> str:
        """Return the pattern in Python's words."""
        pieces = []
        while self.at < len(self.pattern):
            pieces.append(self._next())
        return "".join(pieces)

    def _next(self) -> str:
        char = self.pattern[self.at]
        if char == "\\":
            return self._escape()
        if self.is_inside:
            return self._in_class(char)
        self.at += 1
        if char == "[":
            return self._open_class()
        return "\\Z" if char == "$" and not self.is_multiline else char

    def _open_class(self) -> str:
        self.is_inside = True
        opened = re.compile(r"\^?\]?").match(self.pattern, self.at)
        assert opened, "matches the empty text at least"
        self.at = opened.end()
        return "[" + opened.group().replace("]", "\\]")

    def _in_class(self, char: str) -> str:
        named = re.compile(r"\[:(\w+):\]").match(self.pattern, self.at)
        if named and named.group(1) in _POSIX:
            self.at = named.end()
            return _POSIX[named.group(1)]
        self.at += 1
        self.is_inside = char != "]"
        return "\\" + char if char in "[&~|" else char

    def _escape(self) -> str:
        letter = self.pattern[self.at + 1 : self.at + 2]
        self.at += 2
        if letter == "Q":
            return self._quoted()
        if letter in ("p", "P", "C"):
            raise _refusal(self.pattern, f"`\\{letter}` is not translated")
        if letter.lower() in _CLASSES and letter:
            return self._ascii_class(letter)
        plain = {"z": "\\Z", "b": _EDGE, "B": _NO_EDGE}
        return plain[letter] if letter in plain and not self.is_inside else "\\" + letter

    def _ascii_class(self, letter: str) -> str:
        members = _CLASSES[letter.lower()]
        if letter.islower():
            return members if self.is_inside else f"[{members}]"
        if self.is_inside:
            return f"\\{letter}"
        return f"[^{members}]"

    def _quoted(self) -> str:
        end = self.pattern.find("\\E", self.at)
        stop = len(self.pattern) if end < 0 else end
        quoted = re.escape(self.pattern[self.at : stop])
        self.at = stop if end < 0 else stop + 2
        return quoted
