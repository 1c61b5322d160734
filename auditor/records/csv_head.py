"""The head of a table in CSV: its first line with something in it, what stands between cells, and the columns' names.

A spreadsheet may say first what stands between the cells (`sep=;`); that line belongs to the head and is no row.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from auditor.errors import InputError, Place

SAVE_AS_UTF_8 = "save it as UTF-8 (in a spreadsheet: `CSV UTF-8`)"
_DELIMITERS = ",;\t|"
_DECLARED = re.compile(r"sep=([^\w\s\"\udc80-\udcff]|\t)\s*", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[\w .-]{1,80}")
_VALUE = re.compile(r"[\d\s.,:+/-]*\d[\d\s.,:+/-]*|.*\d:\d\d.*|\d{4}-\d\d.*")
_CONTROL = re.compile(r"[\0-\x1f\x7f-\x9f]")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Head:
    """The line with the names, and what stands between them; `number` lines end with it, `blank` of these are empty."""

    line: str
    delimiter: str
    number: int
    blank: int

    @property
    def cells(self) -> list[str]:
        """Return the names as they stand, none where the line is no row of CSV."""
        return cells_of(self.line, self.delimiter)


def head_of(lines: Iterable[str]) -> Head:
    """Return the head of the table that begins with these lines, and take no more of them than that."""
    declared, blank, number = "", 0, 0
    for number, line in enumerate(lines, start=1):
        said = _DECLARED.fullmatch(line)
        if not line.strip():
            blank += 1
        elif said and not declared:
            declared = said[1]
        else:
            return Head(line, declared or max(_DELIMITERS, key=line.count), number, blank)
    return Head("", declared or _DELIMITERS[0], number, blank)


def names_in(head: Head, shown: str) -> list[str]:
    """Return the distinct names of columns. Raises InputError, naming the file as `shown`, for what can't be read."""
    place = Place(shown, head.number)
    text = head.line.rstrip("\r\n")
    if "\r" in text:
        message = "found a bare carriage return in the header, expected a line feed after each line"
        raise InputError.at(place, message, "save it with line feeds, as `tr '\\r' '\\n' < OLD > NEW` does")
    strange = next((at for at, char in enumerate(text, start=1) if "\udc80" <= char <= "\udcff"), 0)
    if strange:
        message = f"found a byte that is no UTF-8 in the header, at character {strange}, expected UTF-8 text"
        raise InputError.at(place, message, SAVE_AS_UTF_8)
    if "\0" in text:
        raise InputError.at(place, "found a NUL byte in the header, expected text", "check what the file is")
    try:
        names = next(csv.reader([text], delimiter=head.delimiter, strict=True), [])
    except csv.Error as error:
        message = f"found a header that is no row of CSV: {error}"
        raise InputError.at(place, message.rstrip("."), "correct its quotation marks") from error
    repeated = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if not names or repeated is not None:
        what = (
            f"names `{repeated}` twice" if repeated else "is empty" if not names else "has two columns without a name"
        )
        raise InputError.at(place, f"found a CSV header that {what}, expected distinct names", "correct the header")
    return names


def plain_names(lines: Sequence[str]) -> list[str]:
    """Return the names of columns if the lines begin with a header of plain words."""
    names = head_of(lines).cells
    return names if len(names) > 1 and all(_PLAIN_NAME.fullmatch(name.strip()) for name in names) else []


def likely_names(lines: Sequence[str], enough: int) -> list[str]:
    """Return the names of columns if the lines are most likely a table, whatever its names are made of.

    Most of the first lines below the header then have as many cells, and no name looks like a number or a time.
    """
    head = head_of(lines)
    names = head.cells
    if len(names) < 2 or not all(map(_may_be_a_name, names)):
        return []
    rows = list(islice(_rows_below(lines, head), enough))
    fitting = sum(len(cells_of(row, head.delimiter)) == len(names) for row in rows)
    return names if 2 * fitting >= len(rows) else []


def has_rows(lines: Sequence[str], names: Sequence[str], enough: int) -> bool:
    """Whether rows of a table follow the header: then lines that are JSON objects stand inside quoted cells."""
    head = head_of(lines)
    rows = islice(_rows_below(lines, head), enough)
    return any(len(cells_of(row, head.delimiter)) == len(names) for row in rows if not row.lstrip().startswith("{"))


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line, none where it is no row of CSV."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _rows_below(lines: Sequence[str], head: Head) -> Iterator[str]:
    return (line for line in islice(lines, head.number, None) if line.strip())


def _may_be_a_name(text: str) -> bool:
    name = text.strip()
    return len(name) <= _LONGEST_NAME and not _CONTROL.search(name) and not _VALUE.fullmatch(name)
