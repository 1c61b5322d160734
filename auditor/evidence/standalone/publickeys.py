"""Public keys as files: a PEM with an Ed25519 key (RFC 8410), and the name a key goes by."""

import base64
import hashlib
import re

PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)-----END PUBLIC KEY-----\s*\Z")
ED25519_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of a key in its DER form: RFC 8410 section 4."""


def public_key_of(pem: bytes) -> bytes | None:
    """Return the 32 bytes of the Ed25519 public key in a PEM file, None where it is something else."""
    found = PEM.search(pem)
    try:
        der = base64.b64decode(b"".join(found[1].split()), validate=True) if found else b""
    except ValueError:
        return None
    return der[12:] if len(der) == 44 and der.startswith(ED25519_PREFIX) else None


def key_id_of(public_key: bytes) -> str:
    """Return the name of a key: the SHA-256 of its DER form (SubjectPublicKeyInfo)."""
    return hashlib.sha256(ED25519_PREFIX + public_key).hexdigest()
