"""What a case file is made from, as one digest, so that a page that would come out the same need not be made again.

Left out is what every run moves and no page depends on: run ids, times of a run, and whether a finding is new or held.
Cited records and organizations follow from the store, the policy and what the run was given, all of which count.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from auditor.cases.dossier import CITATIONS
from auditor.cases.model import Case
from auditor.cases.runs import is_judged
from auditor.checker.findings import Receipt
from auditor.digests import digest_of_parts
from auditor.records.manifest import Manifest


def made_from(
    cases: Sequence[Case], *, receipt: Receipt, manifest: Manifest, runs: Path, edition: str
) -> dict[str, str]:
    """Return the digest for each case, by id.

    `receipt` is of the run that is about to show the cases, `edition` names the program's version of the page, `runs`
    holds the citations: once they are gone, a page says so.
    """
    same_for_all = digest_of_parts(
        [
            edition,
            receipt.model_dump_json(exclude={"run_id", "started", "ended"}),
            *(source.model_dump_json(exclude={"ingested", "already_known"}) for source in manifest.sources),
            *(f"{file.name} {file.sha256}" for file in manifest.files),
        ]
    )
    seen_by = {item.last_run for case in cases for item in case.findings}
    kept = {run for run in seen_by if (runs / run / CITATIONS).is_file()}
    return {case.id: digest_of_parts([same_for_all, *_parts(case, receipt, kept)]) for case in cases}


def _parts(case: Case, receipt: Receipt, kept: Collection[str]) -> Iterator[str]:
    """Yield what the page says of this case alone."""
    yield case.model_dump_json(exclude={"last_run": True, "findings": {"__all__": {"status", "last_run", "cited_as"}}})
    for item in case.findings:
        yield f"{item.status == 'stale'} {is_judged(item, receipt)} {item.last_run in kept}"
