"""Files for other programs: cases and findings of an audit, written whole or not at all."""

from collections.abc import Iterable
from pathlib import Path

from auditor.cases.export import cases_out, findings_csv, findings_jsonl
from auditor.cases.model import Case
from auditor.checker.findings import Receipt
from auditor.records.workspace import write_atomically


def write_exports(
    cases: Iterable[Case], receipt: Receipt, *, cases_file: Path | None, findings_file: Path | None
) -> None:
    """Write what a run judged, as asked; the ending of the findings file chooses CSV or JSON Lines.

    Raises WorkspaceError.
    """
    listed = list(cases)
    if cases_file is not None:
        write_atomically(cases_file, cases_out(listed, receipt))
    if findings_file is not None:
        is_table = findings_file.suffix.lower() == ".csv"
        write_atomically(findings_file, findings_csv(listed, receipt) if is_table else findings_jsonl(listed, receipt))
