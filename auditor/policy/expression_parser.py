"""The text of `measure`, `violates` and `where`, read into expression trees.

Precedence, loosest first: `or`, `and`, `not`, comparison, `+ -`, `* /`, sign. Bounded in length and depth. The
parser knows the functions of the grammar; names, types and units are checked by `policy/typing.py`.
"""

import re
from decimal import Decimal

from auditor.errors import Place, PolicyError
from auditor.policy.expressions import (
    AGGREGATES,
    OVER_PER,
    PAIR_FUNCTIONS,
    PER,
    Aggregate,
    AggregateFunction,
    Arithmetic,
    Comparison,
    Expression,
    Logic,
    Name,
    Negation,
    Negative,
    Number,
    PairCall,
    Per,
    Text,
)
from auditor.policy.fields import nearest
from auditor.policy.literals import NUMBER_WORDS, exact_number, seconds_of
from auditor.policy.messages import problem_at
from auditor.policy.yaml import shifted
from auditor.records.values import shown

LONGEST = 2_000
DEEPEST = 32
KEYWORDS = frozenset({"and", "or", "not", "distinct", "sequence"})
LATER_FUNCTIONS = ("linked",)
_TOKEN = re.compile(
    r"""\s*(?:(?P<duration>[0-9]+[A-Za-z]+)|(?P<number>[0-9][0-9_]*(?:\.[0-9]+)?)"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)"""
    r"""|(?P<text>'[^']*'|"[^"]*")|(?P<sign><=|>=|<>|[-+*/()<>=,])|(?P<other>\S))"""
)
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "=", "<>"})
_SELECTION = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def parse_expression(text: str, place: Place) -> Expression:
    """Return the tree of an expression; `place` is where the text starts.

    Raises PolicyError, pointing into the text (of one line).
    """
    if len(text) > LONGEST:
        found = f"expression of {len(text)} characters, expected at most {LONGEST}"
        raise PolicyError.at(place, found, "split it into several measures")
    return _Parser(text, place).whole()


class _Parser:
    def __init__(self, text: str, place: Place) -> None:
        self.place = place
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup or "other"
            self.tokens.append((kind, match[kind], match.start(kind)))
        self.tokens.append(("end", "", len(text)))
        self.at = 0

    def whole(self) -> Expression:
        expression = self._either(0)
        if self._kind() != "end":
            raise self._error("expected an operator or the end", "`=` and `<>` compare; join with `and` or `or`")
        return expression

    def _kind(self) -> str:
        return self.tokens[self.at][0]

    def _word(self) -> str:
        return self.tokens[self.at][1]

    def _take(self, word: str) -> bool:
        if self._kind() in {"text", "end"} or self._word() != word:
            return False
        self.at += 1
        return True

    def _expect(self, word: str, hint: str) -> None:
        if not self._take(word):
            raise self._error(f"expected `{word}`", hint)

    def _error(self, expected: str, hint: str, back: int = 0) -> PolicyError:
        kind, word, column = self.tokens[self.at - back]
        found = "the end of the expression" if kind == "end" else shown(word)
        return PolicyError([problem_at(shifted(self.place, column), f"{found} in the expression, {expected}", hint)])

    def _either(self, depth: int) -> Expression:
        left = self._both(depth)
        while self._take("or"):
            left = Logic(operator="or", left=left, right=self._both(depth))
        return left

    def _both(self, depth: int) -> Expression:
        left = self._negated(depth)
        while self._take("and"):
            left = Logic(operator="and", left=left, right=self._negated(depth))
        return left

    def _negated(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise self._error(f"expected at most {DEEPEST} levels", "split it into several measures")
        if self._take("not"):
            return Negation(operand=self._negated(depth + 1))
        return self._compared(depth)

    def _compared(self, depth: int) -> Expression:
        left = self._sum(depth)
        sign = self._word()
        if self._kind() != "sign" or sign not in _COMPARISONS:
            return left
        self.at += 1
        if sign in {"<", ">"} and self._word() == "=":
            raise self._error(f"expected a value after `{sign}`", f"write `{sign}=` without a space")
        if self._word() == "=":
            raise self._error("expected a value after `=`", "write a single `=`")
        right = self._sum(depth)
        if self._kind() == "sign" and self._word() in _COMPARISONS:
            raise self._error("expected one comparison at a time", "write `a < b and b < c`")
        return Comparison(operator=sign, left=left, right=right)

    def _sum(self, depth: int) -> Expression:
        left = self._product(depth)
        while self._kind() == "sign" and self._word() in {"+", "-"}:
            operator = self._word()
            self.at += 1
            left = Arithmetic(operator=operator, left=left, right=self._product(depth))
        return left

    def _product(self, depth: int) -> Expression:
        left = self._signed(depth)
        while self._kind() == "sign" and self._word() in {"*", "/"}:
            operator = self._word()
            self.at += 1
            left = Arithmetic(operator=operator, left=left, right=self._signed(depth))
        return left

    def _signed(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise self._error(f"expected at most {DEEPEST} levels", "split it into several measures")
        return Negative(operand=self._signed(depth + 1)) if self._take("-") else self._atom(depth)

    def _atom(self, depth: int) -> Expression:
        kind, word, _ = self.tokens[self.at]
        if self._take("("):
            inner = self._either(depth + 1)
            self._expect(")", "close the parenthesis")
            return inner
        if kind == "number":
            self.at += 1
            return Number(value=self._number(word))
        if kind == "duration":
            return self._duration(word)
        if kind == "text":
            self.at += 1
            return Text(value=word[1:-1])
        if kind == "name" and word not in KEYWORDS:
            self.at += 1
            return self._call(word) if self._take("(") else self._name(word)
        raise self._error("expected a name, a number, a text or `(`", "docs/rules.md shows what an expression may hold")

    def _number(self, word: str) -> Decimal:
        number = exact_number(Decimal(word.replace("_", "")))
        if number is None:
            raise self._error(f"expected {NUMBER_WORDS}", "round the number", back=1)
        return number

    def _duration(self, word: str) -> Expression:
        seconds = seconds_of(word)
        if seconds is None:
            raise self._error("expected a number or a duration such as `30m`", "units are s, m, h, d and w")
        self.at += 1
        return Number(value=Decimal(seconds), unit="seconds")

    def _name(self, word: str) -> Expression:
        step, dot, name = word.partition(".")
        return Name(name=name, step=step) if dot else Name(name=word)

    def _call(self, function: str) -> Expression:
        """Read the arguments of a call; the opening parenthesis is behind us."""
        if function in PAIR_FUNCTIONS:
            return self._pair_call(function)
        if function in LATER_FUNCTIONS:
            raise self._error(f"but `{function}` is not supported by this version, expected another function",
                              f"the functions are {', '.join((*AGGREGATES, *PAIR_FUNCTIONS))}", back=2)  # fmt: skip
        if function == PER:
            hint = f"write `median(per(column, count()))`, or another of {', '.join(OVER_PER)}"
            raise self._error("expected a function around it", hint, back=2)
        return self._aggregate(self._known(function))

    def _known(self, function: str) -> AggregateFunction:
        for known in AGGREGATES:
            if function == known:
                return known
        names = (*AGGREGATES, *PAIR_FUNCTIONS, PER)
        raise self._error(f"expected a function: {', '.join(names)}", nearest(function, names, "choose"), back=2)

    def _aggregate(self, function: AggregateFunction, *, is_inside: bool = False) -> Aggregate:
        """Read the arguments of an aggregate; `is_inside` is one inside `per`."""
        if function in {"span", "active_hours"} or (function == "count" and self._word() == ")"):
            self._expect(")", f"`{function}()` takes nothing here")
            return Aggregate(function=function)
        if function == "count" and self._take("sequence"):
            self._expect(")", "write `count(sequence)`")
            return Aggregate(function="count", of_sequence=True)
        if function == "share":
            return Aggregate(function="share", selection=self._selection())
        if self._word() == PER and self._following() == "(":
            return self._over_per(function, is_inside)
        return self._of_column(function)

    def _selection(self) -> str:
        start = self.tokens[self.at][2]
        # a selection's name may hold a `-`, which is a sign of its own elsewhere
        found = _SELECTION.match(self.text, start)
        if self._kind() != "name" or found is None:
            raise self._error("expected a selection", "write `share(selection)` with a selection of `when`")
        while self.tokens[self.at][2] < found.end():
            self.at += 1
        self._expect(")", "write `share(selection)` with the name of one selection of `when`")
        return found[0]

    def _over_per(self, function: AggregateFunction, is_inside: bool) -> Aggregate:
        hint = f"write `{function}(per(column, count()))`"
        if function not in OVER_PER or is_inside:
            expected = "an aggregate of records" if is_inside else f"`per` only in {', '.join(OVER_PER)}"
            raise self._error(f"expected {expected}", "measure a column here")
        self.at += 2
        column = self._argument("a column", hint)
        self._expect(",", hint)
        if self._kind() != "name" or self._following() != "(":
            raise self._error("expected an aggregate such as `count()`", hint)
        inner = self._word()
        self.at += 2
        per = Per(column=column, aggregate=self._aggregate(self._known(inner), is_inside=True))
        self._expect(")", hint)
        fraction = self._fraction() if function == "quantile" else None
        self._expect(")", hint)
        return Aggregate(function=function, per=per, fraction=fraction)

    def _following(self) -> str:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)][1]

    def _of_column(self, function: AggregateFunction) -> Aggregate:
        is_distinct = self._take("distinct")
        if is_distinct and function != "count":
            raise self._error("expected `distinct` only in `count`", "write `count(distinct x)`", back=1)
        column = self._argument("a column", f"write `{function}(column)`")
        fraction = self._fraction() if function == "quantile" else None
        self._expect(")", f"write `{function}(column)`; expressions over columns are not part of the grammar")
        return Aggregate(function=function, column=column, is_distinct=is_distinct, fraction=fraction)

    def _argument(self, what: str, hint: str) -> str:
        kind, word, _ = self.tokens[self.at]
        if kind != "name" or word in KEYWORDS:
            raise self._error(f"expected {what}", hint)
        self.at += 1
        return word

    def _fraction(self) -> Decimal:
        self._expect(",", "write `quantile(column, 0.95)`")
        word = self._word()
        if self._kind() != "number" or len(word) > 20 or not 0 <= Decimal(word.replace("_", "")) <= 1:
            raise self._error("expected a fraction from 0 to 1", "write `quantile(column, 0.95)`")
        self.at += 1
        return Decimal(word.replace("_", ""))

    def _pair_call(self, function: str) -> Expression:
        hint = f"write `{function}(step, step)`"
        first = self._argument("a step", hint)
        self._expect(",", hint)
        second = self._argument("a step", hint)
        self._expect(")", hint)
        return PairCall(function=function, first=first, second=second)
