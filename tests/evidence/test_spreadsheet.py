"""The tables in a bundle hold the same values, no cell of them runs, and they can't say anything else."""

import csv
import json
from pathlib import Path

import pytest

from auditor.evidence.standalone.folder import walked
from auditor.evidence.standalone.reading import document_of
from auditor.evidence.standalone.spreadsheet import cited_table
from auditor.evidence.verify import verify_bundle
from tests.evidence.journeys import audited, row, some_rows

HOSTILE = ['=HYPERLINK("x")', "+1", "-1+1", "@SUM(A1)", "\t=1", "\uff1d1", " =1", 'a"b', "a,b\nc"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose records hold what a spreadsheet would run."""
    rows = [row(number, user_agent=text, latitude=-1.5) for number, text in enumerate(HOSTILE)]
    return audited(tmp_path_factory.mktemp("table"), rows).bundles()[0]


def table(bundle: Path, name: str) -> list[dict[str, str]]:
    """Read a table."""
    with (bundle / "data" / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_cell_holds_its_value_and_none_begins_a_formula(bundle: Path) -> None:
    cells = [item["user_agent"] for item in table(bundle, "records/cited.csv")]

    assert cells == [text if text[0] == "a" else f"'{text}" for text in HOSTILE]


def test_negative_numbers_stay_numbers(bundle: Path) -> None:
    assert {item["latitude"] for item in table(bundle, "records/cited.csv")} == {"-1.5"}


def test_findings_have_a_row_each(bundle: Path) -> None:
    (found,) = table(bundle, "findings.csv")

    assert (found["rule"], found["thresholds"]) == ("many-calls-within-an-hour", "calls >= 5")


def test_table_that_says_something_else_is_found(tmp_path: Path) -> None:
    bundle = audited(tmp_path, some_rows()).bundles()[0]
    path = bundle / "data/records/cited.csv"
    path.write_text(path.read_text().replace("192.0.2.7", "192.0.2.8"))

    codes = [(item.code, item.file) for item in verify_bundle(bundle).failures]

    assert ("table", "data/records/cited.csv") in codes


def test_jsonl_beside_it_holds_the_values_unprefixed(bundle: Path) -> None:
    lines = (bundle / "data/records/cited.jsonl").read_bytes().splitlines()

    assert [json.loads(line)["record"]["user_agent"] for line in lines] == HOSTILE


@pytest.mark.parametrize("most", [0, 1, 4, 5, 8, 9, 10])
@pytest.mark.parametrize("in_piece", [1, 2, 4, 5000])
def test_table_is_the_same_however_it_is_cut_and_ends_after_its_last_row(
    bundle: Path, most: int, in_piece: int
) -> None:
    files, _ = walked(bundle)
    receipt, _ = document_of(files, "data/receipt.json")
    shipped = (bundle / "data/records/cited.csv").read_bytes()
    whole = list(csv.reader(shipped.decode().splitlines(keepends=True)))

    made = b"".join(cited_table(files, receipt, most=most, in_piece=in_piece))

    assert shipped.startswith(made)
    assert list(csv.reader(made.decode().splitlines(keepends=True))) == whole[: 1 + most]
