"""Columns derived before a plan runs: put into the view, provided by the sources that can, gone with the next view."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlglot import exp

from auditor.records.activity import Activity, SourceSummary
from auditor.records.derived import ROW, Derivation, derivable, make_table, providing, with_derived
from auditor.records.ingest import ingest
from auditor.records.memory import activity_of
from auditor.records.schema import DERIVABLE_COLUMNS, DERIVED_FROM
from auditor.records.sql import identifier, literal, named
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def rows() -> list[dict[str, object]]:
    times = [NOON.replace(minute=minute) for minute in range(3)]
    accounts = ["a", "b", None]
    return [{"time": t, "event": "completion", "account_id": a} for t, a in zip(times, accounts, strict=True)]


def clusters(activity: Activity) -> Derivation:
    """Account b is in cluster L, the others are alone."""
    linked = exp.Select(expressions=[named(literal("b"), "account"), named(literal("L"), "cluster")])
    make_table(activity, "linked", linked)
    same = exp.EQ(this=identifier("account_id", ROW), expression=identifier("account", "linked"))
    value = exp.Coalesce(this=identifier("cluster", "linked"), expressions=[identifier("account_id", ROW)])
    return Derivation("cluster_id", value, (("linked", same),), DERIVED_FROM["cluster_id"])


def test_derived_column_is_read_like_any_other() -> None:
    activity = activity_of(rows())

    derived = with_derived(activity, [clusters(activity)])

    assert [(row["account_id"], row["cluster_id"]) for row in derived.rows()] == [("a", "a"), ("b", "L"), (None, None)]


def test_stored_column_keeps_its_place_when_it_is_derived() -> None:
    activity = activity_of([{**row, "prompt": "p"} for row in rows()])
    given = exp.Coalesce(this=identifier("template_id", ROW), expressions=[identifier("prompt", ROW)])

    derived = with_derived(activity, [Derivation("template_id", given, needs=DERIVED_FROM["template_id"])])

    assert {row["template_id"] for row in derived.rows()} == {"p"}
    assert derived.columns == activity.columns
    assert "template_id" in derived.sources[0].provides


def test_value_has_the_type_of_its_column() -> None:
    activity = activity_of([{**row, "prompt": "p"} for row in rows()])

    derived = with_derived(activity, [Derivation("seed_similarity", literal(1), needs=frozenset({"prompt"}))])

    assert [row["seed_similarity"] for row in derived.rows()] == [Decimal("1.000000000")] * 3


def test_next_records_of_a_connection_begin_without_derived_columns() -> None:
    activity = activity_of(rows())
    with_derived(activity, [clusters(activity)])

    again = activity_of(rows(), connection=activity.connection)

    assert "cluster_id" not in next(iter(again.rows()))


def test_nothing_to_derive_shows_what_is_stored() -> None:
    activity = activity_of(rows())
    with_derived(activity, [clusters(activity)])

    plain = with_derived(activity, [])

    assert plain.columns == activity.columns
    assert len(list(plain.rows())) == 3


def test_store_of_files_has_derived_columns_too(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"time": "2026-01-01T12:00:00Z", "event": "completion", "account_id": "b"}\n')
    workspace = open_workspace(tmp_path / "audit", create=True)
    ingest([tmp_path / "log.jsonl"], profile="canonical", workspace=workspace, now=NOON)
    activity = open_activity(workspace)

    derived = with_derived(activity, [clusters(activity)])

    assert [row["cluster_id"] for row in derived.rows()] == ["L"]


@pytest.mark.parametrize("name", DERIVABLE_COLUMNS)
def test_source_provides_a_column_that_it_has_all_it_takes_for(name: str) -> None:
    enough = SourceSummary("1", "enough", "canonical", 1, DERIVED_FROM[name])
    short = SourceSummary("2", "short", "canonical", 1, frozenset())

    found = providing([enough, short], [name])

    assert [name in source.provides for source in found] == [True, False]


def test_columns_that_can_be_derived_are_known() -> None:
    assert derivable(["cluster_id", "prompt", "model_age"]) == {"cluster_id"}
