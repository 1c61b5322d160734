"""A finding comes out the same over its cited records, their context, and the figures over others: no more is needed.

`AUDITOR_EXAMPLES=5000` soaks, as in `test_plan_equals_evaluator.py`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

import auditor.checker.engines.duckdb as engine
from auditor.checker.again import judge_again
from auditor.checker.compile.plan import plan_for
from auditor.checker.engines.lookback import Files, write_context
from auditor.checker.findings import Finding
from auditor.checker.naming import NamedFindings
from auditor.checker.population import Population
from auditor.policy.pack import Pack
from auditor.records.activity import Activity
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
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
    circumstances = data.draw(settings_of(grid))
    result = engine.execute(plan_for(chosen, sources=activity.sources, **vars(circumstances)), activity)
    names = NamedFindings(chosen, circumstances.terms, result)
    files = Files(*(folder / f"{name}.parquet" for name in ("context", "reaches", "derived")))
    population = write_context(result, names.kept_ids(), activity, files)
    strangers = dict(population.strangers)
    pack = Pack(
        name="p",
        title="P",
        rules=chosen,
        terms=circumstances.terms,
        exemptions=circumstances.exemptions,
        timezone=circumstances.timezone,
    )
    rows = {(row["source_id"], row["source_line"]): row for row in activity.rows()}

    for finding in names.kept():
        if strangers.get(finding.id):
            continue
        kept = [rows[key] for key in _needed(activity, folder, finding)]
        note(f"{finding.rule}: {finding.subject} {finding.by} {len(kept)} of {len(rows)} records")
        fewer = _activity(kept, activity, connections[1])
        again = judge_again(
            fewer,
            pack,
            context=circumstances.context,
            population=Population.model_validate(population.of({finding.id})),
            bundled=[finding],
            as_of=circumstances.as_of,
        )
        assert _content(finding) in [_content(other) for other in again.findings]


def _needed(activity: Activity, folder: Path, finding: Finding) -> Iterator[tuple[str, int]]:
    query = (
        f"SELECT DISTINCT source_id, source_line FROM '{folder}/context.parquet' c JOIN '{folder}/reaches.parquet' r"
        " USING (rule, scope) WHERE finding_id = ? AND epoch_us(time) <= until"
        " AND (is_fact OR epoch_us(time) >= edge) ORDER BY ALL"
    )
    yield from activity.connection.execute(query, [finding.id]).fetchall()


def _activity(rows: list[dict[str, Any]], whole: Activity, connection: duckdb.DuckDBPyConnection) -> Activity:
    plain = [{name: value for name, value in row.items() if name != "client_ip_number"} for row in rows]
    return Activity(activity_of(plain, connection=connection).connection, whole.sources)


def _content(finding: Finding) -> dict[str, Any]:
    return finding.model_dump(exclude={"id"})
