"""A source that is taken back leaves the store as if it had never been read; what others held too is not lost."""

import gzip
import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # rows of the store

import pytest

from auditor.errors import InputError, UsageError
from auditor.records import retracting
from auditor.records.forgotten import forget_content
from auditor.records.ingest import ingest
from auditor.records.manifest import Manifest, load_manifest, sweep_unlisted
from auditor.records.quarantine import read_quarantine
from auditor.records.retracting import originals_of, retract
from auditor.records.retraction import Retraction, retraction_of, source_named
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace

NOW = datetime(2026, 2, 1, tzinfo=UTC)
OWN_PROFILE = (
    "profile: short\npattern: (?P<ts>\\S+) (?P<who>\\S+)\ncolumns: {time: ts, event: \"'login'\", account_id: who}\n"
)


def lines(*numbers: int, text: str = "p", has_ids: bool = True, end: bytes = b"\n") -> bytes:
    """Return records of a day each ten numbers, each with an id of its own; a negative one is a bad line."""
    rows = []
    for number in numbers:
        row: dict[str, Any] = {"time": f"2026-01-{1 + abs(number) // 10:02}T00:00:{abs(number) % 10:02}Z"}
        row |= {"event": "completion", "account_id": f"a{abs(number) % 3}", "prompt": f"{text} {number}"}
        if has_ids:
            row["record_id"] = f"r{number}"
        rows.append(json.dumps(row).encode() if number >= 0 else b'{"time": "never", "account_id": "a1"}')
    return b"\n".join(rows) + end


FIRST, SECOND = lines(1, 2, 13, 25), lines(2, 13, 31)
PLAIN = lines(1, -2, 3, has_ids=False)
SCENARIOS: dict[str, list[tuple[str, bytes]]] = {
    "two that share nothing": [("one.jsonl", lines(1, 2)), ("two.jsonl", lines(3, 14))],
    "overlapping exports": [("one.jsonl", FIRST), ("two.jsonl", SECOND), ("three.jsonl", lines(31, 25, 40))],
    "an overlap within one": [("one.jsonl", lines(1, 1, 2)), ("two.jsonl", lines(2, 2, 3))],
    "one id with two contents": [("one.jsonl", lines(1, 2)), ("two.jsonl", lines(1, text="other")),
                                 ("three.jsonl", lines(1))],
    "a log that grew twice": [("log", PLAIN), ("log.1", PLAIN + lines(4, has_ids=False)),
                              ("log.2", PLAIN + lines(4, -5, 6, has_ids=False))],
    "a log that was cut off in a line": [("log", PLAIN + b'{"time": "2026-01-02T00:00:00Z", "event": "login"'),
                                         ("log.1", PLAIN + b'{"time": "2026-01-02T00:00:00Z", "event": "login"}\n')],
    "a whole record that was cut off": [("log", PLAIN + b"1"), ("log.1", PLAIN + b"1\n" + lines(7, has_ids=False))],
    "a copy that is compressed": [("log", PLAIN), ("log.gz", gzip.compress(PLAIN + lines(9, has_ids=False), mtime=0))],
    "bad lines on both sides": [("one.jsonl", lines(1, -2)), ("two.jsonl", lines(-3, 1, 4))],
    "nothing but duplicates": [("one.jsonl", lines(1, 2)), ("two.jsonl", lines(2, 1))],
}  # fmt: skip


def read(workspace: Workspace, *paths: Path, profile: str | Path = "auto") -> None:
    for path in paths:
        ingest([path], profile=profile, workspace=workspace, now=NOW)


def written(folder: Path, sources: Sequence[tuple[str, bytes]]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, data in sources:
        (folder / name).write_bytes(data)
    return [folder / name for name, _ in sources]


def fresh(folder: Path) -> Workspace:
    return open_workspace(folder, create=True)


def planned(workspace: Workspace, *names: str) -> Retraction:
    manifest = load_manifest(workspace)
    return retraction_of(manifest, [source_named(manifest, name) for name in names])


def take_back(workspace: Workspace, *names: str, folder: Path | None = None, profiles: Sequence[Path] = ()) -> Manifest:
    plan = planned(workspace, *names)
    originals = originals_of(plan.again, folder, profiles)
    with workspace.lock():
        return retract(workspace, plan, originals, person="Anna", reason="wrong log", now=NOW)


def held(workspace: Workspace) -> list[Any]:
    """Return everything that the store says: rows, counts of sources, lines in quarantine."""
    rows = sorted(str(sorted(row.items(), key=str)) for row in open_activity(workspace).rows())
    sources = sorted(str(source.model_dump(exclude={"path"})) for source in load_manifest(workspace).sources)
    bad = [(line.source_id, line.name, line.line, line.reason, line.data) for line in read_quarantine(workspace)]
    return [*rows, *sources, *sorted(bad)]


@pytest.mark.parametrize("gone", [0, 1])
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_store_is_as_if_the_source_had_never_been_read(
    tmp_path: Path, scenario: list[tuple[str, bytes]], gone: int
) -> None:
    paths = written(tmp_path / "logs", scenario)
    workspace, other = fresh(tmp_path / "audit"), fresh(tmp_path / "other")
    read(workspace, *paths)
    read(other, *(path for path in paths if path != paths[gone]))

    take_back(workspace, str(paths[gone]))

    assert held(other) == held(workspace)
    assert [path.name for path in workspace.activity.iterdir() if "unfinished" in path.name] == []
    assert {path.stem for path in workspace.quarantine.glob("*")} <= load_manifest(workspace).known.keys()


def test_what_is_taken_back_can_be_read_again(tmp_path: Path) -> None:
    paths = written(tmp_path / "logs", SCENARIOS["overlapping exports"])
    workspace = fresh(tmp_path / "audit")
    read(workspace, *paths)
    before = {row["record_id"] for row in open_activity(workspace).rows()}

    for path in paths:
        take_back(workspace, str(path))
    emptied = list(open_activity(workspace).rows())
    read(workspace, *paths)

    assert emptied == []
    assert before == {row["record_id"] for row in open_activity(workspace).rows()}
    assert [item.name for item in load_manifest(workspace).retracted] == [path.name for path in paths]


def test_a_log_that_grew_on_still_gives_the_bytes_of_before(tmp_path: Path) -> None:
    (log,) = written(tmp_path / "logs", [("log", PLAIN)])
    workspace, other = fresh(tmp_path / "audit"), fresh(tmp_path / "other")
    read(workspace, log)
    log.write_bytes(PLAIN + lines(4, has_ids=False))
    read(workspace, log)
    read(other, log)
    log.write_bytes(log.read_bytes() + lines(5, has_ids=False))

    take_back(workspace, load_manifest(workspace).sources[0].source_id)

    assert held(other) == held(workspace)


def test_source_that_is_gone_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    one, two = written(tmp_path / "logs", [("one.jsonl", FIRST), ("two.jsonl", SECOND)])
    workspace = fresh(tmp_path / "audit")
    read(workspace, one, two)
    before = held(workspace)
    (tmp_path / "kept").mkdir()
    shutil.move(two, tmp_path / "kept" / "of-march")

    with pytest.raises(UsageError, match=r"'two.jsonl' \([0-9a-f]{12}\) has to be read again, but its file is gone"):
        take_back(workspace, "one.jsonl")

    assert held(workspace) == before
    assert {row["record_id"] for row in open_activity(workspace).rows()} == {"r1", "r2", "r13", "r25", "r31"}
    take_back(workspace, "one.jsonl", folder=tmp_path / "kept")
    assert {row["record_id"] for row in open_activity(workspace).rows()} == {"r2", "r13", "r31"}


def test_both_go_when_both_are_named(tmp_path: Path) -> None:
    one, two = written(tmp_path / "logs", [("one.jsonl", FIRST), ("two.jsonl", SECOND)])
    workspace = fresh(tmp_path / "audit")
    read(workspace, one, two)
    two.unlink()

    take_back(workspace, "one.jsonl", "two.jsonl")

    assert held(workspace) == []


def test_own_profile_has_to_be_given_again(tmp_path: Path) -> None:
    line = b"2026-01-01T00:00:00Z anna\n"
    one, two = written(tmp_path / "logs", [("log", line), ("log.1", line * 2)])
    profile = tmp_path / "short.yml"
    profile.write_text(OWN_PROFILE)
    workspace = fresh(tmp_path / "audit")
    read(workspace, one, two, profile=profile)

    with pytest.raises(UsageError, match="has to be read again by profile `short`"):
        take_back(workspace, "log")
    take_back(workspace, "log", profiles=[profile])

    assert [row["source_line"] for row in open_activity(workspace).rows()] == [1, 2]


def test_profile_that_reads_otherwise_changes_nothing(tmp_path: Path) -> None:
    line = b"2026-01-01T00:00:00Z anna\n"
    one, two = written(tmp_path / "logs", [("log", line), ("log.1", line * 2)])
    profile = tmp_path / "short.yml"
    profile.write_text(OWN_PROFILE)
    workspace = fresh(tmp_path / "audit")
    read(workspace, one, two, profile=profile)
    before = held(workspace)
    profile.write_text(OWN_PROFILE.replace("account_id: who", "session_id: who"))

    with pytest.raises(InputError, match="reads otherwise than it did"):
        take_back(workspace, "log", profiles=[profile])

    assert held(workspace) == before


def test_forgotten_account_stays_forgotten_and_counts_once(tmp_path: Path) -> None:
    paths = written(tmp_path / "logs", SCENARIOS["overlapping exports"])
    workspace = fresh(tmp_path / "audit")
    read(workspace, *paths)
    with workspace.lock():
        forget_content(workspace, "a1")

    take_back(workspace, "one.jsonl")

    rows = list(open_activity(workspace).rows())
    assert sorted(row["record_id"] for row in rows) == ["r13", "r2", "r25", "r31", "r40"]
    assert {row["prompt"] for row in rows if row["account_id"] == "a1"} == {None}


def test_name_of_several_sources_is_refused_with_their_digits(tmp_path: Path) -> None:
    (log,) = written(tmp_path / "logs", [("log", lines(1))])
    workspace = fresh(tmp_path / "audit")
    read(workspace, log)
    log.write_bytes(lines(2))
    read(workspace, log)
    one, two = load_manifest(workspace).sources

    with pytest.raises(UsageError, match=rf"2 sources are called 'log': {one.source_id[:12]} .*{two.source_id[:12]}"):
        planned(workspace, "log")
    with pytest.raises(UsageError, match="found no source 'lo'"):
        planned(workspace, "lo")

    assert planned(workspace, two.source_id[:8]).leaving == (two,)


class Killed(BaseException):
    """Stands for the end of a process in the middle of its work."""


@pytest.mark.parametrize("step", ["announce", "save_manifest", "sweep_unlisted"])
def test_killed_run_leaves_the_store_as_before_or_as_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    paths = written(tmp_path / "logs", SCENARIOS["bad lines on both sides"])
    workspace, other, extra = fresh(tmp_path / "audit"), fresh(tmp_path / "other"), tmp_path / "logs" / "empty"
    extra.touch()
    read(workspace, *paths)
    read(other, *paths)
    before = held(other)
    plan = planned(workspace, "one.jsonl")
    originals = originals_of(plan.again, None, ())
    real = getattr(retracting, step)

    def stop(place: Workspace, *rest: Any) -> None:
        is_beforehand = step == "sweep_unlisted" and any(item.name == "one.jsonl" for item in rest[0].sources)
        if place is workspace and not is_beforehand:
            raise Killed
        real(place, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(retracting, step, stop)
        with workspace.lock(), pytest.raises(Killed):
            retract(workspace, plan, originals, person="Anna", reason="wrong log", now=NOW)
    with workspace.lock():
        sweep_unlisted(workspace, load_manifest(workspace))

    if step == "sweep_unlisted":
        take_back(other, "one.jsonl")
    assert held(workspace) == (held(other) if step == "sweep_unlisted" else before)
    assert len(list(workspace.activity.iterdir())) == 1 + len(load_manifest(workspace).files)
    assert list(workspace.quarantine.glob("anew-*")) == []
