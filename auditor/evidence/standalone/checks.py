"""Every check over a bundle, in order; each is made, also after one has failed."""

from pathlib import Path

from auditor.evidence.standalone.contents import document_faults, name_faults
from auditor.evidence.standalone.findings import finding_faults
from auditor.evidence.standalone.folder import walked, within_limits
from auditor.evidence.standalone.manifests import BAG_RULES, Rule
from auditor.evidence.standalone.page import report_faults
from auditor.evidence.standalone.policy import policy_faults
from auditor.evidence.standalone.proposal import proposal_faults
from auditor.evidence.standalone.results import Check, listed

RULES: tuple[Rule, ...] = (
    *BAG_RULES,
    Rule("content", "nothing else is in the bundle", name_faults),
    Rule("document", "every document can be read", document_faults),
    Rule("finding", "every finding rests on the cited records", finding_faults),
    Rule("policy", "the policy files are those the run was judged by", policy_faults),
    Rule("proposal", "the proposal is one that the findings carry", proposal_faults),
    Rule("report", "the report is inert and speaks of every finding", report_faults),
)


def checks_of(folder: Path) -> tuple[Check, ...]:
    """Return every check over a bundle with its result; nothing is written, and nothing of the bundle is run."""
    name = "the bundle is a folder"
    if folder.is_symlink() or not folder.is_dir():
        message = "found no folder, expected an evidence bundle"
        return (Check("container", name, "failed", str(folder), "", message),)
    try:
        files, odd = walked(folder)
    except OSError as error:
        message = f"can't be read: {error.strerror}"
        return (Check("container", name, "failed", str(error.filename or folder), "", message),)
    files, large = within_limits(files)
    checks = listed("file-name", "the bundle holds plain files with plain names only", iter(odd))
    checks += listed("file-size", "no file is larger than its kind may be", iter(large))
    for rule in RULES:
        checks += listed(rule.code, rule.name, rule.faults(files))
    attestations = sorted(name for name in files if name.startswith("attest/"))
    message = "the bundle carries no signature, so its origin is not proven"
    if attestations:
        message = f"{len(attestations)} files in attest/ are not checked by this version, so the origin is not proven"
    checks.append(Check("signature", "a trusted key signed the bundle", "unproven", "attest/", "", message))
    return tuple(checks)
