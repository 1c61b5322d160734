"""The sources of a bundle, as its receipt names them: what every record of it comes from."""

import re
from collections.abc import Iterator
from typing import Any

from auditor.evidence.standalone.layout import EDITION
from auditor.evidence.standalone.reading import Files, document_of, field_of, list_of
from auditor.evidence.standalone.results import Fault

RECEIPT = "data/receipt.json"
SOURCE_ID = re.compile(r"[0-9a-f]{64}")


def sources_of(files: Files) -> dict[str, Any]:
    """Return the sources that have an id, by it; `source_faults` names any other."""
    receipt, _ = document_of(files, RECEIPT)
    return {source["source_id"]: source for source in list_of(receipt, "sources") if _has_id(source)}


def source_faults(files: Files) -> Iterator[Fault]:
    """Each source has an id, which is a digest, and a name, so that no record can come from a source without.

    An edition that withholds what sources are called leaves their names empty.
    """
    receipt, _ = document_of(files, RECEIPT)
    for at, source in enumerate(list_of(receipt, "sources")):
        if not _has_id(source):
            yield Fault(RECEIPT, f"sources.{at}.source_id", "is no SHA-256 of a source")
        name = field_of(source, "name")
        if not isinstance(name, str) or not (name or EDITION in files):
            yield Fault(RECEIPT, f"sources.{at}.name", "is no name of a source")


def _has_id(source: Any) -> bool:
    source_id = field_of(source, "source_id")
    return isinstance(source_id, str) and SOURCE_ID.fullmatch(source_id) is not None
