"""Whole numbers handed over to DuckDB by way of a Parquet file: the quickest way from Python's arrays into a statement.

A list among a statement's parameters costs DuckDB more than to read the lines that the numbers are of. Such a file is
the arrays as they lie in memory, with a description around them: one row group, uncompressed, PLAIN (Apache Parquet
format, Encodings and Thrift definition), written in Thrift's compact protocol.
"""

from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

_MAGIC = b"PAR1"
_INT32, _INT64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
"""Kinds of fields in Thrift's compact protocol."""

_PARQUET_INT64, _REQUIRED, _DATA_PAGE, _PLAIN, _RLE, _UNCOMPRESSED = 2, 0, 0, 0, 3, 0
_Field = tuple[int, int, bytes]


def write_numbers(path: Path, columns: Mapping[str, "array[int]"]) -> None:
    """Write columns of 64-bit numbers (`array("q")`) of one length as a Parquet file."""
    (rows,) = {len(values) for values in columns.values()}
    chunks, at = [], len(_MAGIC)
    with path.open("wb") as stream:
        stream.write(_MAGIC)
        for name, values in columns.items():
            assert values.itemsize == 8, "numbers of 64 bits"
            size = stream.write(_page(rows)) + stream.write(values)
            chunks.append(_chunk(name, rows, at, size))
            at += size
        footer = _footer(list(columns), rows, chunks, at - len(_MAGIC))
        stream.write(footer + len(footer).to_bytes(4, "little") + _MAGIC)


def _page(rows: int) -> bytes:
    header = _struct(
        (1, _INT32, _int(rows)), (2, _INT32, _int(_PLAIN)), (3, _INT32, _int(_RLE)), (4, _INT32, _int(_RLE))
    )
    size = (_INT32, _int(8 * rows))
    return _struct((1, _INT32, _int(_DATA_PAGE)), (2, *size), (3, *size), (5, _STRUCT, header))


def _chunk(name: str, rows: int, at: int, size: int) -> bytes:
    described = _struct(
        (1, _INT32, _int(_PARQUET_INT64)), (2, _LIST, _list(_INT32, [_int(_PLAIN)])),
        (3, _LIST, _list(_BINARY, [_text(name)])), (4, _INT32, _int(_UNCOMPRESSED)), (5, _INT64, _int(rows)),
        (6, _INT64, _int(size)), (7, _INT64, _int(size)), (9, _INT64, _int(at)),
    )  # fmt: skip
    return _struct((2, _INT64, _int(at)), (3, _STRUCT, described))


def _footer(names: Sequence[str], rows: int, chunks: Sequence[bytes], size: int) -> bytes:
    root = _struct((4, _BINARY, _text("numbers")), (5, _INT32, _int(len(names))))
    kind = ((1, _INT32, _int(_PARQUET_INT64)), (3, _INT32, _int(_REQUIRED)))
    columns = [_struct(*kind, (4, _BINARY, _text(name))) for name in names]
    group = _struct((1, _LIST, _list(_STRUCT, chunks)), (2, _INT64, _int(size)), (3, _INT64, _int(rows)))
    return _struct(
        (1, _INT32, _int(1)), (2, _LIST, _list(_STRUCT, [root, *columns])), (3, _INT64, _int(rows)),
        (4, _LIST, _list(_STRUCT, [group])),
    )  # fmt: skip


def _struct(*fields: _Field) -> bytes:
    """Return fields in order, each with its kind and how far its number is from the one before."""
    made, last = b"", 0
    for number, kind, value in fields:
        made += bytes([number - last << 4 | kind]) + value
        last = number
    return made + b"\0"


def _list(kind: int, items: Sequence[bytes]) -> bytes:
    assert len(items) < 15, "the short form of a list"
    return bytes([len(items) << 4 | kind]) + b"".join(items)


def _text(text: str) -> bytes:
    data = text.encode()
    return _unsigned(len(data)) + data


def _int(number: int) -> bytes:
    """Return a number that isn't negative, as Thrift writes those that may be (zigzag)."""
    return _unsigned(number << 1)


def _unsigned(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])
