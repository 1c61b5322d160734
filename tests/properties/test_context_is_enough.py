"""A finding comes out the same over its cited records, their context, and the figures over others: no more is needed.

`AUDITOR_EXAMPLES=5000` soaks, as in `test_plan_equals_evaluator.py`.
"""

import os
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from tests.checker.found_again import found_again
from tests.properties.some_records import grids, row_sets
from tests.properties.some_rules import rules, settings_of

EXAMPLES = int(os.environ.get("AUDITOR_EXAMPLES", "0"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def connections(folder: Path) -> tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]:
    return open_connection(folders=(folder,)), open_connection()


@settings(
    max_examples=EXAMPLES or 120,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    print_blob=True,
)
@given(data=st.data())
def test_each_finding_is_found_again_by_what_its_bundle_would_hold(
    folder: Path, connections: tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection], data: st.DataObject
) -> None:
    grid = data.draw(grids())
    activity = activity_of(data.draw(row_sets(grid)), connection=connections[0])
    chosen = tuple(data.draw(rules(grid, f"rule-{place}")) for place in range(2))
    circumstances = vars(data.draw(settings_of(grid)))

    for finding, kept, is_found in found_again(chosen, activity, folder, connections[1], **circumstances):
        note(f"{finding.rule}: {finding.subject} {finding.by} {len(kept)} of {len(list(activity.rows()))} records")
        assert is_found
