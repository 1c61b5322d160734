"""A draft judged: what a run makes of one case, from its findings to its proposals.

Pure: cases and counts in, cases out. A case whose content is the same keeps the time of its last change.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.cases.drafts import Draft
from auditor.cases.grouping import case_id_of
from auditor.cases.ladder import propose_all
from auditor.cases.model import ActionName, Case, CasebookChange, CaseFinding, ProposalChange, StepTaken
from auditor.cases.speaks import Known, facts_for
from auditor.cases.victims import Tally, is_set_aside, with_thefts
from auditor.policy.rule import Level


@dataclass(frozen=True)
class Revision:
    """One case as it was (None: new) and as it becomes; `merged` are the ids that go into it."""

    before: Case | None
    after: Case
    merged: tuple[str, ...]

    @property
    def is_changed(self) -> bool:
        """Whether anything but the run itself differs."""
        return self.before is None or bool(self.merged) or _content(self.before) != _content(self.after)


def revision_of(
    draft: Draft,
    *,
    victims: Collection[str],
    tallies: Mapping[str, Tally],
    known: Known,
    taken: Collection[str],
    now: datetime,
) -> Revision:
    """Judge a draft and return the case it becomes; `taken` are the case ids that a new one must not have."""
    findings = with_thefts(draft.findings, victims, tallies, known.pack.ladder)
    actions = propose_all(draft.accounts, findings, known.pack.ladder, ties=known.ties, reaching=draft.reaching)
    before = _together(draft.earlier)
    case = Case(
        id=before.id if before else _new_id(draft, known.pack.name, taken),
        pack=known.pack.name,
        accounts=draft.accounts,
        severity=severity_of(findings),
        status=before.status if before else "open",
        proposed_action=max((item.action for item in actions), key=lambda item: item.rank, default=ActionName.NONE),
        actions=actions,
        findings=_sorted(findings),
        speaks_for=facts_for(draft.accounts, findings, known),
        notes=before.notes if before else (),
        opened=before.opened if before else now,
        updated=now,
        last_run=known.receipt.run_id,
        formerly=before.formerly if before else (),
        refers_to=before.refers_to if before else draft.refers_to,
        assignee=before.assignee if before else "",
        steps=before.steps if before else (),
        hold=before.hold if before else None,
    )
    revision = Revision(before, case, tuple(merged.id for merged in draft.earlier[1:]))
    if before is None or revision.is_changed:
        return revision
    return Revision(before, case.model_copy(update={"updated": before.updated}), ())


def severity_of(findings: Iterable[CaseFinding]) -> Level:
    """Return the gravest level among findings that hold and that nothing has excused; else informational."""
    levels = (item.finding.level for item in findings if item.status != "stale" and not _is_excused(item))
    return max(levels, key=lambda level: level.rank, default=Level.INFORMATIONAL)


def change_of(revisions: Sequence[Revision]) -> CasebookChange:
    """Say what revisions change: cases and findings by id, sorted."""
    return CasebookChange(
        new_cases=tuple(sorted(item.after.id for item in revisions if item.before is None)),
        changed_cases=tuple(sorted(item.after.id for item in revisions if item.before and item.is_changed)),
        unchanged_cases=tuple(sorted(item.after.id for item in revisions if not item.is_changed)),
        new_findings=_findings_in(revisions, "new"),
        changed_findings=_findings_in(revisions, "changed"),
        stale_findings=_findings_in(revisions, "stale"),
        changed_proposals=tuple(sorted(_changed_proposals(revisions), key=lambda item: item.case_id)),
    )


def _changed_proposals(revisions: Sequence[Revision]) -> Iterator[ProposalChange]:
    """Yield the earlier cases of which at least one account has another proposal now."""
    for revision in revisions:
        before, after = revision.before, revision.after
        if before is None:
            continue
        proposed = {action.account: action.action for action in before.actions}
        others = tuple(item.account for item in after.actions if proposed.get(item.account, item.action) != item.action)
        if others or before.proposed_action != after.proposed_action:
            yield ProposalChange(
                case_id=after.id, before=before.proposed_action, after=after.proposed_action, accounts=others
            )


def _findings_in(revisions: Sequence[Revision], status: str) -> tuple[str, ...]:
    """Return the ids of findings that came to a status in this run; one that stands in several cases counts once."""
    found = set()
    for revision in revisions:
        old = (
            {item.finding.id for item in revision.before.findings if item.status == "stale"} if revision.before else ()
        )
        for item in revision.after.findings:
            was_judged = item.last_run == revision.after.last_run
            is_old_news = item.finding.id in old if status == "stale" else not was_judged
            if item.status == status and not is_old_news:
                found.add(item.finding.id)
    return tuple(sorted(found))


def _together(cases: Sequence[Case]) -> Case | None:
    """Return the oldest case with what the others bring: findings, notes, former ids, who looks into it, steps taken.

    A proposal of a person on a younger case is none on the whole: it stays a step, and the status is the oldest one's.
    """
    if len(cases) < 2:
        return cases[0] if cases else None
    oldest = cases[0]
    findings = {item.finding.id: item for case in reversed(cases) for item in case.findings}
    formerly = {former for case in cases for former in case.formerly} | {case.id for case in cases[1:]}
    return oldest.model_copy(
        update={
            "findings": _sorted(findings.values()),
            "notes": tuple(sorted((note for case in cases for note in case.notes), key=lambda note: note.number)),
            "formerly": tuple(sorted(formerly)),
            "refers_to": next((case.refers_to for case in cases if case.refers_to), ""),
            "assignee": next((case.assignee for case in cases if case.assignee), ""),
            "steps": tuple(sorted(_steps_of(cases), key=lambda step: step.time)),
        }
    )


def _steps_of(cases: Sequence[Case]) -> Iterator[StepTaken]:
    """Yield the steps taken on cases that become the first of them; those on the others say on which."""
    yield from cases[0].steps
    for case in cases[1:]:
        yield from (step.model_copy(update={"on": step.on or case.id}) for step in case.steps)


def _sorted(findings: Iterable[CaseFinding]) -> tuple[CaseFinding, ...]:
    return tuple(sorted(findings, key=lambda item: (item.finding.start, item.finding.id)))


def _is_excused(item: CaseFinding) -> bool:
    is_aside = bool(item.parts) and all(is_set_aside(part) for part in item.parts)
    return is_aside or item.standing in ("approved", "permitted")


def _new_id(draft: Draft, pack: str, taken: Collection[str]) -> str:
    """Return the id of a new case; a settled case of the same first member is one more thing it is made from."""
    case_id = case_id_of(pack, draft.members[0], draft.refers_to)
    while case_id in taken:
        case_id = case_id_of(pack, draft.members[0], case_id)
    return case_id


def _content(case: Case) -> Case:
    """Return the case without what every run moves: the run, the time, and whether a finding is new or held."""
    findings = tuple(
        item.model_copy(
            update={"status": "stale" if item.status == "stale" else "held", "last_run": "", "cited_as": ""}
        )
        for item in case.findings
    )
    return case.model_copy(update={"findings": tuple(findings), "last_run": "", "updated": case.opened})
