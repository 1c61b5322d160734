"""From staged rows to Parquet files: repeated records dropped, the rest written a day (or a sparse month) a file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlglot import exp

from auditor.digests import digest_of_file
from auditor.records.activity import ALL_COLUMNS
from auditor.records.files import kept_files
from auditor.records.incoming import Batch, Outcome, only_kept, rows_of, union
from auditor.records.layout import ADDRESS_NUMBER, HIGH, LOW, copy_to_parquet
from auditor.records.manifest import Manifest, StoredFile
from auditor.records.places import ROW_NUMBER
from auditor.records.repeated import find_repeated
from auditor.records.sql import all_of, call, cast, identifier, literal, named, table, text_of, within

Label = tuple[str, datetime | None, datetime | None]
"""A period's name, its beginning and its end."""

MANY_PERIODS = 400
FEW_A_DAY = 1_000
"""A month whose days have fewer records each makes one file: every read of the store opens all files."""

SCATTERED = 4
"""When the stretches of rows that the periods lie in add up to more than this many times all rows, each row is joined
with its place once for all."""

_WRITERS = 2
_INCOMING = "incoming"


@dataclass(frozen=True)
class Period:
    """A stretch of time that makes a file, and between which row numbers of each source its rows are."""

    label: str
    start: datetime | None
    end: datetime | None
    ranges: Mapping[int, tuple[int, int]]


@dataclass(frozen=True, order=True)
class Day:
    """The records that a source has of a day, and between which row numbers they are."""

    date: date
    source: int
    records: int
    first_row: int
    last_row: int


def write_batch(batch: Batch, folder: Path, manifest: Manifest) -> tuple[list[StoredFile], dict[str, Outcome]]:
    """Write the good rows of a batch into the activity folder; returns new files and the outcome of each source."""
    outcomes = {source_id: Outcome() for _, source_id in batch.sources}
    find_repeated(batch, folder, manifest, outcomes)
    days = _days(batch, outcomes)
    periods = _periods(days)
    columns = _filled(batch)
    kind = "VIEW" if _can_stay_apart(batch, periods) else "TABLE"
    whole = exp.Create(this=table(_INCOMING), kind=kind, replace=True, expression=rows_of(batch, outcomes))
    batch.connection.execute(text_of(whole))

    def write(period: Period) -> StoredFile:
        return _write_period(batch, folder / f"{period.label}-{batch.name}.parquet", columns, period)

    with ThreadPoolExecutor(_WRITERS) as pool:
        written = list(pool.map(write, periods))
    return [*written, *kept_files(batch, folder, outcomes)], outcomes


def _days(batch: Batch, outcomes: Mapping[str, Outcome]) -> list[Day]:
    """Return the days of each source in order, without rows in files; sums up each source's records on the way."""
    parts: list[exp.Query] = []
    for staged, source_id in batch.sources:
        day, row, time = cast(identifier("time"), "DATE"), identifier(ROW_NUMBER), identifier("time")
        values = [call("min", row), call("max", row.copy()), call("min", time), call("max", time.copy())]
        query = exp.Select(expressions=[named(day, "day"), literal(staged.number), call("count", exp.Star()), *values])
        query = query.from_(table(staged.loaded_table if staged.files else staged.rows_table))
        query = query.group_by(identifier("day"))
        parts.append(only_kept(query, staged, outcomes[source_id]))
    ids = {staged.number: outcomes[source_id] for staged, source_id in batch.sources}
    found = sorted(batch.connection.execute(text_of(union(parts))).fetchall())
    for _, number, records, _, _, first, last in found:
        ids[number].add(records, first, last)
    return [Day(*values) for *values, _, _ in found]


def _filled(batch: Batch) -> tuple[str, ...]:
    provided = {name for staged, _ in batch.sources for name in staged.provides}
    always = {"record_id", "source_id", "source_line", "source_offset", "source_length"}
    halves = (HIGH, LOW) if "client_ip" in provided else ()
    return (*(name for name in ALL_COLUMNS if name in provided | always and name != ADDRESS_NUMBER), *halves)


def _periods(days: Sequence[Day]) -> list[Period]:
    """Return the stretches of time that make a file each."""
    labels = _labels(days)
    ranges: dict[tuple[str, datetime | None, datetime | None], dict[int, tuple[int, int]]] = {}
    for day in days:
        of = ranges.setdefault(labels[day.date], {})
        low, high = of.get(day.source, (day.first_row, day.last_row))
        of[day.source] = (min(low, day.first_row), max(high, day.last_row))
    return [Period(label, start, end, of) for (label, start, end), of in ranges.items()]


def _labels(days: Sequence[Day]) -> dict[date, Label]:
    """Return the period of each day: the day; its month where its days hold few records or days are many; else all."""
    records: dict[date, int] = Counter()
    for day in days:
        records[day.date] += day.records
    by_month: dict[date, list[date]] = {}
    for date_ in records:
        by_month.setdefault(date_.replace(day=1), []).append(date_)
    if len(by_month) > MANY_PERIODS:
        return dict.fromkeys(records, ("all", None, None))
    labels: dict[date, Label] = {}
    for month, own in by_month.items():
        if len(records) > MANY_PERIODS or sum(map(records.__getitem__, own)) < FEW_A_DAY * len(own):
            labels |= dict.fromkeys(own, (f"{month:%Y-%m}", _midnight(month), _midnight(_next_month(month))))
        else:
            labels |= {day: (day.isoformat(), _midnight(day), _midnight(day + timedelta(days=1))) for day in own}
    return labels


def _can_stay_apart(batch: Batch, periods: Sequence[Period]) -> bool:
    """Whether to join rows and places period by period: cheap when each has a stretch of a single source's rows."""
    stretches = sum(high - low + 1 for period in periods for low, high in period.ranges.values())
    return batch.is_alone and stretches <= SCATTERED * batch.sources[0][0].rows


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  # the store's times are naive UTC


def _next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _write_period(batch: Batch, path: Path, columns: Sequence[str], period: Period) -> StoredFile:
    own = ("source_id",) if batch.is_alone else ()
    order = [name for name in ("account_id", "time", "source_id", "source_line") if name not in own]
    query = exp.Select(expressions=[identifier(name) for name in columns if name not in own]).from_(table(_INCOMING))
    query = query.order_by(*(identifier(name) for name in order))
    if period.start and period.end:
        since = exp.GTE(this=identifier("time"), expression=cast(literal(period.start.isoformat()), "TIMESTAMP"))
        until = exp.LT(this=identifier("time"), expression=cast(literal(period.end.isoformat()), "TIMESTAMP"))
        query = query.where(all_of([since, until]))
    for low, high in period.ranges.values() if batch.is_alone else ():
        query = query.where(exp.Between(this=identifier(ROW_NUMBER), low=literal(low), high=literal(high)))
    if own:
        source_id = named(literal(batch.sources[0][1]), "source_id")
        query = exp.Select(expressions=[exp.Star(), source_id]).from_(within(query))
    (written,) = batch.connection.cursor().execute(text_of(copy_to_parquet(query, path))).fetchone() or (0,)
    return StoredFile(
        name=path.name, period=period.label, columns=tuple(columns), records=written,
        bytes=path.stat().st_size, sha256=digest_of_file(path),
    )  # fmt: skip
