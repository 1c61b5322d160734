"""Seal many cases: in shares that fit into memory, and in several processes where there is enough to do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from auditor.cases.dossier import Dossier, gather
from auditor.cases.model import Case
from auditor.checker.findings import Receipt
from auditor.cli.snapshot import Judgement, kept_judgement, read_receipt
from auditor.evidence.deciding import Attested
from auditor.evidence.sealing import Watch, checked_sources, seal
from auditor.evidence.standalone.processes import done_in_order, processors
from auditor.records.activity import Activity
from auditor.records.manifest import Source, load_manifest
from auditor.records.sourcebytes import Stamp
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace

RECORDS_IN_A_SHARE = 150_000
WORTH_A_PROCESS = 50_000
"""Cited records below which it takes longer to start a process than to seal."""


@dataclass(frozen=True)
class Share:
    """Some cases and what they are sealed with; all that a process needs to know."""

    workspace: Workspace
    cases: tuple[Case, ...]
    judged: Mapping[str, tuple[Receipt, Judgement]]
    """Receipt and judgement of each run that last saw a case."""
    secrets: Mapping[str, str]
    targets: Mapping[str, Path]
    people: Mapping[str, Attested]
    undated: Mapping[str, int]
    checked: Mapping[str, Stamp] = field(default_factory=dict)
    """Files of sources that were just compared with their digests."""

    def part(self, cases: tuple[Case, ...]) -> "Share":
        """Return the share of some of the cases."""
        ids = [case.id for case in cases]
        return Share(
            self.workspace,
            cases,
            {run: self.judged[run] for run in {case.last_run for case in cases}},
            {case: self.secrets[case] for case in ids},
            {case: self.targets[case] for case in ids},
            {case: self.people[case] for case in ids if case in self.people},
            self.undated,
            self.checked,
        )


def sealed_in_shares(whole: Share, watch: Watch, worth_a_process: int = WORTH_A_PROCESS) -> Iterator[Path]:
    """Seal every case, and yield the bundles in order of case id. Raises what `seal` raises."""
    records = sum(map(_records_of, whole.cases))
    is_worth_it = records > worth_a_process and processors() > 1
    most = min(RECORDS_IN_A_SHARE, records // processors() + 1) if is_worth_it else RECORDS_IN_A_SHARE
    parts = list(_shared_out(whole.cases, most))
    if len(parts) > 1:
        whole = replace(whole, checked=_checked(whole))
    shares = [whole.part(cases) for cases in parts]
    if not is_worth_it or len(shares) == 1:
        for share in shares:
            yield from _sealed(share, watch)
        return
    # not by forking, which would share the threads of the engine
    for share, paths in done_in_order(_all_sealed, shares, few=2, method="spawn"):
        watch(sum(map(_records_of, share.cases)))
        yield from paths


def _checked(whole: Share) -> dict[str, Stamp]:
    """Read the sources once for all shares."""
    activity, manifest = open_activity(whole.workspace), load_manifest(whole.workspace)
    return checked_sources(activity, whole.cases, whole.workspace.runs, manifest.sources)


def _shared_out(cases: Sequence[Case], most: int) -> Iterator[tuple[Case, ...]]:
    """Yield the cases in order of id, so many together that they cite about so many records."""
    held, records = list[Case](), 0
    for case in sorted(cases, key=lambda case: case.id):
        own = _records_of(case)
        if held and records + own > most:
            yield tuple(held)
            held, records = [], 0
        held.append(case)
        records += own
    if held:
        yield tuple(held)


def _records_of(case: Case) -> int:
    return sum(item.finding.records for item in case.findings)


def _all_sealed(share: Share) -> list[Path]:
    return list(_sealed(share, _unwatched))


def _unwatched(_records: int) -> None:
    """Tell nobody: the process that waits is told of the whole share."""


def _sealed(share: Share, watch: Watch) -> Iterator[Path]:
    activity, manifest = open_activity(share.workspace), load_manifest(share.workspace)
    ordered = sorted(share.cases, key=lambda case: (case.last_run, case.id))
    dossiers = [
        dossier
        for run, cases in groupby(ordered, key=lambda case: case.last_run)
        for dossier in _gathered(share, run, tuple(cases), activity, manifest.sources)
    ]
    yield from seal(
        dossiers,
        activity=activity,
        runs=share.workspace.runs,
        sources=manifest.sources,
        undated=share.undated,
        forgotten=manifest.forgotten,
        secrets=share.secrets,
        targets=share.targets,
        people=share.people,
        watch=watch,
        checked=share.checked,
    )


def _gathered(
    share: Share, run: str, cases: tuple[Case, ...], activity: Activity, sources: tuple[Source, ...]
) -> Iterator[Dossier]:
    receipt, judgement = share.judged[run]
    return gather(
        cases,
        receipt=receipt,
        pack=judgement.pack,
        activity=activity,
        runs=share.workspace.runs,
        sources=sources,
        context=judgement.context,
        approvals=judgement.approvals,
    )


def judged_by(runs: Path, cases: Iterable[Case]) -> dict[str, tuple[Receipt, Judgement]]:
    """Return the receipt of each run that last saw a case, and what that run judged by."""
    receipts = {run: read_receipt(runs / run) for run in sorted({case.last_run for case in cases})}
    return {run: (receipt, kept_judgement(runs / run, receipt)) for run, receipt in receipts.items()}
