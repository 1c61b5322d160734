"""Take sources back: the store as if they had never been read; the ledger keeps that it happened, by whom and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.cases.casebook import Casebook
from auditor.cases.dossier import wanted_of
from auditor.cases.holds import may_be_retracted
from auditor.cases.ledger import Entry, append, entries_of
from auditor.cases.model import Case
from auditor.cases.notes import list_cases
from auditor.cases.written import text_of
from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.errors import UsageError
from auditor.policy.conditions import Node
from auditor.records.cited import cited_from
from auditor.records.manifest import Manifest, Retracted, Source, load_manifest
from auditor.records.retracting import Originals, originals_of, retract
from auditor.records.retraction import DIGITS, Retraction, retraction_of, source_named
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace


class TakenBack(Node):
    """A source that leaves the workspace, with what it held, or one that is read again without it."""

    source_id: str
    name: str
    records: int
    quarantined: int


class CitingFinding(Node):
    """A finding that cites records of the leaving sources, how many, and the run that last saw it."""

    id: str
    run: str
    records: int


class CitingCase(Node):
    """A case with findings that cite records of the leaving sources."""

    case_id: str
    status: str
    findings: tuple[CitingFinding, ...]


class Outcome(Node):
    """What was taken back, or would be; `ledger` is the number of the entry, 0 where nothing was done yet.

    The counts of `again` are those after it was read again, once that is done.
    """

    sources: tuple[TakenBack, ...]
    again: tuple[TakenBack, ...]
    cases: tuple[CitingCase, ...]
    ledger: int = 0


def retract_sources(
    workspace_folder: Path,
    names: Sequence[str],
    *,
    reason: str,
    person: str,
    folder: Path | None,
    profiles: Sequence[Path],
    now: datetime,
    is_meant: bool,
) -> Outcome:
    """Take sources back, or say what that would do.

    Raises UsageError when there is no such source, a case that cites one is held, proposed or decided, or one that has
    to be read again is not there any more.
    """
    person, reason = text_of(person, "a name"), text_of(reason, "a reason")
    if folder is not None and not folder.is_dir():
        raise UsageError.at(str(folder), "no such folder of sources", "check the path given to `--sources`")
    workspace = open_workspace(workspace_folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        manifest = load_manifest(workspace)
        with casebook.reading() as db:
            entries = entries_of(db)
        if lost := _unrecorded(manifest, names, entries):
            found = Outcome(sources=_taken(lost), again=(), cases=_citing(workspace, casebook, lost)[1])
            return _record(casebook, found, lost[0], names) if is_meant else found
        retraction = retraction_of(
            manifest, [source_named(manifest, name, str(Path(name).absolute())) for name in names]
        )
        cases, citing = _citing(workspace, casebook, retraction.leaving)
        may_be_retracted(cases)
        originals = originals_of(retraction.again, folder, profiles)
        found = Outcome(sources=_taken(retraction.leaving), again=_taken(retraction.again), cases=citing)
        if not is_meant:
            return found
        return _done(workspace, casebook, retraction, originals, found, reason=reason, person=person, now=now)


def _done(
    workspace: Workspace,
    casebook: Casebook,
    retraction: Retraction,
    originals: Originals,
    found: Outcome,
    *,
    reason: str,
    person: str,
    now: datetime,
) -> Outcome:
    """Do it and record it in one transaction; what a killed run did without its entry, the next one records."""
    with casebook.writing() as db:
        known = retract(workspace, retraction, originals, person=person, reason=reason, now=now).known
        again = _taken([known[source.source_id] for source in retraction.again])
        found = found.model_copy(update={"again": again})
        entry = append(db, kind="retracted", case_id="", person=person, time=now, details=_details(found, reason))
    return found.model_copy(update={"ledger": entry.number})


def _record(casebook: Casebook, found: Outcome, done: Retracted, names: Sequence[str]) -> Outcome:
    """Record what a killed run did, who meant it and why. Raises UsageError when more is named than that."""
    others = [name for name in names if not any(_is_called(source, name) for source in found.sources)]
    if others:
        raise UsageError.at(
            others[0],
            f"found another source beside `{done.name}`, which a run that was killed took back without an entry",
            f"name `{done.name}` alone first, so that the ledger learns of it",
        )
    with casebook.writing() as db:
        details = _details(found, done.reason)
        entry = append(db, kind="retracted", case_id="", person=done.person, time=done.time, details=details)
    return found.model_copy(update={"ledger": entry.number})


def _details(found: Outcome, reason: str) -> dict[str, Any]:
    return {"reason": reason, **found.model_dump(mode="json", exclude={"ledger"})}


def _unrecorded(manifest: Manifest, names: Sequence[str], entries: Sequence[Entry]) -> list[Retracted]:
    """Return what was taken back of what is named, where the ledger doesn't know it: a run was killed in between."""
    told = {
        (source["source_id"], entry.time)
        for entry in entries
        if entry.kind == "retracted"
        for source in entry.details["sources"]
    }
    lost = [item for item in manifest.retracted if (item.source_id, item.time) not in told]
    named = [
        item for item in lost if item.source_id not in manifest.known and any(_is_called(item, name) for name in names)
    ]
    return [item for item in lost if named and item.time == named[0].time]


def _is_called(source: Retracted | TakenBack, name: str) -> bool:
    return name == source.name or Path(name).name == source.name or source.source_id.startswith(name)


def _citing(
    workspace: Workspace, casebook: Casebook, leaving: Sequence[Source | Retracted]
) -> tuple[list[Case], tuple[CitingCase, ...]]:
    """Return the cases that cite records of sources, and which of their findings do."""
    cases = {case.id: case for case in list_cases(casebook)}
    wanted = [item for case in cases.values() for item in wanted_of(case, workspace.runs)]
    counts = cited_from(open_activity(workspace), wanted, [source.source_id for source in leaving])
    citing = [cases[case_id] for case_id in sorted({case_id for case_id, _ in counts})]
    return citing, tuple(_citing_case(case, counts) for case in citing)


def _citing_case(case: Case, counts: Mapping[tuple[str, str], int]) -> CitingCase:
    findings = [
        CitingFinding(id=item.finding.id, run=item.last_run, records=counts[case.id, item.finding.id])
        for item in case.findings
        if (case.id, item.finding.id) in counts
    ]
    return CitingCase(case_id=case.id, status=case.status, findings=tuple(findings))


def _taken(sources: Sequence[Source | Retracted]) -> tuple[TakenBack, ...]:
    return tuple(
        TakenBack(source_id=item.source_id, name=item.name, records=item.records, quarantined=item.quarantined)
        for item in sources
    )


def show(found: Outcome, *, is_json: bool) -> None:
    """Say what was taken back, or would be."""
    if is_json:
        console.json_object(**found.model_dump(mode="json"), is_done=bool(found.ledger))
        return
    is_done = bool(found.ledger)
    for source in found.sources:
        held = f"{console.plural(source.records, 'record')}, {console.plural(source.quarantined, 'quarantined line')}"
        console.result(f"{_shown(source)}: {held}: {'taken back' if is_done else 'would be taken back'}")
    for source in found.again:
        how = f"read again: {console.plural(source.records, 'record')}" if is_done else "would be read again"
        console.result(f"{_shown(source)}: {how}, since records may be in both")
    for case in found.cases:
        citing = console.plural(len(case.findings), "finding")
        console.result(f"case {case.case_id} ({case.status}) cites it in {citing}{_and_then(case)}")
    if is_done:
        console.result(f"recorded as ledger entry {found.ledger}")
        console.result("`auditor audit` judges the rest anew; original files and bundles are left as they are")
    else:
        console.result("nothing was done; `--yes` does it")


def _shown(source: TakenBack) -> str:
    return f"{source.name} ({source.source_id[:DIGITS]})"


def _and_then(case: CitingCase) -> str:
    if case.status == "closed":
        return ": what was decided stays as it is, its bundle can't be made again"
    return ": the next audit says what still holds"
