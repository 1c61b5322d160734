"""Verify an Ed25519 signature in plain Python: RFC 8032 section 5.1, read strictly.

Refused beyond what every implementation refuses: a point that is not written in its one shortest form, and a public
key of small order, under which one signature would fit many messages. Nothing here is secret, so the time it takes
may tell all.
"""

import hashlib

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, -1, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)

Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, x·y = T/Z: RFC 8032 section 5.1.4."""

NEUTRAL: Point = (0, 1, 1, 0)


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether a signature over a message was made with the private key of a public one (RFC 8032 section 5.1.7)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, commitment = _point_of(public_key), _point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER or _is_neutral(_times(8, key)):
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    minus_key = (PRIME - key[0], key[1], key[2], PRIME - key[3])
    return _is_same(commitment, _sum_of_multiples(scalar, BASE, challenge, minus_key))


def _point_of(data: bytes) -> Point | None:
    """Return the point that 32 bytes stand for, None where there is none (RFC 8032 section 5.1.3)."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= PRIME:
        return None
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % PRIME)


def _x_of(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(CURVE * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    return PRIME - x if x & 1 != sign else x


def _sum(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % PRIME
    c = 2 * one[3] * other[3] * CURVE % PRIME
    d = 2 * one[2] * other[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def _times(factor: int, point: Point) -> Point:
    result = NEUTRAL
    while factor:
        if factor & 1:
            result = _sum(result, point)
        point, factor = _sum(point, point), factor >> 1
    return result


def _sum_of_multiples(factor: int, point: Point, other_factor: int, other: Point) -> Point:
    """Return factor · point + other_factor · other, doubling once for both."""
    both, result = _sum(point, other), NEUTRAL
    choices = (None, point, other, both)
    for bit in range(max(factor.bit_length(), other_factor.bit_length()) - 1, -1, -1):
        result = _sum(result, result)
        choice = choices[(factor >> bit & 1) | (other_factor >> bit & 1) << 1]
        result = _sum(result, choice) if choice else result
    return result


def _is_same(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % PRIME == 0 and (one[1] * other[2] - other[1] * one[2]) % PRIME == 0


def _is_neutral(point: Point) -> bool:
    return _is_same(point, NEUTRAL)


def _base() -> Point:
    y = 4 * pow(5, -1, PRIME) % PRIME
    x = _x_of(y, 0)
    assert x is not None, "RFC 8032 section 5.1 names this point"
    return (x, y, 1, x * y % PRIME)


BASE = _base()
