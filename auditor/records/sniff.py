"""What a file is, told from its first bytes: format and profile."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.errors import AuditorError, InputError
from auditor.records.profiles import (
    AUTO,
    CSV,
    JSON_ARRAY,
    JSON_LINES,
    PARQUET,
    SHIPPED,
    TEXT_LOG,
    Profile,
    load_profile,
)

HEAD_BYTES = 1 << 20
"""How much of a file is looked at."""

WRAPPERS = ("Records", "records", "events", "data", "items", "logs", "results")
_ENOUGH = 200
_WRAPPED = re.compile(r'\s*\{\s*"(' + "|".join(WRAPPERS) + r')"\s*:\s*\[\s*(\{|\])')


@dataclass(frozen=True)
class Sniffed:
    """A file's format and profile; `wrapper` is the key of the array in a wrapped document."""

    format: str
    profile: Profile
    wrapper: str = ""


def sniff(head: bytes, profile: Profile | None, place: str, names: Sequence[str] = ()) -> Sniffed:
    """Tell format and profile of a file by its first bytes (without compression).

    `names` are the columns of a Parquet file, which the first bytes don't show. Raises InputError when no
    profile fits.
    """
    text = head.decode("utf-8", "replace").removeprefix("\N{BYTE ORDER MARK}")
    kind, wrapper, records = _shape(head, text, profile)
    if names:
        records = (dict.fromkeys(names),)
    if profile is None:
        profile, kind = _recognised(kind, records, text, place)
    if kind not in profile.formats:
        message = f"found {kind}, expected {' or '.join(profile.formats)} as profile `{profile.name}` says"
        raise InputError.at(place, message, "choose another `--profile`")
    return Sniffed(kind, profile, wrapper)


def sample_of(head: bytes) -> list[Mapping[str, object]]:
    """Return the JSON objects among the first lines."""
    return _objects(head.decode("utf-8", "replace").removeprefix("\N{BYTE ORDER MARK}").splitlines())


def _shape(head: bytes, text: str, profile: Profile | None) -> tuple[str, str, Sequence[Mapping[str, object]]]:
    if head.startswith(b"PAR1"):
        return PARQUET, "", ()
    start = text.lstrip()[:1]
    if start == "[":
        return JSON_ARRAY, "", _elements(text, text.index("[") + 1)
    wrapper = _wrapper(text, profile)
    if wrapper:
        return JSON_ARRAY, wrapper, _elements(text, text.index("[") + 1)
    if profile is not None and TEXT_LOG in profile.formats:
        return TEXT_LOG, "", ()
    lines = text.split("\n")
    objects = _objects(lines)
    if objects or (start == "{" and CSV not in (profile.formats if profile else ())):
        return JSON_LINES, "", objects
    first = next((line for line in lines if line.strip()), "")
    if profile is not None and first.lstrip().startswith("{"):
        return JSON_LINES, "", ()
    delimiter = max(",;\t|", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    is_table = len(names) > 1 and all(re.fullmatch(r"[\w .-]{1,80}", name.strip()) for name in names)
    if is_table:
        return CSV, "", (dict.fromkeys(names),)
    return (profile.formats[0] if profile else TEXT_LOG), "", ()


def _wrapper(text: str, profile: Profile | None) -> str:
    found = _WRAPPED.match(text)
    if found:
        first = text.lstrip().split("\n", 1)
        is_only_line = len(first) == 1 or not first[1].strip().startswith("{")
        return found.group(1) if is_only_line else ""
    if profile is not None and profile.records and re.match(r"\s*\{\s*\"", text):
        return profile.records if re.search(rf'"{re.escape(profile.records)}"\s*:\s*\[', text[:65536]) else ""
    return ""


def _objects(lines: Sequence[str]) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = []
    for line in lines[:_ENOUGH]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _elements(text: str, at: int) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = []
    decoder = json.JSONDecoder()
    while len(found) < _ENOUGH:
        at = len(text) - len(text[at:].lstrip(" \t\r\n,"))
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict):
            found.append(value)
    return found


def _recognised(kind: str, records: Sequence[Mapping[str, object]], text: str, place: str) -> tuple[Profile, str]:
    profiles = [load_profile(name) for name in SHIPPED]
    if kind == TEXT_LOG:
        lines = [line for line in text.split("\n")[:_ENOUGH] if line.strip()]
        for profile in profiles:
            if profile.pattern and any(re.fullmatch(profile.pattern, line.rstrip("\r")) for line in lines):
                return profile, TEXT_LOG
        raise _unrecognised(place, "text")
    scores = {
        profile.name: sum(all(name in record for name in profile.recognise) for record in records)
        for profile in profiles
        if kind in profile.formats
    }
    best = max(scores, key=lambda name: scores[name])
    if scores[best]:
        return load_profile(best), kind
    canonical = load_profile("canonical")
    if any(len(record.keys() & canonical.columns.keys()) > 1 for record in records):
        return canonical, kind
    names = sorted({name for record in records for name in record})[:8]
    raise _unrecognised(place, f"the fields {', '.join(names)}" if names else "no readable record")


def _unrecognised(place: str, found: str) -> AuditorError:
    printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in found)[:300]
    message = f"found {printable} among the first records, which no profile of `{AUTO}` recognises"
    return InputError.at(place, message, f"name a profile: {', '.join(SHIPPED)} or a file of your own")
