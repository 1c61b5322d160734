"""Keys of persons as files: private ones are closed to others and under a passphrase, nothing is replaced."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from auditor.errors import UsageError, WorkspaceError
from auditor.evidence.keys import new_key, public_file, signing_key, trusted_key
from auditor.evidence.standalone.publickeys import key_id_of, public_key_of

PASSPHRASE = "correct horse"


def test_key_is_read_back_with_its_passphrase(tmp_path: Path) -> None:
    made = new_key(tmp_path / "anna.pem", PASSPHRASE)

    assert signing_key(tmp_path / "anna.pem", PASSPHRASE).public == made.public
    assert trusted_key(tmp_path / "anna.pem.pub") == made.public


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_private_key_is_open_to_its_owner_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        new_key(tmp_path / "anna.pem", PASSPHRASE)
    finally:
        os.umask(before)

    assert oct((tmp_path / "anna.pem").stat().st_mode & 0o777) == "0o600"
    assert oct((tmp_path / "anna.pem.pub").stat().st_mode & 0o777) == "0o644"


@pytest.mark.parametrize("name", ["anna.pem", "anna.pem.pub"])
def test_no_key_is_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("kept")

    with pytest.raises(UsageError, match="there already"):
        new_key(tmp_path / "anna.pem", PASSPHRASE)

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "kept")]


def test_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "anna.pem").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UsageError, match="there already"):
        new_key(tmp_path / "anna.pem", PASSPHRASE)


def test_private_key_is_not_written_in_the_clear(tmp_path: Path) -> None:
    key = new_key(tmp_path / "anna.pem", PASSPHRASE)
    pem = (tmp_path / "anna.pem").read_bytes()

    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert key.private.private_bytes_raw() not in pem


def test_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 8"):
        new_key(tmp_path / "anna.pem", "1234567")


@pytest.mark.parametrize(
    ("passphrase", "said"),
    [("\udcff" * 8, "isn't UTF-8"), ("x" * 1024, "at most 1,023"), ("ä" * 512, "at most 1,023")],
    ids=["bytes that are no text", "longer than a key file can hold", "longer in bytes than in characters"],
)
def test_passphrase_that_can_not_be_used_is_refused(tmp_path: Path, passphrase: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        new_key(tmp_path / "anna.pem", passphrase)

    assert list(tmp_path.iterdir()) == []


def test_no_private_key_is_left_without_its_public_one(tmp_path: Path) -> None:
    longest = tmp_path / ("y" * 255)

    with pytest.raises(WorkspaceError):
        new_key(longest, PASSPHRASE)

    assert list(tmp_path.iterdir()) == []


def test_wrong_passphrase_is_said(tmp_path: Path) -> None:
    new_key(tmp_path / "anna.pem", PASSPHRASE)

    with pytest.raises(UsageError, match="passphrase is wrong"):
        signing_key(tmp_path / "anna.pem", "wrong horse")


def test_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    new_key(tmp_path / "anna.pem", PASSPHRASE)
    (tmp_path / "anna.pem").chmod(0o640)

    with pytest.raises(UsageError, match="by others"):
        signing_key(tmp_path / "anna.pem", PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd").write_bytes(content)
    (tmp_path / "odd").chmod(0o600)

    with pytest.raises(UsageError):
        trusted_key(tmp_path / "odd")
    with pytest.raises(UsageError):
        signing_key(tmp_path / "odd", PASSPHRASE)


def test_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    encrypted = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encrypted)
    (tmp_path / "other.pem").write_bytes(pem)
    (tmp_path / "other.pem").chmod(0o600)

    with pytest.raises(UsageError, match="another kind of key"):
        signing_key(tmp_path / "other.pem", PASSPHRASE)


def test_key_without_a_passphrase_is_refused(tmp_path: Path) -> None:
    key = new_key(tmp_path / "anna.pem", PASSPHRASE)
    pem = key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "open.pem").write_bytes(pem)
    (tmp_path / "open.pem").chmod(0o600)

    with pytest.raises(UsageError, match="without a passphrase"):
        signing_key(tmp_path / "open.pem", PASSPHRASE)


def test_name_of_a_key_is_that_of_its_der_form(tmp_path: Path) -> None:
    key = new_key(tmp_path / "anna.pem", PASSPHRASE)
    pem = public_file(tmp_path / "anna.pem").read_bytes()

    assert public_key_of(pem) == key.public
    assert len(key_id_of(key.public)) == 64


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_gives_the_key_the_same_name(tmp_path: Path) -> None:
    key = new_key(tmp_path / "anna.pem", PASSPHRASE)
    script = 'openssl pkey -pubin -in "$1" -outform DER | sha256sum'

    ended = subprocess.run(
        ["sh", "-c", script, "-", str(tmp_path / "anna.pem.pub")], capture_output=True, text=True, check=True
    )

    assert ended.stdout.split()[0] == key.key_id
