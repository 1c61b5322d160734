"""Tables for a spreadsheet beside the JSON Lines: the same values, made so that no cell can run.

A cell that a spreadsheet might take for a formula begins with an apostrophe. The JSON Lines are the record; whatever
the tables can't hold (more rows than a person opens) is there.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import partial
from itertools import takewhile
from typing import Any, NamedTuple

from auditor.evidence.standalone.columns import COLUMNS, INTEGERS
from auditor.evidence.standalone.layout import CITED, CITED_TABLE, EDITION, FINDINGS_TABLE
from auditor.evidence.standalone.processes import done_in_order
from auditor.evidence.standalone.reading import (
    Files,
    UnreadableError,
    digest_of_file,
    document_of,
    field_of,
    lines_of,
    list_of,
    parsed_line,
)
from auditor.evidence.standalone.recordpieces import PIECE_LINES, lines_in_pieces
from auditor.evidence.standalone.results import Fault

MOST_ROWS = 100_000
FIRST_COLUMNS = ("time", "account_id", "event")
FINDING_COLUMNS = (
    "id", "rule", "title", "conducts", "strength", "family", "level", "standing", "subject", "by", "start", "end",
    "windows", "records", "accounts", "measures", "thresholds",
)  # fmt: skip
QUOTE = '"'
NUMBER_CELL = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z", re.ASCII)
_SPACES = map(chr, (*range(0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x2030), 0x205F, 0x3000))
FORMULA_STARTS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20").union(_SPACES)
"""What a cell that may be a formula begins with, or what may stand before that."""
PLAIN_CELLS = COLUMNS - {"logit_bias", "stream", "tags"}
"""Columns whose value is a text or a whole number."""
FORMULA = re.compile(r"[\s\0-\x20]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


class CitedTable:
    """Makes the rows of the table of cited records."""

    def __init__(self, receipt: Any) -> None:
        """Take the columns that the sources of a run provide."""
        self.columns = columns_of_table(receipt)
        self._forms: dict[tuple[str, ...], _Form | None] = {}

    def head(self) -> str:
        """Return the names of the columns."""
        return _table_row([*self.columns, "findings", "source", "source_line"])

    def row(self, record: Any, findings: str, source_id: Any, line: Any) -> str:
        """Return the row of a record that some findings cite, as a line of its source says it."""
        return f"{self.cells(record)},{cell_of(findings)},{cell_of(source_id)},{cell_of(line)}\r\n"

    def cells(self, record: Any) -> str:
        """Return the cells of the columns of a record."""
        held = record if isinstance(record, dict) else {}
        row = self._plain_row(held)
        return ",".join([cell_of(held.get(name)) for name in self.columns]) if row is None else row

    def _plain_row(self, record: dict[str, Any]) -> str | None:
        """Return the cells of a record of plain texts and whole numbers, as most are; None for any other."""
        names = tuple(record)
        if names not in self._forms:
            self._forms[names] = _form_of(names, self.columns)
        form = self._forms[names]
        values = record.values()
        if form is None or tuple(map(type, values)) != form.kinds:
            return None
        if not FORMULA_STARTS.isdisjoint([value[:1] for value in values if type(value) is str]):
            return None
        row = form.template % record
        return row if row.count(QUOTE) == form.quotes else None


class _Form(NamedTuple):
    """How the cells of records with the same columns are laid out, which are texts and numbers, and the quotes."""

    template: str
    kinds: tuple[type, ...]
    quotes: int


def _form_of(names: tuple[str, ...], columns: tuple[str, ...]) -> _Form | None:
    if not PLAIN_CELLS.issuperset(names):
        return None
    cells = ["" if name not in names else f"%({name})s" if name in INTEGERS else f'"%({name})s"' for name in columns]
    template = ",".join(cells)
    kinds = tuple(int if name in INTEGERS else str for name in names)
    return _Form(template, kinds, template.count(QUOTE))


def cited_table(files: Files, receipt: Any, *, most: int = MOST_ROWS, in_piece: int = PIECE_LINES) -> Iterator[bytes]:
    """Yield the table of cited records in pieces, its head first, and the first rows of it."""
    table = CitedTable(receipt)
    yield _bytes_of_rows([table.head()])
    read = lines_in_pieces(files, CITED, in_piece)
    pieces = takewhile(bool, (lines[: max(0, most - number)] for number, lines in read))
    for _, rows in done_in_order(partial(_table_rows, table), pieces):
        yield rows


def _table_rows(table: CitedTable, lines: list[bytes]) -> bytes:
    """Return the rows of some lines of cited.jsonl; one that can't be read has a row without a value."""
    rows = []
    for text in lines:
        try:
            line = parsed_line(text)
        except UnreadableError:
            line = None
        names = " ".join([str(field_of(item, "id")) for item in list_of(line, "findings")])
        record, source = field_of(line, "record"), field_of(line, "source")
        rows.append(table.row(record, names, field_of(source, "id"), field_of(source, "line")))
    return _bytes_of_rows(rows)


def _bytes_of_rows(rows: list[str]) -> bytes:
    return "".join(rows).encode("utf-8", "backslashreplace")


def findings_table(lines: Iterator[Any]) -> Iterator[str]:
    """Yield the rows of the table of findings, its head first."""
    yield _table_row(FINDING_COLUMNS)
    for finding in lines:
        yield _table_row([_finding_cell(finding, name) for name in FINDING_COLUMNS])


def table_faults(files: Files) -> Iterator[Fault]:
    """The tables say what the JSON Lines say; an edition has none."""
    if EDITION in files:
        return
    receipt, _ = document_of(files, "data/receipt.json")
    findings = (line for _, line, _ in lines_of(files, "data/findings.jsonl"))
    told = (_bytes_of_rows([row]) for row in findings_table(findings))
    for name, pieces in ((CITED_TABLE, cited_table(files, receipt)), (FINDINGS_TABLE, told)):
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        if name not in files:
            yield Fault(name, "", "is missing")
        elif digest_of_file(files[name]) != digest.hexdigest():
            yield Fault(name, "", "does not say what the JSON Lines beside it say")


def columns_of_table(receipt: Any) -> tuple[str, ...]:
    """Return the columns of the table of cited records: those that the sources of a run provide."""
    provided = {str(name) for source in list_of(receipt, "sources") for name in list_of(source, "provides")}
    rest = provided.union(("record_id", "prompt_digest")) & COLUMNS - set(FIRST_COLUMNS)
    return (*FIRST_COLUMNS, *sorted(rest))


def _finding_cell(finding: Any, name: str) -> Any:
    """Return a value of a finding for one cell."""
    value = field_of(finding, name)
    match name:
        case "measures":
            return ", ".join(f"{field_of(item, 'name')} {field_of(item, 'value')}" for item in list_of(finding, name))
        case "thresholds":
            said = (
                tuple(field_of(item, part) for part in ("measure", "operator", "value"))
                for item in list_of(finding, name)
            )
            return ", ".join(" ".join(map(str, parts)) for parts in said)
        case "by":
            return ", ".join(" ".join(map(str, pair)) for pair in list_of(finding, name) if isinstance(pair, list))
        case _:
            return value


def _table_row(cells: Any) -> str:
    return ",".join([cell_of(cell) for cell in cells]) + "\r\n"


def cell_of(value: Any) -> str:
    """Return a value as a cell, made so that no spreadsheet runs it."""
    if type(value) is str and value[:1].isalnum() and QUOTE not in value:  # most cells, and there are millions
        return f'"{value}"'
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if not text[:1].isalnum() and FORMULA.match(text) and not NUMBER_CELL.match(text):
        text = f"'{text}"
    return f'"{text.replace(QUOTE, QUOTE * 2) if QUOTE in text else text}"'
