"""Build the evidence bundle of a case: DESIGN section 7.

Cited records are streamed from the store and their bytes from the original files; everything else comes from the
sealed dossier. The same case gives the same bytes on any machine, in any time zone and locale.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any  # a row holds values of several types

from auditor.cases.dossier import Dossier
from auditor.cases.rules_told import rules_shown
from auditor.checker.population import Population
from auditor.digests import canonical_json, rfc3339
from auditor.errors import BundleError
from auditor.evidence.bag import Bag, PayloadFile, is_plain, new_bag
from auditor.evidence.carried import carried
from auditor.evidence.completeness import completeness_of
from auditor.evidence.deciding import Attested
from auditor.evidence.documents import (
    CaseDocument,
    CaseHead,
    Commitments,
    Completeness,
    FindingDocument,
    PopulationDocument,
    ProposalDocument,
    ReceiptDocument,
)
from auditor.evidence.recordlines import RecordLine, RecordWriter
from auditor.evidence.snapshot import add_policy
from auditor.evidence.standalone.spreadsheet import MOST_ROWS, CitedTable, findings_table
from auditor.evidence.stated import add_statements
from auditor.policy.conditions import Node
from auditor.records.sourcebytes import SourceBytes
from auditor.report.page import findings_of, render_case
from auditor.report.statement import statements_of

PROFILE = "auditor evidence bundle 2"

PIECE = 1024
"""Records that are written together."""


@dataclass(frozen=True)
class CaseRecords:
    """The records of one case as `linequery` gives them, each in record order, and what rests on others."""

    cited: Iterable[tuple[Any, ...]]
    context: Iterable[tuple[Any, ...]]
    population: Population
    undated: Mapping[str, int] = field(default_factory=dict)
    """Quarantined lines without a time, by source, as far as the quarantine is still there."""
    forgotten: Collection[str] = ()
    """Accounts of which no exact bytes may be quoted."""


def build_bundle(
    dossier: Dossier,
    *,
    records: CaseRecords,
    sources: SourceBytes,
    target: Path,
    attested: Attested | None = None,
) -> Path:
    """Write the bundle of a case to `target` and return that.

    What people `attested` goes with it as long as it is the bundle that they signed.

    Raises BundleError when cited records are missing from the store or aren't what their own bytes say, or a name can't
    stand in a bundle;
    WorkspaceError when the disk refuses.
    """
    sealed = dossier.sealed()
    if not is_plain(sealed.case.id) or "/" in sealed.case.id:
        raise BundleError.at(None, f"case id {sealed.case.id!a} can't name a bundle", "use ASCII letters and digits")
    try:
        with new_bag(target) as bag:
            _fill(bag, sealed, records, sources)
            _attest(bag, attested, target)
    except UnicodeEncodeError as error:
        message = f"a text of case {sealed.case.id} holds half a surrogate pair ({error.object[error.start]!a})"
        raise BundleError.at(str(target), message, "mend the source or the policy file that holds it") from None
    return target


def _fill(bag: Bag, sealed: Dossier, records: CaseRecords, sources: SourceBytes) -> None:
    names = {source.source_id: source.name for source in sealed.sources}
    profiles = {source.source_id: source.profile for source in sealed.receipt.sources}
    table = CitedTable(_receipt(sealed).model_dump(mode="json"))
    writer = RecordWriter(names, profiles, sources, table, records.forgotten)
    with bag.opened("commitments.jsonl") as commitments:
        with bag.opened("records/cited.csv") as rows:
            rows.write(table.head().encode())
            _add_records(bag, "records/cited.jsonl", writer.lines(records.cited), commitments, rows)
        cited, by_finding, without = writer.total, writer.by_finding(), dict(writer.without_bytes)
        _nothing_must_be_missing(sealed, by_finding)
        _add_records(bag, "records/context.jsonl", writer.lines(records.context), commitments, None)
    committed = Commitments(root=writer.root, records=writer.total)
    bag.add("findings.jsonl", _findings(sealed, by_finding))
    complete = completeness_of(
        sealed,
        cited=cited,
        context=committed.records - cited,
        without=without,
        population=records.population,
        undated=records.undated,
        out_of_order=writer.out_of_order,
    )
    bag.add("case.json", _document(_case(sealed, committed, complete)))
    bag.add(
        "population.json",
        _document(PopulationDocument(**records.population.model_dump(exclude={"format_version", "gaps"}))),
    )
    bag.add("receipt.json", _document(_receipt(sealed)))
    cells = findings_table(bag.lines_of("findings.jsonl"))
    bag.add("findings.csv", (row.encode("utf-8", "backslashreplace") for row in cells))
    bag.add("proposal.json", _document(_proposal(sealed)))
    add_policy(bag, sealed)
    add_statements(bag, statements_of(sealed.case, told=rules_shown(sealed.case, sealed.evidence)))
    bag.add("report/report.html", [render_case(sealed)])
    for name, data in sorted(carried().items()):
        bag.add(name, [data])
    bag.close(
        {
            "Bag-Software-Agent": sealed.receipt.program,
            "BagIt-Profile-Name": PROFILE,
            "External-Description": "Evidence of findings on account activity; a finding is not a violation",
            "External-Identifier": sealed.case.id,
        }
    )


def _add_records(
    bag: Bag, name: str, lines: Iterable[RecordLine], commitments: PayloadFile, rows: PayloadFile | None
) -> None:
    """Write a file of records, what commits to each and a row of each; in pieces, since each write costs."""
    held, left = iter(lines), MOST_ROWS
    with bag.opened(name) as file:
        while piece := tuple(islice(held, PIECE)):
            file.write(b"".join([item.line for item in piece]))
            commitments.write(b"".join([item.commitment for item in piece]))
            if rows is not None and left > 0:
                rows.write(b"".join([item.row for item in piece[:left]]))
                left -= PIECE


def _attest(bag: Bag, attested: Attested | None, target: Path) -> None:
    if attested is None:
        return
    if bag.digest == attested.digest:
        bag.attest(attested.files)
    elif attested.is_final:
        message = "the bundle can't be made again as it was decided on: the program, or what the case rests on, changed"
        raise BundleError.at(str(target), message, "keep the bundle that was signed; a later one proves nothing of it")


def _nothing_must_be_missing(sealed: Dossier, found: Counter[str]) -> None:
    for item in sealed.case.findings:
        finding = item.finding
        if item.status != "stale" and found[finding.id] != finding.records:
            message = f"finding {finding.id} cites {finding.records} records, the store gave {found[finding.id]}"
            raise BundleError.at(None, message, "run `auditor audit` again, then build the bundle")


def _findings(sealed: Dossier, found: Counter[str]) -> Iterator[bytes]:
    for view in findings_of(sealed):
        item = view.item
        yield from _document(
            FindingDocument(
                **item.finding.model_dump(),
                standing=item.standing,
                approved=item.approved,
                supersedes=item.supersedes,
                is_stale=item.status == "stale",
                records_in_bundle=found[item.finding.id],
                seen_as=item.cited_as or item.finding.id,
                is_of_receipt=item.last_run == sealed.receipt.run_id,
            )
        )


def _case(sealed: Dossier, committed: Commitments, completeness: Completeness) -> CaseDocument:
    case = sealed.case
    return CaseDocument(
        case=CaseHead(
            id=case.id,
            pack=case.pack,
            severity=case.severity,
            accounts=case.accounts,
            organizations=sealed.organizations,
            formerly=case.formerly,
            refers_to=case.refers_to,
        ),
        findings=tuple(view.item.finding.id for view in findings_of(sealed)),
        cited=completeness.records_cited,
        context=completeness.records_context,
        commitments=committed,
        completeness=completeness,
    )


def _receipt(sealed: Dossier) -> ReceiptDocument:
    receipt = sealed.receipt
    kept = receipt.model_dump(include=set(ReceiptDocument.model_fields) - {"format_version", "since", "until", "as_of"})
    times = {name: getattr(receipt, name) for name in ("since", "until", "as_of")}
    return ReceiptDocument(**kept, **{name: rfc3339(time) if time else None for name, time in times.items()})


def _proposal(sealed: Dossier) -> ProposalDocument:
    case = sealed.case
    return ProposalDocument(proposed_action=case.proposed_action, actions=case.actions, speaks_for=case.speaks_for)


def _document(model: Node) -> list[bytes]:
    return [canonical_json(model.model_dump()) + b"\n"]
