"""A rule in plain words: what a compliance officer reads before trusting it.

One line a statement, in the order in which the rule is evaluated. Names in “quotes” are the rule's own (selections,
measures), names in `backticks` are columns of the record.
"""

from collections.abc import Iterator

from auditor.digests import rfc3339
from auditor.policy.baseline import FEWEST_PEERS
from auditor.policy.condition_words import words_of_condition, words_of_expression, words_of_seconds
from auditor.policy.rule import Rule, Sequence, Span, Window

_SUBJECTS = {
    "account": "one account",
    "api_key": "one API key (its case is the account's)",
    "organization": "one organization",
    "end_user": "one end user of one account (its case is the account's)",
    "cluster": "one cluster of linked accounts (an account without links is a cluster of its own)",
    "none": "all records together",
}
_STRENGTHS = {
    "bright-line": "the records show the conduct itself",
    "inferential": "the records point to the conduct; intent can't be seen in a log",
}
PAIR = 2
_CALENDAR = {"hour": "clock hour", "day": "calendar day", "week": "ISO week", "month": "calendar month", "year": "year"}


def words_of(rule: Rule) -> tuple[str, ...]:
    """Return the rule as sentences, without line breaks inside one."""
    on_records = (_heading, _selecting, _following, _missing, _measuring, _judging, _needing)
    on_findings = (_heading, _meeting, _counting, _needing)
    return tuple(line for part in (on_findings if rule.composite else on_records) for line in part(rule))


def _heading(rule: Rule) -> Iterator[str]:
    yield f"{rule.title} ({rule.name}, {rule.level}, {rule.status})"
    conducts = ", or ".join(rule.conducts)
    alternatives = ", each judged by its own clause" if len(rule.conducts) > 1 else ""
    yield f"Conduct: {conducts}{alternatives}. Strength: {rule.strength}: {_STRENGTHS[rule.strength]}."
    if rule.description:
        yield f"Why: {' '.join(rule.description.split())}"
    yield f"A finding is about {_SUBJECTS[rule.subject]}{_divided(rule)}."
    if span := _words_of_span(rule.effective):
        yield f"It looks only at records {span}."


def _divided(rule: Rule) -> str:
    return f", separately for each value of {_columns(rule.by)}" if rule.by else ""


def _words_of_span(span: Span) -> str:
    start = f"from {rfc3339(span.start)}" if span.start else ""
    until = f"before {rfc3339(span.until)}" if span.until else ""
    return " and ".join(part for part in (start, until) if part)


def _selecting(rule: Rule) -> Iterator[str]:
    for name, condition in rule.selections:
        yield f"“{name}”: {words_of_condition(condition)}."
    if rule.sequence is None:
        yield f"A record is selected when {words_of_condition(rule.condition)}."
    if rule.is_missing_counted:
        yield "A test of a missing value counts as not fulfilled."
    else:
        yield (
            "A record for which this can't be decided, because a value is missing, is counted as undetermined "
            "and never held against anybody."
        )
    if rule.novel is not None:
        lasts = f", and its records of the following {words_of_seconds(rule.novel.lasts)}" if rule.novel.lasts else ""
        history = words_of_seconds(rule.novel.history)
        yield (
            f"Of these, only the first record of a new combination of {_columns(rule.novel.fields)} is kept{lasts}; "
            f"new means unseen for this subject, itself seen for at least {history} before."
        )


def _meeting(rule: Rule) -> Iterator[str]:
    composite = rule.composite
    if composite is None:
        return
    yield "It looks at the findings of other rules, as far as they are about records of the subject:"
    for part in composite.parts:
        yield f"“{part.name}”: {part.title} ({part.family}, {part.strength})."
    if not composite.parts:
        yield f"Of {' and '.join(f'“{name}”' for name in (*composite.of, *composite.families))}."
    yield "What an exemption of one of these rules suppresses doesn't count."


def _counting(rule: Rule) -> Iterator[str]:
    composite = rule.composite
    if composite is None:
        return
    what = "different rules" if composite.of else "rules of different families"
    yield (
        f"It is a finding when findings of at least {composite.at_least} {what} lie within "
        f"{words_of_seconds(composite.within)} of each other, from the end of the one to the start of the other; "
        "it holds all records of these findings that are the subject's own."
    )
    yield "It is no evidence beside the findings that it is made of."
    yield from _excusing(rule)


def _following(rule: Rule) -> Iterator[str]:
    sequence = rule.sequence
    if sequence is None:
        return
    same = f" with the same {_columns(sequence.by)}" if sequence.by else ""
    yield f"{_words_of_steps(sequence)}{same} within {words_of_seconds(sequence.within)}; each is used once."
    if sequence.where is not None:
        together = "the pair" if len(sequence.steps) == PAIR else "these records"
        yield f"For {together}, {words_of_expression(sequence.where)}."
    if sequence.until:
        yield f"A “{sequence.until}” record in between cancels what was begun."


def _words_of_steps(sequence: Sequence) -> str:
    first, *others = (f"“{step}”" for step in sequence.steps)
    if not sequence.is_ordered:
        return f"Records of {', '.join((first, *others[:-1]))} and {others[-1]} must come together, in any order,"
    later = ", then ".join(f"by one of {step}" for step in others)
    return f"A record of {first} must be followed {later}"


def _missing(rule: Rule) -> Iterator[str]:
    if rule.absent is None:
        return
    what, length = "sequence" if rule.sequence else "record", words_of_seconds(rule.absent.within)
    yield (
        f"Such a {what} is kept only if no “{rule.absent.selection}” record of the subject follows within {length}, "
        "whatever source it comes from."
    )
    yield "Where the log ends earlier, or such a record can't be told for want of a value, it is undetermined."


def _measuring(rule: Rule) -> Iterator[str]:
    yield (
        f"Measured {_words_of_window(rule.within)}:"
        if rule.measures
        else f"Taken together: {_words_of_window(rule.within)}."
    )
    for measure in rule.measures:
        unit = f" ({measure.unit})" if measure.unit else ""
        yield f"“{measure.name}” is the {words_of_expression(measure.expression).removeprefix('the ')}{unit}."
    yield from _comparing(rule)


def _comparing(rule: Rule) -> Iterator[str]:
    baseline = rule.baseline
    if baseline is None or rule.within is None:
        return
    length, history = words_of_seconds(rule.within.seconds), words_of_seconds(baseline.at_least)
    if baseline.of == "peers":
        yield (
            f"Peers are other subjects of the same plan, known for at least {history}; what they do is taken from "
            f"their stretches of {length} in the {words_of_seconds(baseline.over)} before the one that is judged."
        )
        yield f"With fewer than {FEWEST_PEERS} peers, or no single plan, nothing is said: it is not evaluated."
        return
    yield (
        f"What is usual is the middle value over the stretches of {length} in the {words_of_seconds(baseline.over)} "
        "before the one that is judged; a stretch in which nothing was selected counts as 0."
    )
    yield f"Without {history} of history, or where the usual value is 0, nothing is said: it is not evaluated."
    if any(name.step == "spread" for name in rule.compared):
        yield "Its spread is the middle distance of those stretches from the usual value."


def _words_of_window(window: Window | None) -> str:
    match window:
        case None:
            return "over all records"
        case Window(kind="sliding"):
            length = words_of_seconds(window.seconds)
            return f"over every stretch of {length} that ends at a selected record, both ends included"
        case Window(kind="tumbling"):
            return f"over fixed stretches of {words_of_seconds(window.seconds)}"
        case Window(kind="session"):
            return f"over sessions, which end after a pause of more than {words_of_seconds(window.seconds)}"
        case _:
            return f"over each {_CALENDAR[window.unit]}"


def _judging(rule: Rule) -> Iterator[str]:
    if rule.violates is not None:
        yield f"It is a finding when {words_of_expression(rule.violates)}."
    else:
        yield "Any selected record makes a finding."
    if rule.repeat is not None:
        what = {"window": "windows"}.get(rule.repeat.distinct, f"{_CALENDAR.get(rule.repeat.distinct)}s")
        yield (
            f"It must come again: {rule.repeat.at_least} different {what} must violate, by their ends, within "
            f"{words_of_seconds(rule.repeat.within)}; the finding holds them all, and what is exempt doesn't count."
        )
    if rule.against:
        yield f"The finding is held against the accounts with “{rule.against}” records only; the others are context."
    yield from _excusing(rule)


def _excusing(rule: Rule) -> Iterator[str]:
    for name in rule.unless:
        yield f"It is suppressed, and reported as suppressed, when all its records are exempt under “{name}”."
    for sentence in rule.false_positives:
        yield f"Could also be: {sentence.rstrip('.')}."


def _needing(rule: Rule) -> Iterator[str]:
    needed = _columns(tuple(sorted(rule.needed_columns())))
    if needed:
        yield f"Needs {needed}; a log without them is not evaluated."
    else:
        yield "Needs no column beyond time and event."
    for name in rule.missing_lists:
        yield f"Needs the list “{name}”, which the context must give: without it the rule is not evaluated."
    for reference in rule.references:
        yield f"Source: {reference}"


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
