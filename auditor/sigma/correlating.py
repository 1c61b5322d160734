"""Correlation rules read from what pySigma parsed: references resolved, bounds exact, the chain in order."""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sigma.correlations import SigmaCorrelationRule, SigmaExtendedCorrelationCondition

from auditor.errors import Problem
from auditor.policy.messages import problem_at
from auditor.sigma.bounds import least_rules
from auditor.sigma.conditions import Operator
from auditor.sigma.model import Correlation, Heading, Reference, Refusal, Term, Threshold
from auditor.sigma.parsing import OPERATORS, SHAPE_ERRORS, Parsed, shape_problem
from auditor.sigma.terms import MOST_TERMS, terms_of
from auditor.sigma.translate import UntranslatableError

_SIGNS: Mapping[str, Operator] = dict(zip(OPERATORS, ("<", "<=", ">", ">=", "=", "<>"), strict=True))
_MICROSECONDS = 1_000_000


class Chain:
    """The correlations of a set of rules; each is made once, after those that it refers to."""

    def __init__(self, parsed: Sequence[Parsed], detections: Iterable[str], refused: list[Refusal]) -> None:
        """Index every rule by id and name."""
        self._usable = set(detections)
        self._refused = refused
        self._waiting = {item.heading.key: item for item in parsed if isinstance(item.rule, SigmaCorrelationRule)}
        self._made: dict[str, Correlation] = {}
        self._open: set[str] = set()
        self._keys: dict[str, list[str]] = {}
        for item in parsed:
            for word in {item.heading.id.lower(), item.heading.name} - {""}:
                self._keys.setdefault(word, []).append(item.heading.key)
        self._quiet: set[str] = set()
        self.hidden: frozenset[str] = frozenset()
        """Keys of the rules that only correlations use (`generate` was not asked for)."""

    def correlations(self) -> dict[str, Correlation]:
        """Return the correlations by key, referenced ones first; those that can't be made are refused."""
        for key in list(self._waiting):
            self._make(key)
        self.hidden = frozenset(self._quiet)
        return {key: _reported(item, key not in self.hidden) for key, item in self._made.items()}

    def _make(self, key: str) -> bool:
        if key in self._made or key in self._usable:
            return True
        item = self._waiting.get(key)
        if item is None:
            return False
        if key in self._open:
            return False
        self._open.add(key)
        try:
            self._made[key] = self._correlation(item)
        except UntranslatableError as error:
            self._refuse(item, problem_at(item.heading.place, error.message, error.hint))
        except SHAPE_ERRORS as error:
            self._refuse(item, shape_problem(error, item.heading.place))
        finally:
            self._open.discard(key)
        return key in self._made

    def _refuse(self, item: Parsed, problem: Problem) -> None:
        del self._waiting[item.heading.key]
        self._refused.append(Refusal(item.heading.title, problem))

    def _correlation(self, item: Parsed) -> Correlation:
        rule = item.rule
        assert isinstance(rule, SigmaCorrelationRule)
        names = _names(rule)
        references = tuple(self._reference(rule, name) for name in names)
        condition = item.document.content["correlation"].get("condition")
        correlation = _correlation_of(item.heading, rule, references, names, condition)
        if not rule.generate:
            self._quiet.update(reference.rule for reference in references)
        return correlation

    def _reference(self, rule: SigmaCorrelationRule, name: str) -> Reference:
        keys = self._keys.get(name) or self._keys.get(name.lower(), [])
        if len(set(keys)) != 1:
            found = f"reference `{name}` to {len(set(keys))} rules, expected one rule with this id or name"
            raise UntranslatableError(found, "load the file that holds the rule, too")
        key = keys[0]
        if key in self._open:
            raise UntranslatableError(f"a circle of references through `{name}`, expected a chain", "cut the circle")
        if not self._make(key):
            raise UntranslatableError(f"reference `{name}` to a rule that is refused", "mend that rule first")
        words = {word for word, known in self._keys.items() if key in known}
        aliases = tuple(
            (str(alias.alias), _name_of_field(field))
            for alias in rule.aliases
            for target, field in alias.mapping.items()
            if {str(target.reference), str(target.reference).lower()} & words
        )
        return Reference(key, aliases)


def _names(rule: SigmaCorrelationRule) -> list[str]:
    """Return what the rule refers to, in its order: as listed, or as its extended condition names them."""
    if rule.rules is not None:
        return [str(reference.reference) for reference in rule.rules]
    assert isinstance(rule.condition, SigmaExtendedCorrelationCondition)
    return rule.condition.get_referenced_rules()


def _correlation_of(
    heading: Heading, rule: SigmaCorrelationRule, references: tuple[Reference, ...], names: list[str], condition: Any
) -> Correlation:
    if not references:
        raise UntranslatableError("a correlation without rules, expected at least one", "name the rules")
    is_extended = isinstance(rule.condition, SigmaExtendedCorrelationCondition)
    kind = rule.type.name.lower()
    thresholds = () if is_extended else _thresholds(condition, len(references))
    _check_choices(kind, thresholds, len(references))
    return Correlation(
        heading=heading,
        kind=kind,  # type: ignore[arg-type]  # pySigma's types are the eight kinds
        references=references,
        group_by=tuple(rule.group_by or ()),
        span=rule.timespan.seconds * _MICROSECONDS,
        thresholds=thresholds,
        terms=_terms(rule, names) if is_extended else None,
        field=_field(rule, condition),
        percentile=_percentile(kind, condition),
    )


def _terms(rule: SigmaCorrelationRule, names: list[str]) -> tuple[Term, ...]:
    assert isinstance(rule.condition, SigmaExtendedCorrelationCondition)
    return terms_of(rule.condition.parsed, {name: slot for slot, name in enumerate(names)})


def _thresholds(condition: Any, rules: int) -> tuple[Threshold, ...]:
    """Return the bounds of a condition; a temporal rule without one needs all of its rules."""
    if condition is None:
        return (Threshold(">=", Fraction(rules)),)
    return tuple(Threshold(_SIGNS[name], _exact(condition[name], name)) for name in OPERATORS if name in condition)


def _check_choices(kind: str, thresholds: tuple[Threshold, ...], rules: int) -> None:
    choices = math.comb(rules, least_rules(thresholds) or 0) if kind == "temporal_ordered" else 1
    if choices > MOST_TERMS:
        found = f"{choices} choices of rules that could come in order, expected at most {MOST_TERMS}"
        raise UntranslatableError(found, "ask for all rules, or split the rule")


def _exact(value: Any, name: str) -> Fraction:
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        found = f"`{name}` is no number, expected one"
        raise UntranslatableError(found, "write a number such as `10` or `0.5`") from None


def _field(rule: SigmaCorrelationRule, condition: Any) -> str:
    field = condition.get("field") if isinstance(condition, dict) else None
    if isinstance(field, list) and len(field) != 1:
        found = f"`field` is a list of {len(field)}, expected one field"
        raise UntranslatableError(found, "what several fields mean is open in the specification: write two rules")
    name = field[0] if isinstance(field, list) else field
    if rule.type.name.startswith("VALUE") and not isinstance(name, str):
        raise UntranslatableError("`field` is no text, expected the name of a field", "name the field to measure")
    return str(name) if name is not None else ""


def _name_of_field(value: Any) -> str:
    if not isinstance(value, str):
        raise UntranslatableError(
            "an alias that is no text, expected the name of a field", "name a field for each rule"
        )
    return value


def _percentile(kind: str, condition: Any) -> Fraction:
    if kind != "value_percentile":
        return Fraction(50)
    if "percentile" not in condition:
        found = "`value_percentile` without `percentile`, expected one of 0 to 100"
        raise UntranslatableError(found, "say which one: `percentile: 95`")
    percentile = _exact(condition["percentile"], "percentile")
    if not 0 <= percentile <= 100:
        raise UntranslatableError(f"percentile {float(percentile)}, expected 0 to 100", "choose another")
    return percentile


def _reported(item: Correlation, is_reported: bool) -> Correlation:
    if is_reported:
        return item
    return Correlation(item.heading, item.kind, item.references, item.group_by, item.span, item.thresholds,
                       item.terms, item.field, item.percentile, is_reported=False)  # fmt: skip
