"""What two versions of a pack find differently, in plain words: the rule's own change, then account by account."""

from collections.abc import Iterator, Mapping

from auditor.checker.comparing import AccountChange, RuleChange, RuleSide
from auditor.checker.sweeping import Swept
from auditor.policy.condition_words import counted
from auditor.policy.rule import Rule
from auditor.report.trace_words import differing
from auditor.report.visible import plain_visible

LONGEST_LINE = 4_000
_KINDS = {
    "added": "only in NEW",
    "removed": "only in OLD",
    "changed": "changed",
    "same": "the rule itself is the same",
}
Rules = Mapping[str, Rule]
"""Rules by id."""


def lines_of_change(change: RuleChange, old: Rules, new: Rules) -> tuple[str, ...]:
    """Return a rule's differences: counts, what it said and says, accounts gained and lost with their reasons."""
    return tuple(plain_visible(line, LONGEST_LINE) for line in _change_words(change, old, new))


def reason_for(item: AccountChange, rule: Rule | None, version: str) -> str:
    """Return why the other version does not find an account; the empty text when it was not followed."""
    if rule is None:
        return f"{version} has no such rule"
    if item.trace is None:
        return ""
    verdict = f"{version}: {item.trace.verdict}"
    return plain_visible(" ".join((f"{verdict}.", *differing(rule, item.trace))), LONGEST_LINE)


def rows_of_sweep(swept: Swept) -> list[tuple[str, ...]]:
    """Return a row a value: the threshold, findings, accounts, suppressed findings; the present value is marked."""
    return [
        (
            f"{swept.measure} {swept.operator} {item.value}{' (now)' if item.is_present else ''}",
            f"{item.findings:,}",
            f"{len(item.accounts):,}",
            f"{item.suppressed:,}",
        )
        for item in swept.values
    ]


def _change_words(change: RuleChange, old: Rules, new: Rules) -> Iterator[str]:
    yield f"{change.name}: {_KINDS[change.kind]}; {_side_words('OLD', change.old)}; {_side_words('NEW', change.new)}"
    yield from (f"  - {line}" for line in change.said)
    yield from (f"  + {line}" for line in change.says)
    yield from _accounts("gained", change.gained, old.get(change.id), "OLD")
    yield from _accounts("lost", change.lost, new.get(change.id), "NEW")


def _side_words(version: str, side: RuleSide | None) -> str:
    if side is None:
        return f"{version} lacks it"
    if side.error:
        return f"{version} failed ({side.error})"
    if not side.is_evaluated:
        return f"{version} is not evaluated for lack of {', '.join(f'`{name}`' for name in side.missing)}"
    suppressed = f" ({side.suppressed:,} suppressed)" if side.suppressed else ""
    accounts, findings = counted(len(side.accounts), "account"), counted(side.findings, "finding")
    return f"{version} finds {accounts} in {findings}{suppressed}"


def _accounts(word: str, accounts: tuple[AccountChange, ...], rule: Rule | None, other: str) -> Iterator[str]:
    for item in accounts:
        reason = reason_for(item, rule, other)
        yield f"  {word}: {item.account}{f': {reason}' if reason else ''}"
