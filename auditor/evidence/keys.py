"""Ed25519 keys of persons: made, written to files, read back. A private key is only ever on disk under a passphrase.

The private key file is PKCS #8 in PEM, encrypted (RFC 8018), readable by its owner alone; the public key beside it is
SubjectPublicKeyInfo in PEM (RFC 8410), for handing out. Neither file is ever replaced.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from auditor.errors import Place, Problem, UsageError
from auditor.evidence.standalone.publickeys import key_id_of, public_key_of
from auditor.records.workspace import disk_errors

SHORTEST_PASSPHRASE = 8
LARGEST_PASSPHRASE = 1023
"""Bytes of UTF-8; OpenSSL takes no more."""
LARGEST_KEY_FILE = 1 << 16
_OTHERS = 0o077
"""Permissions of everybody but the owner."""


@dataclass(frozen=True)
class SigningKey:
    """A private key that was opened with its passphrase."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The 32 bytes of its public key."""
        return self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> str:
        """The name that the key goes by."""
        return key_id_of(self.public)


def public_file(private: Path) -> Path:
    """Return where the public key of a private key file is written."""
    return private.with_name(f"{private.name}.pub")


def new_key(path: Path, passphrase: str, *, private: Ed25519PrivateKey | None = None) -> SigningKey:
    """Make a key and write both its files; `private` is one that was made elsewhere.

    Raises UsageError when one of the files is there already or the passphrase can't be used; WorkspaceError, and then
    neither file is left behind.
    """
    _must_be_usable(passphrase)
    taken = [file for file in (path, public_file(path)) if os.path.lexists(file)]
    if taken:
        hint = "choose another name; a key that signed something must not be lost"
        raise UsageError(
            [Problem(Place(str(file)), "found a file there already, expected none", hint) for file in taken]
        )
    key = SigningKey(private or Ed25519PrivateKey.generate())
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(path, _private_pem(key, passphrase), mode=0o600)
        try:
            _write_new(public_file(path), public_pem(key.public), mode=0o644)
        except OSError:
            path.unlink()
            raise
    return key


def _must_be_usable(passphrase: str) -> None:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        message = f"found a passphrase of {len(passphrase)} characters, expected at least {SHORTEST_PASSPHRASE}"
        raise UsageError.at(None, message, "choose a longer one; whoever has the file can try as often as they like")
    try:
        size = len(passphrase.encode())
    except UnicodeEncodeError:
        raise UsageError.at(None, "found a passphrase that isn't UTF-8, expected text", "choose another one") from None
    if size > LARGEST_PASSPHRASE:
        message = f"found a passphrase of {size:,} bytes, expected at most {LARGEST_PASSPHRASE:,}"
        raise UsageError.at(None, message, "choose a shorter one")


def signing_key(path: Path, passphrase: str) -> SigningKey:
    """Open a private key. Raises UsageError when it can't be read, is readable by others, or isn't Ed25519."""
    data = _content(path)
    if path.stat().st_mode & _OTHERS:
        message = "the private key can be read or changed by others, expected its owner alone"
        raise UsageError.at(str(path), message, "run `chmod 600` on it, and make a new key if others may have read it")
    try:
        key = serialization.load_pem_private_key(data, passphrase.encode())
    except TypeError:
        message = "found a private key without a passphrase, expected an encrypted one"
        raise UsageError.at(str(path), message, "make one with `auditor keys new`") from None
    except (ValueError, UnsupportedAlgorithm):
        message = "the private key can't be opened: the passphrase is wrong, or the file holds something else"
        raise UsageError.at(str(path), message, "try the passphrase again, or name the right file") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError.at(
            str(path), "found another kind of key, expected Ed25519", "make one with `auditor keys new`"
        )
    return SigningKey(key)


def trusted_key(path: Path) -> bytes:
    """Return the 32 bytes of a public key file. Raises UsageError when it holds none."""
    key = public_key_of(_content(path))
    if key is None:
        message = "found no Ed25519 public key, expected one in PEM form"
        raise UsageError.at(str(path), message, "name a `.pub` file that `auditor keys new` wrote")
    return key


def public_pem(public: bytes) -> bytes:
    """Return a public key as the PEM file that is handed out."""
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _private_pem(key: SigningKey, passphrase: str) -> bytes:
    return key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )


def _content(path: Path) -> bytes:
    if not path.is_file() or path.stat().st_size > LARGEST_KEY_FILE:
        raise UsageError.at(str(path), "found no key file", "check the path; `auditor keys new FILE` makes a key")
    with disk_errors(path):
        return path.read_bytes()


def _write_new(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file that must not be there yet, never readable by more than `mode` says, whatever the umask."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode & 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fchmod(handle, mode)
        os.fsync(handle)
