"""Cases that are sealed in shares, by several processes, have the same bytes as those sealed one by one."""

import hashlib
from pathlib import Path

import pytest

from auditor.cli.sealing import build_all
from auditor.cli.shares import Share, judged_by, sealed_in_shares
from auditor.errors import BundleError
from auditor.evidence.casesecrets import secrets_of
from tests.evidence.journeys import Audited, audited, row


@pytest.fixture
def made(tmp_path: Path) -> Audited:
    """An audit with three cases."""
    return audited(tmp_path, [row(number, account=name) for number in range(7) for name in "abc"])


def share_of(made: Audited, target: Path) -> Share:
    """Return all cases as one share, to be sealed in a folder."""
    ids = [case.id for case in made.cases]
    secrets = secrets_of(made.workspace, ids, lambda case: hashlib.sha256(case.encode()).digest())
    judged = judged_by(made.workspace.runs, made.cases)
    return Share(made.workspace, made.cases, judged, secrets, {case: target / case for case in ids}, {}, {})


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_shares_that_are_sealed_apart_give_the_bytes_of_each_case_alone(made: Audited, tmp_path: Path) -> None:
    told = list[int]()
    apart = list(sealed_in_shares(share_of(made, tmp_path / "apart"), told.append, worth_a_process=0))
    whole = share_of(made, tmp_path / "alone")

    for case in made.cases:
        list(sealed_in_shares(whole.part((case,)), lambda _records: None))

    assert [path.name for path in apart] == sorted(case.id for case in made.cases)
    assert bytes_of(tmp_path / "apart") == bytes_of(tmp_path / "alone")
    assert sum(told) == 21


def test_what_goes_wrong_in_another_process_is_told_here(made: Audited, tmp_path: Path) -> None:
    taken = tmp_path / "bundles" / made.cases[-1].id
    taken.mkdir(parents=True)
    (taken / "something").write_text("else")

    with pytest.raises(BundleError, match="found something that is no bundle"):
        list(sealed_in_shares(share_of(made, tmp_path / "bundles"), lambda _records: None, worth_a_process=0))


def test_whoever_waits_is_told_how_far_it_is(tmp_path: Path) -> None:
    made = audited(tmp_path, [row(number) for number in range(1100)])
    said = list[str]()

    with made.workspace.lock():
        list(build_all(made.workspace, made.cases, people={}, say=said.append))

    assert said[0] == "sealing 1 case … 1,000 records"
