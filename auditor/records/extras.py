"""Names below `extra`: which of them occur, so that a rule that reads a misspelt one is not evaluated.

Only names that rules ask for are looked up, in one pass over the records that have any unknown field.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlglot import exp

from auditor.records.activity import RECORDS, Activity, one_kind
from auditor.records.sql import identifier, table, text_of


def extra_text(name: str, row: str | None = None) -> exp.Expression:
    """Return the text at `extra.a.b` of a record, NULL where there is none; `row` is the table's alias."""
    keys = [exp.JSONPathKey(this=key) for key in name.split(".")[1:]]
    path = exp.JSONPath(expressions=[exp.JSONPathRoot(), *keys])
    return exp.JSONExtractScalar(this=identifier("extra", row), expression=path)


def with_extra_names(activity: Activity, names: Collection[str]) -> Activity:
    """Return the activity with `extra_names` of every source filled in, for the names given (others are ignored)."""
    asked = sorted(name for name in names if name.startswith("extra."))
    if not asked:
        return activity
    found = _found(activity, asked)
    surveyed = (replace(source, extra_names=found.get(source.source_id, frozenset())) for source in activity.sources)
    return replace(activity, sources=one_kind(surveyed))


def _found(activity: Activity, asked: Sequence[str]) -> dict[str, frozenset[str]]:
    counts = [exp.Count(this=extra_text(name)) for name in asked]
    has_extra = exp.Not(this=exp.Is(this=identifier("extra"), expression=exp.null()))
    query = exp.Select(expressions=[identifier("source_id"), *counts]).from_(table(RECORDS))
    query = query.where(has_extra, copy=False).group_by(identifier("source_id"), copy=False)
    rows = activity.connection.cursor().execute(text_of(query)).fetchall()
    return {row[0]: frozenset(name for name, count in zip(asked, row[1:], strict=True) if count) for row in rows}
