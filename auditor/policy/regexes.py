"""Regular expressions that mean the same to RE2 (which runs them) and to Python's `re` (which judges in tests).

The subset is checked here, character by character, since no RE2 is among the dependencies. Refused: look-around,
back references, atomic groups, possessive quantifiers, conditionals, comments, POSIX and Unicode classes, escapes
that only one side knows, flags that begin further inside, flag `m` for a single group (`$` of RE2 would have two
translations), counted repetition above 1,000 (nested ones multiplied, as RE2 does), and what would grow beyond the
memory that RE2 gives a pattern.
"""

import re
import warnings

LONGEST = 2_000
MOST_REPEATS = 1_000
MOST_STEPS = 250_000
"""Estimated instructions of a pattern with its repetitions written out; RE2 was seen to refuse from 600,000 on."""

_LETTER, _ANY = 4, 20
"""Estimated instructions of a letter in any case, and of a class of bytes outside ASCII; found by trying."""

_ESCAPES = frozenset("dDwWsSbBAtnrfv")
_COUNTED = re.compile(r"\{([0-9]{1,6})(,([0-9]{0,6}))?\}")
_GROUP = re.compile(r"\((\?(P<[A-Za-z_][A-Za-z0-9_]*>|:|[ims]+(-[ims]+)?:))?")
_LEADING_FLAGS = re.compile(r"\(\?[ims]+\)")
_REFUSED_GROUPS = {
    "(?=": "look-ahead", "(?!": "look-ahead", "(?<=": "look-behind", "(?<!": "look-behind", "(?>": "an atomic group",
    "(?#": "a comment", "(?(": "a conditional", "(?P=": "a back reference", "(?P>": "a recursion",
}  # fmt: skip


def fault_of(pattern: str) -> str | None:
    """Return why a regular expression can't be used, in a few words, or None."""
    if len(pattern) > LONGEST:
        return f"has {len(pattern)} characters, more than {LONGEST}"
    fault = _Scan(pattern).fault()
    if fault:
        return fault
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, FutureWarning, DeprecationWarning) as error:
        return f"is malformed ({str(error).rstrip('.')})"
    return None


class _Scan:
    """One pass over a pattern; `repeats` holds, for each open group, the largest repetition inside it."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.repeats = [1]
        self.last = 1  # the repetition inside of what a quantifier would apply to
        self.steps = [0]  # the size of each open group, in estimated instructions
        self.unit = 0  # the part of it that a quantifier would apply to

    def fault(self) -> str | None:
        leading = _LEADING_FLAGS.match(self.pattern)
        at = leading.end() if leading else 0
        while at < len(self.pattern):
            step = self._step(at)
            if isinstance(step, str):
                return step
            at = step
        if sum(self.steps) > MOST_STEPS:
            return "is too large when its repetitions are written out"
        return None

    def _step(self, at: int) -> int | str:
        match self.pattern[at]:
            case "\\":
                self._single(_ANY)
                return self._escape(at)
            case "[":
                end = self._class(at)
                self._single(_ANY + _LETTER * (end - at) if isinstance(end, int) else _ANY)
                return end
            case "(":
                return self._open(at)
            case ")":
                self._close()
                return at + 1
            case "*" | "+" | "?":
                return self._quantified(at + 1)
            case "{":
                return self._counted(at)
            case sign:
                self._single(_ANY if sign == "." else _LETTER)
                return at + 1

    def _single(self, size: int) -> None:
        self.last, self.unit = 1, size
        self.steps[-1] += size

    def _close(self) -> None:
        if len(self.repeats) > 1:
            self.last, self.unit = self.repeats.pop(), self.steps.pop()
            self.steps[-1] += self.unit
        else:
            self.last = 1

    def _escape(self, at: int) -> int | str:
        sign = self.pattern[at + 1 : at + 2]
        if sign == "x":
            digits = re.match(r"[0-9a-fA-F]{2}", self.pattern[at + 2 :])
            return at + 4 if digits else "has an incomplete `\\x` escape"
        if sign.isdigit():
            return "has a back reference"
        if sign.isalpha() and sign not in _ESCAPES:
            return f"has the escape `\\{sign}`, which is not in the common subset"
        return at + 2 if sign else "ends with a backslash"

    def _class(self, at: int) -> int | str:
        at += 2 if self.pattern.startswith("[^", at) else 1
        first = at
        while at < len(self.pattern) and (self.pattern[at] != "]" or at == first):
            if self.pattern[at] == "[" or self.pattern[at : at + 2] in {"--", "&&", "||", "~~"}:
                return f"has `{self.pattern[at : at + 2]}` inside a character class; escape it with a backslash"
            if self.pattern[at] == "\\":
                if self.pattern[at + 1 : at + 2] in {"b", "B", "A"}:
                    return f"has `{self.pattern[at : at + 2]}` inside a character class"
                step = self._escape(at)
                if isinstance(step, str):
                    return step
                at = step
            else:
                at += 1
        return at + 1 if at < len(self.pattern) else "has a character class without an end"

    def _open(self, at: int) -> int | str:
        for start, name in _REFUSED_GROUPS.items():
            if self.pattern.startswith(start, at):
                return f"has {name} (`{start}`)"
        group = _GROUP.match(self.pattern, at)
        assert group, "every `(` matches"
        if self.pattern.startswith("(?", at) and group.end() == at + 1:
            return f"has the group `{self.pattern[at : at + 4]}`, which is not in the common subset"
        if "m" in group[0].partition("<")[0]:
            return "has flag `m` for one group, expected it for the whole pattern: `(?m)` at its start, or `re|m`"
        self.repeats.append(1)
        self.steps.append(0)
        self.last, self.unit = 1, 0
        return group.end()

    def _counted(self, at: int) -> int | str:
        counted = _COUNTED.match(self.pattern, at)
        if not counted:
            return "has a `{` that starts no repetition; escape it with a backslash"
        count = max(int(counted[1]), int(counted[3] or 0))
        most = count * self.last
        if most > MOST_REPEATS:
            return f"repeats up to {most} times, more than {MOST_REPEATS}"
        self.last = max(most, 1)
        self.steps[-1] += self.unit * count
        self.unit *= count + 1
        self.repeats[-1] = max(self.repeats[-1], self.last)
        return self._quantified(counted.end())

    def _quantified(self, at: int) -> int | str:
        if self.pattern.startswith("+", at):
            return "has a possessive quantifier"
        if self.pattern[at : at + 1] in {"*", "{"}:
            return "has a quantifier after a quantifier"
        self.repeats[-1] = max(self.repeats[-1], self.last)
        return at + 1 if self.pattern.startswith("?", at) else at
