"""Numbers come out of a Parquet file as they were handed over."""

from array import array
from pathlib import Path

import pytest

from auditor.records.number_file import write_numbers
from auditor.records.sql import open_connection

EDGES = [0, 1, -1, 127, 128, 2**31, -(2**31), 2**63 - 1, -(2**63)]


@pytest.mark.parametrize("numbers", [EDGES, [], list(range(300_000))], ids=["edges", "none", "many"])
def test_numbers_are_read_as_they_were_written(tmp_path: Path, numbers: list[int]) -> None:
    path = tmp_path / "numbers"

    write_numbers(path, {"·line": array("q", numbers), "length": array("q", reversed(numbers))})

    with open_connection(folders=[tmp_path]) as connection:
        read = connection.execute('SELECT "·line", "length" FROM read_parquet(?)', [str(path)]).fetchall()
    assert list(zip(numbers, reversed(numbers), strict=True)) == read
