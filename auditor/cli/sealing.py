"""Evidence bundles: from a case of the casebook to a folder that a stranger can verify, and the verification."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from auditor.cases.decisions import course_of
from auditor.cases.dossier import gather, wanted_of
from auditor.cases.ledger import entries_of
from auditor.cases.model import Case
from auditor.cases.notes import show_case
from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.snapshot import kept_judgement, read_receipt
from auditor.errors import UsageError
from auditor.evidence.bundle import build_bundle
from auditor.evidence.custody import store_must_be_as_written
from auditor.evidence.deciding import Attested, attested
from auditor.evidence.standalone.attestations import LADDER
from auditor.evidence.verify import VerificationReport, verify_bundle
from auditor.evidence.zipped import write_zip
from auditor.records.activity import Activity
from auditor.records.cited import CitedRow, all_cited
from auditor.records.manifest import Source, load_manifest
from auditor.records.sourcebytes import SourceBytes
from auditor.records.store import open_activity
from auditor.records.workspace import Workspace, open_workspace


def build(folder: Path, case_id: str, out: Path | None) -> Path:
    """Seal one case and return where its bundle is.

    Raises UsageError when there is no such case or something else is at `out`; BundleError; WorkspaceError.
    """
    workspace = open_workspace(folder, create=False)
    with open_known_casebook(workspace) as casebook, casebook.reading() as db:
        case = show_case(casebook, case_id)
        people = attested(course_of(entries_of(db, case.id)))
    if out is not None and out.exists():
        raise UsageError.at(str(out), "found something there already, expected a new folder", "choose another `--out`")
    with workspace.lock():
        is_zip = out is not None and out.suffix.lower() == ".zip"
        places = {case.id: out if out is not None and not is_zip else workspace.bundles / case.id}
        bundle = next(build_all(workspace, [case], targets=places, people={case.id: people} if people else {}))
        return write_zip(bundle, out, root=case.id) if out is not None and is_zip else bundle


def build_all(
    workspace: Workspace,
    cases: Sequence[Case],
    *,
    targets: dict[str, Path] | None = None,
    people: Mapping[str, Attested] | None = None,
) -> Iterator[Path]:
    """Seal cases, those of one run with one reading of the store; the caller holds the workspace's lock.

    `people` is what they signed, by case; it goes into the bundles.
    """
    activity = open_activity(workspace)
    manifest = load_manifest(workspace)
    store_must_be_as_written(workspace, manifest)
    sources = manifest.sources
    places = targets or {case.id: workspace.bundles / case.id for case in cases}
    for run, group in groupby(sorted(cases, key=lambda case: (case.last_run, case.id)), key=lambda case: case.last_run):
        yield from _build_run(workspace, workspace.runs / run, tuple(group), activity, sources, places, people or {})


def _build_run(
    workspace: Workspace,
    run: Path,
    cases: tuple[Case, ...],
    activity: Activity,
    sources: tuple[Source, ...],
    places: dict[str, Path],
    people: Mapping[str, Attested],
) -> Iterator[Path]:
    receipt = read_receipt(run)
    judgement = kept_judgement(run, receipt)
    dossiers = gather(
        cases,
        receipt=receipt,
        pack=judgement.pack,
        activity=activity,
        runs=workspace.runs,
        sources=sources,
        context=judgement.context,
        approvals=judgement.approvals,
    )
    gathered = list(dossiers)  # before the rows: both come from one connection
    wanted = [item for case in cases for item in wanted_of(case, workspace.runs)]
    rows = _Rows(all_cited(activity, wanted))
    with _original_bytes(sources) as originals:
        for dossier in gathered:
            case_id = dossier.case.id
            yield build_bundle(
                dossier,
                rows=rows.of(case_id),
                sources=originals,
                target=places[case_id],
                attested=people.get(case_id),
            )


class _Rows:
    """Cited rows of many cases out of one query, handed out case by case in order of case id."""

    def __init__(self, rows: Iterable[CitedRow]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def of(self, case_id: str) -> Iterator[CitedRow]:
        while self._next is not None and self._next.case == case_id:
            yield self._next
            self._next = next(self._rows, None)


def verify(path: Path, trust: Sequence[Path]) -> VerificationReport:
    """Check a bundle with this program's own code. Raises UsageError when there is nothing at the path."""
    if not path.exists():
        raise UsageError.at(str(path), "no such bundle", "`auditor bundle build CASE` prints where it put one")
    missing = next((key for key in trust if not key.is_file()), None)
    if missing is not None:
        raise UsageError.at(str(missing), "no such public key", "check the path given to `--trust`")
    return verify_bundle(path, trust=trust)


def show(report: VerificationReport, *, is_json: bool) -> None:
    """Print every check that did not hold, and the verdict."""
    if is_json:
        console.json_object(**report.model_dump(mode="json", exclude={"format_version"}))
        return
    for check in report.checks:
        if check.result != "ok":
            where = " ".join(part for part in (check.file, check.field) if part)
            console.result(
                f"{check.result}: {check.code}: {check.name}{f' ({where})' if where else ''}: {check.message}"
            )
    for signature in report.signatures:
        sternest = next((action for action in reversed(LADDER) if action in signature.actions.values()), "none")
        who = f"{signature.person}, {signature.time}, key {signature.key_id}"
        console.result(f"signed: {signature.step}, {sternest}, {who}")
    held = sum(check.result == "ok" for check in report.checks)
    console.result(f"{report.verdict}: {held} of {console.plural(len(report.checks), 'check')} hold")
    if report.stage == "proposal":
        console.result("this is a proposal: nobody has approved it in this bundle")
    if report.verdict == "unproven":
        console.result("nothing is wrong with the bundle, but not every step was signed by someone whom you trust")


@contextmanager
def _original_bytes(sources: Sequence[Source]) -> Iterator[SourceBytes]:
    paths = {source.source_id: Path(source.path) for source in sources}
    with tempfile.TemporaryDirectory() as scratch, SourceBytes(paths, Path(scratch)) as originals:
        yield originals
