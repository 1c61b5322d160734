"""The exact bytes of a bundle are compared with the original files, under whatever names these lie there."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from auditor.evidence.verify import verify_bundle
from tests.evidence.arrange import sealed, world
from tests.evidence.journeys import audited, some_rows


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    """A bundle, and a folder that holds its original log under another name."""
    built = world(tmp_path, context=2)
    bundle = sealed(built, tmp_path / "C-1")
    (tmp_path / "kept" / "deep").mkdir(parents=True)
    shutil.copy(built.source, tmp_path / "kept" / "deep" / "renamed")
    return bundle, tmp_path / "kept"


def original(bundle: Path, folder: Path) -> list[tuple[str, str]]:
    """Return the results of the comparison."""
    checks = verify_bundle(bundle, sources=folder).checks
    return [(item.result, item.message) for item in checks if item.code == "original"]


def test_every_quoted_record_is_compared(place: tuple[Path, Path]) -> None:
    assert original(*place) == [("ok", "8 records compared")]


def test_log_that_has_grown_still_begins_with_what_was_read(tmp_path: Path) -> None:
    made = audited(tmp_path, some_rows())
    bundle = made.bundles()[0]
    with made.log.open("a") as stream:
        stream.write("more\n")

    assert original(bundle, tmp_path)[0][0] == "ok"


def test_quotation_that_the_original_does_not_hold_is_named(place: tuple[Path, Path]) -> None:
    bundle, folder = place
    path = bundle / "data/records/cited.jsonl"
    first, rest = path.read_text().split("\n", 1)
    line = json.loads(first)
    line["source"]["text"] = line["source"]["text"].replace("acct-7", "acct-8")
    path.write_text(f"{json.dumps(line)}\n{rest}")

    assert original(bundle, folder)[0] == ("failed", "is not what line 1 of 'renamed' says")


def test_original_that_is_not_there_is_said_to_be_missing(place: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "other.gz").write_bytes(gzip.compress(b"x"))

    assert original(place[0], tmp_path / "empty") == [("unproven", "no file there has this SHA-256, or begins so")]


def test_completeness_says_what_was_read_and_what_was_not(tmp_path: Path) -> None:
    rows = [*some_rows(), {"event": "completion", "account_id": "a"}]

    bundle = audited(tmp_path, rows).bundles()[0]

    stated = json.loads((bundle / "data/case.json").read_bytes())["completeness"]
    source = stated["sources"][0]
    assert (source["quarantined"], source["undated"], source["is_ahead"], source["out_of_order"]) == (1, 1, False, 0)
    assert [gap["start"] for gap in stated["gaps"]] == ["2025-03-17T13:00:00Z", "2025-03-24T13:00:00Z"]
    assert sum(stated["records_not_in_bundle"].values()) == stated["records_read"] - stated["records_cited"] - stated[
        "records_context"
    ] + sum(count for reason, count in stated["records_not_in_bundle"].items() if reason.startswith("of these"))


def test_records_that_stand_out_of_order_are_counted(tmp_path: Path) -> None:
    rows = some_rows()
    rows[-4], rows[-6] = rows[-6], rows[-4]

    bundle = audited(tmp_path, rows).bundles()[0]

    source = json.loads((bundle / "data/case.json").read_bytes())["completeness"]["sources"][0]
    assert source["out_of_order"] > 0
