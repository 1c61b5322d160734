"""A rule followed for one account, in plain words: a line a step, then what would have had to differ.

Names in “quotes” are the rule's own, names in `backticks` are columns. Hidden characters of the log's texts are made
visible here, so that the lines may be shown anywhere.
"""

from collections.abc import Iterator

from auditor.checker.shortfall import ComparisonSeen
from auditor.checker.trace import AccountTrace, Columns, SelectionSeen, WindowSeen
from auditor.digests import rfc3339
from auditor.policy.condition_words import counted, words_of_seconds
from auditor.policy.rule import Rule
from auditor.report.composite_words import VERDICTS, meeting_differs, parts_words
from auditor.report.visible import plain_visible

LONGEST_LINE = 4_000


def lines_of(rule: Rule, trace: AccountTrace) -> tuple[str, ...]:
    """Return what each step made of the account, in the order of evaluation, without line breaks inside a line."""
    if rule.composite:
        steps: tuple[Iterator[str], ...] = (parts_words(rule.composite, trace),)
    else:
        steps = (_selecting(trace), _keeping(rule, trace), _measuring(rule, trace))
    steps = (_heading(trace), _linking(trace), _reading(trace), *steps)
    return tuple(plain_visible(line, LONGEST_LINE) for step in steps for line in step)


def differing(rule: Rule, trace: AccountTrace) -> tuple[str, ...]:
    """Return what would have had to differ for the answer to be another one, a sentence each."""
    if rule.composite and trace.verdict not in ("context only", "not evaluated"):
        return tuple(plain_visible(line, LONGEST_LINE) for line in meeting_differs(rule.composite, trace))
    found = {
        "match": _to_end, "suppressed": _to_count, "context only": _to_count, "no match": _to_match,
        "not evaluated": _to_judge,
    }[trace.verdict]  # fmt: skip
    return tuple(plain_visible(line, LONGEST_LINE) for line in found(rule, trace))


def _heading(trace: AccountTrace) -> Iterator[str]:
    day = f", as on {rfc3339(trace.as_of)}" if trace.as_of else ""
    yield f"Rule {trace.rule} and account “{trace.account}”{day}: {VERDICTS[trace.verdict]}."


def _linking(trace: AccountTrace) -> Iterator[str]:
    linked = trace.linked
    if linked is None:
        if trace.is_linking:
            yield "The account is linked to no other: it is a cluster of one."
        return
    formerly = f" (with {', '.join(linked.formerly)})" if linked.formerly else ""
    yield (
        f"The account belongs to cluster {linked.cluster}{formerly} of {linked.accounts:,} accounts since "
        f"{rfc3339(linked.since)}; what it did before is its own."
    )
    for edge in linked.path:
        yield f"Linked: {edge.first} – {edge.second}: {edge.reason}; since {rfc3339(edge.since)}."


def _reading(trace: AccountTrace) -> Iterator[str]:
    yield f"{_records(trace.records)} of the account."
    if trace.outside:
        yield f"{_records(trace.outside)} outside the time that the rule and the context look at."
    if trace.left_out:
        lacking = ", ".join(f"`{name}` ({counted(count, 'source')})" for name, count in trace.lacking)
        yield f"{_records(trace.left_out)} left out: their sources lack {lacking}."
    if trace.missing:
        yield f"The rule can't be evaluated for lack of {', '.join(f'`{name}`' for name in trace.missing)}."


def _selecting(trace: AccountTrace) -> Iterator[str]:
    for selection in trace.selections:
        yield f"“{selection.name}”: {_selection_words(selection)}."
    undetermined = f", {trace.undetermined:,} undetermined for lack of {_columns(trace.undetermined_lacking)}"
    yield f"Selected: {_records(trace.selected)}{undetermined if trace.undetermined else ''}."
    if trace.without_subject:
        columns = _columns(trace.without_subject_lacking)
        yield f"{_records(trace.without_subject)} of these take no part for lack of {columns}."


def _selection_words(selection: SelectionSeen) -> str:
    unknown = f", {selection.unknown:,} can't be told for lack of {_columns(selection.lacking)}"
    return f"{selection.holds:,} fit, {selection.fails:,} don't{unknown if selection.unknown else ''}"


def _keeping(rule: Rule, trace: AccountTrace) -> Iterator[str]:
    if rule.sequence:
        steps = " and ".join(f"“{step}”" for step in rule.sequence.steps)
        yield f"{counted(trace.kept, 'time')} {steps} came together within {words_of_seconds(rule.sequence.within)}."
    if rule.novel:
        fields = ", ".join(f"`{name}`" for name in rule.novel.fields)
        yield f"{_records(trace.kept)} with a new combination of {fields}."
    if trace.is_history_short:
        yield "There is too little history, or no record of the subject that the rule can use."
    if not trace.is_followed:
        yield "There are too many records to look at windows one by one; the verdict is that of the compiled plan."


def _measuring(rule: Rule, trace: AccountTrace) -> Iterator[str]:
    if not trace.is_followed:
        return
    suppressed = f", {trace.suppressed:,} of these suppressed" if trace.suppressed else ""
    yield f"{counted(trace.windows, 'window')} looked at, {trace.violating:,} violating{suppressed}."
    if trace.nearest is None:
        return
    yield from _window_words(rule, trace.nearest)


def _window_words(rule: Rule, window: WindowSeen) -> Iterator[str]:
    word = "A violating window" if window.is_violating else "The nearest window"
    divided = "".join(f", `{name}` “{value}”" for name, value in window.by)
    own = "" if window.own_records == window.records else f" ({window.own_records:,} of the account's own)"
    times = f"{rfc3339(window.start)} to {rfc3339(window.end)}"
    yield f"{word}: {times}, {_records(window.records)}{own}{divided}."
    for name, value, unit in window.measures:
        yield f"“{name}” is {_value(value)}{f' {unit}' if unit and value is not None else ''}."
    for comparison in window.comparisons:
        yield f"Asked: {comparison.words}: {_answer(comparison)}."
    if rule.violates is None:
        yield "Any selected record makes a finding."
    for exemption in window.exemptions:
        covered = f"{exemption.covered:,} of {_records(exemption.records)}"
        yield f"Exempt under “{exemption.name}”: {covered}{_effect(exemption.name, window)}."


def _effect(name: str, window: WindowSeen) -> str:
    if window.suppressed_by == name:
        return ", all of them: the finding is suppressed"
    return "" if window.is_violating else " (asked only of a violating window)"


def _answer(comparison: ComparisonSeen) -> str:
    if comparison.holds is None:
        return "unknown, a measure has no value"
    sides = f"{_value(comparison.left)} against {_value(comparison.right)}"
    if comparison.holds:
        return f"yes, {sides}, margin {comparison.distance}"
    return f"no, {sides}, {comparison.distance} short"


def _to_match(rule: Rule, trace: AccountTrace) -> Iterator[str]:
    window = trace.nearest
    if window is not None:
        for comparison in window.way:
            yield f"In the nearest window {comparison.words} would have to hold: {_needed(comparison)}."
    elif not trace.selected:
        names = ", ".join(f"“{item.name}”" for item in trace.selections if not item.holds)
        yield f"A record would have to be selected; no record fits {names or 'the condition as a whole'}."
    elif trace.kept == 0 and not trace.is_followed:
        yield "Too many records to say which window came nearest."
    elif rule.sequence:
        yield "The steps would have to come together within the time, with equal `by` columns, in one subject."
    elif rule.novel:
        yield "A combination would have to be new for a subject that was seen long enough before."
    else:
        yield f"The selected records would need a value of {_columns(trace.without_subject_lacking)}."
    if trace.undetermined:
        yield (
            f"{_records(trace.undetermined)} might be selected if {_columns(trace.undetermined_lacking)} were known; "
            "a missing value is never held against anybody."
        )


def _needed(comparison: ComparisonSeen) -> str:
    if comparison.distance is None:
        return "a measure has no value there"
    if comparison.distance == "0":
        return f"it is exactly {_value(comparison.left)}"
    return f"it is {_value(comparison.left)} against {_value(comparison.right)}, {comparison.distance} short"


def _to_end(rule: Rule, trace: AccountTrace) -> Iterator[str]:
    window = trace.nearest
    if window is None:
        yield "The finding stands as the compiled plan made it."
        return
    for comparison in window.comparisons:
        if comparison.holds:
            yield (
                f"The window shown would be no finding if it failed that {comparison.words}: {_value(comparison.left)} "
                f"against {_value(comparison.right)}, margin {comparison.distance}."
            )
    if rule.violates is None:
        yield "It would be no finding if no record were selected."
    for exemption in window.exemptions:
        rest = exemption.records - exemption.covered
        yield f"Under “{exemption.name}” it would be suppressed if {rest:,} more of its records were exempt."
    if trace.violating > 1:
        yield f"The same would have to hold for all {trace.violating:,} violating windows."


def _to_count(rule: Rule, trace: AccountTrace) -> Iterator[str]:
    if trace.verdict == "suppressed":
        name = trace.nearest.suppressed_by if trace.nearest else ""
        yield f"Without the exemption{f' “{name}”' if name else ''} this would be a finding."
    else:
        yield (
            f"The account would need a record of “{rule.against}” in the finding."
            if rule.against
            else "It has no record in the finding."
        )


def _to_judge(rule: Rule, trace: AccountTrace) -> Iterator[str]:
    for name in trace.missing:
        is_list = name.startswith("%")
        yield (
            f"The context would have to give the list `{name}`."
            if is_list
            else f"A source would have to provide `{name}`."
        )
    if trace.is_history_short:
        asked = f" ({words_of_seconds(rule.novel.history)} are asked for)" if rule.novel else ""
        yield f"The subject would need records that the rule can use, over a long enough time{asked}."


def _columns(columns: Columns) -> str:
    return ", ".join(f"`{name}` ({count:,})" for name, count in columns) or "a value"


def _value(value: str | None) -> str:
    return "unknown" if value is None else value


def _records(count: int) -> str:
    return counted(count, "record")
