"""Sigma rules written as rules of a pack, where that keeps their meaning exactly; all others are refused by name.

A detection becomes a rule with subject `none`: its one finding has the records that Sigma matches. `missing: counts`
gives it Sigma's two values. Of correlations, `event_count` and, over exact columns, `value_count` have the same windows
and incidents in both. The others differ: sequences of packs pair each record once, sums cite every record of a window.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from auditor.errors import PolicyError
from auditor.policy.load import load_rule_text
from auditor.policy.messages import problem_at
from auditor.records.schema import ColumnType
from auditor.sigma.columns import Columns
from auditor.sigma.conditions import Either
from auditor.sigma.model import Correlation, Detection, Heading, Refusal, Ruleset
from auditor.sigma.native_tests import column_for
from auditor.sigma.native_text import rule_text
from auditor.sigma.native_when import WhenBlock
from auditor.sigma.translate import UntranslatableError

LEVELS = ("informational", "low", "medium", "high", "critical")
_EXACT = (ColumnType.INTEGER, ColumnType.BOOLEAN)
_NAMESPACE = uuid.UUID("5b0a5f0e-6f2b-5d3c-9a55-0c1f3a8a7f10")
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Choices:
    """What Sigma doesn't say of a rule: the conducts, the family, and whether groups may differ by case."""

    conducts: tuple[str, ...]
    family: str
    is_cased: bool = False


@dataclass(frozen=True)
class NativeRule:
    """A rule of a pack: the stem of its file's name, its text, and the title of the Sigma rule."""

    name: str
    text: str
    title: str


@dataclass(frozen=True)
class Imported:
    """What could be written, and what could not and why."""

    rules: tuple[NativeRule, ...]
    refused: tuple[Refusal, ...]


def import_rules(rules: Ruleset, columns: Columns, choices: Choices) -> Imported:
    """Write every rule that keeps its meaning; rules that only correlations use are part of theirs."""
    written: list[NativeRule] = []
    refused = list(rules.refused)
    shown: Sequence[Detection | Correlation] = [*rules.detections.values(), *rules.correlations.values()]
    for rule in shown:
        if not rule.is_reported:
            continue
        name = _name(rule.heading, {item.name for item in written})
        try:
            text = _text(rule, rules, columns, choices)
            load_rule_text(text, name=name)
            written.append(NativeRule(name, text, rule.heading.title))
        except UntranslatableError as error:
            problem = problem_at(rule.heading.place, error.message, error.hint)
            refused.append(Refusal(rule.heading.title, problem))
        except PolicyError as error:
            found = f"packs don't take it: {error.problems[0].message}"
            problem = problem_at(rule.heading.place, found, error.problems[0].hint)
            refused.append(Refusal(rule.heading.title, problem))
    return Imported(tuple(written), tuple(refused))


def _text(rule: Detection | Correlation, rules: Ruleset, columns: Columns, choices: Choices) -> str:
    content: dict[str, object] = {**_heading(rule.heading, choices), "subject": "none"}
    block = WhenBlock(columns)
    if isinstance(rule, Detection):
        condition = block.said(rule.condition)
        return rule_text(content, block.selections, condition, {"missing": "counts"})
    by = _by(rule, columns, choices)
    bases = tuple(item.condition for item in _base_rules(rule, rules))
    condition = block.said(Either(bases) if len(bases) > 1 else bases[0])
    measure = _measure(rule, columns, choices)
    violates = " and ".join(f"found {bound.operator} {_decimal(bound.number)}" for bound in rule.thresholds)
    rest = {"missing": "counts", "measure": {"found": measure}, "within": f"{rule.span // _MICROSECONDS}s",
            "violates": violates}  # fmt: skip
    return rule_text({**content, **({"by": by} if by else {})}, block.selections, condition, rest)


def _heading(heading: Heading, choices: Choices) -> dict[str, object]:
    identity = heading.id or str(uuid.uuid5(_NAMESPACE, f"{heading.name}\n{heading.title}"))
    return {
        "id": identity,
        "title": heading.title,
        "status": "experimental",
        "conduct": list(choices.conducts) if len(choices.conducts) > 1 else choices.conducts[0],
        "strength": "inferential",
        "family": choices.family,
        "level": heading.level if heading.level in LEVELS else "medium",
        "description": f"Imported from the Sigma rule “{heading.title}”.",
        "references": [f"Sigma rule {heading.id or heading.title}"],
    }


def _by(rule: Correlation, columns: Columns, choices: Choices) -> list[str]:
    """Return the columns that divide the records: the same for every rule that the correlation is about."""
    found = []
    for name in rule.group_by:
        fields = {reference.field_of(name) for reference in rule.references}
        named = {column_for(field, columns).name for field in fields}
        if len(named) > 1:
            message = f"group `{name[:60]}` is {len(named)} columns, expected one for all rules"
            raise UntranslatableError(message, "a rule of a pack groups by one column")
        _check_case(next(iter(fields)), "groups by", columns, choices)
        found.append(named.pop())
    return found


def _check_case(field: str, what: str, columns: Columns, choices: Choices) -> None:
    column = column_for(field, columns)
    if column.type not in _EXACT and not choices.is_cased:
        found = f"it {what} `{column.name}` ignoring case, which rules of packs compare exactly"
        raise UntranslatableError(found, "accept the difference with `--cased-groups` if case never differs there")


def _base_rules(rule: Correlation, rules: Ruleset) -> list[Detection]:
    if rule.kind not in {"event_count", "value_count"}:
        message = f"a correlation of type {rule.kind}, expected `event_count` or `value_count`"
        raise UntranslatableError(message, "write a native rule: its windows or its pairs differ from Sigma's")
    found = [rules.detections.get(reference.rule) for reference in rule.references]
    bases = [item for item in found if item is not None]
    if len(bases) < len(found):
        message = "a correlation over a correlation, expected one over plain rules"
        raise UntranslatableError(message, "write a native rule for the whole")
    return bases


def _measure(rule: Correlation, columns: Columns, choices: Choices) -> str:
    if rule.kind == "event_count":
        return "count()"
    fields = {reference.field_of(rule.field) for reference in rule.references}
    named = {column_for(field, columns).name for field in fields}
    if len(named) > 1:
        raise UntranslatableError("a value that is several columns, expected one for all rules", "write a native rule")
    _check_case(next(iter(fields)), "counts values of", columns, choices)
    return f"count(distinct {named.pop()})"


def _decimal(number: Fraction) -> str:
    """Return a bound as a plain decimal; bounds come from texts and numbers of YAML, so that they have one."""
    digits = next(digits for digits in range(400) if (number * 10**digits).denominator == 1)
    return f"{Decimal(int(number * 10**digits)).scaleb(-digits):f}"


def _name(heading: Heading, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", heading.title.lower()).strip("-")[:60].rstrip("-") or "rule"
    by_id = (f"{stem}-{heading.id[:8]}",) if heading.id else ()
    names = (stem, *by_id, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
    free: str = next(name for name in names if name not in taken)
    return free
