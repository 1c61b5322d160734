"""Notices to account holders in plain language: one statement of reasons, said in English, German or French.

A notice is a title, lines and sections first; from these come a plain text and an HTML page. All languages are filled
from the same statement. Quotations of terms, titles of rules and facts stay in the language they were written in.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import get_args

from auditor.cases.model import ActionName
from auditor.policy.conditions import Node
from auditor.report.page import environment
from auditor.report.phrases.de import GERMAN
from auditor.report.phrases.en import ENGLISH
from auditor.report.phrases.fr import FRENCH
from auditor.report.phrases.model import Language, Phrases
from auditor.report.statement import AccountDecision, StatedFinding, Statement
from auditor.report.visible import plain_visible
from auditor.report.words import number_of

LANGUAGES: tuple[Language, ...] = get_args(Language)
PHRASES: Mapping[Language, Phrases] = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH}

FINDINGS_TOLD = 12
"""Findings that a notice describes; the others are counted."""

NO_BREAK = ("\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}")
_AT_NO_BREAK = re.compile(f"([{''.join(NO_BREAK)}])")

LONGER = (("days", 86_400), ("hours", 3_600))
"""Units for lengths of time, in seconds; a number that isn't whole in any of them stays in seconds."""


class Section(Node):
    """A heading with its paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


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
        title=words.draft_title if statement.is_draft else words.title,
        is_draft=statement.is_draft,
        warning=words.draft if statement.is_draft else "",
        lines=tuple(_lines(statement, words)),
        sections=tuple(section for section in _sections(statement, words) if section.paragraphs),
    )


def notice_text(notice: Notice) -> str:
    """Return a notice as plain text; hidden characters of logs and policies show up as tokens."""
    head = [notice.title, *([notice.warning] if notice.warning else [])]
    colon = PHRASES[notice.language].colon
    lines = [f"{_plain(name)}{colon}{_plain(value)}" for name, value in notice.lines]
    body = [part for section in notice.sections for part in (section.heading.upper(), *section.paragraphs)]
    return "\n\n".join([*map(_plain, head), "\n".join(lines), *map(_plain, body)]) + "\n"


def render_notice(notice: Notice) -> bytes:
    """Return a notice as one self-contained HTML page in UTF-8."""
    text = environment().get_template("notice.html").render(notice=notice)
    return text.encode("utf-8", "backslashreplace")


def _plain(text: str) -> str:
    """Return running text on one line, with hidden characters as tokens; no-break spaces are spaces to a reader."""
    return "".join(part if part in NO_BREAK else plain_visible(part, len(part)) for part in _AT_NO_BREAK.split(text))


def _lines(statement: Statement, words: Phrases) -> Iterator[tuple[str, str]]:
    yield words.case, statement.case
    yield words.account, statement.account
    if statement.decision:
        yield words.date, _day(statement.decision.time)


def _sections(statement: Statement, words: Phrases) -> Iterator[Section]:
    heading = words.what_would_be if statement.is_draft else words.what_was_decided
    yield Section(heading=heading, paragraphs=tuple(_decided(statement, words)))
    steps = tuple(words.steps[step] for step in statement.protect if step in words.steps)
    yield Section(heading=words.protection_title, paragraphs=(words.protection, *steps) if steps else ())
    if statement.decision and statement.decision.is_withdrawn:
        return
    yield Section(heading=words.what_was_seen, paragraphs=tuple(_seen(statement, words)))
    yield Section(heading=words.ground, paragraphs=tuple(_ground(statement, words)))
    yield Section(heading=words.automated, paragraphs=tuple(_automated(statement, words)))
    facts = tuple(dict.fromkeys(statement.speaks_for))
    intro = words.draft_speaks_for_intro if statement.is_draft else words.speaks_for_intro
    yield Section(heading=words.speaks_for, paragraphs=(intro, *facts) if facts else ())
    yield Section(heading=words.redress, paragraphs=tuple(_redress(statement, words)))


def _decided(statement: Statement, words: Phrases) -> Iterator[str]:
    if statement.decision is None:
        yield from [words.proposed[statement.action]] if statement.action is not ActionName.NONE else []
        return
    yield from _appeal(statement.decision, words)
    if statement.decision.is_withdrawn or statement.action is ActionName.NONE:
        return
    yield words.decided[statement.action].format(date=_day(statement.decision.time))
    if statement.decision.reason:
        yield words.reason.format(reason=statement.decision.reason)
    if statement.decision.beyond:
        yield words.beyond.format(reason=statement.decision.beyond)


def _appeal(decision: AccountDecision, words: Phrases) -> Iterator[str]:
    """Tell of a complaint that waits, and of what came of one that was heard."""
    if decision.appealed:
        yield words.complaint_waits.format(date=_day(decision.appealed))
    if decision.heard is None:
        return
    if decision.is_withdrawn:
        yield words.withdrawn.format(date=_day(decision.heard.time))
    elif decision.heard.outcome in words.heard:
        yield words.heard[decision.heard.outcome].format(date=_day(decision.heard.time))
    yield words.heard_reason.format(reason=decision.heard.reason)


def _seen(statement: Statement, words: Phrases) -> Iterator[str]:
    for finding in statement.findings[:FINDINGS_TOLD]:
        sentence = words.seen_once if finding.start == finding.end else words.seen
        strength = words.bright_line if finding.is_bright_line else words.inferential
        yield " ".join(
            [
                sentence.format(
                    start=_moment(finding.start),
                    end=_moment(finding.end),
                    records=_figure(str(finding.records), words),
                    conduct=" / ".join(_conduct(name, words) for name in finding.conducts),
                    title=finding.title,
                ),
                *_measured(finding, words),
                strength,
            ]
        )
    if more := len(statement.findings) - FINDINGS_TOLD:
        yield from [words.more_findings.format(number=_figure(str(more), words))] if more > 0 else []


def _measured(finding: StatedFinding, words: Phrases) -> Iterator[str]:
    for measure, value, operator, threshold, unit in finding.thresholds:
        yield words.measured.format(
            measure=measure,
            value=quantity(value, unit, words),
            operator=words.operators.get(operator, operator),
            threshold=quantity(threshold, unit, words),
        )


def _ground(statement: Statement, words: Phrases) -> Iterator[str]:
    told = statement.findings[:FINDINGS_TOLD]
    clauses = {
        words.clause.format(
            title=clause.title,
            version=clause.version,
            effective=clause.effective[:10],
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
    if statement.complaint_until is None:
        yield words.draft_complaint
        return
    if statement.decision and not statement.decision.appealed and statement.decision.heard is None:
        yield words.complaint.format(until=statement.complaint_until.isoformat())
    yield words.settlement
    yield words.court


def _conduct(name: str, words: Phrases) -> str:
    return words.conducts.get(name) or words.other_conduct.format(conduct=name)


def quantity(text: str, unit: str, words: Phrases) -> str:
    """Return a number with its unit; a length of time of whole days or hours is told in these."""
    number = number_of(text)
    if unit == "seconds" and number:
        name, size = next((item for item in LONGER if number % item[1] == 0), (unit, 1))
        text, unit = str(number // size) if size > 1 else text, name
    return f"{_figure(text, words)} {words.units.get(unit, unit)}" if unit else _figure(text, words)


def _figure(text: str, words: Phrases) -> str:
    number = number_of(text)
    if number is None:
        return text
    return f"{number:,f}".translate({ord(","): words.thousands, ord("."): words.decimal})


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC")


def _day(time: datetime) -> str:
    return time.strftime("%Y-%m-%d")
