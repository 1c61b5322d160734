"""What a file is that is no log, told by its first bytes: asked only where nothing in it could be read.

The beginning alone never decides, since whoever acts on a platform may write the first line of its log.
"""

from auditor.errors import AuditorError, InputError
from auditor.records.csv_head import SAVE_AS_UTF_8

_UNPACK = "unpack it and give the files that are in it"
_SAVE_SHEET = "save the sheet with the records as `CSV UTF-8`"
_NO_LOG = "it is no log; `--exclude` leaves it out"
_KINDS = (
    (b"\xff\xfe\0\0", "UTF-32 text", SAVE_AS_UTF_8),
    (b"\0\0\xfe\xff", "UTF-32 text", SAVE_AS_UTF_8),
    (b"\xff\xfe", "UTF-16 text", SAVE_AS_UTF_8),
    (b"\xfe\xff", "UTF-16 text", SAVE_AS_UTF_8),
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"PK\x05\x06", "an empty zip archive", _NO_LOG),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a rar archive", _UNPACK),
    (b"\xfd7zXZ\0", "text packed with xz", "unpack it, as `unxz` does"),
    (b"BZh", "text packed with bzip2", "unpack it, as `bunzip2` does"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", _SAVE_SHEET),
    (b"PAR1", "Parquet that was cut off", "copy the whole file again"),
    (b"SQLite format 3\0", "an SQLite database", "export the table with the records as CSV"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _NO_LOG),
    (b"\xff\xd8\xff", "a JPEG image", _NO_LOG),
    (b"GIF8", "a GIF image", _NO_LOG),
    (b"%PDF-", "a PDF document", _NO_LOG),
    (b"\x7fELF", "a program", _NO_LOG),
)
_SHEETS = (
    (b"xl/", "an Excel workbook"),
    (b"[Content_Types].xml", "an Office document"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file"),
)
_NAMES_WITHIN = 4096
"""Bytes of a zip archive in which the names of its first files stand."""


def refusal_of(head: bytes, place: str) -> AuditorError | None:
    """Return the error for a file that begins with these bytes, None when they tell nothing."""
    found = _kind_of(head)
    if found is None:
        return None
    kind, hint = found
    expected = "UTF-8 text" if hint == SAVE_AS_UTF_8 else "a log"
    return InputError.at(place, f"found {kind}, expected {expected}", hint)


def _kind_of(head: bytes) -> tuple[str, str] | None:
    for magic, kind, hint in _KINDS:
        if head.startswith(magic):
            return _in_zip(head) or (kind, hint)
    if head[257:262] == b"ustar":
        return "a tar archive", _UNPACK
    if _is_utf_16(head):
        return "UTF-16 text", SAVE_AS_UTF_8
    if b"\r" in head.strip() and b"\n" not in head:
        return (
            "carriage returns alone between the lines",
            "save it with line feeds, as `tr '\\r' '\\n' < OLD > NEW` does",
        )
    return None


def _in_zip(head: bytes) -> tuple[str, str] | None:
    if not head.startswith(b"PK\x03\x04"):
        return None
    return next(((kind, _SAVE_SHEET) for name, kind in _SHEETS if name in head[:_NAMES_WITHIN]), None)


def _is_utf_16(head: bytes) -> bool:
    """Whether the first characters are ASCII in two bytes each, without a mark before them."""
    first = head[:8]
    halves = (first[::2], first[1::2])
    return len(first) == 8 and any(
        not any(empty) and text.decode("latin-1").isprintable() for empty, text in (halves, halves[::-1])
    )
