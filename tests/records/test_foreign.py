"""What is no log is an error of that file alone, which says what the file is; a table is known by its rows."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from auditor.records.ingest import IngestReport, ingest
from auditor.records.quarantine import read_quarantine
from auditor.records.workspace import open_workspace

GOOD = b"Zeit;Vorgang;Kunde (Nr.)\n2026-01-01T00:00:00Z;e;K-1\n"
PROFILE = """profile: de
formats: [{formats}]
columns:
  time: '"Zeit"'
  event: '"Vorgang"'
  account_id: '"Kunde (Nr.)"'
"""


def zipped(name: str) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr(name, b"x" * 100)
    return out.getvalue()


FOREIGN = {
    "UTF-16 with a mark": (GOOD.decode().encode("utf-16"), "UTF-16 text", "save it as UTF-8"),
    "UTF-16 without a mark": (GOOD.decode().encode("utf-16-be"), "UTF-16 text", "save it as UTF-8"),
    "a zip archive": (zipped("log.jsonl"), "a zip archive", "unpack it"),
    "a workbook": (zipped("xl/workbook.xml"), "an Excel workbook", "`CSV UTF-8`"),
    "an image": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image", "no log"),
    "bare carriage returns": (GOOD.replace(b"\n", b"\r"), "carriage returns alone", "line feeds"),
    "half a Parquet file": (b"PAR1\x15\0\x15\xac\n\x02", "Parquet that was cut off", "whole file"),
    "a header in an older code page": (
        GOOD.replace(b"Kunde", b"L\xe4nder"), "no UTF-8 in the header, at character 15", "save it as UTF-8"
    ),
    "a header that begins a quotation": (b'Zeit;Vorgang;"Kunde\n1;2;3\n', "no row of CSV", "quotation marks"),
    "a header with a NUL": (b"Zeit;Vorgang;Kun\0de\n", "a NUL byte in the header", "check what"),
    "a header with a name twice": (b"Zeit;Vorgang;Zeit\n", "names `Zeit` twice", "correct"),
}  # fmt: skip


def read(folder: Path, formats: str, **files: bytes) -> IngestReport:
    logs, profile = folder / "logs", folder / "de.yml"
    logs.mkdir()
    profile.write_text(PROFILE.format(formats=formats))
    for name, data in files.items():
        (logs / name).write_bytes(data)
    workspace = open_workspace(folder / "audit", create=True)
    return ingest([logs], profile=profile, workspace=workspace, now=datetime(2026, 2, 1, tzinfo=UTC))


@pytest.mark.parametrize(("data", "found", "hint"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_log_is_an_error_of_that_file_alone(tmp_path: Path, data: bytes, found: str, hint: str) -> None:
    report = read(tmp_path, "csv", a_good=GOOD, b_foreign=data, c_good=GOOD + b"2026-01-02T00:00:00Z;e;K-2\n")

    (failed,) = report.failed
    assert (report.records, "b_foreign" in failed, found in failed, hint in failed) == (2, True, True, True), failed


@pytest.mark.parametrize("formats", ["csv", "jsonlines, jsonarray, csv, parquet"])
def test_a_table_with_brackets_in_its_header_is_known_by_its_rows(tmp_path: Path, formats: str) -> None:
    report = read(tmp_path, formats, table=GOOD)

    assert (report.failed, report.records, report.quarantined) == ((), 1, 0)


def test_a_line_that_says_what_stands_between_cells_is_no_row(tmp_path: Path) -> None:
    report = read(tmp_path, "csv", table=b"\xef\xbb\xbfsep=;\r\n\r\n" + GOOD.replace(b"\n", b"\r\n"))

    (source,) = report.sources
    assert (report.failed, source.lines, source.records, source.blank) == ((), 2, 1, 1)


def test_a_row_that_is_no_utf_8_or_has_a_bare_carriage_return_is_quarantined_for_it(tmp_path: Path) -> None:
    report = read(tmp_path, "csv", table=GOOD + b"2026;M\xfcller;K\n2026;e\rf;K\n")

    reasons = [line.reason for line in read_quarantine(open_workspace(tmp_path / "audit", create=False))]
    assert (report.records, reasons) == (1, [
        "found a byte that is no UTF-8, expected UTF-8 text",
        "found a broken CSV row: a bare carriage return outside of quotation marks",
    ])  # fmt: skip


def test_first_bytes_of_something_else_do_not_put_a_log_out_of_sight(tmp_path: Path) -> None:
    line = b'{"Zeit": "2026-01-01T00:00:00Z", "Vorgang": "e"}\n'

    report = read(tmp_path, "jsonlines", log=b"PK\x03\x04xl/\n" + line, other=b"\xff\xfe\n" + line * 2)

    assert (report.failed, report.records, report.quarantined) == ((), 3, 2)


@pytest.mark.parametrize(
    ("data", "words"),
    {
        "fields are named": (GOOD, "found the fields Kunde (Nr.), Vorgang, Zeit among"),
        "an older code page is named": (GOOD.replace(b"Kunde", b"L\xe4nder"), "found a byte that is no UTF-8 at byte"),
        "text stays text": (b"hello\nworld\n", "found text among"),
        "an archive is named": (zipped("log.jsonl"), "found a zip archive"),
    }.values(),
)  # fmt: skip
def test_without_a_profile_the_message_says_what_the_file_is(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "log").write_bytes(data)
    workspace = open_workspace(tmp_path / "audit", create=True)

    report = ingest([tmp_path / "log"], workspace=workspace, now=datetime(2026, 2, 1, tzinfo=UTC))

    assert words in report.failed[0]


@pytest.mark.parametrize(
    ("formats", "data"),
    [("csv", GOOD), ("jsonlines", b'{"Zeit": "2026-01-01T00:00:00Z", "Vorgang": "e", "Kunde (Nr.)": "K-1"}\n')],
)
def test_a_field_that_no_record_has_is_told_with_the_one_that_was_meant(
    tmp_path: Path, formats: str, data: bytes
) -> None:
    misspelt = data.replace(b"Kunde (Nr.)", b"kunde (nr)")

    report = read(tmp_path, formats, log=misspelt)

    assert report.absent_fields == {"de": {"Kunde (Nr.)": "kunde (nr)"}}


def test_a_field_that_some_record_has_is_not_told(tmp_path: Path) -> None:
    rare = b'{"Zeit": "2026-01-01T00:00:00Z", "Vorgang": "e"}\n' * 300 + b'{"Kunde (Nr.)": "K-1"}\n'

    report = read(tmp_path, "jsonlines, csv", a=rare, b=GOOD)

    assert report.absent_fields == {}
