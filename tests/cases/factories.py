"""Small factories: a test names only the fields it is about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from auditor.cases.casebook import Casebook
from auditor.cases.model import AccountPart, CasebookChange
from auditor.cases.standing import part_with, whole_of
from auditor.cases.update import update_casebook
from auditor.checker.findings import Applied, Finding, Measured, Receipt, RecordRef, RuleRun, Threshold
from auditor.checker.linked import clusters_seen
from auditor.digests import digest_of_parts
from auditor.linking.model import Cluster, Edge, Links, Member
from auditor.policy.pack import Approval, Pack
from auditor.policy.rule import Family, Level, Strength, SubjectKind
from auditor.policy.terms import Stance
from auditor.records.activity import Activity
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from auditor.records.totals import AccountTotal

START = datetime(2026, 1, 5, tzinfo=UTC)


def at(hours: float) -> datetime:
    """Return a time some hours after the start of all tests."""
    return START + timedelta(hours=hours)


def clause(
    conduct: str = "distillation", stance: Stance = "prohibits", records: int = 10, version: str = "2"
) -> Applied:
    """Return a clause of example terms."""
    return Applied(
        terms="example-terms", title="Example terms", version=version, effective="2025-01-01", clause="2.2",
        text="You must not do this.", conduct=conduct, stance=stance, records=records,
    )  # fmt: skip


def finding(
    *accounts: str,
    rule: str = "bulk-output",
    conducts: Sequence[str] = ("distillation",),
    strength: Strength = "inferential",
    family: Family = "limits",
    level: Level = Level.HIGH,
    subject_kind: SubjectKind = "account",
    subject: Sequence[str] | None = None,
    by: Sequence[tuple[str, str]] = (),
    start: float = 0,
    end: float = 1,
    records: int = 10,
    clauses: Sequence[Applied] | None = None,
    columns: Sequence[str] = ("output_tokens",),
    measures: Sequence[tuple[str, str]] = (("exchanges", "10"),),
    thresholds: Sequence[Threshold] = (),
    suppressed_by: str = "",
) -> Finding:
    """Return a finding on accounts, with `records` cited records each; prohibited unless `clauses` says otherwise."""
    names = tuple(sorted(accounts or ("a",)))
    what = tuple(subject) if subject is not None else names[:1]
    all_records = records * len(names)
    given = [clause(conduct, records=all_records) for conduct in conducts] if clauses is None else clauses
    return Finding(
        id=f"F-{digest_of_parts([rule, *what, *(value for _, value in by), at(start).isoformat()])[:16]}",
        rule=rule, rule_id=f"id-of-{rule}", rule_digest="0" * 64, title=rule.replace("-", " ").capitalize(),
        conducts=tuple(conducts), strength=strength, family=family, level=level, subject_kind=subject_kind,
        subject=what, by=tuple(by), start=at(start), end=at(end), windows=1,
        measures=tuple(Measured(name=name, value=value) for name, value in measures), thresholds=tuple(thresholds),
        records=all_records,
        first_record=RecordRef(time=at(start), source_id="s", source_line=1, record_id="r1"),
        accounts=names, account_records=tuple((name, records) for name in names), clauses=tuple(given),
        suppressed_by=suppressed_by, needed_columns=tuple(columns),
    )  # fmt: skip


def part_of_finding(
    item: Finding, account: str, *, approvals: Sequence[Approval], total: AccountTotal | None
) -> AccountPart:
    """Return an account's share in a finding, as an update of the casebook would."""
    records, whole = dict(item.account_records)[account], whole_of(item)
    return part_with(item, account, records, whole, approvals=approvals, total=total)


def on_cluster(item: Finding, cluster: Cluster) -> Finding:
    """Return a finding that is about a cluster."""
    seen = clusters_seen(Links(clusters=(cluster,)))[cluster.id]
    changes = {"subject_kind": "cluster", "subject": (cluster.id,), "cluster": seen}
    return item.model_copy(update=changes)


def cluster(
    name: str,
    *accounts: str,
    kinds: Mapping[str, Sequence[str]] | None = None,
    formerly: Sequence[str] = (),
    since: float = 0,
    lead: float | None = None,
) -> Cluster:
    """Return a cluster whose first account is linked to each other: by `kinds` of that one, else card and device.

    `lead`: so many hours before the others the first one had what they share; None: that isn't known.
    """
    first, *others = accounts
    edges = [
        edge(first, other, kind, since) for other in others for kind in (kinds or {}).get(other, ("card", "device"))
    ]
    if lead is not None:
        own, later = at(since - lead), at(since)
        held = {first: own} | dict.fromkeys(others, later)
        edges = [item.model_copy(update={"held": (held[item.first], held[item.second])}) for item in edges]
    members = tuple(Member(account=account, since=at(since)) for account in sorted(accounts))
    return Cluster(id=name, formerly=tuple(formerly), members=members, edges=tuple(edges))


COLUMNS_OF_KINDS = {
    "card": "payment_fingerprint",
    "device": "device_id",
    "e-mail": "email_domain",
    "phone": "phone_digest",
}


def edge(first: str, second: str, kind: str, since: float = 0) -> Edge:
    """Return a link of one kind; an e-mail domain is a weak one."""
    low, high = sorted((first, second))
    return Edge(
        first=low, second=high, signal=kind, kind=kind, is_strong=kind != "e-mail", weight=Decimal(10), since=at(since),
        columns=(COLUMNS_OF_KINDS[kind],), reason=f"same {kind}, held by 2 of 60,000 accounts",
    )  # fmt: skip


def unattributed(finding_on_account: Finding, *subject: str) -> Finding:
    """Return a finding whose records name no account at all."""
    changes = {"accounts": (), "account_records": (), "subject": subject, "subject_kind": "organization"}
    return finding_on_account.model_copy(update=changes)


def receipt(
    run_id: str,
    rules: Iterable[str] = ("bulk-output",),
    *,
    pack: str = "example",
    not_evaluated: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    as_of: datetime | None = None,
) -> Receipt:
    """Return the receipt of a run that evaluated some rules."""
    runs = [RuleRun(rule=rule, rule_id=f"id-of-{rule}", digest="0" * 64, is_evaluated=True) for rule in rules]
    runs += [RuleRun(rule=rule, rule_id=f"id-of-{rule}", digest="0" * 64, is_evaluated=False) for rule in not_evaluated]
    return Receipt(
        run_id=run_id, started=START, ended=START, program="auditor 0", pack=pack, pack_digest="1" * 64,
        policy_files=(), rules=tuple(runs), since=since, until=until, as_of=as_of,
    )  # fmt: skip


def write_citations(path: Path, findings: Iterable[Finding], late: Mapping[str, float] | None = None) -> Path:
    """Write the citations of findings: their records spread evenly from start to end, at least one each account.

    `late` moves the records of one finding id to a given hour.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[object, ...]] = []
    for item in findings:
        for account, records in item.account_records:
            step = (item.end - item.start) / max(records - 1, 1)
            for number in range(records):
                time = at(late[item.id]) if late and item.id in late else item.start + step * number
                line = len(rows) + 1
                rows.append((item.id, time.replace(tzinfo=None), "s", line, f"r{line}", account, True))
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE c (finding_id VARCHAR, time TIMESTAMP, source_id VARCHAR, source_line BIGINT,"
        " record_id VARCHAR, account_id VARCHAR, is_against BOOLEAN)"
    )
    if rows:
        connection.executemany("INSERT INTO c VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COPY c TO $path (FORMAT parquet)", {"path": str(path)})
    connection.close()
    return path


def keyed_activity(folder: Path, findings: Iterable[Finding], keys: Mapping[str, str]) -> Activity:
    """Return the records that `write_citations` cites, with the key of their rule; those of other rules are not there.

    It may read what lies in the folder.
    """
    cited = [(item, account) for item in findings for account, count in item.account_records for _ in range(count)]
    rows: list[dict[str, object]] = [
        {
            "time": item.start,
            "event": "completion",
            "account_id": account,
            "api_key_id": keys[item.rule],
            "source_id": "s",
            "source_line": line,
        }
        for line, (item, account) in enumerate(cited, start=1)
        if item.rule in keys
    ]
    return activity_of(rows, connection=open_connection(folders=(folder,)))


def run(
    casebook: Casebook,
    name: str,
    findings: Sequence[Finding] = (),
    *,
    pack: Pack | None = None,
    suppressed: Sequence[Finding] = (),
    with_receipt: Receipt | None = None,
    approvals: Sequence[Approval] = (),
    totals: Mapping[str, AccountTotal] | None = None,
    hour: float = 1000,
    keys: Mapping[str, str] | None = None,
    links: Links | None = None,
) -> CasebookChange:
    """Take a run's findings into the casebook, as the audit does; `keys` gives the key of a rule's cited records."""
    chosen = pack or Pack(name="example", title="Example")
    rules = {item.rule for item in findings} | {"bulk-output", "other-rule", "theft"}
    path = casebook.path.parent / "runs" / name / "citations.parquet"
    return update_casebook(
        casebook,
        findings=findings,
        suppressed=suppressed,
        receipt=with_receipt or receipt(name, sorted(rules), pack=chosen.name),
        pack=chosen,
        approvals=approvals,
        totals=totals or {},
        activity=keyed_activity(path.parent.parent, findings, keys or {}),
        citations=write_citations(path, findings),
        now=at(hour),
        links=links,
    )
