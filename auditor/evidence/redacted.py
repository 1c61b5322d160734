"""The documents of a redacted edition, made from those of the full bundle without what the edition withholds."""

from collections.abc import Mapping, Sequence
from typing import Any  # JSON values have no closed type

from auditor.checker.findings import ClusterSeen
from auditor.evidence.documents import (
    CaseDocument,
    FindingDocument,
    PopulationDocument,
    ProposalDocument,
    ReceiptDocument,
)
from auditor.evidence.redaction import Redactor
from auditor.evidence.standalone.disclosure import BYTES
from auditor.evidence.standalone.layout import WITHHELD
from auditor.policy.rule import SUBJECT_COLUMNS


def redacted_finding(finding: FindingDocument, redactor: Redactor, shown: int) -> FindingDocument:
    """Return a finding as the edition shows it; `shown` of its records are in the edition."""
    columns = SUBJECT_COLUMNS[finding.subject_kind]
    first = finding.first_record
    about = [(account, count) for account, count in finding.account_records if _is_shown(account, redactor)]
    masked = sorted((redactor.mask("account_id", account), count) for account, count in about)
    is_first_shown = redactor.account is None or first.account_id == redactor.account
    record_id = first.record_id if is_first_shown else ""
    return finding.model_copy(
        update={
            "subject": tuple(
                redactor.mask(column, value) for column, value in zip(columns, finding.subject, strict=False)
            ),
            "by": tuple((column, redactor.mask(column, value)) for column, value in finding.by),
            "first_record": first.model_copy(
                update={
                    "record_id": "" if "identity" in redactor.edition.groups else record_id,
                    "account_id": redactor.mask("account_id", first.account_id)
                    if first.account_id and is_first_shown
                    else None,
                }
            ),
            "cluster": shown_cluster(finding.cluster, redactor),
            "accounts": tuple(account for account, _ in masked),
            "account_records": tuple(masked),
            "approved": tuple(redactor.text(text) for text in finding.approved),
            "supersedes": tuple(redactor.text(text) for text in finding.supersedes),
            "records_in_bundle": shown,
        }
    )


def redacted_case(
    case: CaseDocument, redactor: Redactor, findings: Sequence[FindingDocument], cited: int, context: int
) -> CaseDocument:
    """Return the case as the edition shows it."""
    head, stated = case.case, case.completeness
    accounts = [account for account in head.accounts if _is_shown(account, redactor)]
    organizations = [pair for pair in head.organizations if _is_shown(pair[0], redactor)]
    without = {WITHHELD: cited} if BYTES in redactor.edition.groups and cited else dict(stated.without_bytes)
    if redactor.account is not None:
        without = {}
    return case.model_copy(
        update={
            "case": head.model_copy(
                update={
                    "accounts": tuple(redactor.mask("account_id", account) for account in accounts),
                    "organizations": tuple(
                        (redactor.mask("account_id", account), _organization(name, redactor))
                        for account, name in organizations
                    ),
                    "severity": max((finding.level for finding in findings), key=lambda level: level.rank),
                }
            ),
            "findings": tuple(finding.id for finding in findings),
            "cited": cited,
            "context": context,
            "completeness": stated.model_copy(
                update={
                    "records_cited": cited,
                    "records_context": context,
                    "records_with_bytes": cited - sum(without.values()),
                    "without_bytes": without,
                    "sources": tuple(
                        source.model_copy(update={"name": ""} if redactor.hides_sources else {})
                        for source in stated.sources
                    ),
                }
            ),
        }
    )


def redacted_proposal(proposal: ProposalDocument, redactor: Redactor) -> ProposalDocument:
    """Return what is proposed, for the accounts that the edition speaks of."""
    actions = tuple(
        item.model_copy(
            update={
                "account": redactor.mask("account_id", item.account),
                "because": tuple(redactor.text(text) for text in item.because),
            }
        )
        for item in proposal.actions
        if _is_shown(item.account, redactor)
    )
    speaks = tuple(
        item.model_copy(
            update={
                "account": redactor.mask("account_id", item.account) if item.account else "",
                "fact": redactor.text(item.fact),
            }
        )
        for item in proposal.speaks_for
        if not item.account or _is_shown(item.account, redactor)
    )
    highest = max((item.action for item in actions), key=lambda action: action.rank)
    return proposal.model_copy(update={"actions": actions, "speaks_for": speaks, "proposed_action": highest})


def redacted_receipt(receipt: ReceiptDocument, redactor: Redactor) -> ReceiptDocument:
    """Return the receipt, without names of files where the edition withholds them."""
    if not redactor.hides_sources:
        return receipt
    sources = tuple(source.model_copy(update={"name": ""}) for source in receipt.sources)
    return receipt.model_copy(update={"sources": sources})


def redacted_population(population: PopulationDocument, findings: Mapping[str, Any]) -> PopulationDocument:
    """Return the figures that the findings of the edition rest on."""
    return PopulationDocument(**population.of(findings.keys()).model_dump())


def shown_cluster(cluster: ClusterSeen | None, redactor: Redactor) -> ClusterSeen | None:
    """Return the linked accounts as the edition shows them: to a holder, no other member is named."""
    if cluster is None:
        return None
    members = (redactor.mask("account_id", account) for account in cluster.members if _is_shown(account, redactor))
    return cluster.model_copy(
        update={
            "id": redactor.mask("cluster_id", cluster.id),
            "formerly": tuple(redactor.mask("cluster_id", name) for name in cluster.formerly),
            "members": tuple(sorted(members)),
        }
    )


def _is_shown(account: str, redactor: Redactor) -> bool:
    return redactor.account in (None, account)


def _organization(name: str, redactor: Redactor) -> str:
    """Return the name of the organization of a shown account; to its holder it is no secret."""
    return name if redactor.account is not None else redactor.mask("organization_id", name)
