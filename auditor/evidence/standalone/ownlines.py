"""Read a line of a log as the engine read it: every number as it is written, and what programs write for none."""

import json
import re
from decimal import Decimal
from typing import Any

from auditor.evidence.standalone.reading import decoded


class _Keys:
    """Makes the objects of a line, and remembers whether the last one, which is the record, had a key twice."""

    are_repeated = False

    def made(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        self.are_repeated = len(found) != len(pairs)
        return found


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) < 4000 else Decimal(text)


_KEYS = _Keys()
_EXACT = json.JSONDecoder(object_pairs_hook=_KEYS.made, parse_float=Decimal, parse_int=_whole)
_NO_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*+"?|-?(?:nan|inf(?:inity)?)', re.IGNORECASE | re.DOTALL)


def exact(text: str) -> tuple[Any, bool]:
    """Return the value that a text of JSON is, and whether it is an object with a key twice. Raises what json raises.

    The engine that reads logs takes what many programs write although JSON hasn't it: `NaN` and `inf` in any case.
    """
    try:
        return decoded(_EXACT, text), _KEYS.are_repeated
    except ValueError:
        if not text.lstrip().startswith(("{", "[")):
            raise
    return decoded(_EXACT, _NO_NUMBER.sub(_spelled, text)), _KEYS.are_repeated


def _spelled(found: re.Match[str]) -> str:
    """Return a text as it is, and what is no number as the decoder knows it."""
    word = found[0]
    if word.startswith('"'):
        return word
    sign = "-" if word.startswith("-") else ""
    return "NaN" if word.lower().endswith("nan") else f"{sign}Infinity"
