"""Judge each finding again over its context records and the figures over others alone, as a bundle would hold them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any  # settings of an audit are of many types

import duckdb

import auditor.checker.engines.duckdb as engine
from auditor.checker.again import judge_again
from auditor.checker.compile.plan import plan_for
from auditor.checker.engines.lookback import Files, write_context
from auditor.checker.findings import Finding
from auditor.checker.naming import NamedFindings
from auditor.checker.population import Population
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Rule
from auditor.records.activity import Activity
from auditor.records.memory import activity_of


def found_again(
    rules: Sequence[Rule], activity: Activity, folder: Path, connection: duckdb.DuckDBPyConnection, **settings: Any
) -> Iterator[tuple[Finding, list[dict[str, Any]], bool]]:
    """Yield each finding that needs no stranger's records, its context records, and whether it is found again.

    The activity's own connection may write to the folder; the other one holds the records of one finding.
    """
    given: dict[str, Any] = {"context": Context(), "terms": (), "exemptions": (), "timezone": "UTC", "as_of": None}
    given |= settings
    result = engine.execute(plan_for(rules, sources=activity.sources, **given), activity)
    names = NamedFindings(rules, given["terms"], result)
    files = Files(*(folder / f"{name}.parquet" for name in ("context", "reaches", "derived")))
    population = write_context(result, names.kept_ids(), activity, files)
    strangers = dict(population.strangers)
    pack = Pack(
        name="p",
        title="P",
        rules=tuple(rules),
        terms=given["terms"],
        exemptions=given["exemptions"],
        timezone=given["timezone"],
    )
    rows = {(row["source_id"], row["source_line"]): row for row in activity.rows()}
    for finding in names.kept():
        if strangers.get(finding.id):
            continue
        kept = [rows[key] for key in _needed(activity, folder, finding)]
        again = judge_again(
            _activity(kept, activity, connection),
            pack,
            context=given["context"],
            population=Population.model_validate(population.of({finding.id})),
            bundled=[finding],
            as_of=given["as_of"],
        )
        yield finding, kept, _content(finding) in [_content(other) for other in again.findings]


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
