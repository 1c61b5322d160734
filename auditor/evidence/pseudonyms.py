"""Pseudonyms of one edition for one recipient: the same value has the same one, and no two recipients can compare.

The key is made of the record keys of the full bundle, which no edition holds, and of the recipient. With another
recipient every pseudonym is another.
"""

import hashlib
import hmac
from collections.abc import Iterable

DIGITS = 12


class Pseudonyms:
    """Gives pseudonyms to values, and remembers which values have one."""

    def __init__(self, key: bytes) -> None:
        """Use a key that the recipient doesn't have."""
        self._key = key
        self.given: dict[tuple[str, str], str] = {}
        """Pseudonyms by group and value."""
        self.by_value: dict[str, str] = {}
        """The first pseudonym that a value was given, in whatever group."""

    def of(self, group: str, value: str) -> str:
        """Return the pseudonym of a value."""
        found = self.given.get((group, value))
        if found is None:
            text = f"{len(group)}:{group}{value}".encode("utf-8", "surrogatepass")
            found = f"{group}-{hmac.new(self._key, text, hashlib.sha256).hexdigest()[:DIGITS]}"
            self.given[group, value] = found
            self.by_value.setdefault(value, found)
        return found


def key_for(record_keys: Iterable[str], recipient: str) -> bytes:
    """Return the key of a recipient's pseudonyms from the record keys of the full bundle."""
    digest = hashlib.sha256()
    for key in record_keys:
        digest.update(key.encode())
    return hmac.new(digest.digest(), recipient.encode(), hashlib.sha256).digest()
