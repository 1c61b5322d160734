"""Bags of other people: the conformance suite of the Library of Congress (public domain), and ours to bagit-python."""

import lzma
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import bagit  # type: ignore[import-untyped]  # it ships no types
import pytest

from auditor.evidence.any_bag import verdict_on
from auditor.evidence.verify import verify_bundle
from tests.evidence.arrange import sealed, world
from tests.evidence.signers import ANNA, BERT, attest

SUITE = Path(__file__).parents[1] / "data" / "evidence" / "bagit-conformance-suite.tar.xz"
VALID = ("valid", "warning")
"""Folders of bags that are valid; those of `warning` are, but unwisely made."""

LOST = "v0.97/warning/special-system-files/data/.DS_Store"
"""An empty file that was lost on the way to us; the bag lists it."""


def bag_names() -> list[str]:
    """Name the bags of the suite."""
    with tarfile.open(fileobj=lzma.open(SUITE)) as archive:
        folders = [member.name.split("/")[1:] for member in archive.getmembers() if member.isdir()]
    return sorted("/".join(parts) for parts in folders if len(parts) == 3)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite, unpacked."""
    folder = tmp_path_factory.mktemp("suite")
    with tarfile.open(fileobj=lzma.open(SUITE)) as archive:
        archive.extractall(folder, filter="data")
    for path in (folder / "bagit-conformance-suite").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (folder / "bagit-conformance-suite" / LOST).touch()
    return folder / "bagit-conformance-suite"


def test_suite_has_sixty_bags() -> None:
    assert len(bag_names()) == 60


@pytest.mark.parametrize("name", bag_names())
def test_verdict_on_each_bag_of_the_suite_is_right(suite: Path, name: str) -> None:
    verdict = verdict_on(suite / name)

    assert verdict.is_valid == (name.split("/")[1] in VALID), verdict.problems


@pytest.mark.parametrize("name", [name for name in bag_names() if "/warning/" in name and "system-files" not in name])
def test_what_is_unwise_is_a_warning(suite: Path, name: str) -> None:
    assert verdict_on(suite / name).warnings


def test_bagit_python_finds_our_bags_valid(tmp_path: Path) -> None:
    bundle = sealed(world(tmp_path), tmp_path / "C-1")
    attest(bundle, [("proposal", ANNA), ("approval", BERT)])

    assert bagit.Bag(str(bundle)).is_valid()
    assert verdict_on(bundle).is_valid


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda bag: (bag / "data/hello.txt").write_text("bye"), id="a changed file"),
        pytest.param(lambda bag: (bag / "data/hello.txt").unlink(), id="a missing file"),
        pytest.param(lambda bag: (bag / "data/more.txt").write_text(""), id="a file more"),
        pytest.param(lambda bag: (bag / "data/link").symlink_to("/etc/passwd"), id="a link"),
        pytest.param(lambda bag: (bag / "manifest-sha512.txt").unlink(), id="no manifest"),
        pytest.param(lambda bag: (bag / "manifest-odd.txt").write_text("ab  data/hello.txt\n"), id="odd algorithm"),
        pytest.param(lambda bag: (bag / "fetch.txt").write_text("http://x - data/x\n"), id="nothing fetched"),
        pytest.param(lambda bag: (bag / "bagit.txt").write_text("BagIt-Version: 1.0\n"), id="half a declaration"),
    ],
)
def test_bag_of_the_suite_that_was_changed_is_invalid(
    suite: Path, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    bag = Path(shutil.copytree(suite / "v1.0/valid/basicBag", tmp_path / "bag"))
    change(bag)

    assert not verdict_on(bag).is_valid


def test_percent_is_decoded_since_version_one(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "100% new\n").write_text("")
    (tmp_path / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (tmp_path / "manifest-md5.txt").write_text("d41d8cd98f00b204e9800998ecf8427e  data/100%25 new%0A\n")

    assert verdict_on(tmp_path).is_valid


def test_valid_bag_that_is_no_bundle_is_said_to_be_one(suite: Path) -> None:
    report = verify_bundle(suite / "v1.0/valid/basicBag")

    assert report.exit_code == 1
    assert [check.message for check in report.checks if check.code == "other-bag"] == [
        "is a valid BagIt bag, but no evidence bundle"
    ]
