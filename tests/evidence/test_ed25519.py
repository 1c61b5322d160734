"""Ed25519 in plain Python: RFC 8032's own vectors, the odd edges, and the same verdicts as `cryptography`."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evidence.standalone.ed25519 import ORDER, PRIME, is_signed

VECTORS = [
    pytest.param(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
        id="test 1, an empty message",
    ),
    pytest.param(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
        id="test 2, one byte",
    ),
    pytest.param(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
        id="test 3, two bytes",
    ),
    pytest.param(
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
        "454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
        id="test SHA(abc), 64 bytes",
    ),
]
"""RFC 8032 section 7.1: public key, message, signature."""

SMALL_ORDER = [
    pytest.param("0100000000000000000000000000000000000000000000000000000000000000", id="order 1"),
    pytest.param("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", id="order 2"),
    pytest.param("0000000000000000000000000000000000000000000000000000000000000000", id="order 4"),
    pytest.param("0000000000000000000000000000000000000000000000000000000000000080", id="order 4, the other"),
    pytest.param("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", id="order 8"),
    pytest.param("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", id="order 8, another"),
]
MESSAGE = b"a proposal is not a decision"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC, SIGNATURE = KEY.public_key().public_bytes_raw(), KEY.sign(MESSAGE)


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_vectors_of_the_standard_hold(key: str, message: str, signature: str) -> None:
    assert is_signed(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_vectors_of_the_standard_hold_for_their_message_alone(key: str, message: str, signature: str) -> None:
    assert not is_signed(bytes.fromhex(key), bytes.fromhex(message) + b"\0", bytes.fromhex(signature))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_key_of_another_length_is_refused(size: int) -> None:
    assert not is_signed((PUBLIC + b"\0")[:size], MESSAGE, SIGNATURE)


@pytest.mark.parametrize("size", [0, 32, 63, 65])
def test_signature_of_another_length_is_refused(size: int) -> None:
    assert not is_signed(PUBLIC, MESSAGE, (SIGNATURE + b"\0")[:size])


@pytest.mark.parametrize("times", [1, 2, 8])
def test_number_that_is_not_reduced_is_refused(times: int) -> None:
    scalar = int.from_bytes(SIGNATURE[32:], "little") + times * ORDER

    assert not is_signed(PUBLIC, MESSAGE, SIGNATURE[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_key_of_small_order_is_refused_whatever_it_signed(key: str) -> None:
    signature = bytes.fromhex(key) + bytes(32)

    assert not any(is_signed(bytes.fromhex(key), bytes([number]), signature) for number in range(16))


@pytest.mark.parametrize("y", [PRIME, PRIME + 1, 2**255 - 1], ids=["p", "p + 1", "the largest"])
def test_point_that_is_not_written_in_its_shortest_form_is_refused(y: int) -> None:
    data = y.to_bytes(32, "little")

    assert not is_signed(data, MESSAGE, SIGNATURE)
    assert not is_signed(PUBLIC, MESSAGE, data + SIGNATURE[32:])


def test_minus_zero_is_no_point() -> None:
    data = (1 | 1 << 255).to_bytes(32, "little")

    assert not is_signed(PUBLIC, MESSAGE, data + bytes(32))


@settings(max_examples=25, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200))
def test_what_cryptography_signed_is_signed(seed: bytes, message: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)

    assert is_signed(key.public_key().public_bytes_raw(), message, key.sign(message))


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 95), flip=st.integers(1, 255))
def test_changed_bytes_get_the_verdict_of_cryptography(place: int, flip: int) -> None:
    data = bytearray(PUBLIC + SIGNATURE)
    data[place] ^= flip

    assert _verdict_of_cryptography(bytes(data[:32]), MESSAGE, bytes(data[32:])) == is_signed(
        bytes(data[:32]), MESSAGE, bytes(data[32:])
    )


def _verdict_of_cryptography(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
