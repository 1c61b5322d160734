"""One case in lines for the terminal: what is alike for many accounts is said once.

The case file and `case export` have everything; here the gravest findings come first and long lists are counted.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from auditor.cases.dossier import gravest_first
from auditor.cases.model import Case, CaseFinding, StepTaken
from auditor.cases.rules_told import RulesTold, innocent_explanations
from auditor.checker.findings import Applied, Finding
from auditor.digests import rfc3339
from auditor.policy.condition_words import counted
from auditor.policy.measure_words import operator_words
from auditor.report.alike import FactGroup, Member, ProposalGroup, facts_alike, proposals_alike
from auditor.report.by_account import WORDS, by_account
from auditor.report.words import amount_of, measure_in_words

FINDINGS_SHOWN = 12
"""Findings of a case that the terminal shows."""

_SEEN = {"held": "as before"}
"""What a finding's status is called where `held` would be taken for a legal hold."""

MEMBERS_SHOWN = 12
"""Accounts that the terminal names where the same is proposed, or true, for many."""


def words_of_case(case: Case, told: RulesTold) -> Iterator[str]:
    """Yield a case line by line; `told` is what the rules behind it say of themselves."""
    decided = f": {by_account(case.in_force, WORDS)}" if case.decided else ""
    yield f"case {case.id}: {case.severity}, proposed action `{case.proposed_action}`, {case.status}{decided}"
    yield f"pack {case.pack}, opened {rfc3339(case.opened)}, last run {case.last_run}"
    if case.hold:
        yield f"under a legal hold by {case.hold.person} since {rfc3339(case.hold.time)}: {case.hold.reason}"
    if case.assignee:
        yield f"looked into by {case.assignee}"
    yield from (f"formerly also {former}" for former in case.formerly)
    findings = gravest_first(case)
    numbers = {item.finding.id: number for number, item in enumerate(findings, start=1)}
    yield from _section("What was seen (a finding is not a violation)", _findings(findings))
    proposals = (line for group in proposals_alike(case, numbers, ()) for line in _proposal(group))
    yield from _section("What is proposed (a person decides)", proposals)
    facts = (_fact(group, case) for group in facts_alike(case.speaks_for))
    others = (
        f"what else can look like “{title}”: {'; '.join(others)}"
        for title, others in innocent_explanations(findings, told)
    )
    yield from _section("What speaks for the accounts", chain(facts, others))
    if case.steps:
        yield from _section("What people decided", map(_step, case.steps))
    notes = (f"{note.number} {rfc3339(note.time)} {note.author}: {note.text}" for note in case.notes)
    yield from _section("Notes", notes)


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    empty = True
    for line in lines:
        empty = False
        yield f"  {line}"
    if empty:
        yield "  nothing"


def _findings(findings: Sequence[CaseFinding]) -> Iterator[str]:
    quoted: dict[tuple[str, str, str, str], int] = {}
    for number, item in enumerate(findings[:FINDINGS_SHOWN], start=1):
        yield from _finding(number, item)
        for clause in item.finding.clauses:
            yield f"   {_clause(clause, quoted.setdefault(_cited(clause), number), number)}"
    if len(findings) > FINDINGS_SHOWN:
        more = counted(len(findings) - FINDINGS_SHOWN, "more finding")
        yield f"… and {more}; the case file has all of them"


def _finding(number: int, item: CaseFinding) -> Iterator[str]:
    finding = item.finding
    who = ", ".join(finding.accounts[:3]) + (f" and {len(finding.accounts) - 3} more" if finding.accounts[3:] else "")
    divided = "".join(f", {name} {value}" for name, value in finding.by)
    yield f"{number}. {finding.title} ({finding.level}, {finding.strength}, {_SEEN.get(item.status, item.status)})"
    yield f"   {who or 'no account'}{divided}, {rfc3339(finding.start)} to {rfc3339(finding.end)}"
    yield f"   {counted(finding.records, 'record')}{_peaks(finding)}"


def _cited(clause: Applied) -> tuple[str, str, str, str]:
    return clause.title, clause.version, clause.clause, clause.stance


def _clause(clause: Applied, first: int, number: int) -> str:
    text = f"“{clause.text}”" if first == number else f"quoted at {first}"
    return f"{clause.title}, clause {clause.clause}, {clause.stance} {clause.conduct}: {text}"


def _proposal(group: ProposalGroup) -> Iterator[str]:
    """Tell what is proposed: every reason where it is one account's, and the ground with the accounts otherwise."""
    protect = f", protect: {', '.join(group.action.protect)}" if group.action.protect else ""
    if len(group.members) == 1:
        yield f"{group.action.account}: {group.action.action}{protect}"
        yield from (f"  {reason}" for reason in group.action.because)
        return
    yield f"{counted(len(group.members), 'account')}: {group.action.action}{protect}"
    yield f"  {group.ground}"
    yield from (f"  {_member(member)}" for member in group.members[:MEMBERS_SHOWN])
    if len(group.members) > MEMBERS_SHOWN:
        yield f"  … and {counted(len(group.members) - MEMBERS_SHOWN, 'more account')}"
    yield "  the case file has every reason, account by account"


def _member(member: Member) -> str:
    cited = ", ".join(f"{records:,} in {number}" for number, records in member.cited[:FINDINGS_SHOWN])
    return f"{member.action.account}: own records, by finding: {cited or 'none'}"


def _fact(group: FactGroup, case: Case) -> str:
    if not group.accounts or 1 < len(group.accounts) == len(case.accounts):
        return f"all: {group.fact}"
    more = len(group.accounts) - MEMBERS_SHOWN
    return f"{', '.join(group.accounts[:MEMBERS_SHOWN])}{f' and {more:,} more' if more > 0 else ''}: {group.fact}"


def _step(step: StepTaken) -> str:
    decided = f": {by_account(step.actions, WORDS, MEMBERS_SHOWN)}" if step.action else ""
    heard_by = f", to be heard by {step.to}" if step.to else ""
    beyond = f" (beyond what the evidence carries: {step.beyond})" if step.beyond else ""
    signed = ", signed" if step.is_signed else ""
    reason = f": {step.reason}" if step.reason else ""
    on = f" on {step.on}, which is part of this case since" if step.on else ""
    return f"{step.kind}{decided}{heard_by}{on}; {step.person}, {rfc3339(step.time)}{signed}{reason}{beyond}"


def _peaks(finding: Finding) -> str:
    """Say what was measured at its peak, each beside the threshold it was held against; nothing without measures."""
    measures = {part.name: part for part in finding.measures}
    limits: dict[str, list[str]] = {}
    for limit in finding.thresholds:
        asked = amount_of(limit.value, measures.get(limit.measure))
        limits.setdefault(limit.measure, []).append(f"{operator_words(limit.operator)} {asked}")
    peaks = [f"{measure_in_words(part)}: {amount_of(part.value, part)}" for part in finding.measures]
    held = [
        f" (threshold: {' and '.join(limits[part.name])})" if part.name in limits else "" for part in finding.measures
    ]
    return "; at its peak: " + "; ".join(map("".join, zip(peaks, held, strict=True))) if peaks else ""
