"""Write bytes that are the same each time but for a few values; nothing in them means anything but itself."""

from collections.abc import Sequence

HOLE = b"\x01"
"""Stands where a value goes; no JSON has it as it is."""


class Frame:
    """Bytes with holes in them."""

    def __init__(self, text: bytes) -> None:
        """Cut a text where its holes are."""
        literals = text.split(HOLE)
        self._parts = [b""] * (2 * len(literals) - 1)
        self._parts[::2] = literals

    def filled(self, values: Sequence[bytes]) -> bytes:
        """Return the bytes with a value in each hole."""
        parts = self._parts.copy()
        parts[1::2] = values
        return b"".join(parts)
