"""The text of a `condition`: and, or, not, parentheses, `1 of name*`, `all of them`.

A small recursive-descent parser (`not` binds closest, then `and`, then `or`), bounded in length and depth.
"""

import fnmatch
import itertools
import re
from collections.abc import Sequence

from auditor.errors import Place, PolicyError
from auditor.policy.conditions import All, AnyOf, Condition, Not, SelectionRef
from auditor.policy.fields import nearest
from auditor.policy.messages import problem_at
from auditor.policy.yaml import shifted
from auditor.records.values import shown

LONGEST = 4_000
DEEPEST = 32
MOST_COMBINATIONS = 1_000
RESERVED = frozenset({"and", "or", "not", "of", "all", "any", "them", "condition"})
_TOKEN = re.compile(r"\s*(?:([A-Za-z0-9_*?.-]+)|([()])|(\S))")


def parse_condition(text: str, names: Sequence[str], place: Place) -> Condition:
    """Return the condition that a text says about the named selections.

    `place` is where the text starts; problems point into it (texts of one line). Raises PolicyError.
    """
    if len(text) > LONGEST:
        found = f"condition of {len(text)} characters, expected at most {LONGEST}"
        raise PolicyError.at(place, found, "use selections with lists of values")
    return _Parser(text, tuple(names), place).whole()


class _Parser:
    def __init__(self, text: str, names: tuple[str, ...], place: Place) -> None:
        self.names = names
        self.place = place
        self.tokens = [(match[1] or match[2] or match[3], match.end() - 1) for match in _TOKEN.finditer(text)]
        self.tokens = [(word, end - len(word) + 1) for word, end in self.tokens]
        self.tokens.append(("", len(text)))
        self.at = 0

    def whole(self) -> Condition:
        condition = self._either(0)
        if self._word():
            raise self._error("expected `and`, `or` or the end", "join selections with `and` or `or`")
        return condition

    def _word(self) -> str:
        return self.tokens[self.at][0]

    def _take(self, word: str) -> bool:
        if self._word() != word:
            return False
        self.at += 1
        return True

    def _error(self, expected: str, hint: str) -> PolicyError:
        word, column = self.tokens[self.at]
        found = shown(word) if word else "the end of the condition"
        if word == "|":
            expected, hint = "expected no aggregation here", "write `measure` and `violates` instead"
        elif word in {"AND", "OR", "NOT"}:
            expected, hint = f"expected `{word.lower()}`", "write the words in lower case"
        return PolicyError([problem_at(shifted(self.place, column), f"{found} in the condition, {expected}", hint)])

    def _either(self, depth: int) -> Condition:
        parts = [self._both(depth)]
        while self._take("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts))

    def _both(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(parts=tuple(parts))

    def _one(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise self._error(f"expected at most {DEEPEST} levels", "name parts of it as selections")
        if self._take("not"):
            return Not(part=self._one(depth + 1))
        if self._take("("):
            inner = self._either(depth + 1)
            if not self._take(")"):
                raise self._error("expected `)`", "close the parenthesis")
            return inner
        if self.tokens[min(self.at + 1, len(self.tokens) - 1)][0] == "of":
            return self._several()
        return self._selection()

    def _selection(self) -> Condition:
        word = self._word()
        if word not in self.names:
            hint = nearest(word, self.names, f"the selections are {', '.join(self.names) or 'none'}")
            raise self._error("expected the name of a selection", hint)
        self.at += 1
        return SelectionRef(name=word)

    def _several(self) -> Condition:
        quantity = self._word()
        if quantity not in {"all", "any"} and not re.fullmatch("[1-9][0-9]{0,2}", quantity):
            raise self._error("expected `all`, `any` or a number before `of`", "write `1 of name*`")
        self.at += 2
        chosen = [SelectionRef(name=name) for name in self._matching()]
        wanted = len(chosen) if quantity == "all" else 1 if quantity == "any" else int(quantity)
        if not chosen or wanted > len(chosen):
            found = f"expected a pattern that fits at least {max(wanted, 1)} selections, it fits {len(chosen)}"
            raise self._error(found, f"the selections are {', '.join(self.names) or 'none'}")
        self.at += 1
        return self._at_least(wanted, chosen)

    def _matching(self) -> list[str]:
        pattern = self._word()
        if pattern == "them":
            return [name for name in self.names if not name.startswith("_")]
        if re.search(r"[^A-Za-z0-9_*-]", pattern):
            raise self._error("expected `them` or a name with `*`", "only `*` is a wildcard here")
        return [name for name in self.names if pattern and fnmatch.fnmatchcase(name, pattern)]

    def _at_least(self, wanted: int, chosen: list[SelectionRef]) -> Condition:
        if len(chosen) == 1:
            return chosen[0]
        groups = list(itertools.islice(itertools.combinations(chosen, wanted), MOST_COMBINATIONS + 1))
        if len(groups) > MOST_COMBINATIONS:
            self.at -= 1
            raise self._error(f"expected at most {MOST_COMBINATIONS} combinations", "use fewer selections")
        parts = [group[0] if wanted == 1 else All(parts=group) for group in groups]
        return parts[0] if len(parts) == 1 else AnyOf(parts=tuple(parts))
