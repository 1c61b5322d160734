"""What an audit says at its end: first what is new, then the cases, then what was not judged and where to look."""

from collections.abc import Iterable

from auditor.cases.model import Case
from auditor.checker.findings import Receipt, RuleRun
from auditor.cli import console
from auditor.cli.case_table import show_cases
from auditor.cli.intake import complain_of_failures
from auditor.cli.journey import Journey
from auditor.cli.outcome import exit_code_of
from auditor.cli.paths import shown_path
from auditor.errors import EXIT_FAILED_CHECK, EXIT_PARTIAL
from auditor.policy.rule import Level


def show_audit(made: Journey, *, is_json: bool) -> None:
    """Print the result of an audit."""
    if is_json:
        console.json_object(**audit_json(made))
        return
    console.result(news_of(made))
    console.result()
    show_cases(made.cases)
    console.result(counts_of(made))
    for line in doubts_of(made):
        console.result(line)
    console.result(f"case files: {shown_path(made.workspace.cases / 'index.html')}")
    if made.ingested is not None:
        complain_of_failures(made.ingested)


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
        "cases": len(current(made.cases)),
        "not_evaluated": len(not_evaluated(receipt)),
        "suppressed": receipt.suppressed,
        "quarantined": made.quarantined,
        "failed_files": list(made.ingested.failed) if made.ingested else [],
        "failed_rules": [run.rule for run in receipt.rules if run.error],
        "not_evaluated_rules": [{"rule": run.rule, "missing": list(run.missing)} for run in not_evaluated(receipt)],
        "new": {
            "findings": list(change.new_findings),
            "changed_findings": list(change.changed_findings),
            "stale_findings": list(change.stale_findings),
            "cases": list(change.new_cases),
            "changed_cases": list(change.changed_cases),
        },
        "case_files": str(made.workspace.cases / "index.html"),
    }


def current(cases: Iterable[Case]) -> list[Case]:
    """Return the cases of which at least one finding still holds."""
    return [case for case in cases if any(item.status != "stale" for item in case.findings)]


def not_evaluated(receipt: Receipt) -> list[RuleRun]:
    """Return the rules that the records could not answer."""
    return [run for run in receipt.rules if not run.is_evaluated and not run.error]


def news_of(made: Journey) -> str:
    """Say in one line what is new since the last run."""
    change = made.change
    if not (change.new_findings or change.changed_findings or change.stale_findings):
        return "nothing new since the last run"
    parts = [f"{console.plural(len(change.new_findings), 'new finding')} in {_cases_of_news(made)}"]
    if change.changed_findings:
        parts.append(f"{len(change.changed_findings):,} changed")
    if change.stale_findings:
        parts.append(f"{len(change.stale_findings):,} no longer hold")
    return f"new since the last run: {', '.join(parts)}"


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
            console.plural(len(current(made.cases)), "case"),
        ]
    )


def doubts_of(made: Journey) -> list[str]:
    """Say which rules were not evaluated and why, and which failed."""
    receipt = made.result.receipt
    lines = [f"not evaluated: {run.rule} (missing: {', '.join(run.missing)})" for run in not_evaluated(receipt)]
    lines += [f"failed: {run.rule} ({run.error})" for run in receipt.rules if run.error]
    if not made.judgement.pack.terms:
        lines.append("this pack has no terms: its findings are observations, no clause is cited")
    return lines


def _cases_of_news(made: Journey) -> str:
    touched = {*made.change.new_cases, *made.change.changed_cases}
    return console.plural(len(touched), "case")


def _new_levels(made: Journey) -> list[Level]:
    new = set(made.change.new_findings)
    return [finding.level for finding in made.result.findings if finding.id in new]
