"""What every language must be able to say: one field a phrase, so that a missing translation can't load.

Fields in braces are filled in by `notice.py`. Numbers and dates are written before they get here.
"""

from collections.abc import Mapping
from typing import Literal

from auditor.policy.conditions import Node
from auditor.policy.measure_phrases import MeasurePhrases

Language = Literal["en", "de", "fr"]


class Phrases(Node):
    """One language: headings, sentences, the actions, conducts and comparisons in words."""

    language: Language
    thousands: str
    """What stands between groups of three digits."""
    decimal: str
    colon: str
    """What stands between a name and its value."""
    months: tuple[str, ...]
    first_day: str
    """The number of the first day of a month."""
    day: str
    """A date: `{day}`, `{month}` (its name) and `{year}`."""
    title: str
    safety_title: str
    """For the victim of a theft, against whom nothing was decided."""
    draft_title: str
    draft: str
    case: str
    account: str
    date: str
    what_was_decided: str
    what_would_be: str
    decided: Mapping[str, str]
    """A sentence for each action, as decided; `{date}` is the day it takes effect."""
    withdrawn: str
    """Said when an appeal has undone a decision; `{date}` is the day on which it was heard."""
    heard: Mapping[str, str]
    """What came of a complaint that left something in force: `upheld` or `milder`; `{date}` is the day it was heard."""
    heard_reason: str
    complaint_waits: str
    beyond: str
    """Why people decided more than the evidence carries."""
    proposed: Mapping[str, str]
    reason: str
    what_was_seen: str
    signs: str
    """The conduct that findings show signs of, which follow one by one."""
    record: str
    records: str
    """`{number}` records, more or fewer than one."""
    seen: str
    seen_once: str
    """For a finding at one instant."""
    seen_in_group: str
    """For a finding over several accounts, whose times are not the account's own."""
    seen_together: str
    """Stands before figures that several accounts reached together."""
    rule_says: str
    """What the rule looks for, in its own words, which are English; `{description}`."""
    together: str
    """Said once where there are such figures."""
    measured: str
    measures: MeasurePhrases
    per_cent: str
    operators: Mapping[str, str]
    units: Mapping[str, str]
    units_of_one: Mapping[str, str]
    """Those that differ from `units` when there is one."""
    conducts: Mapping[str, str]
    other_conduct: str
    bright_line: str
    inferential: str
    more_findings: str
    ground: str
    no_ground: str
    clause: str
    stances: Mapping[str, str]
    alternatives: str
    automated: str
    detected_by_rules: str
    decided_by_people: str
    decided_by_two: str
    nobody_decided: str
    nobody_approved: str
    """Said where a person proposed it."""
    speaks_for: str
    speaks_for_intro: str
    draft_speaks_for_intro: str
    other_explanations: str
    """Introduces what else can look like what was seen, in the words of the rules, which are English."""
    redress: str
    complaint: str
    draft_complaint: str
    settlement: str
    court: str
    protection_title: str
    protection: str
    steps: Mapping[str, str]
