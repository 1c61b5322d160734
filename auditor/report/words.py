"""Plain words for numbers, times and the checker's terms: what a reader who never saw a rule file understands."""

import re
from datetime import datetime

from auditor.cases.model import ActionName, CaseFinding
from auditor.checker.findings import Measured, Receipt, RuleRun
from auditor.digests import rfc3339
from auditor.policy import amounts
from auditor.policy.condition_words import counted
from auditor.policy.english_measures import ENGLISH_MEASURES
from auditor.policy.measure_words import words_of_measure

DIGEST = re.compile(r"[0-9a-f]{64}\Z")

ACTIONS = {
    ActionName.NONE: ("no action", "Nothing is proposed against this account."),
    ActionName.WARN: ("a warning", "Tell the account holder what was seen and what the terms say."),
    ActionName.VERIFY: ("verification", "Ask the account holder to explain and to verify who uses the account."),
    ActionName.THROTTLE: ("throttling", "Slow the account down while a person looks into it."),
    ActionName.SUSPEND: ("suspension", "Suspend the account. A second person must approve it."),
    ActionName.TERMINATE: ("termination", "End the account. The machine never proposes this."),
}

STRENGTHS = {
    "bright-line": "The records show the conduct itself.",
    "inferential": "The records are consistent with the conduct. Intent can’t be seen in a log, and other explanations"
    " are possible.",
}

STANDINGS = {
    "prohibited": "The terms in force prohibit this conduct.",
    "limited": "The terms in force limit this conduct.",
    "permitted": "The terms in force permit this conduct, so it proposes nothing.",
    "approved": "The platform approved this conduct for this account, so it proposes nothing.",
    "observed": "No clause of the terms in force speaks of this conduct. It is observed only and supports nothing"
    " beyond verification.",
}

PROTECTIONS = {
    "freeze_key": "freeze the key, so that nobody can go on using it",
    "notify": "notify the account holder, who may be the victim",
}


def when(time: datetime) -> str:
    """Return a time in UTC, exactly."""
    return rfc3339(time).replace("T", " ").replace("Z", " UTC")


def moment(time: datetime) -> str:
    """Return a time to the second in UTC, for running text; the exact one stands beside it where it matters."""
    return when(time.replace(microsecond=0))


def day(time: datetime) -> str:
    """Return the UTC date of a time."""
    return rfc3339(time)[:10]


def every(seconds: int) -> str:
    """Return a length of time as a rhythm: `minute`, `10 minutes`."""
    return amounts.duration(seconds).removeprefix("1 ")


def amount_of(text: str, measure: Measured | None) -> str:
    """Return a value that is one of a measure, exactly: a share in per cent, anything else with its unit."""
    return amounts.amount_of(text, measure.expression, measure.unit) if measure else amounts.figure(text)


def measure_in_words(measure: Measured) -> str:
    """Return what was measured, as a phrase."""
    return words_of_measure(measure.name, measure.expression, own=measure.words)


def capitalized(text: str) -> str:
    """Return a text that begins with a capital, otherwise as it is."""
    return text[:1].upper() + text[1:]


def column_in_words(name: str) -> str:
    """Return a column that findings are divided by as a noun, or its name."""
    return ENGLISH_MEASURES.each.get(name, name)


def brief(text: str) -> str:
    """Return a SHA-256 by its first twelve digits, which is enough to compare by eye; anything else as it is."""
    return f"{text[:12]}…" if DIGEST.match(text) else text


def peak_word(operator: str) -> str:
    """Say which extreme of the windows a threshold was held against."""
    return "lowest" if operator in ("<", "<=") else "highest"


def state_of(item: CaseFinding) -> str:
    """Return what a reader must know of a finding's present state.

    Whether it is new or changed is true of one run only and stands in the index: a page outlives the run that made it.
    """
    return "no longer holds" if item.status == "stale" else ""


def stretch_of(receipt: Receipt) -> str:
    """Say which time a run was limited to, to follow `The audit …`; empty when it took everything in."""
    ends = [
        f"from {when(receipt.since)}" if receipt.since else "",
        f"before {when(receipt.until)}" if receipt.until else "",
    ]
    parts = [
        f"took only incidents that end {' and '.join(part for part in ends if part)}" if any(ends) else "",
        f"judged as if nothing later than {when(receipt.as_of)} had been recorded" if receipt.as_of else "",
    ]
    return joined([part for part in parts if part])


def given_to(receipt: Receipt) -> tuple[str, ...]:
    """Return everything besides sources and pack that a run was given and that its findings hang on, with digests."""
    options = {"--since": receipt.since, "--until": receipt.until, "--as-of": receipt.as_of}
    files = [
        f"the context file with SHA-256 {receipt.context_digest}" if receipt.context_digest else "no context file",
        f"the approvals with digest {receipt.approvals_digest}" if receipt.approvals_digest else "no approvals",
    ]
    return (*files, *(f"{name} {rfc3339(time)}" for name, time in options.items() if time))


def ground_of(reason: str, action: ActionName) -> str:
    """Return a main reason without the action that it begins with, for places that have named it already."""
    return reason.removeprefix(f"{action}: ")


def left_out_of(run: RuleRun) -> str:
    """Say what a rule that ran could not judge; empty when it judged everything."""
    parts = [
        f"the rule failed ({run.error})" if run.error else "",
        counted(run.undetermined, "record is", "records are") + " undetermined" if run.undetermined else "",
        left_out_sources(run) if run.left_out else "",
        counted(run.without_subject, "record names", "records name") + " no subject" if run.without_subject else "",
        counted(run.not_evaluated_subjects, "subject was", "subjects were") + " not evaluated"
        if run.not_evaluated_subjects
        else "",
    ]
    return joined([part for part in parts if part])


def left_out_sources(run: RuleRun) -> str:
    """Say how many records come from sources that a rule can't judge, and which columns these lack."""
    records = counted(run.left_out, "record comes", "records come")
    if not run.lacking:  # a receipt of an earlier version
        return f"{records} from sources that lack a column it needs"
    columns = [name if count == run.sources_left_out else f"{name} (in {count:,})" for name, count in run.lacking]
    lack = "source that lacks" if run.sources_left_out == 1 else "sources that lack"
    return f"{records} from {run.sources_left_out:,} {lack} {joined(columns)}"


def joined(items: tuple[str, ...] | list[str], last: str = "and") -> str:
    """Return items as running text: `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
