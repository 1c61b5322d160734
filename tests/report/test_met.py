"""What met in a composite's finding, on the case file."""

from datetime import timedelta
from pathlib import Path

from auditor.checker.findings import PartSeen
from auditor.report.page import render_case
from tests.evidence.arrange import world
from tests.report.reading import page_of


def test_the_findings_that_met_in_a_composite_stand_there_with_their_times(tmp_path: Path) -> None:
    dossier = world(tmp_path, calls=3).dossier()
    first, *others = dossier.case.findings
    start = first.finding.start
    met = (
        PartSeen(rule="many-calls", start=start, end=start + timedelta(hours=1), records=1200),
        PartSeen(rule="new-country", start=start, end=start, records=1),
    )
    finding = first.finding.model_copy(update={"parts": met})
    case = dossier.case.model_copy(update={"findings": (first.model_copy(update={"finding": finding}), *others)})

    text = " ".join(page_of(render_case(dossier.model_copy(update={"case": case}))).text.split())

    assert "What came together" in text
    assert "Rule many-calls: 1,200 records from" in text
    assert "Rule new-country: 1 record at" in text
    assert "What came together" not in " ".join(page_of(render_case(dossier)).text.split())
