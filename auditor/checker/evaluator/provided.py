"""What the sources provide: which of them a rule can use, and what is missing if none."""

from collections.abc import Sequence

from auditor.policy.pack import Context
from auditor.policy.rule import Rule
from auditor.records.activity import SourceSummary
from auditor.records.schema import FACT_COLUMNS


def usable_sources(rule: Rule, sources: Sequence[SourceSummary], context: Context) -> frozenset[str]:
    """Return the ids of the sources that provide every column that the rule needs."""
    filled = [source for source in sources if source.records]
    return frozenset(source.source_id for source in filled if not _lacks(rule, source, filled, context))


def missing_of(rule: Rule, sources: Sequence[SourceSummary], context: Context) -> tuple[str, ...]:
    """Return what keeps the rule from being evaluated: columns, and lists as `%name%`; sorted."""
    lists = {f"%{name}%" for name in rule.missing_lists}
    return tuple(sorted(lists | _missing_columns(rule, sources, context)))


def unknown_subject(rule: Rule, sources: Sequence[SourceSummary], context: Context) -> set[str]:
    """Return the columns of the rule's subject that no source provides."""
    filled = [source for source in sources if source.records]
    columns = rule.subject_columns
    return {column for column in columns if not any(_has(column, source, filled, context) for source in filled)}


def _missing_columns(rule: Rule, sources: Sequence[SourceSummary], context: Context) -> set[str]:
    filled = sorted((source for source in sources if source.records), key=lambda source: source.source_id)
    lacking = [_lacks(rule, source, filled, context) for source in filled]
    nowhere = {column for column in rule.needed_columns() if all(column in lacked for lacked in lacking)}
    return nowhere or min(lacking, key=len, default=set())


def _lacks(rule: Rule, source: SourceSummary, sources: Sequence[SourceSummary], context: Context) -> set[str]:
    return {column for column in rule.needed_columns() if not _has(column, source, sources, context)}


def _has(column: str, source: SourceSummary, sources: Sequence[SourceSummary], context: Context) -> bool:
    if column in FACT_COLUMNS:
        return any(column in other.provides for other in sources)
    if column == "rate_limit":
        return bool(context.requests_per_minute) and any("plan" in other.provides for other in sources)
    if column == "model_age":
        return bool(context.model_releases) and "model" in source.provides
    if column.startswith("extra."):
        asked = source.extra_names
        return "extra" in source.provides and (asked is None or column in asked)
    return column in source.provides
