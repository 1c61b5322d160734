"""What the sources provide, and so which rules can be evaluated: known before anything runs.

Follows docs/evaluation.md, "Provided, left out, not evaluated". Nothing here reads a record.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auditor.policy.pack import Context
from auditor.policy.rule import Composite, Rule
from auditor.records.activity import SourceSummary
from auditor.records.schema import COLUMNS, DERIVABLE_COLUMNS, FACT_COLUMNS

COMPLETE_SOURCE = SourceSummary("any", "any source", "canonical", 1, frozenset(COLUMNS) | frozenset(DERIVABLE_COLUMNS))
"""A source that provides every column: to print the plan of rules without any data at hand."""


@dataclass(frozen=True)
class RuleCoverage:
    """Whether a rule can be evaluated, and over which sources (ids, sorted).

    `missing` says why it can't: column names, or `%list%`. Records of `sources_left_out` are counted, not judged;
    `lacking` says which columns those sources lack, and how many of them each (sorted by column).
    """

    rule: str
    is_evaluable: bool
    missing: tuple[str, ...]
    sources_used: tuple[str, ...]
    sources_left_out: tuple[str, ...]
    lacking: tuple[tuple[str, int], ...] = ()
    parts: tuple["RuleCoverage", ...] = ()
    """Of a composite, the coverage of each of its parts."""


def coverage_of(rules: Iterable[Rule], sources: Sequence[SourceSummary], context: Context) -> tuple[RuleCoverage, ...]:
    """Return what each rule can be evaluated on, in the order of the rules."""
    filled = tuple(sorted((source for source in sources if source.records), key=lambda source: source.source_id))
    shared = _provided_everywhere(filled, context)
    lacking = _Lacking(filled, shared, context)
    return tuple(_coverage(rule, lacking) for rule in rules)


def provided_anywhere(sources: Iterable[SourceSummary]) -> frozenset[str]:
    """Return the stored columns that at least one source with records fills."""
    return frozenset().union(*(source.provides for source in sources if source.records))


@dataclass(frozen=True)
class _Lacking:
    sources: tuple[SourceSummary, ...]
    shared: frozenset[str]
    context: Context

    def in_source(self, needed: frozenset[str], source: SourceSummary) -> frozenset[str]:
        return frozenset(name for name in needed if not self._is_provided(name, source))

    def everywhere(self, needed: frozenset[str]) -> frozenset[str]:
        return needed.intersection(*(self.in_source(needed, source) for source in self.sources))

    def _is_provided(self, name: str, source: SourceSummary) -> bool:
        if name in self.shared:
            return True
        if name == "model_age":
            return bool(self.context.model_releases) and "model" in source.provides
        return source.has(name)


def _provided_everywhere(sources: tuple[SourceSummary, ...], context: Context) -> frozenset[str]:
    facts = provided_anywhere(sources) & frozenset(FACT_COLUMNS)
    has_limits = bool(context.requests_per_minute) and "plan" in facts
    return facts | {"time", "event"} | ({"rate_limit"} if has_limits else set())


def _coverage(rule: Rule, lacking: _Lacking) -> RuleCoverage:
    if rule.composite:
        return _coverage_of_composite(rule, rule.composite, lacking)
    needed = rule.needed_columns()
    lacks = {source.source_id: lacking.in_source(needed, source) for source in lacking.sources}
    used = tuple(source for source, missing in lacks.items() if not missing)
    left_out = tuple(source for source, missing in lacks.items() if missing)
    lists = {f"%{name}%" for name in rule.missing_lists}
    columns = frozenset() if used else _missing_columns(needed, lacks)
    missing = tuple(sorted(columns | lists))
    short_of = Counter(column for source in left_out for column in lacks[source])
    return RuleCoverage(rule.name, bool(used) and not lists, missing, used, left_out, tuple(sorted(short_of.items())))


def _coverage_of_composite(rule: Rule, composite: Composite, lacking: _Lacking) -> RuleCoverage:
    """A composite can be evaluated if enough of its parts can and its subject is known anywhere.

    It uses the sources that one of these parts does.
    """
    parts = tuple(_coverage(part, lacking) for part in composite.parts)
    pairs = [(part, found) for part, found in zip(composite.parts, parts, strict=True) if found.is_evaluable]
    homeless = lacking.everywhere(frozenset(rule.subject_columns))
    is_evaluable = len({composite.counted(part) for part, _ in pairs}) >= composite.at_least and not homeless
    missing = homeless.union(*(found.missing for found in parts)) if not is_evaluable else frozenset[str]()
    used = frozenset[str]().union(*(found.sources_used for _, found in pairs))
    left_out = [source for source in lacking.sources if source.source_id not in used]
    needed = rule.needed_columns()
    short_of = Counter(column for source in left_out for column in lacking.in_source(needed, source))
    return RuleCoverage(
        rule=rule.name,
        is_evaluable=is_evaluable,
        missing=tuple(sorted(missing)),
        sources_used=tuple(sorted(used)),
        sources_left_out=tuple(source.source_id for source in left_out),
        lacking=tuple(sorted(short_of.items())),
        parts=parts,
    )


def _missing_columns(needed: frozenset[str], lacks: dict[str, frozenset[str]]) -> frozenset[str]:
    nowhere = needed.intersection(*lacks.values())
    if nowhere or not lacks:
        return nowhere
    return min(lacks.items(), key=lambda item: (len(item[1]), item[0]))[1]
