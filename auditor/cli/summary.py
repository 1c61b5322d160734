"""What an audit says at its end: first what is new, then the cases, then what was not judged and where to look."""

from collections import Counter
from collections.abc import Iterator

from auditor.checker.findings import Receipt, RuleRun
from auditor.cli import console
from auditor.cli.case_table import show_cases, show_findings
from auditor.cli.intake import complain_of_failures, show_skipped, whose
from auditor.cli.journey import Journey
from auditor.cli.news import news_of, proposals_of, warn_of_what_is_missing
from auditor.cli.outcome import exit_code_of
from auditor.cli.paths import shown_path
from auditor.cli.policy_words import missing_words
from auditor.cli.sight import judged_cases, stretch_of, unjudged_cases
from auditor.errors import EXIT_FAILED_CHECK, EXIT_PARTIAL
from auditor.policy.rule import Level

NOT_EVALUATED_LISTED = 12
"""Rules without an answer that are listed one by one; of more, the columns that they miss are told."""

COLUMNS_NAMED = 5
"""Columns that sources lack and a line names; where there are more, it gives their number."""

RULES_NAMED = 3
"""Rules that a line names; where there are more, it gives their number."""


def show_audit(made: Journey, *, is_json: bool) -> None:
    """Print the result of an audit."""
    warn_of_what_is_missing(made)
    if is_json:
        console.json_object(**audit_json(made))
        return
    show_outcome(made, "")
    console.result(f"case files: {shown_path(made.workspace.cases / 'index.html')}")
    if made.ingested is not None:
        show_skipped(made.ingested.skipped)
        complain_of_failures(made.ingested)


def show_outcome(made: Journey, head: str) -> None:
    """Print what is new after its head, the cases that the run judged, and what it could not judge."""
    console.result(f"{head}{news_of(made)}")
    for line in (*proposals_of(made), *stretch_of(made.result.receipt)):
        console.result(line)
    console.result()
    judged, elsewhere = judged_cases(made), unjudged_cases(made)
    if any(stretch_of(made.result.receipt)):
        show_findings(judged, made.result.receipt)
    show_cases(judged)
    console.result(counts_of(made))
    if elsewhere:
        console.result(
            f"not judged: the findings of {console.plural(elsewhere, 'more case')} are out of this run's sight"
        )
    for line in doubts_of(made):
        console.result(line)


def ending_of(made: Journey, *, fail_on: str | None, is_strict: bool) -> int:
    """Return the exit code of an audit (DESIGN section 8)."""
    codes = []
    if fail_on is not None and any(level.rank >= Level(fail_on).rank for level in _new_levels(made)):
        codes.append(EXIT_FAILED_CHECK)
    rules = made.result.receipt.rules
    has_failed = any(run.error for run in rules) or bool(made.ingested and made.ingested.failed)
    is_incomplete = made.quarantined > 0 or any(not run.is_evaluated for run in rules)
    if has_failed or (is_strict and is_incomplete):
        codes.append(EXIT_PARTIAL)
    return exit_code_of(codes)


def audit_json(made: Journey) -> dict[str, object]:
    """Return what `audit --json` prints; numbers first, then what they are made of."""
    receipt, change = made.result.receipt, made.change
    return {
        "run_id": receipt.run_id,
        "records": receipt.records,
        "rules": len(receipt.rules),
        "findings": receipt.findings,
        "cases": len(judged_cases(made)),
        "cases_not_judged": unjudged_cases(made),
        "not_evaluated": len(not_evaluated(receipt)),
        "suppressed": receipt.suppressed,
        "quarantined": made.quarantined,
        "quarantined_lines": receipt.quarantined.model_dump(mode="json"),
        "skipped_files": list(made.ingested.skipped) if made.ingested else [],
        "failed_files": list(made.ingested.failed) if made.ingested else [],
        "failed_rules": [run.rule for run in receipt.rules if run.error],
        "not_evaluated_rules": [{"rule": run.rule, "missing": list(run.missing)} for run in not_evaluated(receipt)],
        "new": {
            "findings": list(change.new_findings),
            "changed_findings": list(change.changed_findings),
            "stale_findings": list(change.stale_findings),
            "cases": list(change.new_cases),
            "changed_cases": list(change.changed_cases),
            "changed_proposals": [item.model_dump(mode="json") for item in change.changed_proposals],
        },
        "given_before": dict(made.given_before),
        "left_out": [
            {"rule": run.rule, "records": run.left_out, "sources": run.sources_left_out, "lacking": dict(run.lacking)}
            for run in receipt.rules
            if run.left_out
        ],
        "case_files": str(made.workspace.cases / "index.html"),
    }


def not_evaluated(receipt: Receipt) -> list[RuleRun]:
    """Return the rules that the records could not answer."""
    return [run for run in receipt.rules if not run.is_evaluated and not run.error]


def counts_of(made: Journey) -> str:
    """Say in one line how much was read, judged and found."""
    receipt = made.result.receipt
    return " · ".join(
        [
            console.plural(receipt.records, "record"),
            f"{console.plural(made.quarantined, 'line')} in quarantine",
            console.plural(len(receipt.rules), "rule"),
            console.plural(receipt.findings, "finding"),
            f"{receipt.suppressed:,} suppressed by exemptions",
            console.plural(len(judged_cases(made)), "case"),
        ]
    )


def doubts_of(made: Journey) -> list[str]:
    """Say which rules were not evaluated and why, and which failed."""
    receipt = made.result.receipt
    lines = [*_not_evaluated(receipt)]
    lines += [f"failed: {run.rule} ({run.error})" for run in receipt.rules if run.error]
    lines += _partly_evaluated(receipt)
    if receipt.quarantined.accounts:
        lines.append(f"not judged: {whose(receipt.quarantined)}")
    if not made.judgement.pack.terms:
        lines.append("this pack has no terms: its findings are observations, no clause is cited")
    return lines


def _not_evaluated(receipt: Receipt) -> Iterator[str]:
    """Say of each rule what it misses; where that is a long list, say it of the columns."""
    runs = not_evaluated(receipt)
    if len(runs) <= NOT_EVALUATED_LISTED:
        yield from (
            f"not evaluated: {run.rule} (missing: {', '.join(map(missing_words, run.missing))})" for run in runs
        )
        return
    counts = Counter(name for run in runs for name in run.missing)
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    missing = ", ".join(f"{missing_words(name)} ({console.plural(count, 'rule')})" for name, count in most)
    yield (
        f"not evaluated: {len(runs)} of {console.plural(len(receipt.rules), 'rule')}; missing: {missing}; "
        "`auditor policy coverage` names the rules"
    )


def _partly_evaluated(receipt: Receipt) -> Iterator[str]:
    """Say in one line which rules leave sources out, and which columns these lack, first what most ask for."""
    partly = [run for run in receipt.rules if run.is_evaluated and run.left_out]
    if not partly:
        return
    lacking = {column: sources for run in partly for column, sources in run.lacking}
    asking = Counter(column for run in partly for column, _ in run.lacking)
    most = sorted(lacking, key=lambda column: (-asking[column], column))
    columns = ", ".join(f"{name} ({console.plural(lacking[name], 'source')})" for name in most[:COLUMNS_NAMED])
    if len(most) > COLUMNS_NAMED:
        columns += f" and {console.plural(len(most) - COLUMNS_NAMED, 'more column')}"
    rules = ", ".join(run.rule for run in partly)
    named = rules if len(partly) <= RULES_NAMED else console.plural(len(partly), "rule")
    leave = "leaves" if len(partly) == 1 else "leave"
    yield f"partly evaluated: {named} {leave} out sources that lack {columns}; `auditor policy coverage` says more"


def _new_levels(made: Journey) -> list[Level]:
    new = set(made.change.new_findings)
    return [finding.level for finding in made.result.findings if finding.id in new]
