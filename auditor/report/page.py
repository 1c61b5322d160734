"""Case files and their index as self-contained HTML: values in, bytes out, nothing read or written.

No JavaScript, no outside link, a content security policy. Templates hold the words and the shape; everything that
came from a log or a policy passes `visible` or `prose` on its way in.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from auditor.cases.dossier import FINDINGS_IN_FULL, Dossier, gravest_first
from auditor.cases.finding_evidence import FindingEvidence
from auditor.cases.model import Case, CasebookChange, CaseFinding, order_in_lists
from auditor.cases.rules_told import innocent_explanations, rules_shown
from auditor.cases.runs import PackRun, is_judged
from auditor.cases.who import titles_of, who
from auditor.checker.findings import Receipt, RuleRun
from auditor.digests import digest_of, digest_of_parts, rfc3339
from auditor.policy import amounts
from auditor.policy.condition_words import counted
from auditor.policy.measure_words import operator_words
from auditor.report import charts, graph, words
from auditor.report.alike import (
    clauses_alike,
    facts_alike,
    proposals_alike,
    same_clause,
    standings_alike,
    thresholds_alike,
)
from auditor.report.by_account import NOUNS, by_account, by_action
from auditor.report.linked import LINKED_SHOWN, linked_view
from auditor.report.places import checks_of, place_of
from auditor.report.visible import letter, plain_visible, prose, visible

UNSAFE_IN_CSS = re.compile(r"[^A-Za-z0-9 ,.-]")

REASONS_SHOWN = 50
"""Reasons of one proposal, and findings that cite one account, that a page lists; it counts the others."""

RECORDS_OPEN = 6
"""Records of a finding that a page and its print show at once; the others are folded away."""

OVERVIEW_LANES = 24
"""Findings that the overview of a case draws."""


class FindingView(BaseModel):
    """One finding as a page shows it, with its place in the case."""

    model_config = ConfigDict(frozen=True)

    number: int
    item: CaseFinding
    evidence: FindingEvidence
    is_judged: bool
    """Whether the run behind the page judged it; a narrower run than the one before leaves findings as they were."""


def render_case(dossier: Dossier) -> bytes:
    """Return the case file as one HTML page in UTF-8; a sealed dossier gives the same bytes anywhere."""
    views = findings_of(dossier)
    start, end = period_of(dossier.case)
    facts = facts_alike(dossier.case.speaks_for)
    own_partly, other_partly = _partly_apart(dossier)
    text = (
        environment()
        .get_template("case.html")
        .render(
            dossier=dossier,
            case=dossier.case,
            receipt=dossier.receipt,
            findings=views,
            in_full=views[:FINDINGS_IN_FULL],
            in_short=views[FINDINGS_IN_FULL:],
            start=start,
            end=end,
            lanes=views[:OVERVIEW_LANES],
            clauses=clauses_alike([(view.number, view.item.finding) for view in views]),
            not_evaluated=[run for run in dossier.receipt.rules if not run.is_evaluated],
            own_partly=own_partly,
            other_partly=other_partly,
            proposals=proposals_alike(
                dossier.case, {view.item.finding.id: view.number for view in views}, dossier.organizations
            ),
            shared_facts=[group for group in facts if len(group.accounts) > 1],
            single_facts=[group for group in facts if len(group.accounts) <= 1],
            others=innocent_explanations([view.item for view in views], rules_shown(dossier.case, dossier.evidence)),
            stretch=words.stretch_of(dossier.receipt),
            not_judged=[view for view in views if not view.is_judged],
            checks=checks_of(record for view in views for record in view.evidence.shown),
            given=words.given_to(dossier.receipt),
            decided={} if dossier.is_sealed else {item.account: item.action for item in dossier.case.in_force},
        )
    )
    return text.encode("utf-8", "backslashreplace")


class IndexSection(BaseModel):
    """A pack in the index: its last run and its cases; `change` is there for the pack that was run just now.

    `not_judged` are the cases of which that run judged no finding.
    """

    model_config = ConfigDict(frozen=True)

    receipt: Receipt
    cases: tuple[Case, ...]
    change: CasebookChange | None
    stretch: str
    not_judged: tuple[str, ...]
    not_evaluated: tuple[RuleRun, ...]
    partly_evaluated: dict[str, tuple[str, ...]]


def render_index(
    cases: Sequence[Case], receipt: Receipt, change: CasebookChange, others: Sequence[PackRun] = ()
) -> bytes:
    """Return the index of all cases as one HTML page in UTF-8; it links to `CASE.html` beside it.

    `cases`, `receipt` and `change` are of the pack that was just run; `others` hold what the casebook knows of the
    other packs, a section each.
    """
    sections = [section_of(receipt, cases, change), *(section_of(run.receipt, run.cases, None) for run in others)]
    text = environment().get_template("index.html").render(sections=sections)
    return text.encode("utf-8", "backslashreplace")


def section_of(receipt: Receipt, cases: Sequence[Case], change: CasebookChange | None) -> IndexSection:
    """Return a pack as the index shows it, its cases sternest proposal first."""
    return IndexSection(
        receipt=receipt,
        cases=tuple(sorted(cases, key=order_in_lists)),
        change=change,
        stretch=words.stretch_of(receipt),
        not_judged=tuple(case.id for case in cases if not any(is_judged(item, receipt) for item in case.findings)),
        not_evaluated=tuple(run for run in receipt.rules if not run.is_evaluated),
        partly_evaluated=partly_evaluated(receipt),
    )


def findings_of(dossier: Dossier) -> tuple[FindingView, ...]:
    """Return the findings of a case with their evidence, gravest first, those that no longer hold last."""
    evidence = {item.finding: item for item in dossier.evidence}
    return tuple(
        FindingView(
            number=number,
            item=item,
            evidence=evidence[item.finding.id],
            is_judged=item.status == "stale"
            or is_judged(item, dossier.receipt)
            or evidence[item.finding.id].seen_in_part > 0,
        )
        for number, item in enumerate(gravest_first(dossier.case), start=1)
    )


def period_of(case: Case) -> tuple[datetime, datetime]:
    """Return the first and the last time that the findings of a case speak of."""
    findings = [item.finding for item in case.findings]
    return min(finding.start for finding in findings), max(finding.end for finding in findings)


def _partly_apart(dossier: Dossier) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return what rules could not judge: where a rule that found something in the case is among them, and elsewhere."""
    named = {item.finding.rule for item in dossier.case.findings}
    rows = partly_evaluated(dossier.receipt)
    own = {words: rules for words, rules in rows.items() if named.intersection(rules)}
    return own, {words: rules for words, rules in rows.items() if words not in own}


def partly_evaluated(receipt: Receipt) -> dict[str, tuple[str, ...]]:
    """Return what rules that ran could not judge, in words, with the names of the rules it is true of."""
    rules: dict[str, tuple[str, ...]] = {}
    for run in receipt.rules:
        if run.is_evaluated and (words_of_run := words.left_out_of(run)):
            rules[words_of_run] = (*rules.get(words_of_run, ()), run.rule)
    return rules


def running_head(text: str) -> Markup:
    """Return the rule of a style sheet that prints a text at the top of each page; only plain characters get there."""
    plain = UNSAFE_IN_CSS.sub("", text)
    return Markup('@page {{ @top-left {{ content: "{}"; font: 8pt sans-serif; color: #666; }} }}').format(plain)


@cache
def edition() -> str:
    """Return the digest of the files that shape a page, so that a page of another edition is known for one."""
    package = files("auditor")
    folders = (package / "report", package / "report" / "templates", package / "cases")
    words_of_policies = ("amounts.py", "condition_words.py", "english_measures.py", "measure_words.py")
    single = (package / "characters.py", *(package / "policy" / name for name in words_of_policies))
    parts = [*single, *(part for folder in folders for part in folder.iterdir())]
    named = sorted((str(part), part) for part in parts if part.is_file())
    return digest_of_parts([text for _, part in named for text in (part.name, digest_of(part.read_bytes()))])


@cache
def environment() -> Environment:
    """Return the environment of all templates: escaping, strict about names, with the words that pages use."""
    made = Environment(
        loader=PackageLoader("auditor.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(
        visible=visible, prose=prose, letter=letter, plain=plain_visible,
        when=words.when, moment=words.moment, iso=rfc3339,
        day=words.day, duration=amounts.duration, every=words.every, figure=amounts.figure,
        amount=amounts.amount, amount_of=words.amount_of, measure_in_words=words.measure_in_words,
        column_in_words=words.column_in_words,
        operator_words=operator_words, capitalized=words.capitalized, same_clause=same_clause,
        peak_word=words.peak_word, brief=words.brief,
        who=who, titles_of=titles_of, place_of=place_of, ground_of=words.ground_of,
    )  # fmt: skip
    made.globals.update(
        ACTIONS=words.ACTIONS, STRENGTHS=words.STRENGTHS, STANDINGS=words.STANDINGS, PROTECTIONS=words.PROTECTIONS,
        counted=counted, state_of=words.state_of, timeline_chart=charts.timeline_chart,
        threshold_chart=charts.threshold_chart, span_chart=charts.span_chart, window_share=charts.window_share,
        filled_table=charts.filled_table, link_graph=graph.link_graph, linked_view=linked_view,
        LINKED_SHOWN=LINKED_SHOWN, standings_alike=standings_alike, thresholds_alike=thresholds_alike,
        REASONS_SHOWN=REASONS_SHOWN, running_head=running_head, RECORDS_OPEN=RECORDS_OPEN,
        NOUNS=NOUNS, by_account=by_account, by_action=by_action,
    )  # fmt: skip
    return made
