"""A bundle is enough to judge its case again, and what was changed in it is named."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import BundleError, UsageError
from auditor.evidence.replay import ReplayReport, replay
from tests.evidence.journeys import audited, some_rows

CITED, CONTEXT = "records/cited.jsonl", "records/context.jsonl"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a case with findings of three kinds of rules."""
    return audited(tmp_path_factory.mktemp("replay"), some_rows()).bundles()[0]


@pytest.fixture
def bundle(sound: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(sound, tmp_path / "copy"))


def lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def change(bundle: Path, name: str, line: int, edit: Callable[[dict[str, Any]], Any]) -> Path:
    """Change one line of a file of a bundle."""
    documents = lines(bundle / "data" / name)
    edit(documents[line])
    (bundle / "data" / name).write_text("".join(json.dumps(document) + "\n" for document in documents))
    return bundle


def said(report: ReplayReport) -> str:
    """Return all that a report says is different."""
    return "\n".join([*report.faults, *(f"{item.rule} {item.message} {item.differences}" for item in report.findings)])


def test_every_finding_is_reproduced(sound: Path) -> None:
    report = replay(sound)

    assert sorted((item.rule, item.outcome) for item in report.findings) == [
        ("a-new-network", "reproduced"),
        ("many-calls-within-an-hour", "reproduced"),
        ("one-card", "reproduced"),
    ]
    assert (report.faults, report.exit_code, bool(report)) == ((), 0, True)


def test_context_holds_what_the_rules_look_back_at(sound: Path) -> None:
    needed = [(item["record"]["event"], len(item["findings"])) for item in lines(sound / "data" / CONTEXT)]

    assert ("signup", 3) in needed
    assert sum(event == "completion" for event, _ in needed) == 14


def test_no_other_account_has_records_in_the_bundle(sound: Path) -> None:
    held = {item["record"]["account_id"] for name in (CITED, CONTEXT) for item in lines(sound / "data" / name)}

    assert held == {"a", "b"}


def test_replay_needs_nothing_but_the_bundle(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Path(shutil.copytree(sound, tmp_path / "alone"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert replay(alone)


def test_changed_record_is_told_by_what_comes_out(bundle: Path) -> None:
    change(bundle, CITED, 3, lambda item: item["record"].update(time="2025-03-23T14:00:00Z"))

    report = replay(bundle)

    assert report.exit_code == 1
    assert "field='windows'" in said(report)


def test_removed_context_is_told_by_what_comes_out(bundle: Path) -> None:
    (bundle / "data" / CONTEXT).write_text("")

    assert "a-new-network the bundled rule does not find it" in said(replay(bundle))


def test_changed_threshold_of_a_finding_is_named(bundle: Path) -> None:
    change(bundle, "findings.jsonl", 0, lambda item: item["thresholds"][0].update(value="1"))

    assert "field='thresholds'" in said(replay(bundle))


def test_changed_rule_is_named(bundle: Path) -> None:
    (path,) = (bundle / "data" / "policy").rglob("many-calls-within-an-hour.yml")
    path.write_text(path.read_text().replace("calls >= 5", "calls >= 4"))

    report = replay(bundle)

    assert "many-calls-within-an-hour.yml' is not the one that the receipt names" in said(report)
    assert "the bundled rule is not the one that made the finding" in said(report)


def test_citing_that_was_taken_away_is_named(bundle: Path) -> None:
    change(bundle, CITED, 3, lambda item: item["findings"].pop())

    assert "cited records" in said(replay(bundle))


def test_record_that_is_there_twice_is_refused(bundle: Path) -> None:
    path = bundle / "data" / CITED
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[0])

    with pytest.raises(BundleError, match="twice"):
        replay(bundle)


def test_path_that_leads_out_of_the_policy_is_refused(bundle: Path) -> None:
    change(bundle, "policy/index.json", 0, lambda item: item["files"][0].update(path="../../../escaped.yml"))

    with pytest.raises(BundleError, match="leads out"):
        replay(bundle)


def test_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found no evidence bundle"):
        replay(tmp_path)


@pytest.mark.parametrize("name", ["receipt.json", "population.json", "policy/index.json", "findings.jsonl", CITED])
def test_damaged_document_is_named(bundle: Path, name: str) -> None:
    (bundle / "data" / name).write_text("{\n")

    with pytest.raises(BundleError):
        replay(bundle)


def test_link_to_a_bundle_is_refused_as_verification_refuses_it(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(bundle)

    with pytest.raises(BundleError, match="is a link, expected the bundle itself"):
        replay(tmp_path / "link")
    assert replay(bundle)


def as_link(path: Path) -> None:
    """Put a link to a file of the reader's in the place of a file."""
    path.unlink()
    path.symlink_to("/etc/hostname")


def as_pipe(path: Path) -> None:
    """Put a pipe that nobody writes to in the place of a file."""
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("instead", [as_link, as_pipe])
@pytest.mark.parametrize("name", ["policy/index.json", "records/cited.jsonl"])
def test_what_is_no_regular_file_is_not_opened(bundle: Path, name: str, instead: Callable[[Path], None]) -> None:
    instead(bundle / "data" / name)

    with pytest.raises(BundleError, match=f"data/{name}: is a link or a device"):
        replay(bundle)


def test_time_that_is_none_is_said(bundle: Path) -> None:
    receipt = bundle / "data/receipt.json"
    receipt.write_text(json.dumps({**json.loads(receipt.read_bytes()), "as_of": "soon"}))

    with pytest.raises(BundleError, match="`as_of` is 'soon', expected a time"):
        replay(bundle)
