"""The format of a source, told from its content: JSON lines, an array, a table, or lines of text.

Single lines may be anything, since whoever acts on a platform writes into its logs: what most of the sample is decides,
never the first line alone.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from auditor.records.array_rows import ArrayText
from auditor.records.csv_head import has_rows, likely_names, plain_names
from auditor.records.profiles import CSV, JSON_ARRAY, JSON_LINES, PARQUET, TEXT_LOG, Profile

ENOUGH = 200
"""How many readable records make a sample."""

WRAPPERS = ("Records", "records", "events", "data", "items", "logs", "results")
_WRAPPED = re.compile(r'\s*\{\s*"(' + "|".join(WRAPPERS) + r')"\s*:\s*\[\s*(\{|\])')
Records = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Shape:
    """A format; `wrapper` is the key of the array in a wrapped document, `records` a sample (a table's names)."""

    format: str
    records: Records
    wrapper: str = ""


def shape_of(text: str, profile: Profile | None, names: Sequence[str] = ()) -> Shape:
    """Tell the format from the start of a file; `names` are the columns of a Parquet file."""
    if names:
        return Shape(PARQUET, (dict.fromkeys(names),))
    formats = profile.formats if profile else ()
    objects = objects_in(text)
    array = _array(text, profile, objects)
    if array:
        return array
    if TEXT_LOG in formats:
        return Shape(TEXT_LOG, ())
    lines = text.split("\n")
    table = plain_names(lines)
    if objects and not (table and has_rows(lines, table, ENOUGH)):
        return Shape(JSON_LINES, objects)
    if _first_line(text).lstrip().startswith("{"):
        return Shape(JSON_LINES, ())
    if table:
        return Shape(CSV, (dict.fromkeys(table),))
    likely = likely_table(text) if formats else None
    return likely or Shape(formats[0] if formats else TEXT_LOG, ())


def likely_table(text: str) -> Shape | None:
    """Return the shape of a text that is a table by all looks, whatever stands in its header; else None.

    An access log may look like one too: ask what else the text can be before.
    """
    names = likely_names(text.split("\n"), ENOUGH)
    return Shape(CSV, (dict.fromkeys(names),)) if names else None


def objects_in(text: str) -> list[Mapping[str, object]]:
    """Return the JSON objects among the lines, as many as make a sample; other lines are passed over."""
    found = (value for line in text.split("\n") if (value := object_of(line)) is not None)
    return list(islice(found, ENOUGH))


def object_of(line: str | bytes) -> Mapping[str, object] | None:
    """Return the JSON object that a line is, or None."""
    try:
        value = json.loads(line) if line.strip() else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _array(text: str, profile: Profile | None, objects: Records) -> Shape | None:
    """Return the shape of an array or a wrapped one, unless more of the text reads as lines of their own."""
    wrapper = ""
    if text.lstrip()[:1] != "[":
        wrapper = _wrapper(text, profile)
        if not wrapper:
            return None
    elements = _elements(text, text.index("[") + 1)
    begins_well = re.match(r"\s*(\{|\])", text[text.index("[") + 1 :][:1000]) is not None
    is_array = len(elements) >= len(objects) or (begins_well and len(objects) == 1)
    return Shape(JSON_ARRAY, elements, wrapper) if is_array else None


def _wrapper(text: str, profile: Profile | None) -> str:
    first, _, rest = text.lstrip().partition("\n")
    is_line = rest.strip().startswith("{") and object_of(first) is not None
    found = _WRAPPED.match(text)
    if found:
        return "" if is_line else found.group(1)
    if profile is not None and profile.records and re.match(r"\s*\{\s*\"", text) and not is_line:
        return profile.records if re.search(rf'"{re.escape(profile.records)}"\s*:\s*\[', text[:65536]) else ""
    return ""


def _elements(text: str, at: int) -> list[Mapping[str, object]]:
    array, found = ArrayText(text, at), list[Mapping[str, object]]()
    while len(found) < ENOUGH and array.skip_space() not in ("", "]"):
        start = array.at
        array.at, reason = array.end_of_element()
        if not reason and (value := object_of(text[start : array.at])) is not None:
            found.append(value)
        if array.skip_space() == ",":
            array.at += 1
    return found


def _first_line(text: str) -> str:
    return next((line for line in text.split("\n") if line.strip()), "")
