"""What the policy commands print: for people as text, for programs as JSON."""

from collections.abc import Sequence
from typing import Any  # JSON values have no closed type

from auditor.checker.provided import RuleCoverage
from auditor.cli import console
from auditor.cli.policies import Checked, Explained, TestedCase
from auditor.records.schema import CONTEXT_COLUMNS


def check_json(report: Checked) -> dict[str, Any]:
    """Return what `policy check --json` prints."""
    pack = report.pack
    return {
        "pack": pack.name,
        "digest": pack.digest,
        "rules": [rule.name for rule in pack.rules],
        "terms": [terms.id for terms in pack.terms],
        "lists": [*(item.name for item in pack.lists), *(item.name for item in pack.exemptions)],
        "notes": list(pack.notes),
        "without_cases": list(report.without_cases),
    }


def show_check(report: Checked) -> None:
    """Say that a pack is sound, and what a careful author would still do."""
    pack = report.pack
    console.result(
        f"{pack.name}: {console.plural(len(pack.rules), 'rule')}, {console.plural(len(pack.terms), 'terms', 'terms')}, "
        f"{console.plural(len(pack.lists) + len(pack.exemptions), 'list')}, no problem"
    )
    for note in pack.notes:
        console.result(f"note: {note}")
    for rule in report.without_cases:
        console.result(f"note: rule {rule} has no cases beside it, so nothing tests it")


def test_json(results: Sequence[TestedCase]) -> dict[str, Any]:
    """Return what `policy test --json` prints."""
    return {
        "passed": sum(item.result.is_ok for item in results),
        "failed": len(failures(results)),
        "cases": [
            {
                "rule": item.rule,
                "name": item.result.name,
                "expected": item.result.expected,
                "found": item.result.found,
                "ok": item.result.is_ok,
            }
            for item in results
        ],
    }


def show_test(results: Sequence[TestedCase]) -> None:
    """Print the cases that fail, and how many passed."""
    for item in failures(results):
        found = "; ".join(item.result.disagreements) or f"found {item.result.found}"
        console.result(
            f"{item.result.place}: {item.rule}: {item.result.name}: expected {item.result.expected}, {found}"
        )
    rules = len({item.rule for item in results})
    passed = len(results) - len(failures(results))
    console.result(f"{passed} of {console.plural(len(results), 'case')} passed, {console.plural(rules, 'rule')}")


def failures(results: Sequence[TestedCase]) -> list[TestedCase]:
    """Return the cases that did not give what they expect."""
    return [item for item in results if not item.result.is_ok]


def coverage_json(rows: Sequence[RuleCoverage]) -> dict[str, Any]:
    """Return what `policy coverage --json` prints."""
    return {
        "rules": [
            {
                "rule": row.rule,
                "can_run": row.is_evaluable,
                "missing": list(row.missing),
                "sources": len(row.sources_used),
                "sources_left_out": len(row.sources_left_out),
                "lacking": dict(row.lacking),
            }
            for row in rows
        ]
    }


def show_coverage(rows: Sequence[RuleCoverage]) -> None:
    """Print a row a rule: whether it can run, on how many sources, and what is missing."""
    table = [
        (
            row.rule,
            "yes" if row.is_evaluable else "no",
            f"{len(row.sources_used)}",
            f"{len(row.sources_left_out)}",
            ", ".join(map(missing_words, row.missing)) or _lacking(row),
        )
        for row in rows
    ]
    console.table(["rule", "can run", "sources", "left out", "missing"], table)


def _lacking(row: RuleCoverage) -> str:
    """Say which columns the sources left out lack, with their number where it is not all of them."""
    left_out = len(row.sources_left_out)
    return ", ".join(name if count == left_out else f"{name} (in {count:,})" for name, count in row.lacking)


def is_from_context(name: str) -> bool:
    """Say whether what a rule lacks is a fact of the platform, which no log holds."""
    return name in CONTEXT_COLUMNS or name.startswith("%")


def missing_words(name: str) -> str:
    """Return what a rule lacks; of what no log holds, with the option that gives it."""
    return f"{name} from `--context`" if is_from_context(name) else name


def explanation_json(told: Explained) -> dict[str, Any]:
    """Return what `policy explain --json` prints."""
    rule = told.rule
    return {
        "rule": rule.name,
        "title": rule.title,
        "words": list(told.words),
        "columns": list(told.columns),
        "sql": told.sql,
    }


def show_explanation(told: Explained, *, with_sql: bool) -> None:
    """Print a rule in plain words, then its columns, then its SQL, which is longer than a screen, or how to see it."""
    for line in told.words:
        console.result(line)
    console.result()
    console.result(f"columns it needs: {', '.join(told.columns)}")
    console.result()
    lines = told.sql.count("\n") + 1
    console.result(told.sql if with_sql else f"its SQL: {lines:,} lines, left out by `--no-sql`")
