"""What a file is, told from a sample of its bytes: format and profile."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from auditor.errors import AuditorError, InputError
from auditor.records.csv_head import SAVE_AS_UTF_8
from auditor.records.foreign import refusal_of
from auditor.records.profiles import AUTO, PARQUET, SHIPPED, TEXT_LOG, Profile, load_profile
from auditor.records.rewrite import LONGEST_LOG_LINE
from auditor.records.shapes import ENOUGH, Records, Shape, likely_table, object_of, objects_in, shape_of
from auditor.records.survey import LONGEST_LINE

HEAD_BYTES = 1 << 20
"""How much of a file is looked at, unless nothing in it can be read."""

_MARK = "\N{BYTE ORDER MARK}"
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Sniffed:
    """A file's format and profile, and the sample that told them; `wrapper` is the key of a wrapped array."""

    format: str
    profile: Profile
    sample: bytes
    wrapper: str = ""


def is_blank(path: Path) -> bool:
    """Whether a file holds nothing but white space."""
    with path.open("rb") as stream:
        first = stream.read(3)
        rest = stream if first == _MARK.encode() else chain([first], stream)
        return not any(piece.strip(b" \t\r\n") for piece in rest)


def is_parquet(path: Path) -> bool:
    """Whether a file begins and ends as Parquet does: the beginning alone may be a line that somebody wrote."""
    with path.open("rb") as stream:
        if stream.read(4) != _MAGIC:
            return False
        size = stream.seek(0, 2)
        stream.seek(max(size - 4, 0))
        return size >= 12 and stream.read(4) == _MAGIC


def sniff(path: Path, profile: Profile | None, place: str, names: tuple[str, ...] = ()) -> Sniffed:
    """Tell format and profile of a file (without compression); `place` names it in messages.

    `names` are the columns of a Parquet file. Where the beginning can't be read, more of the file is looked at, down
    to its last line. Raises InputError when no profile fits.
    """
    found: Sniffed | None = None
    refused: AuditorError | None = None
    for sample in _samples(path):
        try:
            sniffed, is_sure = _judged(sample, profile, place, names)
        except InputError as error:
            refused = refused or error
        else:
            found = found or sniffed
            if is_sure:
                return sniffed
    refuse_foreign(path, place)
    if found is None:
        assert refused is not None
        raise refused
    return found


def refuse_foreign(path: Path, place: str) -> None:
    """Raise InputError for a file in which nothing could be read, if its first bytes tell what it is instead."""
    with path.open("rb") as stream:
        refusal = refusal_of(stream.read(HEAD_BYTES), place)
    if refusal:
        raise refusal


def sample_of(head: bytes) -> list[Mapping[str, object]]:
    """Return the JSON objects among the lines, as many as make a sample."""
    return objects_in(_text(head))


def _samples(path: Path) -> Iterator[bytes]:
    """Yield the beginning of a file, a beginning that holds the longest line, and lines that can be read at all."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        yield head
        if len(head) == HEAD_BYTES:
            yield head + stream.read(LONGEST_LINE)
            stream.seek(0)
            yield b"".join(islice(_readable(stream), ENOUGH))


def _readable(stream: Iterator[bytes]) -> Iterator[bytes]:
    patterns = [profile.pattern for name in SHIPPED if (profile := load_profile(name)).pattern]
    for line in stream:
        if len(line) <= LONGEST_LINE and object_of(line):
            yield line
        elif len(line) <= LONGEST_LOG_LINE:
            text = _text(line).rstrip("\r\n")
            if any(re.fullmatch(pattern, text) for pattern in patterns):
                yield line


def _judged(sample: bytes, profile: Profile | None, place: str, names: tuple[str, ...]) -> tuple[Sniffed, bool]:
    """Return what a sample tells, and whether anything in it was read."""
    text = _text(sample)
    shape = shape_of(text, profile, names)
    chosen = profile or (_log_profile(text) if shape.format == TEXT_LOG else None)
    if chosen is None:
        shape = (likely_table(text) if shape.format == TEXT_LOG else None) or shape
        chosen = _recognised(shape, sample, place)
    kind = shape.format
    if kind not in chosen.formats:
        message = f"found {kind}, expected {' or '.join(chosen.formats)} as profile `{chosen.name}` says"
        raise InputError.at(place, message, "choose another `--profile`")
    return Sniffed(kind, chosen, sample, shape.wrapper), bool(shape.records) or kind in (TEXT_LOG, PARQUET)


def _log_profile(text: str) -> Profile | None:
    """Return the shipped profile whose pattern a line of the text has."""
    lines = [line.rstrip("\r") for line in text.split("\n") if 0 < len(line) <= LONGEST_LOG_LINE]
    patterned = (profile for name in SHIPPED if (profile := load_profile(name)).pattern)
    return next((one for one in patterned if any(re.fullmatch(one.pattern, line) for line in lines)), None)


def _recognised(shape: Shape, sample: bytes, place: str) -> Profile:
    if shape.format == TEXT_LOG:
        raise _not_utf_8(sample, place) or _unrecognised(place, "text")
    profiles = [load_profile(name) for name in SHIPPED]
    scores = {
        profile.name: sum(all(name in record for name in profile.recognise) for record in shape.records)
        for profile in profiles
        if shape.format in profile.formats
    }
    best = max(scores, key=lambda name: scores[name])
    if scores[best]:
        return load_profile(best)
    canonical = load_profile("canonical")
    if any(len(record.keys() & canonical.columns.keys()) > 1 for record in shape.records):
        return canonical
    found = _fields_in(shape.records)
    raise (_not_utf_8(sample, place) if _REPLACED in found else None) or _unrecognised(place, found)


def _fields_in(records: Records) -> str:
    names = sorted({name for record in records for name in record})[:8]
    return f"the fields {', '.join(names)}" if names else "no readable record"


def _not_utf_8(sample: bytes, place: str) -> AuditorError | None:
    """Return the error for bytes that are no UTF-8; the sample's end may be in the middle of a character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError as error:
        message = f"found a byte that is no UTF-8 at byte {error.start + 1}, expected UTF-8 text"
        return InputError.at(place, message, SAVE_AS_UTF_8)
    return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").removeprefix(_MARK)


def _unrecognised(place: str, found: str) -> AuditorError:
    printable = "".join(char if char.isprintable() else _REPLACED for char in found)[:300]
    message = f"found {printable} among the first records, which no profile of `{AUTO}` recognises"
    hint = f"name a profile: {', '.join(SHIPPED)} or a file of your own; `--exclude` leaves out what is no log"
    return InputError.at(place, message, hint)
