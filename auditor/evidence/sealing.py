"""Seal cases of a workspace: one pass over the cited records of all of them, however many they are."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from auditor.cases.dossier import Dossier, wanted_of
from auditor.evidence.bundle import build_bundle
from auditor.evidence.custody import store_must_be_as_written
from auditor.records.activity import Activity
from auditor.records.cited import all_cited
from auditor.records.manifest import load_manifest
from auditor.records.sourcebytes import SourceBytes
from auditor.records.workspace import Workspace, disk_errors


def seal(
    dossiers: Sequence[Dossier],
    *,
    activity: Activity,
    workspace: Workspace,
    targets: Mapping[str, Path] | None = None,
) -> tuple[Path, ...]:
    """Build the bundle of each case and return their paths, in order of case id.

    `targets` says where, by case id; the default is `bundles/CASE` in the workspace. Exact bytes come from the
    original files that the store's manifest knows. Raises BundleError, WorkspaceError.
    """
    where = {dossier.case.id: workspace.bundles / dossier.case.id for dossier in dossiers} | dict(targets or {})
    wanted = [item for dossier in dossiers for item in wanted_of(dossier.case, workspace.runs)]
    manifest = load_manifest(workspace)
    store_must_be_as_written(workspace, manifest)
    paths = {source.source_id: Path(source.path) for source in manifest.sources}
    sizes = {source.source_id: source.bytes for source in manifest.sources}
    made = []
    with disk_errors(workspace.bundles):
        workspace.bundles.mkdir(exist_ok=True)
    with SourceBytes(paths, workspace.bundles, sizes) as sources:
        groups = groupby(all_cited(activity, wanted), key=lambda row: row.case)
        case_id, rows = next(groups, ("", iter(())))
        for dossier in sorted(dossiers, key=lambda dossier: dossier.case.id):
            is_next = case_id == dossier.case.id
            own = rows if is_next else iter(())
            made.append(build_bundle(dossier, rows=own, sources=sources, target=where[dossier.case.id]))
            if is_next:
                case_id, rows = next(groups, ("", iter(())))
    return tuple(made)
