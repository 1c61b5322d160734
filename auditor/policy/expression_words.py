"""The words of an expression's text, taken one after the other, and what is wrong where they don't fit."""

import re

from auditor.errors import Place, PolicyError
from auditor.policy.messages import problem_at
from auditor.policy.yaml import shifted
from auditor.records.values import shown

_TOKEN = re.compile(
    r"""\s*(?:(?P<duration>[0-9]+[A-Za-z]+)|(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?)"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)"""
    r"""|(?P<text>'[^']*'|"[^"]*")|(?P<sign><=|>=|<>|[-+*/()<>=,])|(?P<other>\S))"""
)


class Words:
    """The words of a text, and how far they are taken. Kinds: duration, number, name, text, sign, other, end."""

    def __init__(self, text: str, place: Place) -> None:
        """Divide a text into words; `place` is where it starts."""
        self.place = place
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup or "other"
            self.tokens.append((kind, match[kind], match.start(kind)))
        self.tokens.append(("end", "", len(text)))
        self.at = 0

    def kind(self) -> str:
        """Return the kind of the next word."""
        return self.tokens[self.at][0]

    def word(self) -> str:
        """Return the next word."""
        return self.tokens[self.at][1]

    def take(self, word: str) -> bool:
        """Take the next word if it is a certain one, and say whether it was."""
        if self.kind() in {"text", "end"} or self.word() != word:
            return False
        self.at += 1
        return True

    def expect(self, word: str, hint: str) -> None:
        """Take a word that must come now."""
        if not self.take(word):
            raise self.error(f"expected `{word}`", hint)

    def following(self) -> str:
        """Return the word after the next one."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)][1]

    def error(self, expected: str, hint: str, back: int = 0) -> PolicyError:
        """Return the error that points at the next word, or at one some words back."""
        kind, word, column = self.tokens[self.at - back]
        found = "the end of the expression" if kind == "end" else shown(word)
        return PolicyError([problem_at(shifted(self.place, column), f"{found} in the expression, {expected}", hint)])
