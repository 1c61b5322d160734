"""Notices to account holders in plain language: one statement of reasons, said in English, German or French.

A notice is a title, lines and sections first; from these come a plain text and an HTML page. All languages are filled
from the same statement. Quotations of terms, titles of rules and facts stay in the language they were written in.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from auditor.cases.model import ActionName
from auditor.policy.conditions import Node
from auditor.report.page import environment
from auditor.report.phrases.de import GERMAN
from auditor.report.phrases.en import ENGLISH
from auditor.report.phrases.fr import FRENCH
from auditor.report.phrases.model import Language, Phrases
from auditor.report.quantities import day, day_of, figure, measured_in_words, moment, records
from auditor.report.statement import AccountDecision, StatedFinding, Statement
from auditor.report.visible import plain_letter, plain_visible

LANGUAGES: tuple[Language, ...] = get_args(Language)
PHRASES: Mapping[Language, Phrases] = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH}

FINDINGS_TOLD = 12
"""Findings that a notice describes; the others are counted."""


class Paragraph(Node):
    """A paragraph, with the points of a list that it introduces."""

    text: str
    points: tuple[str, ...] = ()


class Section(Node):
    """A heading with its paragraphs."""

    heading: str
    paragraphs: tuple[Paragraph, ...]


class Notice(Node):
    """One notice in one language."""

    language: Language
    title: str
    is_draft: bool
    warning: str
    lines: tuple[tuple[str, str], ...]
    """(name, value): the case, the account, the date."""
    sections: tuple[Section, ...]


def notice_of(statement: Statement, language: Language) -> Notice:
    """Return the notice for one account, in one language."""
    words = PHRASES[language]
    return Notice(
        language=language,
        title=_title(statement, words),
        is_draft=statement.is_draft,
        warning=words.draft if statement.is_draft else "",
        lines=tuple(_lines(statement, words)),
        sections=tuple(section for section in _sections(statement, words) if section.paragraphs),
    )


def _title(statement: Statement, words: Phrases) -> str:
    if statement.is_draft:
        return words.draft_title
    return words.safety_title if statement.is_about_a_victim else words.title


def notice_text(notice: Notice) -> str:
    """Return a notice as plain text; hidden characters of logs and policies show up as tokens."""
    head = [notice.title, *([notice.warning] if notice.warning else [])]
    colon = PHRASES[notice.language].colon
    lines = [f"{plain_letter(name)}{colon}{plain_visible(value, len(value))}" for name, value in notice.lines]
    body = [block for section in notice.sections for block in _blocks(section)]
    return "\n\n".join([*map(plain_letter, head), "\n".join(lines), *body]) + "\n"


def render_notice(notice: Notice) -> bytes:
    """Return a notice as one self-contained HTML page in UTF-8."""
    text = environment().get_template("notice.html").render(notice=notice)
    return text.encode("utf-8", "backslashreplace")


def _blocks(section: Section) -> Iterator[str]:
    yield plain_letter(section.heading.upper())
    for paragraph in section.paragraphs:
        yield "\n".join([plain_letter(paragraph.text), *(f"- {plain_letter(point)}" for point in paragraph.points)])


def _lines(statement: Statement, words: Phrases) -> Iterator[tuple[str, str]]:
    yield words.case, statement.case
    yield words.account, statement.account
    if statement.decision:
        yield words.date, day(statement.decision.time, words).replace("\N{NO-BREAK SPACE}", " ")


def _sections(statement: Statement, words: Phrases) -> Iterator[Section]:
    heading = words.what_would_be if statement.is_draft else words.what_was_decided
    yield _section(heading, _decided(statement, words))
    steps = tuple(words.steps[step] for step in statement.protect if step in words.steps)
    yield _section(words.protection_title, (words.protection, *steps) if steps else ())
    if statement.decision and statement.decision.is_withdrawn:
        return
    yield Section(heading=words.what_was_seen, paragraphs=tuple(_seen(statement, words)))
    yield _section(words.ground, () if statement.is_about_a_victim else _ground(statement, words))
    yield _section(words.automated, _automated(statement, words))
    speaks = () if statement.is_about_a_victim else tuple(_speaks_for(statement, words))
    yield Section(heading=words.speaks_for, paragraphs=speaks)
    yield _section(words.redress, () if statement.is_about_a_victim else _redress(statement, words))


def _speaks_for(statement: Statement, words: Phrases) -> Iterator[Paragraph]:
    if facts := tuple(dict.fromkeys(statement.speaks_for)):
        intro = words.draft_speaks_for_intro if statement.is_draft else words.speaks_for_intro
        yield Paragraph(text=intro, points=facts)
    told = {item.title: item.others for item in statement.findings[:FINDINGS_TOLD] if item.others}
    if told:
        points = tuple(f"{title}{words.colon}{'; '.join(others)}" for title, others in told.items())
        yield Paragraph(text=words.other_explanations, points=points)


def _section(heading: str, paragraphs: Iterable[str]) -> Section:
    return Section(heading=heading, paragraphs=tuple(Paragraph(text=text) for text in paragraphs))


def _decided(statement: Statement, words: Phrases) -> Iterator[str]:
    if statement.decision is None:
        yield from [words.proposed[statement.action]] if statement.action is not ActionName.NONE else []
        return
    yield from _appeal(statement.decision, words)
    if statement.decision.is_withdrawn or statement.action is ActionName.NONE:
        return
    yield words.decided[statement.action].format(date=day(statement.decision.time, words))
    if statement.decision.reason:
        yield words.reason.format(reason=statement.decision.reason)
    if statement.decision.beyond:
        yield words.beyond.format(reason=statement.decision.beyond)


def _appeal(decision: AccountDecision, words: Phrases) -> Iterator[str]:
    """Tell of a complaint that waits, and of what came of one that was heard."""
    if decision.appealed:
        yield words.complaint_waits.format(date=day(decision.appealed, words))
    if decision.heard is None:
        return
    if decision.is_withdrawn:
        yield words.withdrawn.format(date=day(decision.heard.time, words))
    elif decision.heard.outcome in words.heard:
        yield words.heard[decision.heard.outcome].format(date=day(decision.heard.time, words))
    yield words.heard_reason.format(reason=decision.heard.reason)


def _seen(statement: Statement, words: Phrases) -> Iterator[Paragraph]:
    """Tell the findings by conduct; what they can't show is said once, where it isn't another for each."""
    told = statement.findings[:FINDINGS_TOLD]
    caveats = dict.fromkeys(words.bright_line if item.is_bright_line else words.inferential for item in told)
    for (conducts, is_bright_line), findings in _by_conduct(told).items():
        signs = words.signs.format(conduct=" / ".join(_conduct(name, words) for name in conducts))
        caveat = words.bright_line if is_bright_line else words.inferential
        text = f"{signs} {caveat}" if len(caveats) > 1 else signs
        yield Paragraph(text=text, points=tuple(_finding(item, words) for item in findings))
    if any(item.is_together and item.measured for item in told):
        yield Paragraph(text=words.together)
    if len(caveats) == 1:
        yield Paragraph(text=next(iter(caveats)))
    if (more := len(statement.findings) - FINDINGS_TOLD) > 0:
        yield Paragraph(text=words.more_findings.format(number=figure(str(more), words)))


def _by_conduct(findings: Iterable[StatedFinding]) -> dict[tuple[tuple[str, ...], bool], list[StatedFinding]]:
    groups: dict[tuple[tuple[str, ...], bool], list[StatedFinding]] = {}
    for item in findings:
        groups.setdefault((item.conducts, item.is_bright_line), []).append(item)
    return groups


def _finding(finding: StatedFinding, words: Phrases) -> str:
    alone = words.seen_once if finding.start == finding.end else words.seen
    seen = (words.seen_in_group if finding.is_together else alone).format(
        start=moment(finding.start, words),
        end=moment(finding.end, words),
        records=records(finding.records, words),
        title=finding.title,
    )
    says = [words.rule_says.format(description=finding.description)] if finding.description else []
    measured = [measured_in_words(item, words) for item in finding.measured]
    together = [words.seen_together] if finding.is_together and measured else []
    return " ".join([seen, *says, *together, *measured])


def _ground(statement: Statement, words: Phrases) -> Iterator[str]:
    told = statement.findings[:FINDINGS_TOLD]
    clauses = {
        words.clause.format(
            title=clause.title,
            version=clause.version,
            effective=day_of(clause.effective, words),
            clause=clause.clause,
            stance=words.stances[clause.stance],
            text=clause.text,
        ): None
        for finding in told
        for clause in finding.clauses
    }
    yield from clauses or ([words.no_ground] if told else [])
    if any(len(finding.conducts) > 1 for finding in told):
        yield words.alternatives


def _automated(statement: Statement, words: Phrases) -> Iterator[str]:
    if statement.is_detected_by_machine:
        yield words.detected_by_rules
    if statement.decision is None:
        yield words.nobody_decided if statement.waiting is None else words.nobody_approved
    else:
        yield words.decided_by_two if statement.decision.approved_by else words.decided_by_people


def _redress(statement: Statement, words: Phrases) -> Iterator[str]:
    if statement.decision is None:
        yield words.draft_complaint
        return
    if not statement.decision.appealed and statement.decision.heard is None:
        yield words.complaint
    yield words.settlement
    yield words.court


def _conduct(name: str, words: Phrases) -> str:
    return words.conducts.get(name) or words.other_conduct.format(conduct=name)
