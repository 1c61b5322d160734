"""The big list of naughty strings, in every text of a log: nothing of it runs, nothing escapes, nothing is lost."""

import csv
import json
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from auditor.evidence.edition import load_edition
from auditor.evidence.redact import redact
from auditor.evidence.replay import replay
from auditor.evidence.verify import verify_bundle
from auditor.evidence.zipped import write_zip
from tests.evidence.journeys import audited, row
from tests.evidence.tampering import files_of
from tests.report.reading import hostile_strings

MORE = ["%s%n%d", "a\nb", "\u202eevil", "e\u0301", "\u00e9", "NUL", "con.txt", "../../etc/passwd", "C:\\x", "\u200b"]
COLUMNS = ("user_agent", "prompt", "model", "country", "beside")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Every naughty string that a source can hold, and some of our own: NFC and NFD twins, device names, paths."""
    return [text for text in (*hostile_strings(), *MORE) if text and "\0" not in text]


@pytest.fixture(scope="module")
def bundle(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of an account whose every text is hostile."""
    rows = [
        row(number % 50, **{name: texts[(number + place * 100) % len(texts)] for place, name in enumerate(COLUMNS)})
        for number in range(len(texts))
    ]
    return audited(tmp_path_factory.mktemp("hostile"), rows).bundles()[0]


def lines(bundle: Path) -> list[dict[str, Any]]:
    """Return the cited records."""
    return [json.loads(line) for line in (bundle / "data/records/cited.jsonl").read_bytes().splitlines()]


def test_no_string_is_lost_or_changed(bundle: Path, texts: list[str]) -> None:
    own = [json.loads(line["source"]["text"]) for line in lines(bundle)]

    assert {item["user_agent"] for item in own} == set(texts)
    assert [line["record"]["user_agent"] for line in lines(bundle)] == [item["user_agent"] for item in own]
    assert [json.loads(line["record"]["extra"])["beside"] for line in lines(bundle)] == [item["beside"] for item in own]


def test_twins_of_one_letter_stay_two(bundle: Path) -> None:
    found = {line["record"]["prompt"] for line in lines(bundle)}

    assert {unicodedata.normalize(form, "é") for form in ("NFC", "NFD")} <= found


def test_both_verifiers_find_nothing_wrong(bundle: Path) -> None:
    command = [sys.executable, "-I", str(bundle / "data/verify.py"), str(bundle)]

    assert verify_bundle(bundle).failures == ()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 3


def test_no_name_in_the_bundle_comes_from_a_log(bundle: Path) -> None:
    assert all(name.isascii() and ".." not in name and " " not in name for name in files_of(bundle))


def test_no_cell_of_the_table_begins_a_formula(bundle: Path) -> None:
    with (bundle / "data/records/cited.csv").open(newline="", encoding="utf-8") as stream:
        cells = [cell for record in csv.reader(stream) for cell in record]

    assert [cell for cell in cells if cell.lstrip().startswith(("=", "@", "+")) and len(cell) > 1] == []


def test_zip_replay_and_editions_carry_them(bundle: Path, tmp_path: Path) -> None:
    packed = write_zip(bundle, tmp_path / "packed.zip", root=bundle.name)

    edition = redact(packed, load_edition("court"), recipient="=1+1\u202e", account=None, target=tmp_path / "edition")

    assert {item.outcome for item in replay(packed).findings} == {"reproduced"}
    assert verify_bundle(edition).failures == ()
