"""pySigma at work: each document becomes a parsed rule, or is refused with pySigma's reason in the house's form."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from auditor.errors import Place, Problem
from auditor.policy.messages import problem_at
from auditor.sigma.documents import Document
from auditor.sigma.model import Heading, LogSource, Refusal
from auditor.sigma.regexes import POLICY

SHAPE_ERRORS = (TypeError, ValueError, AttributeError, KeyError, IndexError)
"""What pySigma raises, besides errors of its own, where a rule has another kind of value than it takes for granted."""

OPERATORS = ("lt", "lte", "gt", "gte", "eq", "neq")


@dataclass(frozen=True)
class Parsed:
    """A document that pySigma understood, with its heading."""

    heading: Heading
    document: Document
    rule: SigmaRule | SigmaCorrelationRule | SigmaFilter


def parsed_documents(documents: Iterable[Document], refused: list[Refusal]) -> tuple[Parsed, ...]:
    """Parse each document; what pySigma can't parse goes to `refused`."""
    parsed: list[Parsed] = []
    keys: set[str] = set()
    for document in documents:
        found = _parsed(document)
        if isinstance(found, Problem):
            refused.append(Refusal(document.title, found))
            continue
        heading = _heading(document, found, keys)
        keys.add(heading.key)
        parsed.append(Parsed(heading, document, found))
    return tuple(parsed)


def source_of(rule: SigmaRule | SigmaFilter) -> LogSource:
    """Return the log source that a rule or filter names."""
    source = rule.logsource
    return LogSource(source.category or "", source.product or "", source.service or "")


def problem_of(error: SigmaError | str, place: Place) -> Problem:
    """Put pySigma's words into the form of our messages."""
    words = re.sub(r"b'(.*)'$", r"\1", " ".join(str(error).split()))
    text = words.rstrip(".") or "a rule that pySigma does not take"
    head = text[0].lower() + text[1:] if not re.match(r"[A-Z]{2}", text) else f"pySigma says {text}"
    return problem_at(place, head[:400], "see the Sigma specification")


def shape_problem(error: Exception, place: Place) -> Problem:
    """Say that a value of a rule is of another kind than Sigma's."""
    found = f"a value of another kind than Sigma's ({type(error).__name__}), expected a rule after the specification"
    return problem_at(place, found, "compare the rule with the examples of the specification")


def _parsed(document: Document) -> SigmaRule | SigmaCorrelationRule | SigmaFilter | Problem:
    try:
        match document.kind:
            case "correlation":
                return SigmaCorrelationRule.from_dict(_one_threshold(document.content))
            case "filter":
                return SigmaFilter.from_dict(document.content, policy=POLICY)
            case _:
                return SigmaRule.from_dict(document.content, policy=POLICY)
    except SigmaError as error:
        return problem_of(error, document.place)
    except SHAPE_ERRORS as error:
        return shape_problem(error, document.place)


def _one_threshold(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content with one bound left of a range: pySigma 2.0 takes just one (specification, "Condition")."""
    correlation = content.get("correlation")
    condition = correlation.get("condition") if isinstance(correlation, dict) else None
    if not isinstance(correlation, dict) or not isinstance(condition, dict):
        return content
    extra = [name for name in OPERATORS if name in condition][1:]
    kept = {name: value for name, value in condition.items() if name not in extra}
    return {**content, "correlation": {**correlation, "condition": kept}}


def _heading(document: Document, rule: SigmaRule | SigmaCorrelationRule | SigmaFilter, taken: set[str]) -> Heading:
    identity = str(rule.id) if rule.id else ""
    name = rule.name or ""
    key = next((word for word in (identity, name, str(document.place)) if word and word not in taken), "")
    return Heading(key or f"{document.place} {len(taken)}", document.place, document.title, identity, name,
                   document.level)  # fmt: skip
