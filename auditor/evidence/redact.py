"""Make a redacted edition of a bundle: a bag of its own, with the same root, that verifies by itself.

It tells what the evidence is and what the program proposed, nothing of what people decided: neither what they signed,
which is the full bundle, nor the drafts of notices in that, which say that nobody has decided anything yet.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.cases.written import text_of
from auditor.digests import canonical_json
from auditor.errors import BundleError, Place, Problem, UsageError
from auditor.evidence.bag import Bag, PayloadFile, new_bag
from auditor.evidence.bundle import PIECE, PROFILE
from auditor.evidence.bundleddocuments import document_in, document_of
from auditor.evidence.bundledpolicy import plain_file
from auditor.evidence.carried import carried
from auditor.evidence.documents import (
    CaseDocument,
    EditionDocument,
    FindingDocument,
    PolicyDocument,
    PopulationDocument,
    ProposalDocument,
    ReceiptDocument,
    WithheldDocument,
)
from auditor.evidence.edition import Edition
from auditor.evidence.plainfolder import as_folder
from auditor.evidence.pseudonyms import Pseudonyms, key_for
from auditor.evidence.redacted import (
    redacted_case,
    redacted_finding,
    redacted_population,
    redacted_proposal,
    redacted_receipt,
)
from auditor.evidence.redaction import Redactor
from auditor.evidence.standalone.checks import examination_of
from auditor.evidence.standalone.disclosure import BYTES, GROUP_FIELDS
from auditor.policy.conditions import Node
from auditor.report.edition import EditionView, WithheldView, render_edition

MOST_PROBLEMS = 20


def redact(bundle: Path, edition: Edition, *, recipient: str, account: str | None, target: Path) -> Path:
    """Write the edition of a full bundle, a folder or a zip, for a recipient to `target`, and return that.

    Raises UsageError when the bundle is no full one, or the account isn't in it; BundleError when a check of it fails.
    """
    if bundle.resolve() in target.resolve().parents:
        message = "the edition would be written into the bundle, expected another place: a bundle never changes"
        raise UsageError.at(str(target), message, "choose another `--out`")
    recipient = text_of(recipient, "the name of a recipient")
    with as_folder(bundle) as folder:
        data = folder / "data"
        if not (data / "commitments.jsonl").is_file() or (data / "edition.json").is_file():
            message = "found no full bundle, expected one made by `auditor bundle build`"
            raise UsageError.at(str(bundle), message, "redact the full bundle")
        _must_be_sound(folder)
        return _redacted(folder, edition, recipient=recipient, account=account, target=target)


def _redacted(bundle: Path, edition: Edition, *, recipient: str, account: str | None, target: Path) -> Path:
    data = bundle / "data"
    case = document_in(data, "case.json", CaseDocument)
    _account_must_be_there(edition, account, case)
    key = key_for((line["key"] for line in _lines(data / "commitments.jsonl")), recipient)
    redactor = Redactor(edition, account, Pseudonyms(key))
    with new_bag(target) as bag:
        _Edition(bundle, bag, redactor, recipient).fill(case)
    return target


class _Edition:
    def __init__(self, bundle: Path, bag: Bag, redactor: Redactor, recipient: str) -> None:
        self._bundle, self._data, self._bag = bundle, bundle / "data", bag
        self._redactor, self._edition, self._recipient = redactor, redactor.edition, recipient
        self._of_finding: Counter[str] = Counter()

    def fill(self, case: CaseDocument) -> None:
        redactor, data = self._redactor, self._data
        redactor.hide("account_id", case.case.accounts)
        redactor.hide("organization_id", (name for _, name in case.case.organizations))
        cited, context = self._records()
        read = [
            document_of(line, "findings.jsonl", FindingDocument)
            for line in (data / "findings.jsonl").read_bytes().splitlines()
        ]
        findings = [
            redacted_finding(item, redactor, self._of_finding[item.id])
            for item in read
            if redactor.account is None or item.id in redactor.findings
        ]
        if not findings:
            message = f"no finding of the case rests on records of account {redactor.account!a}"
            raise UsageError.at(str(self._bundle), message, "choose an account of whose records there are findings")
        shown = redacted_case(case, redactor, findings, cited, context)
        proposal = redacted_proposal(document_in(data, "proposal.json", ProposalDocument), redactor)
        receipt = redacted_receipt(document_in(data, "receipt.json", ReceiptDocument), redactor)
        population = document_in(data, "population.json", PopulationDocument)
        policy = self._policy(findings)
        edition = self._described(case)
        documents: dict[str, Node] = {
            "case.json": shown,
            "edition.json": edition,
            "policy/index.json": policy,
            "population.json": redacted_population(population, {item.id: item for item in findings}),
            "proposal.json": proposal,
            "receipt.json": receipt,
        }
        for name, model in documents.items():
            self._bag.add(name, [_bytes(model)])
        self._bag.add("findings.jsonl", [_bytes(item) for item in findings])
        self._bag.add("report/report.html", [render_edition(_view(edition, shown, findings, proposal))])
        for name, content in sorted(carried().items()):
            self._bag.add(name, [content])
        self._bag.close(
            {
                "Bag-Software-Agent": receipt.program,
                "BagIt-Profile-Name": PROFILE,
                "External-Description": "Redacted edition of evidence of findings on account activity",
                "External-Identifier": shown.case.id,
            }
        )

    def _records(self) -> tuple[int, int]:
        """Write the records and their commitments; return how many of each kind are shown."""
        commitments = iter(_lines(self._data / "commitments.jsonl"))
        with self._bag.opened("commitments.jsonl") as committed:
            cited = self._written("records/cited.jsonl", commitments, committed, is_shown=True)
            context = self._written("records/context.jsonl", commitments, committed, is_shown=self._edition.has_context)
        return cited, context

    def _written(
        self, name: str, commitments: Iterator[dict[str, Any]], committed: PayloadFile, *, is_shown: bool
    ) -> int:
        pairs = zip(_lines(self._data / name), commitments, strict=False)
        counted = self._counted(pairs) if name.endswith("cited.jsonl") else pairs
        made, shown = self._redactor.records(counted, is_shown=is_shown), 0
        with self._bag.opened(name) as file:
            while piece := tuple(islice(made, PIECE)):
                kept = [item.line for item in piece if item.line is not None]
                shown += len(kept)
                file.write(b"".join(kept))
                committed.write(b"".join([item.commitment for item in piece]))
        return shown

    def _counted(self, pairs: Iterable[tuple[dict[str, Any], Any]]) -> Iterator[tuple[dict[str, Any], Any]]:
        for line, commitment in pairs:
            if self._redactor.account in (None, line["record"].get("account_id")):
                self._of_finding.update(item["id"] for item in line["findings"])
            yield line, commitment

    def _policy(self, findings: list[FindingDocument]) -> PolicyDocument:
        """Copy the policy files that the edition shows, and say of the others that they are withheld."""
        index = document_in(self._data, "policy/index.json", PolicyDocument)
        rules = {item.rule_digest for item in findings}
        entries = []
        for entry in index.files:
            content = (self._data / "policy" / plain_file(entry)).read_bytes()
            is_shown = self._edition.policy == "all" or entry.sha256 in rules or content.lstrip().startswith(b"terms:")
            if is_shown:
                self._bag.add(f"policy/{entry.file}", [content])
            entries.append(entry if is_shown else entry.model_copy(update={"is_withheld": True}))
        return index.model_copy(update={"files": tuple(entries)})

    def _described(self, case: CaseDocument) -> EditionDocument:
        edition = self._edition
        return EditionDocument(
            edition=edition.name,
            title=edition.title,
            purpose=edition.purpose,
            recipient=self._recipient,
            account=self._redactor.account,
            derived_from=hashlib.sha256((self._bundle / "tagmanifest-sha256.txt").read_bytes()).hexdigest(),
            root=case.commitments.root,
            withheld=tuple(
                WithheldDocument(
                    group=group,
                    fields=GROUP_FIELDS.get(group, ("the exact bytes of the line",) if group == BYTES else ()),
                    reason=item.reason,
                    has_pseudonyms=item.is_pseudonymous,
                    records=self._redactor.withheld[group],
                )
                for item in edition.withheld
                for group in item.groups
            ),
            records_withheld=self._redactor.records_withheld,
        )


def _view(
    edition: EditionDocument, case: CaseDocument, findings: list[FindingDocument], proposal: ProposalDocument
) -> EditionView:
    return EditionView(
        case_id=case.case.id,
        pack=case.case.pack,
        accounts=case.case.accounts,
        cited=case.cited,
        context=case.context,
        findings=tuple(findings),
        actions=proposal.actions,
        speaks_for=proposal.speaks_for,
        withheld=tuple(WithheldView(**item.model_dump()) for item in edition.withheld),
        **edition.model_dump(include=set(EditionView.model_fields) - {"withheld"}),
    )


def _must_be_sound(bundle: Path) -> None:
    """Refuse a bundle of which a check fails: its edition would hold, under the root and digest of the full one."""
    failed = [check for check in examination_of(bundle, frozenset()).checks if check.result == "failed"]
    if failed:
        hint = "`auditor bundle verify` says all that is wrong; build the bundle anew"
        raise BundleError(
            [Problem(Place(check.file or str(bundle)), f"`{check.code}`: {check.message}", hint) for check in failed][
                :MOST_PROBLEMS
            ]
        )


def _account_must_be_there(edition: Edition, account: str | None, case: CaseDocument) -> None:
    if edition.is_of_one_account and account is None:
        hint = f"give `--account`, one of {', '.join(map(ascii, case.case.accounts[:5]))}"
        raise UsageError.at(None, f"edition `{edition.name}` is of one account, and none is named", hint)
    if not edition.is_of_one_account and account is not None:
        raise UsageError.at(None, f"edition `{edition.name}` is not of one account", "leave out `--account`")
    if account is not None and account not in case.case.accounts:
        raise UsageError.at(None, f"account {account!a} is not in case {case.case.id}", "name an account of the case")


def _bytes(model: Node) -> bytes:
    return canonical_json(model.model_dump()) + b"\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield json.loads(line)
            except ValueError:
                message = f"line {number} can't be read as JSON"
                raise BundleError.at(str(path), message, "verify the bundle: it is damaged") from None
