"""The text of `measure`, `violates` and `where`, read into expression trees.

Precedence, loosest first: `or`, `and`, `not`, comparison, `+ -`, `* /`, sign. Bounded in length and depth. The
parser knows the functions of the grammar; names, types and units are checked by `policy/typing.py`.
"""

import re
from decimal import Decimal

from auditor.errors import Place, PolicyError
from auditor.policy.expression_words import Words
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

LONGEST = 2_000
DEEPEST = 32
KEYWORDS = frozenset({"and", "or", "not", "distinct", "sequence"})
LINKED = "linked"
"""The function that asks whether the accounts of two steps' records belonged to one cluster."""

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


class _Parser(Words):
    def whole(self) -> Expression:
        expression = self._either(0)
        if self.kind() != "end":
            raise self.error("expected an operator or the end", "`=` and `<>` compare; join with `and` or `or`")
        return expression

    def _either(self, depth: int) -> Expression:
        left = self._both(depth)
        while self.take("or"):
            left = Logic(operator="or", left=left, right=self._both(depth))
        return left

    def _both(self, depth: int) -> Expression:
        left = self._negated(depth)
        while self.take("and"):
            left = Logic(operator="and", left=left, right=self._negated(depth))
        return left

    def _negated(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise self.error(f"expected at most {DEEPEST} levels", "split it into several measures")
        if self.take("not"):
            return Negation(operand=self._negated(depth + 1))
        return self._compared(depth)

    def _compared(self, depth: int) -> Expression:
        left = self._sum(depth)
        sign = self.word()
        if self.kind() != "sign" or sign not in _COMPARISONS:
            return left
        self.at += 1
        if sign in {"<", ">"} and self.word() == "=":
            raise self.error(f"expected a value after `{sign}`", f"write `{sign}=` without a space")
        if self.word() == "=":
            raise self.error("expected a value after `=`", "write a single `=`")
        right = self._sum(depth)
        if self.kind() == "sign" and self.word() in _COMPARISONS:
            raise self.error("expected one comparison at a time", "write `a < b and b < c`")
        return Comparison(operator=sign, left=left, right=right)

    def _sum(self, depth: int) -> Expression:
        left = self._product(depth)
        while self.kind() == "sign" and self.word() in {"+", "-"}:
            operator = self.word()
            self.at += 1
            left = Arithmetic(operator=operator, left=left, right=self._product(depth))
        return left

    def _product(self, depth: int) -> Expression:
        left = self._signed(depth)
        while self.kind() == "sign" and self.word() in {"*", "/"}:
            operator = self.word()
            self.at += 1
            left = Arithmetic(operator=operator, left=left, right=self._signed(depth))
        return left

    def _signed(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise self.error(f"expected at most {DEEPEST} levels", "split it into several measures")
        return Negative(operand=self._signed(depth + 1)) if self.take("-") else self._atom(depth)

    def _atom(self, depth: int) -> Expression:
        kind, word, _ = self.tokens[self.at]
        if self.take("("):
            inner = self._either(depth + 1)
            self.expect(")", "close the parenthesis")
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
            return self._call(word) if self.take("(") else self._name(word)
        raise self.error("expected a name, a number, a text or `(`", "docs/rules.md shows what an expression may hold")

    def _number(self, word: str) -> Decimal:
        number = exact_number(Decimal(word.replace("_", "")))
        if number is None:
            raise self.error(f"expected {NUMBER_WORDS}", "round the number", back=1)
        return number

    def _duration(self, word: str) -> Expression:
        seconds = seconds_of(word)
        if seconds is None:
            raise self.error("expected a number or a duration such as `30m`", "units are s, m, h, d and w")
        self.at += 1
        return Number(value=Decimal(seconds), unit="seconds")

    def _name(self, word: str) -> Expression:
        step, dot, name = word.partition(".")
        return Name(name=name, step=step) if dot else Name(name=word)

    def _call(self, function: str) -> Expression:
        """Read the arguments of a call; the opening parenthesis is behind us."""
        if function in PAIR_FUNCTIONS:
            first, second = self._steps(function)
            return PairCall(function=function, first=first, second=second)
        if function == LINKED:
            first, second = self._steps(function)
            return Comparison(operator="=", left=_cluster_of(first), right=_cluster_of(second))
        if function == PER:
            hint = f"write `median(per(column, count()))`, or another of {', '.join(OVER_PER)}"
            raise self.error("expected a function around it", hint, back=2)
        return self._aggregate(self._known(function))

    def _known(self, function: str) -> AggregateFunction:
        for known in AGGREGATES:
            if function == known:
                return known
        names = (*AGGREGATES, *PAIR_FUNCTIONS, LINKED, PER)
        raise self.error(f"expected a function: {', '.join(names)}", nearest(function, names, "choose"), back=2)

    def _aggregate(self, function: AggregateFunction, *, is_inside: bool = False) -> Aggregate:
        """Read the arguments of an aggregate; `is_inside` is one inside `per`."""
        if function in {"span", "active_hours"} or (function == "count" and self.word() == ")"):
            self.expect(")", f"`{function}()` takes nothing here")
            return Aggregate(function=function)
        if function == "count" and self.take("sequence"):
            self.expect(")", "write `count(sequence)`")
            return Aggregate(function="count", of_sequence=True)
        if function == "share":
            return Aggregate(function="share", selection=self._selection())
        if self.word() == PER and self.following() == "(":
            return self._over_per(function, is_inside)
        return self._of_column(function)

    def _selection(self) -> str:
        start = self.tokens[self.at][2]
        # a selection's name may hold a `-`, which is a sign of its own elsewhere
        found = _SELECTION.match(self.text, start)
        if self.kind() != "name" or found is None:
            raise self.error("expected a selection", "write `share(selection)` with a selection of `when`")
        while self.tokens[self.at][2] < found.end():
            self.at += 1
        self.expect(")", "write `share(selection)` with the name of one selection of `when`")
        return found[0]

    def _over_per(self, function: AggregateFunction, is_inside: bool) -> Aggregate:
        hint = f"write `{function}(per(column, count()))`"
        if function not in OVER_PER or is_inside:
            expected = "an aggregate of records" if is_inside else f"`per` only in {', '.join(OVER_PER)}"
            raise self.error(f"expected {expected}", "measure a column here")
        self.at += 2
        column = self._argument("a column", hint)
        self.expect(",", hint)
        if self.kind() != "name" or self.following() != "(":
            raise self.error("expected an aggregate such as `count()`", hint)
        inner = self.word()
        self.at += 2
        per = Per(column=column, aggregate=self._aggregate(self._known(inner), is_inside=True))
        self.expect(")", hint)
        fraction = self._fraction() if function == "quantile" else None
        self.expect(")", hint)
        return Aggregate(function=function, per=per, fraction=fraction)

    def _of_column(self, function: AggregateFunction) -> Aggregate:
        is_distinct = self.take("distinct")
        if is_distinct and function != "count":
            raise self.error("expected `distinct` only in `count`", "write `count(distinct x)`", back=1)
        column = self._argument("a column", f"write `{function}(column)`")
        fraction = self._fraction() if function == "quantile" else None
        self.expect(")", f"write `{function}(column)`; expressions over columns are not part of the grammar")
        return Aggregate(function=function, column=column, is_distinct=is_distinct, fraction=fraction)

    def _argument(self, what: str, hint: str) -> str:
        kind, word, _ = self.tokens[self.at]
        if kind != "name" or word in KEYWORDS:
            raise self.error(f"expected {what}", hint)
        self.at += 1
        return word

    def _fraction(self) -> Decimal:
        self.expect(",", "write `quantile(column, 0.95)`")
        word = self.word()
        if self.kind() != "number" or len(word) > 20 or not 0 <= Decimal(word.replace("_", "")) <= 1:
            raise self.error("expected a fraction from 0 to 1", "write `quantile(column, 0.95)`")
        self.at += 1
        return Decimal(word.replace("_", ""))

    def _steps(self, function: str) -> tuple[str, str]:
        hint = f"write `{function}(step, step)`"
        first = self._argument("a step", hint)
        self.expect(",", hint)
        second = self._argument("a step", hint)
        self.expect(")", hint)
        return first, second


def _cluster_of(step: str) -> Name:
    return Name(name="cluster_id", step=step)
