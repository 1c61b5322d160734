"""What a world is: the same for a seed, canonical, labelled, with every kind in it."""

import json
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from auditor.policy.platform import load_approvals, load_context
from auditor.records.schema import COLUMNS
from auditor.simulate.worlds.ground import Truth
from auditor.simulate.worlds.world import START, World
from auditor.simulate.worlds.writing import Written, write_world
from tests.simulate.worlds.conftest import small

KINDS = {
    "deepseek-like", "moonshot-like", "minimax-like", "low-and-slow", "multilingual-coercion", "loud-account",
    "logit-bias-theft", "reseller-pool", "limit-hopper", "bulk-signup", "ban-evasion",
    "unsupported-region", "account-sharing",
}  # fmt: skip
LOOKALIKES = {
    "university", "hackathon", "agency-client", "licensed-reseller", "licensed-reseller-not-listed", "family-card",
    "popular-tool", "cron-fleet", "failover-inside-one-organization", "alias-upgrade", "single-purpose-service",
    "judge-vendor", "evaluation-vendor", "authorised-red-team", "sanctioned-distillation", "classifier-exception",
    "traveller", "cloud-migration", "growing-start-up", "one-night-script", "stolen-key-victim",
}  # fmt: skip


def rows_of(made: Written) -> list[dict[str, object]]:
    """Return all rows, in the order of the files."""
    return [json.loads(line) for path in made.logs for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def rows(made: Written) -> list[dict[str, object]]:
    """Return all rows of a world."""
    return rows_of(made)


def test_a_seed_always_gives_the_same_bytes(made: Written, tmp_path: Path) -> None:
    again = write_world(small(made.folder.name), tmp_path / "again")

    files = {path.relative_to(again.folder): path.read_bytes() for path in again.folder.rglob("*") if path.is_file()}

    assert files == {path: (made.folder / path).read_bytes() for path in files}


def test_another_seed_gives_other_accounts(made: Written, tmp_path: Path) -> None:
    other = write_world(small(made.folder.name, seed=6), tmp_path / "other")

    assert {it.account_id for it in made.truth}.isdisjoint(it.account_id for it in other.truth)


def test_every_kind_and_every_look_alike_is_there(made: Written) -> None:
    abusive = {it.kind for it in made.truth if it.is_abusive and not it.kind.startswith("hydra")}
    alike = {it.lookalike for it in made.truth if it.lookalike}

    assert (abusive, alike) == (KINDS, LOOKALIKES)
    assert any(it.kind.startswith("hydra") for it in made.truth)


def test_all_rows_have_canonical_columns_and_ids_of_their_own(made: Written, rows: list[dict[str, object]]) -> None:
    assert {name for row in rows for name in row} <= set(COLUMNS)
    assert made.records == len({row["record_id"] for row in rows}) == len(rows)


def test_rows_come_oldest_first_within_the_stretch(rows: list[dict[str, object]]) -> None:
    times = [datetime.fromisoformat(str(row["time"])) for row in rows]
    roster = {row["event"] for row, time in zip(rows, times, strict=True) if time < START}

    assert times == sorted(times)
    assert max(times) < START + timedelta(days=24)
    assert roster <= {"signup", "payment_added"}


def test_every_account_in_the_log_has_one_label(made: Written, rows: list[dict[str, object]]) -> None:
    labelled = [it.account_id for it in made.truth]

    assert sorted({str(row["account_id"]) for row in rows}) == sorted(labelled)


def test_nobody_calls_before_the_account_is_open(rows: list[dict[str, object]]) -> None:
    opened = {str(row["account_id"]): str(row["time"]) for row in reversed(rows) if row["event"] == "signup"}

    early = [row for row in rows if row["event"] == "completion" and str(row["time"]) < opened[str(row["account_id"])]]

    assert early == []


def test_a_column_is_there_or_not_by_shape(made: Written, rows: list[dict[str, object]]) -> None:
    columns = {name for row in rows for name in row}

    sees = {"prompt", "prompt_digest", "template_id", "device_id", "phone_digest", "tls_fingerprint"}

    assert (
        columns & sees
        == {
            "console": {"prompt", "device_id", "phone_digest", "tls_fingerprint"},
            "cloud": {"prompt", "template_id", "tls_fingerprint"},
            "gateway": {"prompt_digest", "phone_digest"},
            "consumer": {"prompt", "device_id", "phone_digest"},
            "exchange": {"prompt", "prompt_digest", "device_id", "tls_fingerprint"},
        }[made.folder.name]
    )


def test_context_and_approvals_can_be_loaded_and_are_about_look_alikes(made: Written) -> None:
    context, approvals = load_context(made.context), load_approvals(made.approvals)
    kinds = {it.account_id: it for it in made.truth}

    assert context.window is not None and context.window.start == START
    assert approvals
    assert not any(kinds[item.account_id or ""].is_abusive for item in approvals)


def test_labels_say_what_is_known_and_no_more(made: Written) -> None:
    lines = [json.loads(line) for line in made.labels.read_bytes().splitlines()]

    assert len(lines) == len(made.truth)
    assert all(None not in line.values() for line in lines)


def test_victims_are_innocent_and_stand_or_fall_together(made: Written) -> None:
    victims = [it for it in made.truth if it.is_victim]

    assert victims
    assert {(it.is_abusive, it.campaign) for it in victims} == {(False, None)}
    assert len({it.unit for it in victims}) == 1


def test_plain_campaigns_share_cards_and_adaptive_ones_hardly_do(tmp_path: Path) -> None:
    world = World(small("console").shape, accounts=100, days=24, seed=5, effort=0.04)

    made = write_world(world, tmp_path / "world")
    shares = _shared_cards(made)

    assert shares["plain"] > 0.7
    assert 0 < shares["adaptive"] < 0.6


def _shared_cards(made: Written) -> dict[str, float]:
    """Return by variant the share of campaign accounts whose card another account of the campaign has too."""
    cards = {
        str(row["account_id"]): row.get("payment_fingerprint") for row in rows_of(made) if row["event"] == "signup"
    }
    groups = defaultdict[str, list[Truth]](list)
    for truth in made.truth:
        if truth.kind.endswith("-like"):
            groups[str(truth.campaign)].append(truth)
    shared, total = Counter[str](), Counter[str]()
    for members in groups.values():
        counts = Counter(cards[it.account_id] for it in members)
        variant = str(members[0].variant)
        total[variant] += len(members)
        shared[variant] += sum(counts[cards[it.account_id]] > 1 for it in members)
    return {variant: shared[variant] / total[variant] for variant in total}
