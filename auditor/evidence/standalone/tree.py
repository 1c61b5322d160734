"""Merkle trees as RFC 6962 section 2.1 makes them: a root over any number of leaves."""

import hashlib

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf: RFC 6962 section 2.1."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two sub-trees: RFC 6962 section 2.1."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: bytes | bytearray) -> bytes:
    """Return the root over leaf hashes that stand one after the other; of none, the hash of nothing.

    Level by level: a hash without a partner moves up as it is, which splits as the standard does.
    """
    if not leaves:
        return hashlib.sha256(b"").digest()
    level, made = memoryview(bytes(leaves)), hashlib.sha256
    while len(level) > HASH_BYTES:
        pair = 2 * HASH_BYTES
        whole = len(level) - len(level) % pair
        above = b"".join([made(b"\1" + level[at : at + pair]).digest() for at in range(0, whole, pair)])
        level = memoryview(above + bytes(level[whole:]))
    return bytes(level)
