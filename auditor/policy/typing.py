"""Types and units of expressions: what `measure`, `violates` and `where` may say.

A unit is a set of words with powers, such as tokens or usd/tokens. A number written without a unit takes the unit
that it meets; a duration is in seconds; a count has no unit. Comparing or adding different units is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.errors import Place
from auditor.policy.columns import NUMBERS, grouping_columns, known_column
from auditor.policy.expressions import (
    PER,
    SPREADS,
    Aggregate,
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
from auditor.policy.fields import Problems, nearest
from auditor.records.schema import Column, ColumnType

Unit = tuple[tuple[str, int], ...]
NO_UNIT: Unit = ()


@dataclass(frozen=True)
class Kind:
    """What an expression yields: `number`, `text`, `time`, `boolean` or `truth`; a literal takes any unit."""

    name: str
    unit: Unit = NO_UNIT
    is_literal: bool = False
    is_scaled: bool = False
    """Whether a bare number multiplied it: in `0.25 * seconds_between(a, b)` the number may be km a second."""


TRUTH = Kind("truth")
_UNITS: Mapping[str, Unit] = {
    "span": (("seconds", 1),), "active_hours": (("hours", 1),), "entropy": (("bits", 1),),
}  # fmt: skip
_COLUMN_KINDS = {
    ColumnType.TEXT: "text", ColumnType.ADDRESS: "text", ColumnType.TIMESTAMP: "time", ColumnType.BOOLEAN: "boolean",
}  # fmt: skip


def unit_text(unit: Unit) -> str:
    """Return a unit in words, `""` for none."""
    above = "*".join(word for word, power in unit for _ in range(power) if power > 0)
    below = "/".join(word for word, power in unit for _ in range(-power) if power < 0)
    return f"{above or 1}/{below}" if below else above


@dataclass
class ExpressionChecker:
    """Checks one expression, collecting problems at `place`.

    `measures` are the names that `violates` may use, `words` what may stand before one (`usual.calls`); `steps` those
    that `where` may use; `is_measure` allows aggregates, `has_sequence` allows `count(sequence)`.
    """

    place: Place
    problems: Problems
    measures: Mapping[str, Kind]
    steps: tuple[str, ...] = ()
    is_measure: bool = False
    has_sequence: bool = False
    words: tuple[str, ...] = ()

    def number(self, expression: Expression) -> Kind | None:
        """Check an expression that must yield a number; None after a problem."""
        kind = self.kind_of(expression)
        if kind is not None and kind.name != "number":
            self._add(f"an expression of type {kind.name}, expected a number", "comparisons belong in `violates`")
            return None
        return kind

    def truth(self, expression: Expression) -> None:
        """Check an expression that must be true or false."""
        kind = self.kind_of(expression)
        if kind is not None and kind.name not in {"truth", "boolean"}:
            self._add(f"an expression of type {kind.name}, expected a comparison", "write `name >= number`")

    def kind_of(self, expression: Expression) -> Kind | None:
        """Return what an expression yields, None after a problem."""
        match expression:
            case Number():
                return Kind("number", ((expression.unit, 1),) if expression.unit else NO_UNIT, not expression.unit)
            case Text():
                return Kind("text", is_literal=True)
            case Name():
                return self._name(expression)
            case Aggregate():
                return self._aggregate(expression)
            case PairCall():
                return self._pair(expression)
            case Negative():
                return self._negative(expression)
            case Arithmetic():
                return self._arithmetic(expression)
            case Comparison():
                return self._comparison(expression)
            case Logic() | Negation():
                parts = (expression.left, expression.right) if isinstance(expression, Logic) else (expression.operand,)
                for part in parts:
                    self.truth(part)
                return TRUTH

    def _add(self, message: str, hint: str) -> None:
        self.problems.add(self.place, message, hint)

    def _name(self, name: Name) -> Kind | None:
        if name.step:
            return self._column_of_step(name)
        if self.is_measure:
            self._add(f"`{name.name}` outside a function, expected an aggregate such as `count()`",
                      f"write `max({name.name})` or another aggregate")  # fmt: skip
        elif self.steps:
            self._add(f"`{name.name}` without its step, expected `step.column`", f"write `{self.steps[0]}.{name.name}`")
        elif name.name in self.measures:
            return self.measures[name.name]
        else:
            hint = nearest(name.name, self.measures, f"add `{name.name}: …` under `measure`")
            known = (
                f"one of {', '.join(self.measures)}" if self.measures else "a name under `measure`, and there is none"
            )
            self._add(f"unknown measure `{name.name}`, expected {known}", hint)
        return None

    def _column_of_step(self, name: Name) -> Kind | None:
        if not self.steps:
            return self._compared(name)
        if name.step not in self.steps:
            hint = nearest(name.step, self.steps, "name a step of this sequence")
            self._add(f"unknown step `{name.step}`, expected one of {', '.join(self.steps)}", hint)
            return None
        column = known_column(name.name, self.place, self.problems)
        return None if column is None else self._kind_of_column(column)

    def _compared(self, name: Name) -> Kind | None:
        if name.step in self.words:
            return self._name(Name(name=name.name))
        expected = f"the name of a measure, or one after {' or '.join(f'`{word}.`' for word in self.words)}"
        self._add(f"`{name.full}`, expected {expected if self.words else 'the name of a measure'}",
                  nearest(name.step, self.words, "`usual.calls` and the like need a `baseline`"))  # fmt: skip
        return None

    def _kind_of_column(self, column: Column) -> Kind | None:
        if column.type in NUMBERS:
            return Kind("number", _unit_of(column))
        if column.type in _COLUMN_KINDS:
            return Kind(_COLUMN_KINDS[column.type])
        self._add(f"`{column.name}` is of type {column.type}, expected a single value", "choose another column")
        return None

    def _aggregate(self, call: Aggregate) -> Kind | None:
        if not self.is_measure:
            self._add(f"`{call.function}` here, expected aggregates only under `measure`", "give it a name there")
            return None
        if call.of_sequence and not self.has_sequence:
            self._add("`count(sequence)` in a rule without `sequence`, expected `count()`", "add a `sequence`")
        if call.per is not None:
            return self._over_per(call, call.per)
        if call.column is None:
            return Kind("number", _UNITS.get(call.function, NO_UNIT))
        column = known_column(call.column, self.place, self.problems)
        if column is None:
            return None
        if call.function == "count" or call.function in SPREADS:
            return self._counted(call, column)
        if column.type not in NUMBERS:
            self._add(f"`{call.function}({column.name})` over a column of type {column.type}, expected a number column",
                      "count distinct values instead: `count(distinct column)`")  # fmt: skip
            return None
        return Kind("number", _unit_of(column))

    def _over_per(self, call: Aggregate, per: Per) -> Kind | None:
        grouping_columns((per.column,), self.place, f"`{PER}`", self.problems)
        kind = self._aggregate(per.aggregate)
        return Kind("number") if kind is not None and call.function == "count" else kind

    def _counted(self, call: Aggregate, column: Column) -> Kind | None:
        if column.type in {ColumnType.JSON, ColumnType.TEXT_LIST}:
            self._add(
                f"`{call.function}({column.name})` over a column of type {column.type}, expected a single value",
                "choose another column",
            )
            return None
        return Kind("number", _UNITS.get(call.function, NO_UNIT))

    def _pair(self, call: PairCall) -> Kind | None:
        if not self.steps:
            self._add(f"`{call.function}` here, expected it only in a sequence's `where`", "measure `span()` instead")
            return None
        for step in (call.first, call.second):
            if step not in self.steps:
                hint = nearest(step, self.steps, "name a step of this sequence")
                self._add(f"unknown step `{step}`, expected one of {', '.join(self.steps)}", hint)
                return None
        return Kind("number", (("seconds" if call.function == "seconds_between" else "km", 1),))

    def _negative(self, expression: Negative) -> Kind | None:
        kind = self.kind_of(expression.operand)
        if kind is not None and kind.name != "number":
            self._add(f"a minus before a {kind.name}, expected a number", "remove the minus")
            return None
        return kind

    def _arithmetic(self, expression: Arithmetic) -> Kind | None:
        left, right = self.kind_of(expression.left), self.kind_of(expression.right)
        if left is None or right is None:
            return None
        if left.name != "number" or right.name != "number":
            words = f"{left.name} {expression.operator} {right.name}"
            self._add(f"`{words}`, expected numbers on both sides", "compare texts and times with `=` or `<`")
            return None
        is_literal = left.is_literal and right.is_literal
        if expression.operator == "*":
            unit = _product(left.unit, right.unit, 1)
            return Kind("number", unit, is_literal, left.is_literal != right.is_literal)
        if expression.operator == "/":
            return Kind("number", _product(left.unit, right.unit, -1), is_literal)
        if not self._agree(left, right, expression.operator):
            return None
        return Kind("number", right.unit if left.is_literal else left.unit, is_literal)

    def _comparison(self, expression: Comparison) -> Kind | None:
        left, right = self.kind_of(expression.left), self.kind_of(expression.right)
        if left is None or right is None:
            return None
        if left.name != right.name:
            self._add(f"{left.name} {expression.operator} {right.name}, expected the same type on both sides",
                      "compare numbers with numbers, text with text")  # fmt: skip
        elif left.name in {"truth", "boolean"} and expression.operator not in {"=", "<>"}:
            self._add(f"truth values under `{expression.operator}`, expected `=` or `<>`", "use `and`, `or`, `not`")
        elif left.is_literal and right.is_literal:
            self._add("a comparison of two fixed values, expected a name on one side", "its answer never changes")
        elif left.name == "number":
            self._agree(left, right, expression.operator)
        return TRUTH

    def _agree(self, left: Kind, right: Kind, operator: str) -> bool:
        if left.is_literal or right.is_literal or left.unit == right.unit:
            return True
        if _is_rate(left, right) or _is_rate(right, left):
            return True
        words = [unit_text(kind.unit) or "a plain number" for kind in (left, right)]
        self._add(f"{words[0]} {operator} {words[1]}, expected the same unit on both sides",
                  "a duration such as `30m` is in seconds, a count has no unit")  # fmt: skip
        return False


def _is_rate(distance: Kind, time: Kind) -> bool:
    """Say whether a distance meets a time that a number turned into a distance (a speed, without dividing by zero)."""
    return distance.unit == (("km", 1),) and time.unit == (("seconds", 1),) and time.is_scaled


def _unit_of(column: Column) -> Unit:
    return ((column.unit, 1),) if column.unit else NO_UNIT


def _product(left: Unit, right: Unit, sign: int) -> Unit:
    powers = dict(left)
    for word, power in right:
        powers[word] = powers.get(word, 0) + sign * power
    return tuple(sorted((word, power) for word, power in powers.items() if power))
