"""Compare the exact bytes in a bundle with the original files, where whoever verifies holds them.

A file is known by its SHA-256, whatever it is called; a log that has grown since still begins with the bytes that were
read. Nothing is written beside the originals.
"""

import base64
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any  # JSON values have no closed type

from auditor.digests import digests_of_beginnings
from auditor.evidence.standalone.layout import CITED, CONTEXT
from auditor.evidence.standalone.reading import Files, document_of, field_of, lines_of, list_of
from auditor.evidence.standalone.results import MOST_FAULTS, Check
from auditor.records.sourcebytes import SourceBytes

NAME = "the exact bytes are those of the original files"
CODE = "original"


def original_checks(files: Files, folder: Path) -> Iterator[Check]:
    """Yield whether each quoted record is what its original file says, and which originals are not in the folder."""
    sizes = _sizes(files)
    found = _found_in(folder, sizes)
    with tempfile.TemporaryDirectory() as scratch, SourceBytes(found, Path(scratch), _known(sizes)) as sources:
        odd = compared = without = 0
        asked: set[str] = set()
        for place in (CITED, CONTEXT):
            for number, line, _ in lines_of(files, place):
                source = field_of(line, "source")
                quoted, source_id = _quoted(source), str(field_of(source, "id"))
                if quoted is None:
                    without += 1
                    continue
                asked.add(source_id)
                said = sources.of(source_id, *_range(source)) if source_id in found else None
                if source_id not in found or source_id in sources.unavailable:
                    continue
                compared += 1
                if said != quoted:
                    odd += 1
                    if odd <= MOST_FAULTS:
                        message = f"is not what line {field_of(source, 'line')} of {found[source_id].name!a} says"
                        yield Check(CODE, NAME, "failed", place, f"line {number}: source", message)
        for source_id in sorted(asked):
            if source_id not in found or source_id in sources.unavailable:
                why = sources.unavailable.get(source_id, "no file there has this SHA-256, or begins so")
                yield Check(CODE, NAME, "unproven", "data/receipt.json", f"source {source_id[:16]}", why)
    if without:
        message = f"{without} records quote no bytes, so there is nothing to compare"
        yield Check(CODE, NAME, "unproven", CITED, "source", message)
    if not odd and compared:
        yield Check(CODE, NAME, "ok", "", "", f"{compared} records compared")


def _sizes(files: Files) -> dict[str, int | None]:
    """Return how many bytes each source had when it was read, by its SHA-256; None where that is not known."""
    case, _ = document_of(files, "data/case.json")
    receipt, _ = document_of(files, "data/receipt.json")
    stated = {field_of(item, "source_id"): field_of(item, "bytes") for item in list_of(case, "completeness", "sources")}
    known = [str(field_of(item, "source_id")) for item in list_of(receipt, "sources")]
    return {source: stated[source] if type(stated.get(source)) is int else None for source in known}


def _known(sizes: Mapping[str, int | None]) -> dict[str, int]:
    return {source: size for source, size in sizes.items() if size is not None}


def _found_in(folder: Path, sizes: Mapping[str, int | None]) -> dict[str, Path]:
    """Return the file of each source that the folder holds, at any depth; links are not followed."""
    found: dict[str, Path] = {}
    wanted = set(_known(sizes).values())
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        size = path.stat().st_size
        for digest in digests_of_beginnings(path, {size, *(one for one in wanted if one < size)}).values():
            if digest in sizes:
                found.setdefault(digest, path)
    return found


def _quoted(source: Any) -> bytes | None:
    text, encoded = field_of(source, "text"), field_of(source, "base64")
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else None
    except ValueError:
        return b""


def _range(source: Any) -> tuple[int | None, int | None]:
    offset, length = field_of(source, "offset"), field_of(source, "length")
    is_range = type(offset) is int and type(length) is int and offset >= 0 and 0 <= length < 1 << 31
    return (offset, length) if is_range else (None, None)
