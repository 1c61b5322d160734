"""Small cases to show and to seal: a real log file, its records, citations as a run writes them, and findings."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from auditor.cases.dossier import Dossier, gather, wanted_of
from auditor.cases.model import Action, ActionName, Case, CaseFinding, Note, SpeaksFor
from auditor.checker.findings import (
    Applied,
    Finding,
    Measured,
    Receipt,
    RecordRef,
    RuleRun,
    SourceRead,
    Threshold,
)
from auditor.digests import digest_of
from auditor.evidence.bundle import CaseRecords, build_bundle
from auditor.evidence.linequery import keep_secrets
from auditor.evidence.recordlines import RecordWriter
from auditor.evidence.sealing import population_of, record_rows
from auditor.evidence.standalone.spreadsheet import CitedTable
from auditor.policy.conditions import Equals
from auditor.policy.pack import Approval, Context, Pack, SourceFile
from auditor.policy.rule import EvidenceNote, Level, Rule, Window
from auditor.records.activity import Activity
from auditor.records.cited import cited_records
from auditor.records.context import CONTEXT, CONTEXT_TYPES, REACH_TYPES, REACHES, context_records
from auditor.records.memory import activity_of
from auditor.records.sourcebytes import SourceBytes
from auditor.records.sql import open_connection

START = datetime(2025, 1, 10, 8, 0, tzinfo=UTC)
RULE_ID = "0c6f0f0e-6f0b-4a57-9a53-0a4f6a1f3b11"
RULE_TEXT = f"id: {RULE_ID}\ntitle: Key hopping after a refusal\nstrength: bright-line\nfamily: limits\nlevel: high\n"
TERMS_TEXT = "terms: example-api\n"


@dataclass(frozen=True)
class World:
    """One workspace's worth of things for one case."""

    activity: Activity
    runs: Path
    source: Path
    pack: Pack
    receipt: Receipt
    case: Case

    def dossier(self) -> Dossier:
        """Gather the one case."""
        return next(
            gather(
                [self.case],
                receipt=self.receipt,
                pack=self.pack,
                activity=self.activity,
                runs=self.runs,
                approvals=(approval(),),
                context=Context(file=source_file("context.yml", "window: []\n")),
            )
        )


SECRET = "5e" * 32


def sealed(built: World, target: Path) -> Path:
    """Build the bundle of the one case, with bytes from the original log where that is still there."""
    paths = {built.receipt.sources[0].source_id: built.source}
    wanted = wanted_of(built.case, built.runs)
    keep_secrets(built.activity, {built.case.id: SECRET})
    records = CaseRecords(
        cited=record_rows(built.activity, cited_records(wanted) if wanted else None, wanted),
        context=record_rows(built.activity, context_records(wanted), wanted),
        population=population_of(built.case, built.runs),
    )
    with SourceBytes(paths, scratch=built.runs) as sources:
        return build_bundle(built.dossier(), records=records, sources=sources, target=target)


def lines_of(activity: Activity, sources: SourceBytes) -> list[dict[str, Any]]:
    """Return every record of an activity as a bundle says it, cited by nothing."""
    keep_secrets(activity, {"C": SECRET})
    everything = exp.select(exp.alias_(exp.convert("C"), "case_id"), exp.alias_(exp.array(), "findings"), exp.Star())
    rows = record_rows(activity, everything.from_("records"), [])
    return [json.loads(made.line) for made in RecordWriter({}, {}, sources, CitedTable({})).lines(rows)]


def world(folder: Path, *, calls: int = 6, context: int = 0, account: str = "acct-7", **fields: Any) -> World:
    """Write a log of refused and answered calls of one account and build its case; `fields` go on every record.

    The finding needs as many calls more as `context` says, and doesn't cite them.
    """
    rows = [call_row(number, account=account, **fields) for number in range(calls + context)]
    source, located = write_log(folder / "gateway.jsonl", rows)
    (folder / "runs" / "run-1").mkdir(parents=True)
    activity = activity_of(located, connection=open_connection(folders=(folder,)))
    found = finding(located[:calls], account=account)
    write_citations(folder / "runs" / "run-1" / "citations.parquet", {found.id: located[:calls]})
    if context:
        write_context(folder / "runs" / "run-1", found.id, located)
    pack = make_pack()
    receipt = make_receipt(pack, source=located[0]["source_id"], records=calls + context)
    return World(activity, folder / "runs", source, pack, receipt, make_case(found, account=account))


def call_row(number: int, *, account: str, **fields: Any) -> dict[str, Any]:
    """Return one call, half a minute after the one before; every third is refused."""
    return {
        "time": (START + timedelta(seconds=30 * number)).isoformat().replace("+00:00", "Z"),
        "event": "completion",
        "account_id": account,
        "organization_id": "org-1",
        "api_key_id": f"key-{number % 2}",
        "model": "big-model",
        "status": 429 if number % 3 == 0 else 200,
        "client_ip": "192.0.2.7",
        "country": "DE",
        "cost_usd": "0.0125",
        "temperature": 0.7,
    } | fields


def write_log(path: Path, rows: Sequence[Mapping[str, Any]]) -> tuple[Path, list[dict[str, Any]]]:
    """Write rows as JSON Lines; return the file and the rows with where each of them lies."""
    lines = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    data = b"".join(line + b"\n" for line in lines)
    path.write_bytes(data)
    source, offset, located = hashlib.sha256(data).hexdigest(), 0, []
    for number, (row, line) in enumerate(zip(rows, lines, strict=True), start=1):
        place = {
            "source_id": source,
            "source_line": number,
            "source_offset": offset,
            "source_length": len(line),
            "record_id": f"{source}:{number}",
        }
        located.append({**row, **place})
        offset += len(line) + 1
    return path, located


def write_citations(path: Path, cited: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Write the citations file of a run: every given record of every given finding."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE c (finding_id VARCHAR, time TIMESTAMP, source_id VARCHAR, source_line BIGINT,"
        " record_id VARCHAR, account_id VARCHAR, is_against BOOLEAN)"
    )
    for finding_id, rows in cited.items():
        for row in rows:
            connection.execute(
                "INSERT INTO c VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    finding_id,
                    datetime.fromisoformat(row["time"]).replace(tzinfo=None),
                    row["source_id"],
                    row["source_line"],
                    row["record_id"],
                    row["account_id"],
                    row.get("status") != 429,
                ],
            )
    connection.sql("FROM c ORDER BY finding_id, time, source_id, source_line").write_parquet(str(path))


def write_context(folder: Path, finding_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the context of a run: a finding needs every given record, at whatever time."""
    connection = duckdb.connect()
    kinds = ", ".join(f"{name} {kind}" for name, kind in CONTEXT_TYPES.items())
    connection.execute(f"CREATE TABLE c ({kinds})")
    for row in rows:
        time = datetime.fromisoformat(row["time"]).replace(tzinfo=None)
        connection.execute("INSERT INTO c VALUES (0, 0, ?, ?, ?, false)", [time, row["source_id"], row["source_line"]])
    kinds = ", ".join(f"{name} {kind}" for name, kind in REACH_TYPES.items())
    connection.execute(f"CREATE TABLE r ({kinds})")
    connection.execute("INSERT INTO r VALUES (?, 0, 0, ?, ?)", [finding_id, -(1 << 62), 1 << 62])
    connection.sql("FROM c").write_parquet(str(folder / CONTEXT))
    connection.sql("FROM r").write_parquet(str(folder / REACHES))


def finding(rows: Sequence[Mapping[str, Any]], *, account: str, **fields: Any) -> Finding:
    """Return a finding that cites the rows and is about those of them that were not refused."""
    times = [datetime.fromisoformat(row["time"]) for row in rows]
    first = rows[0]
    against = sum(1 for row in rows if row["status"] != 429)
    made: dict[str, Any] = {
        "id": "f" * 8 + digest_of(account.encode("utf-8", "surrogatepass"))[:56],
        "rule": "key-hopping-after-429",
        "rule_id": RULE_ID,
        "rule_digest": digest_of(RULE_TEXT.encode()),
        "title": "Key hopping after a refusal",
        "conducts": ("limit-circumvention",),
        "strength": "bright-line",
        "family": "limits",
        "level": Level.HIGH,
        "subject_kind": "account",
        "subject": (account,),
        "by": (),
        "start": times[0],
        "end": times[-1],
        "windows": 2,
        "measures": (Measured(name="hops", value="12"), Measured(name="keys", value="2", unit="keys")),
        "thresholds": (Threshold(measure="hops", operator=">=", value="5", margin="7"),),
        "records": len(rows),
        "first_record": RecordRef(
            time=times[0],
            source_id=first["source_id"],
            source_line=first["source_line"],
            record_id=first["record_id"],
            account_id=account,
        ),
        "accounts": (account,),
        "account_records": ((account, against),),
        "clauses": (applied(against),),
        "sources": (first["source_id"],),
        "needed_columns": ("account_id", "api_key_id", "status"),
    }
    return Finding(**(made | fields))


def applied(records: int, **fields: Any) -> Applied:
    """Return a clause that applied."""
    made: dict[str, Any] = {
        "terms": "example-api",
        "title": "Example API Terms",
        "version": "2024-11",
        "effective": "2024-11-14",
        "clause": "3.2",
        "text": "You may not bypass any rate limits or restrictions that we put on the services.",
        "conduct": "limit-circumvention",
        "stance": "prohibits",
        "url": "https://example.org/terms",
        "records": records,
    }
    return Applied(**(made | fields))


def make_case(found: Finding, *, account: str, **fields: Any) -> Case:
    """Return an open case with one finding and a note."""
    made: dict[str, Any] = {
        "id": "C-0123456789ab",
        "pack": "model-api",
        "accounts": (account,),
        "severity": Level.HIGH,
        "status": "open",
        "proposed_action": ActionName.SUSPEND,
        "actions": (Action(account=account, action=ActionName.SUSPEND, because=("a bright-line finding of its own",)),),
        "findings": (
            CaseFinding(finding=found, status="new", first_run="run-1", last_run="run-1", standing="prohibited"),
        ),
        "speaks_for": (SpeaksFor(account=account, fact="900 of its 906 records are ordinary traffic"),),
        "notes": (Note(number=1, time=START, author="A. Reviewer", text="asked the customer"),),
        "opened": START + timedelta(days=3),
        "updated": START + timedelta(days=4),
        "last_run": "run-1",
    }
    return Case(**(made | fields))


def make_pack() -> Pack:
    """Return a pack of one rule and one document."""
    return Pack(
        name="model-api",
        title="Model API",
        rules=(make_rule(),),
        files=(
            source_file("rules/limits/key-hopping-after-429.yml", RULE_TEXT),
            source_file("../terms/e.yml", TERMS_TEXT),
        ),
    )


def make_rule() -> Rule:
    """Return the rule that made the finding."""
    refused = Equals(field="event", value="completion")
    return Rule(
        id=RULE_ID,
        name="key-hopping-after-429",
        digest=digest_of(RULE_TEXT.encode()),
        title="Key hopping after a refusal",
        status="stable",
        conducts=("limit-circumvention",),
        strength="bright-line",
        family="limits",
        level=Level.HIGH,
        subject="account",
        description="A call that was refused for its rate is sent again within a minute with another key.",
        references=("https://example.org/why",),
        selections=(("asked", refused),),
        condition=refused,
        within=Window(kind="sliding", seconds=60),
        evidence=EvidenceNote(columns=("api_key_id", "status"), note="Compare the keys of each pair."),
        false_positives=("A failover between two services of one organization.",),
    )


def source_file(path: str, text: str) -> SourceFile:
    """Return a policy file."""
    return SourceFile(path=path, digest=digest_of(text.encode()), text=text)


def make_receipt(pack: Pack, *, source: str, records: int) -> Receipt:
    """Return the receipt of the run, with one rule that could not be evaluated."""
    rule = pack.rules[0]
    read = SourceRead(source_id=source, name="gateway.jsonl", profile="canonical", records=records, provides=())
    return Receipt(
        run_id="run-1",
        started=START + timedelta(days=3),
        ended=START + timedelta(days=3, seconds=2),
        program="auditor 0.1.0",
        pack=pack.name,
        pack_digest=pack.digest,
        policy_files=tuple((file.path, file.digest) for file in pack.files),
        records=records,
        sources=(read,),
        rules=(
            RuleRun(rule=rule.name, rule_id=rule.id, digest=rule.digest, is_evaluated=True, findings=1, undetermined=3),
            RuleRun(rule="logprob-harvest", rule_id="x", digest="y", is_evaluated=False, missing=("top_logprobs",)),
        ),
        findings=1,
    )


def approval(**fields: Any) -> Approval:
    """Return an approval of the case's organization for another conduct."""
    made: dict[str, Any] = {
        "organization_id": "org-1",
        "conduct": "distillation",
        "reason": "a joint study",
        "approved_by": "B. Manager",
    }
    return Approval(**(made | fields))
