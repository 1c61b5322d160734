"""Say quickly that the columns of a record are what its own bytes say: by writing these again.

Logs are written by programs, so most lines of one have the same fields in the same order. From a line that was read
and compared the strict way (`ownbytes`) a form is made, into which the columns of other records are filled. Where that
gives the very bytes that are quoted, they say what the record says; where not, nothing is known yet.
"""

import re
from collections.abc import Mapping, Set
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from auditor.evidence.standalone.columns import TEXTS
from auditor.evidence.standalone.frames import HOLE, Frame

MEMBER = re.compile(
    rb'( *+"([a-z_]++)" *+: *+)("(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*+"|-?[0-9.]++|true|false|null)( *+[,}])'
)
"""A member of a line as most logs have it. White space is spaces alone: other kinds are control bytes, which no text
of JSON has as they are."""
MOST_MEMBERS = 128
MOST_LITERALS = 8192
"""Members of a line, and bytes of it beside its values, that a form may have; logs have a few dozen fields."""
FRACTION = re.compile(rb"(?:\.(\d{1,6}))?(Z|\+00:00)\Z")
MADE_COLUMNS = frozenset(("record_id", "prompt_digest"))
"""Columns that a record may have although its line doesn't: `ownbytes` says how they are made."""
SECOND = 19
"""Characters of a time up to the second."""
MICROS = 6


class Hole(NamedTuple):
    """Where a column's value goes, and how: decimals of an amount, or decimals of a second and the zone."""

    column: str
    decimals: int | None = None
    zone: bytes = b""

    def filled(self, value: bytes) -> bytes | None:
        """Return a value as the line has it, None where it can't be written so."""
        if self.decimals is None:
            return value
        if self.zone:
            return _time_as(value, self.decimals, self.zone)
        whole, _, digits = value.partition(b".")
        return whole + b"." + digits.ljust(self.decimals, b"0")


class OwnForm(NamedTuple):
    """The lines of a source that differ only in the values of columns."""

    frame: Frame
    holes: tuple[Hole, ...]
    made: tuple[str, ...]
    """Columns that the line doesn't have, since they are made for the record."""
    is_as_it_stands: bool
    """Whether each value is written as the record has it."""

    def written(self, values: Mapping[str, bytes]) -> bytes | None:
        """Return the line of a record, from its values as they stand in JSON."""
        if self.is_as_it_stands:
            return self.frame.filled([values[hole.column] for hole in self.holes])
        filled = list[bytes]()
        for hole in self.holes:
            value = hole.filled(values[hole.column])
            if value is None:
                return None
            filled.append(value)
        return self.frame.filled(filled)


def own_form_of(line: bytes, values: Mapping[str, bytes], columns: Set[str]) -> OwnForm | None:
    """Return the form of a line that says what its record says, None where there is no plain one.

    `values` are the columns of the record as they stand in JSON, without quotation marks.
    """
    literals, holes, at = [b"{"], list[Hole](), 1
    end = b","
    while line.startswith(b"{") and end == b"," and (found := MEMBER.match(line, at)):
        lead, name, value, after = found.groups()
        if len(literals) > MOST_MEMBERS:
            return None
        hole = _hole_for(name.decode(), value, values, columns)
        is_nothing = value in (b"null", b'""') and name.decode() not in columns
        if hole is None and not is_nothing:
            return None
        literals.append(lead + (value if hole is None else b'"' + HOLE + b'"' if value[:1] == b'"' else HOLE) + after)
        holes += [hole] if hole else []
        at, end = found.end(), after[-1:]
    made = tuple(sorted(columns - {hole.column for hole in holes}))
    is_whole = end == b"}" and not line[at:].strip(b" ") and MADE_COLUMNS.issuperset(made)
    if not is_whole or len(holes) + len(made) != len(columns):
        return None
    template = b"".join(literals) + line[at:]
    if len(template) > MOST_LITERALS:
        return None
    form = OwnForm(Frame(template), tuple(holes), made, all(hole.decimals is None for hole in holes))
    return form if form.written(values) == line else None


def _hole_for(name: str, value: bytes, values: Mapping[str, bytes], columns: Set[str]) -> Hole | None:
    """Return how the value of a column is written in a line, None where it isn't written plainly."""
    is_text = value.startswith(b'"')
    if name not in columns or (not is_text and name in TEXTS | {"time"}) or name in ("extra", "tags"):
        return None
    plain = value[1:-1] if is_text else value
    if plain == values[name]:
        return Hole(name)
    if name == "cost_usd":
        return Hole(name, len(plain.partition(b".")[2]))
    fraction = FRACTION.match(plain, SECOND) if name == "time" else None
    return Hole(name, len(fraction[1] or b""), fraction[2]) if fraction else None


def _time_as(value: bytes, decimals: int, zone: bytes) -> bytes | None:
    micros = value[SECOND + 1 : -1].ljust(MICROS, b"0")
    if micros[decimals:].strip(b"0") or not _is_date(value[:10]):
        return None
    return value[:SECOND] + (b"." + micros[:decimals] if decimals else b"") + zone


@lru_cache(4096)
def _is_date(text: bytes) -> bool:
    try:
        return bool(date.fromisoformat(text.decode()))
    except ValueError:
        return False
