"""Which accounts of a case a text names: what one account holder reads must tell of no other.

The reason of a proposal and that of an appeal's outcome are quoted word for word to the account holders concerned.
"""

import re
from collections.abc import Collection
from functools import lru_cache

from auditor.cases.model import Case
from auditor.errors import UsageError


def named_in(text: str, accounts: tuple[str, ...]) -> set[str]:
    """Return which of some accounts a text names, letter for letter; of two that fit at a place, the longer."""
    return set(_any_of(accounts).findall(text))


def must_name_no_other(text: str, case: Case, readers: Collection[str], option: str) -> None:
    """Raise UsageError when a text that these account holders will read names an account of the case but their own."""
    named = named_in(text, case.accounts)
    for reader in sorted(readers):
        for other in sorted(named - {reader}):
            found = f"found `{other}`, another account of the case"
            message = f"{found}, expected none: the holder of `{reader}` will read this word for word"
            hint = "leave that account out; what only colleagues may read is written with `auditor case note`"
            raise UsageError.at(option, message, hint)


@lru_cache(maxsize=1)
def _any_of(accounts: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(accounts, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
