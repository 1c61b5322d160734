"""Propose, approve, and hear an appeal: decisions on a sealed bundle, signed and recorded in one transaction.

The signature is made inside the transaction, over the ledger as it then is: when the entry can't be written there is no
approval, and no envelope either. Envelopes are kept in the ledger; the files of `attest/` are made from it. Either
every step of a decision is signed, or none is; from `suspend` on all are.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # JSON values have no closed type

from auditor.cases.casebook import Casebook
from auditor.cases.decisions import (
    Course,
    Decision,
    actions_for,
    actions_in,
    is_beyond,
    machine_actions,
    must_be_another,
    person_of,
    readers_of,
    sternest,
    strikes_against,
)
from auditor.cases.ledger import Entry, EntryKind, entries_of, head_of
from auditor.cases.model import AccountAction, ActionName
from auditor.cases.naming import must_name_no_other
from auditor.cases.steps import Step, must_be, taking
from auditor.cases.written import text_of
from auditor.digests import digest_of
from auditor.errors import UsageError
from auditor.evidence.keys import SigningKey
from auditor.evidence.signing import signed

STEPS: Mapping[str, str] = {"proposed": "proposal", "approved": "approval", "heard": "appeal"}
"""The word for a step in an envelope, by the kind of its entry."""

OUTCOMES = ("upheld", "milder", "overturned")


@dataclass(frozen=True)
class Signer:
    """A person who takes a step, and the key they sign it with, if they do."""

    name: str
    key: SigningKey | None = None

    @property
    def key_id(self) -> str:
        """The name of the key, empty where there is none."""
        return self.key.key_id if self.key else ""


@dataclass(frozen=True)
class Attested:
    """What people signed of a case: the digest of the tag manifest they signed, and the files that hold it.

    `is_final` says that a decision was made on that very bundle, so that no other may take its place.
    """

    digest: str
    files: Mapping[str, bytes]
    is_final: bool


def propose(
    casebook: Casebook,
    case_id: str,
    *,
    action: ActionName,
    accounts: Collection[str],
    reason: str,
    beyond: str,
    signer: Signer,
    bundle: str,
    root: str,
    strike_days: int,
    now: datetime,
) -> Entry:
    """Record a person's proposal on the sealed bundle of a case; one that still waits is replaced.

    `bundle` is the SHA-256 of the bundle's tag manifest, `root` that of the tree over its records. Raises UsageError
    when the case is decided, the proposal goes beyond the evidence without a reason for that, `suspend` and above
    isn't signed, or what an account holder will read names another account of the case.
    """
    with taking(casebook, case_id, person=signer.name, now=now) as step:
        must_be(step.case, ("open", "proposed"), "proposed")
        actions = actions_for(step.case, action, accounts, beyond=beyond)
        _must_be_signed(actions, signer)
        readers = readers_of(step.case, actions)
        must_name_no_other(reason, step.case, readers, "--reason")
        must_name_no_other(beyond, step.case, readers, "--beyond")
        strikes = strikes_against(step.case.accounts, entries_of(step.db), now=now, days=strike_days)
        decision = _decision("proposed", step, actions, text_of(reason, "a reason"), beyond, strikes)
        machine = {"machine": machine_actions(step.case), "is_beyond": is_beyond(step.case, actions)}
        return _recorded(step, "proposed", decision, signer, bundle=bundle, root=root, more=machine)


def approve(casebook: Casebook, case_id: str, *, reason: str, signer: Signer, bundle: str, now: datetime) -> Entry:
    """Approve the proposal of a case; `suspend` and above takes a second person with a key of their own.

    Raises UsageError when nothing is proposed, the case changed since it was, or the person or the key is the same.
    """
    with taking(casebook, case_id, person=signer.name, now=now) as step:
        must_be(step.case, ("proposed",), "approved")
        proposal = step.course.proposed
        assert proposal, "a case has this status by its entry alone"
        if proposal.details["bundle"] != bundle:
            message = f"case {step.case.id} has changed since it was proposed: its evidence is another one now"
            raise UsageError.at(None, message, "look at it again, and propose anew what it carries")
        actions = actions_in(proposal)
        if sternest(actions).rank >= ActionName.SUSPEND.rank:
            must_be_another(step.person, signer.key_id, step.course.steps, f"approving `{sternest(actions)}`")
        decision = _decision("approved", step, actions, reason.strip(), proposal.details["beyond"], ())
        root = proposal.details.get("root", "")
        return _recorded(step, "approved", decision, signer, bundle=bundle, root=root, more={})


def hear(
    casebook: Casebook,
    case_id: str,
    *,
    outcome: str,
    action: ActionName | None,
    reason: str,
    signer: Signer,
    now: datetime,
) -> Entry:
    """Record what came of an appeal: `upheld`, `milder` (with the action that takes its place) or `overturned`.

    Raises UsageError when no appeal waits, the person or the key had a part in the decision, or the reason, which the
    account holders will read, names another account of the case.
    """
    with taking(casebook, case_id, person=signer.name, now=now) as step:
        must_be(step.case, ("appealed",), "heard")
        waiting = step.course.appealed
        assert waiting, "a case has this status by its entry alone"
        must_be_another(step.person, signer.key_id, step.course.steps, "an appeal")
        if person_of(waiting.details["to"]) != person_of(step.person):
            message = f"the appeal was given to `{waiting.details['to']}`, not to `{step.person}`"
            raise UsageError.at(None, message, "let that person decide it")
        actions = _after_appeal(step.course, outcome, action)
        must_name_no_other(reason, step.case, readers_of(step.case, step.course.actions), "--reason")
        beyond = step.course.steps[0].details["beyond"] if is_beyond(step.case, actions) else ""
        decision = _decision("heard", step, actions, text_of(reason, "a reason"), beyond, ())
        sealed = step.course.steps[0].details
        bundle, root = sealed["bundle"], sealed.get("root", "")
        return _recorded(step, "heard", decision, signer, bundle=bundle, root=root, more={"outcome": outcome})


def attested(course: Course) -> Attested | None:
    """Return what people signed of a case, None when nobody proposed anything."""
    if not course.proposed:
        return None
    envelopes = [(STEPS[entry.kind], entry.details["envelope"]) for entry in course.steps]
    files = {
        f"attest/{number:02}-{step}.dsse.json": envelope.encode()
        for number, (step, envelope) in enumerate(envelopes, start=1)
        if envelope
    }
    return Attested(course.proposed.details["bundle"], files, is_final=course.approved is not None)


def _after_appeal(course: Course, outcome: str, action: ActionName | None) -> tuple[AccountAction, ...]:
    before = course.actions
    if outcome not in OUTCOMES or (outcome == "milder") != (action is not None):
        message = f"found outcome `{outcome[:40]}`, expected one of {', '.join(OUTCOMES)}, an action with `milder` only"
        raise UsageError.at(None, message, "say `--outcome milder --action verify`, for example")
    if action is not None and action.rank >= sternest(before).rank:
        message = f"`{action}` is not milder than `{sternest(before)}`, which was decided"
        raise UsageError.at(None, message, "an appeal may leave a decision as it is or make it milder")
    most = {"upheld": ActionName.TERMINATE, "overturned": ActionName.NONE}.get(outcome, action or ActionName.NONE)
    return tuple(
        AccountAction(account=item.account, action=min(item.action, most, key=lambda name: name.rank))
        for item in before
    )


def _decision(
    kind: EntryKind,
    step: Step,
    actions: tuple[AccountAction, ...],
    reason: str,
    beyond: str,
    strikes: tuple[tuple[str, int], ...],
) -> Decision:
    return Decision(
        step=STEPS[kind],
        case_id=step.case.id,
        person=step.person,
        time=step.now,
        reason=reason,
        beyond=text_of(beyond, "why it goes beyond the evidence") if beyond else "",
        actions=actions,
        strikes=strikes,
    )


def _must_be_signed(actions: tuple[AccountAction, ...], signer: Signer) -> None:
    if sternest(actions).rank >= ActionName.SUSPEND.rank and signer.key is None:
        message = f"`{sternest(actions)}` is decided by two persons who both sign the bundle, found no key"
        raise UsageError.at(None, message, "name your key with `--key FILE`; `auditor keys new FILE` makes one")


def _recorded(
    step: Step, kind: EntryKind, decision: Decision, signer: Signer, *, bundle: str, root: str, more: Mapping[str, Any]
) -> Entry:
    """Sign a step where it is to be signed, and record it."""
    earlier = step.course.steps if kind != "proposed" else ()
    _must_match(earlier, signer)
    _must_be_owner(step, signer)
    if earlier and step.now < earlier[-1].time:
        message = "the clock says that it is earlier than the step before, expected a later time"
        raise UsageError.at(None, message, "set the clock right")
    envelope = b""
    if signer.key:
        answers = digest_of(earlier[-1].details["envelope"].encode()) if earlier else ""
        envelope = signed(decision, signer.key, bundle=bundle, root=root, answers=answers, head=head_of(step.db))
    details = {
        "actions": [{"account": item.account, "action": str(item.action)} for item in decision.actions],
        "reason": decision.reason, "beyond": decision.beyond, "strikes": dict(decision.strikes), "bundle": bundle,
        "root": root,
        "key": signer.key_id, "envelope": envelope.decode(), **more,
    }  # fmt: skip
    return step.record(kind, details)


def _must_match(earlier: tuple[Entry, ...], signer: Signer) -> None:
    """A decision is signed all along or not at all: half of it could not be verified."""
    if earlier and bool(earlier[0].details["envelope"]) != (signer.key is not None):
        found = "without a key" if signer.key else "with a key"
        message = f"the proposal was made {found}, expected all steps of a decision to be signed, or none"
        hint = "leave out `--key`, or propose anew with it" if signer.key else "name your key with `--key FILE`"
        raise UsageError.at(None, message, hint)


def _must_be_owner(step: Step, signer: Signer) -> None:
    """A key is one person's: whoever signed with it first."""
    for entry in entries_of(step.db) if signer.key else ():
        if entry.details.get("key") == signer.key_id and person_of(entry.person) != person_of(step.person):
            message = f"this key signed as `{entry.person}` before, found `{step.person}`"
            raise UsageError.at(None, message, "each person signs with a key of their own")
