"""What people signed of a bundle: proposal, approval, outcomes of appeals; each file of attest/ answers the last.

Every envelope names the digest of this bundle's tag manifest, so one of another bundle doesn't fit; each but the first
names the digest of the envelope before it, so an old approval doesn't fit a new proposal, and none can be left out of
the middle. Whether a signer is one whom the reader trusts is judged apart, with keys from outside.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from auditor.evidence.standalone.envelopes import Envelope, envelope_in
from auditor.evidence.standalone.layout import STATEMENT_VERSION, TAG_MANIFEST
from auditor.evidence.standalone.publickeys import key_id_of
from auditor.evidence.standalone.reading import (
    Files,
    UnreadableError,
    digest_of_file,
    document_of,
    field_of,
    list_of,
    micros,
)
from auditor.evidence.standalone.results import Check, Fault

ATTESTATION = re.compile(r"attest/([0-9]{2})-(proposal|approval|appeal)\.dsse\.json\Z")
LADDER = ("none", "warn", "verify", "throttle", "suspend", "terminate")
TWO_PERSONS_FROM = LADDER.index("suspend")
"""From here on a second person must approve."""
ACCOUNTS_SAID = 6
"""Accounts of one action that are named in a line; the envelope holds all of them."""


class Attestation(NamedTuple):
    """One file of attest/: which step it is, as whose word, and what it decides, by account.

    `flaw` says why nobody signed that of this bundle; it is empty where the holder of the key did.
    """

    file: str
    step: str
    envelope: Envelope
    actions: dict[str, int]
    flaw: str

    @property
    def name(self) -> str:
        """The signer's name as it is written."""
        return str(field_of(self.envelope.predicate, "by", "name"))

    @property
    def person(self) -> str:
        """The signer's name so that spellings of one name are one."""
        return " ".join(unicodedata.normalize("NFKC", self.name).casefold().split())

    @property
    def in_words(self) -> str:
        """Say what it says of which accounts, and as the word of whom."""
        when, key = field_of(self.envelope.predicate, "time"), key_id_of(self.envelope.public_key)
        decided = said_of({account: LADDER[action] for account, action in self.actions.items()})
        beyond = str(field_of(self.envelope.predicate, "beyond")).strip()
        return f"{self.step}: {decided}; {self.name}, {when}, key {key}{why_beyond(beyond)}"


def said_of(actions: dict[str, str]) -> str:
    """Say what each account gets, sternest first: few accounts named, others of `none` counted."""
    said: list[str] = []
    for action in reversed(LADDER):
        accounts = sorted(account for account, its in actions.items() if its == action)
        if not accounts:
            continue
        named, rest = ", ".join(accounts[:ACCOUNTS_SAID]), len(accounts) - ACCOUNTS_SAID
        if action == LADDER[0] and said and len(accounts) > 1:
            said.append(f"{action} for {len(accounts):,} others")
        else:
            said.append(f"{action} for {named}" + (f" and {rest:,} more" if rest > 0 else ""))
    return "; ".join(said) or f"{LADDER[0]}, since no account is concerned"


def why_beyond(reason: str) -> str:
    """Say why people went beyond what the evidence carries, to follow what they decided; nothing where they didn't."""
    return f"; beyond what the evidence carries, because: {reason}" if reason else ""


def attestation_faults(files: Files) -> Iterator[Fault]:
    """Every file of attest/ is a signed statement on this very bundle, and each answers the one before."""
    for name in sorted(name for name in files if name.startswith("attest/") and not ATTESTATION.match(name)):
        yield Fault(name, "", "is no attestation; nothing else may lie in attest/", "attest-file")
    before: list[Attestation] = []
    digest = _digest_signed(files)
    case, _ = document_of(files, "data/case.json")
    for name in sorted(filter(ATTESTATION.match, files)):
        try:
            found = _attestation(files, name, digest)
        except UnreadableError as error:
            yield Fault(name, "", str(error), "attest-form")
            continue
        yield from _envelope_faults(found, digest, case)
        yield from _order_faults(found, before)
        yield from _person_faults(found, before)
        yield from _action_faults(found, before, files)
        before.append(found)


def attestations_of(files: Files) -> list[Attestation]:
    """Return the attestations that can be read, in order."""
    found, digest = [], _digest_signed(files)
    for name in sorted(filter(ATTESTATION.match, files)):
        try:
            found.append(_attestation(files, name, digest))
        except UnreadableError:
            continue  # named by `attestation_faults`
    return found


def signature_checks(found: list[Attestation], trusted: frozenset[bytes]) -> list[Check]:
    """Say whether every step of the bundle was signed by a key that the reader trusts."""
    name = "a trusted key signed each step"
    if not found:
        message = "the bundle carries no signature, so its origin is not proven"
        return [Check("unsigned", name, "unproven", "attest/", "", message)]
    checks = []
    for item in found:
        if item.envelope.public_key not in trusted:
            message = f"signed by key {key_id_of(item.envelope.public_key)}, which is none of the trusted ones"
            checks.append(Check("untrusted", name, "unproven", item.file, "", message))
    return checks or [Check("signature", name, "ok")]


def _digest_signed(files: Files) -> str:
    """Return the digest that whoever signs the bundle signs."""
    return digest_of_file(files[TAG_MANIFEST]) if TAG_MANIFEST in files else ""


def _attestation(files: Files, name: str, digest: str) -> Attestation:
    envelope = envelope_in(files[name].read())
    predicate, match = envelope.predicate, ATTESTATION.match(name)
    assert match, "only such names are looked at"
    texts = [field_of(predicate, *path) for path in (("by", "name"), ("reason",), ("beyond",), ("case",), ("answers",))]
    if field_of(predicate, "format_version") != STATEMENT_VERSION or not all(isinstance(text, str) for text in texts):
        raise UnreadableError("the statement lacks something that a decision has")
    actions = {}
    for item in list_of(predicate, "actions"):
        account, action = field_of(item, "account"), field_of(item, "action")
        if not isinstance(account, str) or account in actions or action not in LADDER:
            raise UnreadableError("its actions are not one of the ladder for each account")
        actions[account] = LADDER.index(action)
    return Attestation(name, match[2], envelope, actions, _flaw(envelope, digest))


def _flaw(envelope: Envelope, digest: str) -> str:
    if not envelope.is_signed:
        return "the signature does not hold"
    return "" if envelope.subject == digest else "what was signed is another bundle"


def _envelope_faults(found: Attestation, digest: str, case: Any) -> Iterator[Fault]:
    if not found.envelope.is_signed:
        yield Fault(found.file, "sig", "the signature is not one over this statement by its key", "attest-signature")
    if found.envelope.subject != digest:
        message = f"the digest signed is not the one of this bundle's {TAG_MANIFEST}"
        yield Fault(found.file, "subject", message, "attest-subject")
    if field_of(found.envelope.predicate, "case") != field_of(case, "case", "id"):
        yield Fault(found.file, "case", "is a statement on another case", "attest-case")
    root = field_of(case, "commitments", "root")
    if field_of(found.envelope.predicate, "root") not in (None, "", root):  # statements of earlier versions have none
        yield Fault(found.file, "root", "is not the root of the tree over this bundle's records", "attest-root")


def _order_faults(found: Attestation, before: list[Attestation]) -> Iterator[Fault]:
    predicate = found.envelope.predicate
    steps = [*(item.step for item in before), found.step]
    expected = f"attest/{len(steps):02}-{found.step}.dsse.json"
    if field_of(predicate, "step") != found.step or found.file != expected:
        yield Fault(found.file, "step", "its name is not the one of its number and step", "attest-order")
    if steps[:2] != ["proposal", "approval"][: len(steps)] or set(steps[2:]) - {"appeal"}:
        yield Fault(found.file, "step", "is out of order: proposal, then approval, then appeals", "attest-order")
    if field_of(predicate, "answers") != (before[-1].envelope.digest if before else ""):
        yield Fault(found.file, "answers", "does not answer the statement before it", "attest-order")
    times = [micros(field_of(item.envelope.predicate, "time")) for item in (*before[-1:], found)]
    if times[-1] < 0 or times != sorted(times):
        yield Fault(found.file, "time", "is no UTC time, or is before the statement that it answers", "attest-order")


def _person_faults(found: Attestation, before: list[Attestation]) -> Iterator[Fault]:
    """Approving `suspend` and more, and hearing an appeal, take another person, with another key."""
    is_grave = max(found.actions.values(), default=0) >= TWO_PERSONS_FROM
    needs_another = found.step == "appeal" or (found.step == "approval" and is_grave)
    keys = {item.envelope.public_key for item in before}
    persons = {item.person for item in before}
    if not found.person:
        yield Fault(found.file, "by", "names nobody", "attest-person")
    if needs_another and (found.envelope.public_key in keys or found.person in persons):
        yield Fault(found.file, "by", "is the person or the key of an earlier step, expected another", "attest-person")
    for item in before:
        if item.envelope.public_key == found.envelope.public_key and item.person != found.person:
            yield Fault(found.file, "by", f"the key signed as another person in {item.file}", "attest-person")


def _action_faults(found: Attestation, before: list[Attestation], files: Files) -> Iterator[Fault]:
    proposal, _ = document_of(files, "data/proposal.json")
    machine = {str(field_of(item, "account")): field_of(item, "action") for item in list_of(proposal, "actions")}
    if found.actions.keys() != machine.keys():
        yield Fault(found.file, "actions", "does not speak of exactly the accounts of the case", "attest-action")
    beyond = [
        account
        for account, action in found.actions.items()
        if machine.get(account) in LADDER and action > LADDER.index(machine[account])
    ]
    if beyond and not field_of(found.envelope.predicate, "beyond").strip():
        message = f"goes beyond what the evidence carries for {beyond[0]} and gives no reason for it"
        yield Fault(found.file, "beyond", message, "attest-action")
    if found.step == "approval" and before and found.actions != before[-1].actions:
        yield Fault(found.file, "actions", "approves something else than was proposed", "attest-action")
    if found.step == "appeal" and any(
        action > before[-1].actions.get(account, 0) for account, action in found.actions.items() if before
    ):
        yield Fault(found.file, "actions", "an appeal may not make a decision harsher", "attest-action")
    if found.step != "approval" and not field_of(found.envelope.predicate, "reason").strip():
        yield Fault(found.file, "reason", "gives no reason", "attest-action")
