"""What the simulator writes: the same for a seed, canonical, labelled."""

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

from auditor.policy.platform import load_approvals, load_context
from auditor.records.schema import COLUMNS
from auditor.simulate import Simulation, simulate
from auditor.simulate.folder import BAD_LINES, DAYS, START, in_order, known_of


def test_a_seed_always_gives_the_same_bytes(simulation: Simulation, tmp_path: Path) -> None:
    again = simulate(tmp_path / "again", seed=7)

    files = bytes_of(again.folder)

    assert bytes_of(simulation.folder) == files


def test_another_seed_gives_another_log_of_the_same_cast(simulation: Simulation, tmp_path: Path) -> None:
    other = simulate(tmp_path / "other", seed=8)

    kinds = sorted(label.kind for label in other.truth)

    assert sorted(label.kind for label in simulation.truth) == kinds
    assert {label.account_id for label in simulation.truth}.isdisjoint(label.account_id for label in other.truth)


def test_the_log_is_small_and_busy_enough(simulation: Simulation) -> None:
    assert 30_000 <= simulation.records <= 60_000


def test_all_rows_have_canonical_columns(simulation: Simulation) -> None:
    columns = {name for row in rows_of(simulation) for name in row}

    assert columns <= set(COLUMNS)


def test_rows_come_oldest_first_with_ids_of_their_own(simulation: Simulation) -> None:
    rows = rows_of(simulation)

    order = [(datetime.fromisoformat(str(row["time"])), row["record_id"]) for row in rows]

    assert order == sorted(order)
    assert len(order) == len({record_id for _, record_id in order})


def test_only_sign_ups_lie_before_the_complete_part_of_the_log(simulation: Simulation) -> None:
    older = {row["event"] for row in rows_of(simulation) if datetime.fromisoformat(str(row["time"])) < START}

    assert older == {"signup"}


def test_every_account_in_the_logs_has_one_label(simulation: Simulation) -> None:
    labelled = [label.account_id for label in simulation.truth]
    with gzip.open(simulation.logs[1], "rt", encoding="utf-8") as export:
        seen = {json.loads(line)["user"] for line in export}

    seen |= {str(row["account_id"]) for row in rows_of(simulation)}

    assert sorted(seen) == sorted(labelled)


def test_labels_are_written_as_the_truth_says(simulation: Simulation) -> None:
    lines = simulation.labels.read_text(encoding="utf-8").splitlines()

    written = [json.loads(line) for line in lines]

    assert [known_of(label) for label in simulation.truth] == written


def test_each_bad_line_is_in_the_log_once(simulation: Simulation) -> None:
    lines = simulation.logs[0].read_bytes().split(b"\n")

    counts = [lines.count(bad) for bad in BAD_LINES]

    assert counts == [1, 1, 1, 1]


def test_context_and_approvals_can_be_loaded(simulation: Simulation) -> None:
    context, approvals = load_context(simulation.context), load_approvals(simulation.approvals)

    assert context.unsupported_countries == ("XA", "XB")
    assert (START, START + timedelta(days=DAYS)) == (context.window.start, context.window.until)
    assert {"agency-client", "approved-evaluation", "approved-failover"} == {
        label.kind for label in simulation.truth if label.account_id in {item.account_id for item in approvals}
    }


def test_rows_after_the_end_and_old_calls_are_left_out() -> None:
    rows = [
        {"time": "2026-05-01T00:00:00Z", "event": "signup", "account_id": "a"},
        {"time": "2026-05-31T23:59:59.500000Z", "event": "completion", "account_id": "a"},
        {"time": "2026-06-01T00:00:00.500000Z", "event": "completion", "account_id": "a"},
        {"time": "2026-06-29T00:00:00Z", "event": "completion", "account_id": "a"},
    ]

    kept = in_order(rows)

    assert [row["record_id"] for row in kept] == ["rec-000001", "rec-000002"]
    assert [row["event"] for row in kept] == ["signup", "completion"]


def rows_of(simulation: Simulation) -> list[dict[str, object]]:
    """Return the canonical rows without the bad lines."""
    lines = simulation.logs[0].read_bytes().splitlines()
    return [json.loads(line) for line in lines if line not in BAD_LINES]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
