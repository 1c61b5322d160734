"""A redacted edition says what it withholds, and withholds that and nothing else of the records that it shows."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from auditor.evidence.standalone.layout import COMMITMENTS, EDITION
from auditor.evidence.standalone.reading import Files, document_of, field_of, lines_of, list_of
from auditor.evidence.standalone.results import Fault


def edition_faults(files: Files) -> Iterator[Fault]:
    """The edition withholds what it says, of as many records as it says, and names the root of the full bundle."""
    if EDITION not in files:
        return
    edition, faults = document_of(files, EDITION)
    yield from faults
    case, _ = document_of(files, "data/case.json")
    if field_of(edition, "root") != field_of(case, "commitments", "root"):
        yield Fault(EDITION, "root", "is not the root in data/case.json")
    stated = {str(field_of(item, "group")): field_of(item, "records") for item in list_of(edition, "withheld")}
    counted: Counter[str] = Counter()
    whole = 0
    for _, line, _ in lines_of(files, COMMITMENTS):
        counted.update(_withheld_in(line))
        whole += isinstance(line, dict) and list(line) == ["leaf"]
    for group in sorted(stated.keys() | counted.keys()):
        if stated.get(group) != counted[group]:
            message = f"says {ascii(stated.get(group))[:20]}, data/commitments.jsonl withholds it of {counted[group]}"
            yield Fault(EDITION, f"withheld: {ascii(group)[1:40]}", message)
    if field_of(edition, "records_withheld") != whole:
        message = f"says {ascii(field_of(edition, 'records_withheld'))[:20]}, data/commitments.jsonl withholds {whole}"
        yield Fault(EDITION, "records_withheld", message)


def _withheld_in(line: Any) -> list[str]:
    withheld = field_of(line, "withheld")
    return [str(group) for group in withheld] if isinstance(withheld, dict) else []
