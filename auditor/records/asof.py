"""An activity as it was on a day: what its sources provided by the records up to then.

That a source has a column is learnt from its records. Judged as on a day, a column that is filled for the first time
later is not there yet, and neither is a source that begins later.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from sqlglot import exp

from auditor.records.activity import RECORDS, Activity, SourceSummary, one_kind
from auditor.records.extras import extra_text, with_extra_names
from auditor.records.schema import COLUMNS
from auditor.records.sql import cast, identifier, literal, table, text_of


def as_on(activity: Activity, as_of: datetime | None, names: Collection[str]) -> Activity:
    """Return the activity with its sources as of a time (included), and with `extra.` names surveyed; None: as it is.

    Sources without a record by then are left out. The records themselves are not changed: what reads them leaves out
    later ones.
    """
    if as_of is None:
        return with_extra_names(activity, names)
    asked = sorted(name for name in names if name.startswith("extra."))
    by_id = {source.source_id: source for source in activity.sources}
    rows = activity.connection.cursor().execute(text_of(_survey(as_of, asked))).fetchall()
    known = (_source(by_id[source], count, filled, asked) for source, count, *filled in rows if source in by_id)
    return replace(activity, sources=one_kind(known))


def _source(source: SourceSummary, records: int, filled: list[int], asked: list[str]) -> SourceSummary:
    provides = frozenset(name for name, count in zip(COLUMNS, filled, strict=False) if count)
    names = frozenset(name for name, count in zip(asked, filled[len(COLUMNS) :], strict=True) if count)
    return replace(
        source, records=records, provides=provides & source.provides, extra_names=names if asked else source.extra_names
    )


def _survey(as_of: datetime, asked: list[str]) -> exp.Select:
    values = [*map(identifier, COLUMNS), *map(extra_text, asked)]
    counts = [exp.Count(this=exp.Star()), *(exp.Count(this=value) for value in values)]
    query = exp.Select(expressions=[identifier("source_id"), *counts]).from_(table(RECORDS))
    query = query.where(exp.LTE(this=identifier("time"), expression=timestamp(as_of)))
    return query.group_by(identifier("source_id")).order_by(identifier("source_id"))


def timestamp(time: datetime) -> exp.Expression:
    """Return a time as the store keeps times: UTC without its zone."""
    return cast(literal(time.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")), "TIMESTAMP")
