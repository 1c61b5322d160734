"""Evidence bundles: from a case of the casebook to a folder that a stranger can verify, and the verification."""

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from auditor.cases.casebook import Casebook
from auditor.cases.decisions import course_of
from auditor.cases.ledger import Entry, entries_of
from auditor.cases.model import Case
from auditor.cases.notes import show_case
from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.progress import Progress
from auditor.cli.shares import Share, judged_by, sealed_in_shares
from auditor.digests import digest_of_file, rfc3339
from auditor.errors import AuditorError, UsageError
from auditor.evidence.casesecrets import secrets_of
from auditor.evidence.custody import store_must_be_as_written
from auditor.evidence.deciding import Attested, attested
from auditor.evidence.standalone.folder import walked
from auditor.evidence.standalone.layout import TAG_MANIFEST
from auditor.evidence.standalone.manifests import BAG_RULES
from auditor.evidence.verify import VerificationReport, verify_bundle
from auditor.evidence.zipped import write_zip
from auditor.records.manifest import load_manifest
from auditor.records.quarantine import undated_lines
from auditor.records.workspace import (
    Workspace,
    disk_errors,
    open_workspace,
    replace_folder,
    temporary_name,
    write_atomically,
)


def build(folder: Path, case_id: str, out: Path | None) -> Path:
    """Seal one case and return where its bundle is.

    Raises UsageError when there is no such case, something else is at `out`, or what a decided case rests on is gone;
    BundleError; WorkspaceError.
    """
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        case = show_case(casebook, case_id)
        with casebook.reading() as db:
            entries = entries_of(db)
        people = attested(course_of(entry for entry in entries if entry.case_id == case.id))
        if out is not None and out.exists():
            message = "found something there already, expected a new folder"
            raise UsageError.at(str(out), message, "choose another `--out`")
        is_zip = out is not None and out.suffix.lower() == ".zip"
        if people and people.is_final and (kept := _kept(workspace, case.id, people)):
            return _handed_out(kept, out, is_zip=is_zip, root=case.id)
        if people and people.is_final:
            _must_be_kept(case.id, entries)
        places = {case.id: out if out is not None and not is_zip else workspace.bundles / case.id}
        signed = {case.id: people} if people else {}
        with Progress() as progress:
            bundle = next(build_all(workspace, [case], targets=places, people=signed, say=progress.step))
        return write_zip(bundle, out, root=case.id) if out is not None and is_zip else bundle


def _must_be_kept(case_id: str, entries: Sequence[Entry]) -> None:
    """Refuse to seal a decided case whose secret or records are gone: people decided on another root."""
    for entry in entries:
        if why := _why_gone(case_id, entry):
            found = f"the bundle that case {case_id} was decided on is gone: {why} on {rfc3339(entry.time)}"
            message = f"{found} (ledger entry {entry.number}), which can't be undone"
            hint = f"look for a copy that left the house; `auditor ledger show --case {case_id}` tells what was decided"
            raise UsageError.at(None, message, hint)


def _why_gone(case_id: str, entry: Entry) -> str:
    """Return why a case can't be sealed as it was since an entry, or nothing."""
    details = entry.details
    if entry.kind == "forgotten" and case_id in (*details["secrets"], *details["bundles"]):
        return f"account {details['account']!a} was forgotten"
    if entry.kind == "retracted" and case_id in [case["case_id"] for case in details["cases"]]:
        return f"source {details['sources'][0]['name']!a} was taken back"
    return ""


def _kept(workspace: Workspace, case_id: str, people: Attested) -> Path | None:
    """Return the bundle that was decided on, as it lies in the workspace, None where it isn't whole any more."""
    folder = workspace.bundles / case_id
    files, odd = walked(folder) if folder.is_dir() else ({}, [])
    if odd or TAG_MANIFEST not in files or digest_of_file(folder / TAG_MANIFEST) != people.digest:
        return None
    if any(True for rule in BAG_RULES for _ in rule.faults(files)):
        return None
    for name, data in people.files.items():
        write_atomically(folder / name, data)
    return folder


def _handed_out(bundle: Path, out: Path | None, *, is_zip: bool, root: str) -> Path:
    """Copy a bundle to where it is asked for, as a folder or a zip."""
    if out is None:
        return bundle
    if is_zip:
        return write_zip(bundle, out, root=root)
    unfinished = temporary_name(out)
    with disk_errors(out):
        shutil.copytree(bundle, unfinished)
    replace_folder(unfinished, out)
    return out


def build_again(
    workspace: Workspace, casebook: Casebook, cases: Sequence[Case], *, say: Callable[[str], None]
) -> Iterator[Path]:
    """Seal cases with what people signed of them, in the workspace; the caller holds its lock.

    A bundle that was decided on stays as it lies there. One that is gone and can't be made again as it was decided on
    is named and left out: without its signatures it would prove nothing.
    """
    with casebook.reading() as db:
        entries = entries_of(db)
    courses = {case.id: course_of(entry for entry in entries if entry.case_id == case.id) for case in cases}
    people = {case_id: found for case_id, course in courses.items() if (found := attested(course))}
    decided = [case for case in cases if case.id in people and people[case.id].is_final]
    yield from build_all(workspace, [case for case in cases if case not in decided], people=people, say=say)
    for case in decided:
        if kept := _kept(workspace, case.id, people[case.id]):
            yield kept
            continue
        try:
            _must_be_kept(case.id, entries)
            yield from build_all(workspace, [case], people=people, say=say)
        except AuditorError as error:
            console.talk(f"no bundle was made of case {case.id}, which is decided:")
            console.complain(error.problems)


def build_all(
    workspace: Workspace,
    cases: Sequence[Case],
    *,
    people: Mapping[str, Attested],
    targets: dict[str, Path] | None = None,
    say: Callable[[str], None] | None = None,
) -> Iterator[Path]:
    """Seal cases with few readings of the store, in order of case id; the caller holds the workspace's lock.

    A case that has no secret yet gets a random one. `people` is what they signed, by case; it goes into the bundles,
    and has no default, since a bundle made without it loses the signatures that it had. `say` is told how far it is.
    """
    manifest = load_manifest(workspace)
    store_must_be_as_written(workspace, manifest)
    sealed = 0

    def watch(records: int) -> None:
        nonlocal sealed
        sealed += records
        if say is not None:
            say(f"sealing {console.plural(len(cases), 'case')} … {sealed:,} records")

    yield from sealed_in_shares(
        Share(
            workspace,
            tuple(cases),
            judged_by(workspace.runs, cases),
            secrets=secrets_of(workspace, [case.id for case in cases], _random_secret),
            targets=targets or {case.id: workspace.bundles / case.id for case in cases},
            people=people,
            undated=undated_lines(workspace, manifest),
        ),
        watch,
    )


def _random_secret(_case: str) -> bytes:
    return secrets.token_bytes(32)


def verify(path: Path, trust: Sequence[Path], sources: Path | None = None) -> VerificationReport:
    """Check a bundle with this program's own code, against original files where a folder of them is given.

    Raises UsageError when there is nothing at a path.
    """
    if sources is not None and not sources.is_dir():
        raise UsageError.at(str(sources), "no such folder of original files", "check the path given to `--sources`")
    if not path.exists():
        raise UsageError.at(str(path), "no such bundle", "`auditor bundle build CASE` prints where it put one")
    missing = next((key for key in trust if not key.is_file()), None)
    if missing is not None:
        raise UsageError.at(str(missing), "no such public key", "check the path given to `--trust`")
    with Progress() as progress:
        return verify_bundle(path, trust=trust, sources=sources, watch=progress.reading)
