"""Cases of a real workspace are sealed in one pass, each with its own records and bytes."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.cases.dossier import gather
from auditor.evidence.sealing import seal
from auditor.evidence.verify import verify_bundle
from auditor.records.ingest import ingest
from auditor.records.manifest import load_manifest
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace
from tests.evidence.arrange import call_row, finding, make_case, make_pack, make_receipt, write_citations

NOW = datetime(2025, 2, 1, tzinfo=UTC)


@pytest.fixture(params=["plain", "gzip"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """A workspace that holds three accounts' calls, one blank line among them."""
    rows = [call_row(number, account=f"acct-{number // 3}") for number in range(9)]
    lines = [json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows]
    data = b"".join([*lines[:4], b"\n", *lines[4:]])
    log = tmp_path / "calls.jsonl"
    log.write_bytes(gzip.compress(data) if request.param == "gzip" else data)
    opened = open_workspace(tmp_path / "audit", create=True)
    ingest([log], profile="canonical", workspace=opened, now=NOW)
    return opened


def test_cases_are_sealed_together_with_the_bytes_of_their_own_records(workspace: Workspace, tmp_path: Path) -> None:
    activity = open_activity(workspace)
    rows = [row | {"time": row["time"].isoformat()} for row in activity.rows()]
    accounts = sorted({row["account_id"] for row in rows})
    own = {account: [row for row in rows if row["account_id"] == account] for account in accounts}
    found = {account: finding(own[account], account=account) for account in accounts}
    (workspace.runs / "run-1").mkdir(parents=True)
    write_citations(
        workspace.runs / "run-1" / "citations.parquet",
        {found[account].id: own[account] for account in accounts},
    )
    cases = [make_case(found[account], account=account, id=f"C-{account}") for account in accounts]
    receipt = make_receipt(make_pack(), source=rows[0]["source_id"], records=len(rows))
    dossiers = list(
        gather(
            cases,
            receipt=receipt,
            pack=make_pack(),
            activity=activity,
            runs=workspace.runs,
            sources=load_manifest(workspace).sources,
        )
    )

    targets = {case.id: workspace.bundles / case.id for case in cases} | {"C-acct-1": tmp_path / "elsewhere"}

    bundles = list(
        seal(
            dossiers,
            activity=activity,
            runs=workspace.runs,
            sources=load_manifest(workspace).sources,
            undated={},
            forgotten=(),
            watch=lambda _records: None,
            secrets={case.id: "ab" * 32 for case in cases},
            people={},
            targets=targets,
        )
    )

    assert [path.name for path in bundles] == ["C-acct-0", "elsewhere", "C-acct-2"]
    assert [verify_bundle(path).verdict for path in bundles] == ["unproven"] * 3
    assert accounts == [accounts_in(path) for path in bundles]


def accounts_in(bundle: Path) -> str:
    """Name the accounts that the exact bytes of a bundle's records speak of."""
    lines = (bundle / "data/records/cited.jsonl").read_bytes().splitlines()
    return ",".join(sorted({json.loads(json.loads(line)["source"]["text"])["account_id"] for line in lines}))
