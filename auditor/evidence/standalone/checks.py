"""Every check over a bundle, in order; each is made, also after one has failed."""

import re
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from auditor.evidence.standalone.archive import unpacked
from auditor.evidence.standalone.attestations import (
    Attestation,
    attestation_faults,
    attestations_of,
    signature_checks,
)
from auditor.evidence.standalone.contents import document_faults, name_faults
from auditor.evidence.standalone.edition import edition_faults
from auditor.evidence.standalone.findings import finding_faults
from auditor.evidence.standalone.folder import walked, within_limits
from auditor.evidence.standalone.manifests import BAG_RULES, Rule
from auditor.evidence.standalone.page import report_faults
from auditor.evidence.standalone.policy import policy_faults
from auditor.evidence.standalone.proposal import proposal_faults
from auditor.evidence.standalone.reading import Files
from auditor.evidence.standalone.results import Check, Fault, listed
from auditor.evidence.standalone.spreadsheet import table_faults
from auditor.evidence.standalone.statements import statement_faults
from auditor.evidence.standalone.watching import Watch, unwatched, watched

RULES: tuple[Rule, ...] = (
    *BAG_RULES,
    Rule("content", "nothing else is in the bundle", name_faults),
    Rule("document", "every document can be read", document_faults),
    Rule("finding", "every finding rests on the cited records", finding_faults),
    Rule("edition", "the edition withholds what it says", edition_faults),
    Rule("table", "the tables for a spreadsheet say what the records and findings say", table_faults),
    Rule("policy", "the policy files are those the run was judged by", policy_faults),
    Rule("proposal", "the proposal is one that the findings carry", proposal_faults),
    Rule("statement", "what account holders are told is what is proposed", statement_faults),
    Rule("attestation", "every attestation is a signed statement on this bundle", attestation_faults),
    Rule("report", "the report is inert and speaks of every finding", report_faults),
)

_SIGN = re.compile(r"bagit\.txt|(tag)?manifest-[a-z0-9]+\.txt")
NO_BUNDLE = "this is no bundle: it holds neither bagit.txt nor a manifest, expected the folder or zip of one case"


class Examination(NamedTuple):
    """Every check over a bundle with its result, the statements in it, and the files that could be looked at.

    Not all that is `attested` was signed: each statement says so itself.
    """

    checks: tuple[Check, ...]
    attested: tuple[Attestation, ...]
    files: Files

    @property
    def signed(self) -> tuple[Attestation, ...]:
        """The statements that people signed, up to the first that nobody did: it ends the chain."""
        return tuple(takewhile(lambda found: not found.flaw, self.attested))


def examination_of(bundle: Path, trusted: frozenset[bytes], watch: Watch = unwatched) -> Examination:
    """Make every check over a bundle, a folder or a zip; nothing is written, and nothing of the bundle is run.

    `trusted` are Ed25519 public keys that came from outside the bundle; `watch` is told how far it is.
    """
    name = "the bundle is a folder or a zip in the fixed form"
    try:
        files, odd = _files_of(bundle)
    except OSError as error:
        message = f"can't be read: {error.strerror}"
        return Examination((Check("container", name, "failed", str(error.filename or bundle), "", message),), (), {})
    if not files and odd:
        return Examination(tuple(listed("container", name, iter(odd))), (), {})
    if files and not any(map(_SIGN.fullmatch, files)):
        return Examination((Check("container", name, "failed", str(bundle), "", NO_BUNDLE),), (), {})
    files, large = within_limits(files)
    checks = listed("file-name", "the bundle holds plain files with plain names only", iter(odd))
    checks += listed("file-size", "no file is larger than its kind may be", iter(large))
    for rule in RULES:
        checks += listed(rule.code, rule.name, rule.faults(watched(files, rule.name, watch)))
    attested = attestations_of(files)
    return Examination((*checks, *signature_checks(attested, trusted)), tuple(attested), files)


def _files_of(bundle: Path) -> tuple[Files, list[Fault]]:
    if bundle.is_symlink() or not (bundle.is_dir() or bundle.is_file()):
        return {}, [Fault(str(bundle), "", "found neither a folder nor a zip, expected an evidence bundle")]
    return walked(bundle) if bundle.is_dir() else unpacked(bundle)
