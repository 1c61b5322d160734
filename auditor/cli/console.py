"""The one place that prints: results to standard output, talk to standard error.

Text from logs and policies is hostile: whatever is written here for people goes through `plain_visible`, so that no
escape sequence or bidirectional control reaches a terminal. JSON is written in ASCII for the same reason. A reader
that went away (`| head`) is no error: the work goes on, the rest of the output is dropped.
"""

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO  # JSON values have no closed type

from auditor.errors import Problem

FORMAT_VERSION = 1
LONGEST_LINE = 20_000
"""Characters of one printed line; a longer one is cut, and its length said."""

_GAP = "  "


def result(text: str = "") -> None:
    """Print a line (or lines) of a command's result."""
    _write(sys.stdout, f"{_shown(text)}\n")


def document(text: str) -> None:
    """Print a text whose hidden characters were made visible where it was written (`notice_text`)."""
    _write(sys.stdout, f"{text}\n")


def talk(text: str) -> None:
    """Tell the person at the terminal something that is no result."""
    _write(sys.stderr, f"{_shown(text)}\n")


def json_object(**content: Any) -> None:
    """Print one JSON object with the version of its format first."""
    _write(sys.stdout, json_text({"format_version": FORMAT_VERSION, **content}) + "\n")


def json_text(value: Any) -> str:
    """Return JSON in ASCII, indented for people."""
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False)


def json_line(content: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own, as others' formats want it: without a version of ours."""
    _write(sys.stdout, json.dumps(content, ensure_ascii=True, allow_nan=False) + "\n")


def json_array(items: Sequence[Any]) -> None:
    """Print one JSON array."""
    _write(sys.stdout, json_text(list(items)) + "\n")


def raw(data: bytes) -> None:
    """Write bytes that are a document of their own (an export) to standard output, as they are."""
    sys.stdout.flush()
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _drop(sys.stdout)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under a head, columns lined up; numbers to the right, the last column as wide as it is."""
    shown = [[_shown(cell).replace("\n", " ") for cell in row] for row in [head, *rows]]
    widths = [max(_width(row[column]) for row in shown) for column in range(len(head))]
    numeric = [all(_is_number(row[column]) for row in shown[1:]) for column in range(len(head))]
    lines = [_line(row, widths, numeric) for row in shown]
    rule = _GAP.join("─" * width for width in widths).rstrip()
    _write(sys.stdout, "\n".join([lines[0], rule, *lines[1:]]) + "\n")


def narrowed(text: str, columns: int) -> str:
    """Return a text as it is shown, on one line; beyond so many columns its middle is left out.

    Ids differ at their ends, and one that is thousands of characters long must not push the rest off the screen.
    """
    shown = _shown(text).replace("\n", " ")
    if _width(shown) <= columns:
        return shown
    head = _fitting(shown, columns // 2)
    tail = _fitting(shown[::-1], columns - columns // 2 - 1)[::-1]
    return f"{head}…{tail}"


def complain(problems: Iterable[Problem]) -> None:
    """Print each problem with its hint to standard error."""
    for problem in problems:
        where = f"{problem.place}: " if problem.place else ""
        complain_of(f"{where}{problem.message}", problem.hint)


def complain_of(message: str, hint: str) -> None:
    """Print one message and its hint to standard error."""
    talk(f"error: {message}\n  hint: {hint}")


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return a count with its noun: `1 case`, `1,200 cases`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def _shown(text: str) -> str:
    from auditor.report.visible import plain_visible  # costs nothing until something is printed

    return "\n".join(plain_visible(line, LONGEST_LINE) for line in text.split("\n"))


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        _drop(stream)


def _drop(stream: TextIO) -> None:
    """Send what is still to come nowhere, so that neither this nor the interpreter's end complains."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _line(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = []
    for cell, width, is_right in zip(row, widths, numeric, strict=True):
        blank = " " * (width - _width(cell))
        cells.append(f"{blank}{cell}" if is_right else f"{cell}{blank}")
    return _GAP.join(cells).rstrip()


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").isdecimal() or text == "–"


def _fitting(text: str, columns: int) -> str:
    """Return the longest beginning of a text that is no wider."""
    width = 0
    for place, char in enumerate(text):
        width += _width(char)
        if width > columns:
            return text[:place]
    return text


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
