"""Files of rows that were written while a large source was read, moved into the store as they are.

Their rows are in the order of the source. Only where some of them don't count, since an earlier record has their
content or an earlier source had their lines, a file is written anew without them.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlglot import exp

from auditor.digests import digest_of_file
from auditor.records.incoming import Batch, Outcome, only_kept
from auditor.records.layout import copy_to_parquet
from auditor.records.manifest import StoredFile
from auditor.records.places import ROW_NUMBER
from auditor.records.sql import call, identifier, literal, named, text_of, within
from auditor.records.staging import Staged
from auditor.records.stretch_query import rows_in
from auditor.records.stretches import QuickRows


def kept_files(batch: Batch, folder: Path, outcomes: Mapping[str, Outcome]) -> list[StoredFile]:
    """Move the files of a batch's sources into the activity folder; adds their records to the outcomes."""
    moved = []
    for staged, source_id in batch.sources:
        outcome = outcomes[source_id]
        for number, rows in enumerate(staged.files):
            left = _without_known(batch, staged, outcome, rows)
            if left.rows and left.path and left.first_time and left.last_time:
                outcome.add(left.rows, left.first_time, left.last_time)
                period = _period(left.first_time, left.last_time)
                path = folder / f"{period}-{staged.number}-{number}-{batch.name}.parquet"
                moved.append(_moved(left, left.path, path, period))
    return moved


def _without_known(batch: Batch, staged: Staged, outcome: Outcome, rows: QuickRows) -> QuickRows:
    """Return the rows of a file that count, in a file of their own where some don't."""
    if not rows.path or not (staged.known or outcome.duplicates):
        return rows
    numbered = named(exp.Sub(this=identifier("source_line"), expression=literal(1)), ROW_NUMBER)
    every = exp.Select(expressions=[exp.Star(), numbered]).from_(rows_in(rows.path))
    values = [call("count", exp.Star()), *(call(end, identifier("time")) for end in ("min", "max"))]
    counted = only_kept(exp.Select(expressions=values).from_(within(every)), staged, outcome)
    count, first, last = batch.connection.execute(text_of(counted)).fetchone() or (0, None, None)
    path = rows.path
    if 0 < count < rows.rows:
        path = rows.path.with_suffix(".left")
        query = exp.Select(expressions=[identifier(name) for name in rows.values]).from_(within(every))
        batch.connection.execute(text_of(copy_to_parquet(only_kept(query, staged, outcome), path)))
    return QuickRows(path, count, rows.values, first, last)


def _period(first: datetime, last: datetime) -> str:
    """Name the stretch of time of a file as `StoredFile` does: its day, its month, or all."""
    if first.date() == last.date():
        return first.date().isoformat()
    return f"{first:%Y-%m}" if (first.year, first.month) == (last.year, last.month) else "all"


def _moved(rows: QuickRows, source: Path, target: Path, period: str) -> StoredFile:
    source.replace(target)
    return StoredFile(
        name=target.name, period=period, columns=tuple(rows.values), records=rows.rows,
        bytes=target.stat().st_size, sha256=digest_of_file(target),
    )  # fmt: skip
