"""Seal cases of a workspace: one pass over the records of all of them, however many they are."""

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # a row holds values of several types

from sqlglot import exp

from auditor.cases.dossier import Dossier, wanted_of
from auditor.cases.model import Case
from auditor.checker.population import POPULATION, PeersSeen, Population, read_population
from auditor.evidence.bundle import CaseRecords, build_bundle
from auditor.evidence.deciding import Attested
from auditor.evidence.linequery import columns_written, forget_secrets, keep_secrets, lines_of_records
from auditor.evidence.sourceforms import BEGINNING, SourceForm, form_of_source
from auditor.evidence.standalone.spreadsheet import columns_of_table
from auditor.records.activity import Activity
from auditor.records.cited import Wanted, cited_records, fetched, sources_cited
from auditor.records.context import context_records, derived_names, with_derived_values
from auditor.records.manifest import Source
from auditor.records.sourcebytes import SourceBytes, Stamp

Secrets = Mapping[str, str]
"""The secret of each case, by its id: 64 hexadecimal digits."""
Watch = Callable[[int], None]
"""Told of so many records more that are being sealed."""
TOLD_AT_ONCE = 1000


def seal(
    dossiers: Sequence[Dossier],
    *,
    activity: Activity,
    runs: Path,
    sources: Sequence[Source],
    secrets: Secrets,
    targets: Mapping[str, Path],
    people: Mapping[str, Attested],
    undated: Mapping[str, int],
    forgotten: Collection[str],
    watch: Watch,
    checked: Mapping[str, Stamp] | None = None,
) -> Iterator[Path]:
    """Build the bundle of each case at its target, in order of case id, and yield the paths.

    Exact bytes come from the original files of `sources`; `people` is what they signed, by case, `undated` counts
    quarantined lines without a time by source; of `forgotten` accounts no exact bytes are quoted; `checked` are files
    of sources that need not be compared with their digest again. Raises BundleError, WorkspaceError.
    """
    wanted = [item for dossier in dossiers for item in wanted_of(dossier.case, runs)]
    own_secrets = {dossier.case.id: secrets[dossier.case.id] for dossier in dossiers}
    with _secrets_known(activity, own_secrets), original_bytes(sources, checked) as originals:
        forms = forms_of_sources(activity, wanted, originals, sources)
        cells = cells_of_all(dossiers)
        rows = record_rows(activity, cited_records(wanted) if wanted else None, wanted, forms=forms, cells=cells)
        cited = RowsByCase(_watched(rows, watch))
        context = RowsByCase(_watched(record_rows(activity, context_records(wanted), wanted, forms=forms), watch))
        for dossier in sorted(dossiers, key=lambda dossier: dossier.case.id):
            case = dossier.case
            records = CaseRecords(cited.of(case.id), context.of(case.id), population_of(case, runs), undated, forgotten)
            yield build_bundle(
                dossier, records=records, sources=originals, target=targets[case.id], attested=people.get(case.id)
            )


def _watched(rows: Iterable[tuple[Any, ...]], watch: Watch) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows, 1):
        yield row
        if number % TOLD_AT_ONCE == 0:
            watch(TOLD_AT_ONCE)


def record_rows(
    activity: Activity,
    records: exp.Select | None,
    wanted: Sequence[Wanted],
    *,
    forms: Mapping[str, SourceForm] | None = None,
    cells: Sequence[str] = (),
) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of records, in order of case and record; the secrets of their cases are known."""
    if records is not None:
        known, columns = with_derived_values(records, wanted), columns_written(activity)
        query, quick = (
            lines_of_records(known.copy(), columns, derived_names(wanted), forms=own, cells=cells)
            for own in ({}, forms)
        )
        yield from fetched(activity, query, wanted, quick=quick if forms else None)


def forms_of_sources(
    activity: Activity, wanted: Sequence[Wanted], originals: SourceBytes, sources: Sequence[Source]
) -> dict[str, SourceForm]:
    """Return how the sources that findings cite write their lines, as far as that is JSON in canonical columns."""
    profiles = {source.source_id: source.profile for source in sources}
    found = {}
    for source_id in sources_cited(activity, wanted):
        beginning = originals.beginning(source_id, BEGINNING) if profiles.get(source_id) == "canonical" else None
        if beginning is not None and (form := form_of_source(beginning)) is not None:
            found[source_id] = form
    return found


def checked_sources(
    activity: Activity, cases: Iterable[Case], runs: Path, sources: Sequence[Source]
) -> dict[str, Stamp]:
    """Compare the files that findings of cases rest on with their digests; return the stamps of those that fit."""
    wanted = [item for case in cases for item in wanted_of(case, runs)]
    with original_bytes(sources) as originals:
        for source_id in sources_cited(activity, wanted):
            originals.beginning(source_id, 0)
        return dict(originals.checked)


def cells_of_all(dossiers: Sequence[Dossier]) -> tuple[str, ...]:
    """Return the columns of the table of cited records, none where they aren't the same for all cases."""
    found = {columns_of_table(dossier.receipt.model_dump(mode="json")) for dossier in dossiers}
    return found.pop() if len(found) == 1 else ()


def population_of(case: Case, runs: Path) -> Population:
    """Return what the findings of a case rest on that is not their own, from the runs that last saw them."""
    whole, strangers, peers = Population(), list[tuple[str, int]](), list[PeersSeen]()
    for run in sorted({item.last_run for item in case.findings}):
        ids = {item.cited_as or item.finding.id: item.finding.id for item in case.findings if item.last_run == run}
        if not (runs / run / POPULATION).is_file():
            continue
        found = read_population(runs / run).of(ids)
        whole = found if run == case.last_run or whole.log_end is None else whole
        strangers += [(ids[finding], count) for finding, count in found.strangers]
        peers += [seen.model_copy(update={"finding": ids[seen.finding]}) for seen in found.peers]
    peers.sort(key=lambda seen: (seen.finding, seen.bucket, seen.name))
    return whole.model_copy(update={"strangers": tuple(sorted(strangers)), "peers": tuple(peers)})


class RowsByCase:
    """Rows of many cases out of one query, handed out case by case in order of case id."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take the rows; their first value is the case's id."""
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    def of(self, case_id: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of the next case, nothing if it has none."""
        while self._next is not None and self._next[0] == case_id:
            yield self._next
            self._next = next(self._rows, None)


@contextmanager
def _secrets_known(activity: Activity, secrets: Secrets) -> Iterator[None]:
    keep_secrets(activity, secrets)
    try:
        yield
    finally:
        forget_secrets(activity)


@contextmanager
def original_bytes(sources: Sequence[Source], checked: Mapping[str, Stamp] | None = None) -> Iterator[SourceBytes]:
    """Open the original files of sources for reading in the block."""
    paths = {source.source_id: Path(source.path) for source in sources}
    sizes = {source.source_id: source.bytes for source in sources}
    with tempfile.TemporaryDirectory() as scratch, SourceBytes(paths, Path(scratch), sizes, checked) as originals:
        yield originals
