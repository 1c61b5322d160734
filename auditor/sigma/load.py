"""Loading Sigma rules: detections with their filters, correlations with what they refer to, refusals by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from auditor.errors import Place, Problem
from auditor.policy.messages import problem_at
from auditor.sigma.conditions import Condition, Either, Every
from auditor.sigma.correlating import Chain
from auditor.sigma.documents import Document, documents_of, read_documents, rule_files
from auditor.sigma.model import Detection, LogSource, Refusal, Ruleset
from auditor.sigma.parsing import SHAPE_ERRORS, Parsed, parsed_documents, problem_of, shape_problem, source_of
from auditor.sigma.translate import UntranslatableError, condition_of


@dataclass(frozen=True)
class _Filter:
    title: str
    source: LogSource
    rules: frozenset[str] | None
    """Ids and names in lower case as written; None for any rule of the log source."""
    condition: Condition


def load_rules(paths: Iterable[Path]) -> Ruleset:
    """Load rule files and folders of them. Raises UsageError for a path that holds none."""
    refused: list[Refusal] = []
    return _ruleset(read_documents(rule_files(paths), refused), refused)


def rules_of(text: str, file: str = "rules.yml") -> Ruleset:
    """Load the rules of one text of YAML documents."""
    refused: list[Refusal] = []
    return _ruleset(documents_of(text.encode(), file, refused), refused)


def _ruleset(documents: Sequence[Document], refused: list[Refusal]) -> Ruleset:
    parsed = parsed_documents(documents, refused)
    filters = [one for item in parsed if (one := _filter(item, refused)) is not None]
    detections = [rule for item in parsed if (rule := _detection(item, filters, refused)) is not None]
    chain = Chain(parsed, {item.heading.key for item in detections}, refused)
    correlations = chain.correlations()
    hidden = chain.hidden
    shown = {item.heading.key: _shown(item, hidden) for item in detections}
    used = {title for item in detections for title in item.filters}
    unused = tuple(sorted({item.title for item in filters} - used))
    return Ruleset(shown, correlations, tuple(refused), unused)


def _shown(detection: Detection, hidden: frozenset[str]) -> Detection:
    if detection.heading.key not in hidden:
        return detection
    return Detection(detection.heading, detection.condition, detection.source, False, detection.filters)


def _detection(item: Parsed, filters: Sequence[_Filter], refused: list[Refusal]) -> Detection | None:
    if not isinstance(item.rule, SigmaRule):
        return None
    condition = _condition(item, item.rule.detection.parsed_condition, refused)
    if condition is None:
        return None
    source = source_of(item.rule)
    names = {word.lower() for word in (item.heading.id, item.heading.name) if word}
    applied = [each for each in filters if each.source.contains(source) and (each.rules is None or each.rules & names)]
    whole = Every((condition, *(each.condition for each in applied))) if applied else condition
    return Detection(item.heading, whole, source, filters=tuple(each.title for each in applied))


def _filter(item: Parsed, refused: list[Refusal]) -> _Filter | None:
    if not isinstance(item.rule, SigmaFilter):
        return None
    condition = _condition(item, item.rule.filter.parsed_condition, refused)
    rules = item.rule.filter.rules
    names = None if isinstance(rules, str) else frozenset(str(ref.reference).lower() for ref in rules)
    return _Filter(item.heading.title, source_of(item.rule), names, condition) if condition is not None else None


def _condition(item: Parsed, conditions: Sequence[Any], refused: list[Refusal]) -> Condition | None:
    """Return what the conditions of a rule say together: one of them holds."""
    try:
        parts = tuple(condition_of(condition.parsed) for condition in conditions)
    except (RecursionError, UntranslatableError, *SHAPE_ERRORS) as error:
        refused.append(Refusal(item.heading.title, _problem(error, item.heading.place)))
        return None
    return parts[0] if len(parts) == 1 else Either(parts)


def _problem(error: Exception, place: Place) -> Problem:
    match error:
        case UntranslatableError(message=message, hint=hint):
            return problem_at(place, message, hint)
        case RecursionError():
            return problem_of("a condition nested too deep", place)
        case SigmaError():
            return problem_of(error, place)
        case _:
            return shape_problem(error, place)
