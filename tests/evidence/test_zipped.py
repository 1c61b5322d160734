"""A bundle as a zip: one form, the same bytes everywhere, and no trick gets through."""

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import BundleError, WorkspaceError
from auditor.evidence import zipped
from auditor.evidence.edition import load_edition
from auditor.evidence.redact import redact
from auditor.evidence.replay import replay
from auditor.evidence.verify import verify_bundle
from auditor.evidence.zipped import write_zip
from tests.evidence import zips
from tests.evidence.arrange import sealed, world
from tests.evidence.journeys import audited, some_rows
from tests.evidence.signers import ANNA, BERT, CASE, attest, public_files
from tests.evidence.tampering import codes, files_of
from tests.evidence.zips import Content, content_of

SIGNED = [("proposal", ANNA), ("approval", BERT)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed bundle."""
    folder = tmp_path_factory.mktemp("sound")
    made = sealed(world(folder), folder / CASE)
    attest(made, SIGNED)
    return made


@pytest.fixture(scope="module")
def sound(bundle: Path) -> Path:
    """The zip of it."""
    return write_zip(bundle, bundle.parent / "sound.zip", root=CASE)


@pytest.fixture
def keys(tmp_path: Path) -> list[Path]:
    """The public keys of both who signed."""
    return public_files(tmp_path, ANNA, BERT)


def test_zip_is_verified_as_its_folder_is(sound: Path, keys: list[Path]) -> None:
    report = verify_bundle(sound, trust=keys)

    assert (report.verdict, report.stage) == ("verified", "approval")


def test_other_programs_unpack_what_was_packed(bundle: Path, sound: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(sound) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)

    unpacked = tmp_path / CASE
    assert files_of(unpacked) == files_of(bundle)
    assert all((unpacked / name).read_bytes() == (bundle / name).read_bytes() for name in files_of(bundle))


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
def test_unzip_finds_nothing_wrong(sound: Path) -> None:
    ended = subprocess.run(["unzip", "-tq", str(sound)], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_zip_is_the_same_whatever_the_folder_is_called(bundle: Path, sound: Path, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copytree(bundle, tmp_path / "x"))

    assert write_zip(elsewhere, tmp_path / "y.zip", root=CASE).read_bytes() == sound.read_bytes()


def test_nothing_is_replaced(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "taken.zip").write_text("kept")

    with pytest.raises(WorkspaceError):
        write_zip(bundle, tmp_path / "taken.zip", root=CASE)

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("taken.zip", "kept")]


def test_bundle_that_is_too_large_is_refused(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "LARGEST_ZIP", 1000)

    with pytest.raises(BundleError, match="too large for a zip"):
        write_zip(bundle, tmp_path / "large.zip", root=CASE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(zips.renamed(f"{CASE}/../../etc/cron.d/x"), "zip-name", id="a path that leads out"),
        pytest.param(zips.renamed("/etc/passwd"), "zip-name", id="an absolute path"),
        pytest.param(zips.renamed("C:/windows/x"), "zip-name", id="a drive letter"),
        pytest.param(zips.renamed(f"{CASE}/data\\findings.jsonl"), "zip-name", id="a backslash"),
        pytest.param(zips.renamed(f"{CASE}//findings.jsonl"), "zip-name", id="an empty part"),
        pytest.param(zips.renamed(f"{CASE}/data/con.txt"), "zip-name", id="a device name"),
        pytest.param(zips.renamed(f"{CASE}/data/find\x00ings"), "zip-name", id="a NUL in a name"),
        pytest.param(zips.renamed("other/findings.jsonl"), "zip-name", id="another folder"),
        pytest.param(zips.renamed("findings.jsonl"), "zip-name", id="a file beside the folder"),
        pytest.param(zips.added("data/Case.json"), "zip-twin", id="a case twin"),
        pytest.param(zips.with_second_listing, "zip-order", id="the same name twice"),
        pytest.param(lambda content: zips.parts_of(content[::-1]).joined(), "zip-order", id="another order"),
        pytest.param(zips.patched((6, b"\1"), (8, b"\1")), "zip-encrypted", id="encryption"),
        pytest.param(zips.patched((8, b"\x08"), (10, b"\x08")), "zip-compressed", id="another method"),
        pytest.param(zips.with_bomb, "zip-compressed", id="a bomb"),
        pytest.param(zips.with_python(zipfile.ZIP_DEFLATED), "zip-compressed", id="compression"),
        pytest.param(zips.patched(None, (40, b"\xff\xa1")), "zip-link", id="a link"),
        pytest.param(zips.patched(None, (40, b"\xff\x41")), "zip-link", id="a folder"),
        pytest.param(zips.patched(None, (24, b"\xff" * 4)), "zip-size", id="a size that takes ZIP64"),
        pytest.param(zips.patched((22, b"\1\0\0\0"), (24, b"\1\0\0\0")), "zip-size", id="two sizes"),
        pytest.param(zips.patched((14, b"\0" * 4), None), "zip-form", id="two checksums"),
        pytest.param(zips.patched((14, b"\0" * 4), (16, b"\0" * 4)), "zip-crc", id="a wrong checksum"),
        pytest.param(zips.patched((10, b"\1"), None), "zip-form", id="a time"),
        pytest.param(zips.patched((30, b"D"), None), "zip-form", id="two names"),
        pytest.param(zips.patched(None, (4, b"\x3f")), "zip-form", id="another maker"),
        pytest.param(zips.with_python(zipfile.ZIP_STORED), "zip-form", id="as another program writes it"),
        pytest.param(zips.with_zip64, "zip-64", id="ZIP64"),
        pytest.param(zips.with_gap, "zip-end", id="bytes before the directory"),
        pytest.param(zips.with_comment, "zip-end", id="a comment"),
        pytest.param(lambda content: zips.parts_of(content).joined() + b"more", "zip-end", id="trailing bytes"),
        pytest.param(lambda content: b"#!" + zips.parts_of(content).joined(), "zip-end", id="leading bytes"),
        pytest.param(lambda content: zips.parts_of(content).joined()[:-1], "zip-end", id="cut off"),
        pytest.param(lambda content: zips.parts_of(content).joined()[:9000], "zip-end", id="cut in the middle"),
        pytest.param(lambda _: b"", "zip-end", id="an empty file"),
        pytest.param(lambda _: zips.parts_of([]).joined(), "zip-name", id="an empty zip"),
    ],
)
def test_trick_is_refused_by_its_own_code(
    sound: Path, tmp_path: Path, keys: list[Path], change: Callable[[Content], bytes], code: str
) -> None:
    (tmp_path / "odd.zip").write_bytes(change(content_of(sound)))

    report = verify_bundle(tmp_path / "odd.zip", trust=keys)

    assert report.exit_code == 1
    assert code in {check.code for check in report.checks}


def test_sound_content_put_together_again_is_sound(sound: Path, tmp_path: Path, keys: list[Path]) -> None:
    (tmp_path / "again.zip").write_bytes(zips.parts_of(content_of(sound)).joined())

    assert verify_bundle(tmp_path / "again.zip", trust=keys).exit_code == 0


def test_link_to_a_zip_is_refused(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "link.zip").symlink_to(sound)

    assert codes(tmp_path / "link.zip") >= {"container"}


def test_every_changed_byte_of_a_zip_is_seen(sound: Path, tmp_path: Path, keys: list[Path]) -> None:
    data, odd = sound.read_bytes(), tmp_path / "odd.zip"
    unseen = []
    for place in [*range(60), *range(60, len(data) - 2000, len(data) // 60), *range(len(data) - 2000, len(data), 29)]:
        odd.write_bytes(data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :])
        if verify_bundle(odd, trust=keys).exit_code != 1:
            unseen.append(place)

    assert unseen == []


def test_zip_is_judged_again_and_redacted_as_its_folder_is(tmp_path: Path) -> None:
    bundle = audited(tmp_path, some_rows()).bundles()[0]
    packed = write_zip(bundle, tmp_path / "packed.zip", root=bundle.name)
    partner = load_edition("partner")

    made = [redact(one, partner, recipient="R", account=None, target=tmp_path / one.stem) for one in (bundle, packed)]

    assert replay(packed) == replay(bundle)
    assert len({(folder / "tagmanifest-sha256.txt").read_bytes() for folder in made}) == 1


def test_zip_in_another_form_is_neither_judged_again_nor_redacted(tmp_path: Path) -> None:
    bundle = audited(tmp_path, some_rows()).bundles()[0]
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", bundle.parent, bundle.name))

    with pytest.raises(BundleError, match="ompressed"):
        replay(packed)
    with pytest.raises(BundleError, match="ompressed"):
        redact(packed, load_edition("partner"), recipient="R", account=None, target=tmp_path / "out")
