"""Writing a world: a log a day, the truth, and the facts of the platform.

    logs/roster.jsonl, logs/DATE.jsonl   canonical records, each file oldest first; the roster is older than the log
    labels.jsonl                         the truth, an account a line (docs/measuring.md)
    context.yml, approvals.yml           what comes with an audit of these logs
    world.json                           what was asked for

Rows are written to the file of their day as they are made and each day is sorted at the end, so that a world of
millions of records needs the memory of its largest day. One seed gives one set of bytes.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BufferedWriter
from pathlib import Path

from auditor.digests import rfc3339
from auditor.records.workspace import disk_errors, write_atomically
from auditor.simulate.worlds.ground import DAY, UNSUPPORTED, Leave, Scene, Timed, Truth
from auditor.simulate.worlds.world import START, World, scenes_of

REQUESTS_PER_MINUTE = {"free": 3, "developer": 60, "business": 500, "enterprise": 5000}
_SORT_KEY = 33
"""Bytes in front of a row in a heap: its time and its place, by which the heap is sorted."""

_PACK = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Written:
    """What was written; `logs` are to be ingested, the rest comes with the audit."""

    folder: Path
    logs: tuple[Path, ...]
    labels: Path
    context: Path
    approvals: Path
    records: int
    truth: tuple[Truth, ...]


def write_world(world: World, folder: Path) -> Written:
    """Write a world to a folder, which is made; the same world gives the same bytes.

    Raises WorkspaceError when the folder can't be written.
    """
    logs = folder / "logs"
    with disk_errors(folder):
        logs.mkdir(parents=True, exist_ok=True)
        truths, leaves, days = _poured(world, logs)
        files, records = _settled(logs, days)
    truth = tuple(sorted(truths, key=lambda it: it.account_id))
    made = Written(
        folder, files, folder / "labels.jsonl", folder / "context.yml", folder / "approvals.yml", records, truth
    )
    write_atomically(made.labels, b"".join(_line(_label(it)) for it in truth))
    write_atomically(made.context, _context(world))
    write_atomically(made.approvals, _approvals(leaves, world))
    write_atomically(folder / "world.json", _line(_asked(world, made)))
    return made


def _poured(world: World, logs: Path) -> tuple[list[Truth], list[Leave], set[int]]:
    """Write every row to the heap of its day, its time in front."""
    truths: list[Truth] = []
    leaves: list[Leave] = []
    heaps: dict[int, BufferedWriter] = {}
    try:
        for number, scene in enumerate(scenes_of(world)):
            for place, (moment, row) in enumerate(_kept(scene.rows, world)):
                day = -1 if moment < 0 else int(moment // DAY)
                heap = heaps.get(day)
                if heap is None:
                    heap = heaps[day] = _heap(logs, day).open("wb")
                heap.write(f"{moment + 1e9:018.6f} {number:05d}{place:08d} {_row(moment, row)}\n".encode())
            _take(scene, truths, leaves)
    finally:
        for heap in heaps.values():
            heap.close()
    return truths, leaves, set(heaps)


def _take(scene: Scene, truths: list[Truth], leaves: list[Leave]) -> None:
    """Keep what a scene says of its accounts; it is complete when its rows are."""
    truths.extend(scene.truths)
    leaves.extend(scene.leaves)


def _kept(rows: Iterable[Timed], world: World) -> Iterator[Timed]:
    """Yield the rows of the stretch, and of older ones those that are a roster of facts."""
    end = world.days * DAY
    for moment, row in rows:
        if moment < end and (moment >= 0 or row["event"] in ("signup", "payment_added")):
            yield moment, row


def _settled(logs: Path, days: set[int]) -> tuple[tuple[Path, ...], int]:
    """Sort each heap into the log of its day, and number the records."""
    files, records = [], 0
    for day in sorted(days):
        heap = _heap(logs, day)
        lines = heap.read_bytes().splitlines()
        lines.sort()
        made = bytearray()
        for line in lines:
            records += 1
            made += b'{"record_id":"r%09d",%b\n' % (records, line[_SORT_KEY:])
        name = "roster" if day < 0 else f"{(START + timedelta(days=day)):%Y-%m-%d}"
        files.append(logs / f"{name}.jsonl")
        write_atomically(files[-1], bytes(made))
        heap.unlink()
    return tuple(files), records


def _heap(logs: Path, day: int) -> Path:
    return logs / f"day{day}.heap"


def _row(moment: float, row: dict[str, object]) -> str:
    """Return a row as the rest of a JSON object, its time first."""
    time = rfc3339(START + timedelta(milliseconds=round(moment * 1000)))
    return f'"time":"{time}",{_PACK(row)[1:]}'


def _line(value: object) -> bytes:
    return (_PACK(value) + "\n").encode()


def _label(truth: Truth) -> dict[str, object]:
    """Return a label; what isn't known of an account isn't written."""
    return {name: value for name, value in vars(truth).items() if value not in (None, False) or name == "is_abusive"}


def _asked(world: World, made: Written) -> dict[str, object]:
    return {
        "format_version": 1, "shape": world.shape.name, "accounts": world.accounts, "days": world.days,
        "seed": world.seed, "rounds": world.rounds, "records": made.records, "labels": len(made.truth),
    }  # fmt: skip


def _context(world: World) -> bytes:
    """Return the platform's facts as YAML: limits, releases, unsupported countries, the complete part of the log."""
    small, large, thinking, newest = world.shape.models
    releases = {
        small: rfc3339(START - timedelta(days=320)),
        large: rfc3339(START - timedelta(days=110)),
        thinking: rfc3339(START - timedelta(days=45)),
        newest: rfc3339(START + timedelta(seconds=world.release)),
    }
    lines = ["# Facts of a simulated platform. XA and XB are codes for private use: no country is meant."]
    lines += ["requests_per_minute:", *(f"  {plan}: {limit}" for plan, limit in REQUESTS_PER_MINUTE.items())]
    lines += ["model_releases:", *(f"  {model}: {time}" for model, time in releases.items())]
    lines += [f"unsupported_countries: [{', '.join(code for code, _, _ in UNSUPPORTED)}]"]
    lines += [f"window: [{rfc3339(START)}, {rfc3339(START + timedelta(days=world.days))}]"]
    return ("\n".join(lines) + "\n").encode()


def _approvals(leaves: Iterable[Leave], world: World) -> bytes:
    lines = ["# Conducts that the simulated platform allowed, and to whom."]
    expires = rfc3339(START + timedelta(days=world.days + 200))
    for leave in leaves:
        lines += [f'- account_id: "{leave.account_id}"', f"  conduct: {leave.conduct}", f"  reason: {leave.reason}"]
        lines += ["  approved_by: M. Okafor, Trust and Safety", f"  expires: {expires}"]
    return ("\n".join(lines) + "\n").encode()
