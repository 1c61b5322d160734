"""Verification finds every damaged, missing and added file, and says which; nothing is ever green by omission."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.evidence.standalone.folder import walked
from auditor.evidence.standalone.manifests import BAG_RULES
from auditor.evidence.verify import verify_bundle
from tests.evidence.signers import ANNA, attest, public_files
from tests.evidence.tampering import failures, files_of, made_again

CITED, TAGS = "data/records/cited.jsonl", "tagmanifest-sha256.txt"


def files_failing(bundle: Path) -> set[str]:
    """Return the files of which something does not hold, not those that a message mentions.

    But for the tag manifest: a digest that it got wrong is named as that of the file, and the message says where.
    """
    failed = verify_bundle(bundle).failures
    return {check.file for check in failed} | {TAGS for check in failed if TAGS in check.message}


def test_every_byte_of_every_tag_file_counts(bundle: Path) -> None:
    unseen = []
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        data = (bundle / name).read_bytes()
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 0x20 if place % 2 else 0x01
            (bundle / name).write_bytes(changed)
            if not any(True for rule in BAG_RULES for _ in rule.faults(walked(bundle)[0])):
                unseen.append((name, place))
        (bundle / name).write_bytes(data)

    assert unseen == []


def test_one_changed_byte_anywhere_in_the_payload_is_found(bundle: Path) -> None:
    unseen = []
    for name in files_of(bundle):
        data = (bundle / name).read_bytes()
        for place in sorted({0, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1}):
            changed = bytearray(data)
            changed[place] ^= 0x01
            (bundle / name).write_bytes(changed)
            if name not in files_failing(bundle):
                unseen.append((name, place))
        (bundle / name).write_bytes(data)

    assert unseen == []


@pytest.mark.parametrize("cut", [0, 1, 40], ids=["emptied", "one byte short", "forty bytes short"])
def test_truncated_file_is_named(bundle: Path, cut: int) -> None:
    unnamed = []
    for name in files_of(bundle):
        data = (bundle / name).read_bytes()
        (bundle / name).write_bytes(data[: len(data) - cut] if cut else b"")
        if name not in files_failing(bundle):
            unnamed.append(name)
        (bundle / name).write_bytes(data)

    assert unnamed == []


def test_removed_file_is_named(bundle: Path) -> None:
    unnamed = []
    for name in files_of(bundle):
        data = (bundle / name).read_bytes()
        (bundle / name).unlink()
        if name not in files_failing(bundle):
            unnamed.append(name)
        (bundle / name).write_bytes(data)

    assert unnamed == []


@pytest.mark.parametrize("name", ["extra.txt", "data/extra.txt", "data/policy/extra.yml", "meta/extra.txt"])
def test_unlisted_file_is_an_error(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_text("more")

    assert name in failures(bundle)


def test_file_in_attest_needs_no_listing(bundle: Path) -> None:
    attest(bundle, [("proposal", ANNA)])

    assert verify_bundle(bundle).verdict == "unproven"


def _link(bundle: Path) -> str:
    (bundle / "data/link.json").symlink_to("/etc/hostname")
    return "data/link.json"


def _link_in_place(bundle: Path) -> str:
    (bundle / "data/case.json").rename(bundle.parent / "case.json")
    (bundle / "data/case.json").symlink_to(bundle.parent / "case.json")
    return "data/case.json"


def _twin(bundle: Path) -> str:
    (bundle / "data/Case.json").write_text("{}")
    return "upper and lower case"


def _accent(bundle: Path) -> str:
    (bundle / "data/caf\u00e9.json").write_text("{}")
    return "caf\\xe9"


def _line_feed(bundle: Path) -> str:
    (bundle / "data/a\nb").write_text("{}")
    return "a\\nb"


def _device(bundle: Path) -> str:
    (bundle / "data/con.json").write_text("{}")
    return "con.json"


def _pipe(bundle: Path) -> str:
    os.mkfifo(bundle / "data/pipe")
    return "data/pipe"


@pytest.mark.parametrize("trick", [_link, _link_in_place, _twin, _accent, _line_feed, _device, _pipe])
def test_odd_file_is_refused(bundle: Path, trick: Callable[[Path], str]) -> None:
    named = trick(bundle)

    assert named in failures(bundle)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{digest}  ../outside.txt\n", id="a path that leaves the bundle"),
        pytest.param("{digest}  /etc/hostname\n", id="an absolute path"),
        pytest.param("{digest} data/case.json\n", id="one space"),
        pytest.param("{digest}  data/case.json\n", id="a file listed twice"),
        pytest.param("\n", id="an empty line"),
    ],
)
def test_odd_line_in_a_manifest_is_refused(bundle: Path, line: str) -> None:
    manifest = bundle / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text() + line.format(digest="0" * 64))

    assert "manifest-sha256.txt" in failures(bundle)


def test_no_bundle_is_never_green(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    reports = [verify_bundle(tmp_path / name) for name in ("empty", "nowhere")]

    assert [(item.verdict, item.exit_code, bool(item)) for item in reports] == [("failed", 1, False)] * 2


def test_trusting_a_key_proves_nothing_without_a_signature(bundle: Path, tmp_path: Path) -> None:
    assert verify_bundle(bundle, trust=public_files(tmp_path, ANNA)).exit_code == 3


@pytest.mark.parametrize(
    "name",
    ["manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt", "bagit.txt", "data/case.json", CITED,
     "data/report/report.html", "data/policy/terms/e.yml"],
)  # fmt: skip
def test_file_of_absurd_size_is_refused_at_once(bundle: Path, name: str) -> None:
    os.truncate(bundle / name, 200 << 30)
    started = time.monotonic()

    assert name in failures(bundle)

    assert time.monotonic() - started < 20


def test_manifest_of_very_many_lines_is_read_in_one_pass(bundle: Path) -> None:
    with (bundle / "manifest-sha256.txt").open("a") as stream:
        stream.writelines(f"{'0' * 64}  data/z{number:06d}\n" for number in range(120_000))
    started = time.monotonic()

    assert "there may be more" in failures(bundle)

    assert time.monotonic() - started < 20


@pytest.mark.parametrize("name", ["data/evil.exe", "data/schemas/extra.json", "data/policy/x.yml", "data/report/x.js"])
def test_file_that_rides_along_is_named(bundle: Path, name: str) -> None:
    (bundle / name).write_text("more")
    made_again(bundle)

    assert f"{name}  is no file of an evidence bundle" in failures(bundle)
