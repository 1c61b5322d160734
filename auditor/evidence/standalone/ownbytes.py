"""Compare the columns of a record with the exact bytes of its line: the rules of docs/records.md."""

import hashlib
import math
import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from auditor.evidence.standalone.columns import COLUMNS, INTEGERS, PLAIN_COLUMNS, REALS, TEXTS
from auditor.evidence.standalone.ownlines import exact
from auditor.evidence.standalone.reading import MOST_VALUES, TIME, is_crowded, is_deep, may_be_deep, micros

LONGEST_OWN_LINE = 16 * 1024 * 1024
"""Bytes of a line of a log that the program reads; an element of an array may have more, most of them white space."""
LONGEST_EXTRA = 2 * LONGEST_OWN_LINE
NANO = Decimal("0.000000001")
PLAIN_COST = re.compile(r"[0-9]{1,9}\.[0-9]{0,8}[1-9]0*\Z", re.ASCII)
PLAIN_TIME = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z\Z", re.ASCII
)
"""Times of most logs, which need no calendar."""
INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}(?::?\d{2})?)\Z", re.ASCII)
_NOT_THERE = object()


def record_in(data: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a line is, None where it is none, as a line of CSV; an unclear one is empty."""
    if len(data) > LONGEST_OWN_LINE and is_crowded(data, 4 * MOST_VALUES):
        return {}
    try:
        text = data.decode().removeprefix("\ufeff")
        value, has_key_twice = exact(text)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return {} if has_key_twice or (may_be_deep(text) and is_deep(value)) else value


def are_plainly_the_same(record: dict[str, Any], line: dict[str, Any], own_id: str) -> bool:
    """Say quickly that a record is what its line says; only True is an answer.

    Floats may stand for the numbers of columns that hold such numbers; what was rounded says nothing of any other.
    """
    seen, said_of = len(line), line.get
    for name, kept in record.items():
        said = said_of(name, _NOT_THERE)
        if type(kept) is str and kept == said and name in TEXTS and kept:
            continue
        if said is _NOT_THERE:
            if (name, kept) not in (("record_id", own_id), ("prompt_digest", _digest_of(record))):
                return False
            seen += 1
        elif _is_plainly_same(name, kept, said):
            continue
        elif name == "extra" or type(said) is float or not _agree(name, kept, said):
            return False
    return len(record) == seen


def _is_plainly_same(name: str, kept: Any, said: Any) -> bool:
    """Say quickly that a time or a number is what its line says; only True is an answer."""
    if type(kept) is int:
        return type(said) is int and kept == said and name in INTEGERS
    if name == "time":
        return bool(kept == said) and TIME.match(kept) is not None
    if name in REALS and type(said) is float:
        return float(kept) == said
    if name in REALS:
        return type(said) is Decimal and str(said) == kept
    return name == "cost_usd" and type(said) is str and bool(PLAIN_COST.match(said)) and said.rstrip("0") == kept


def _digest_of(record: dict[str, Any]) -> str | None:
    """Return the digest that is derived from a record's prompt, None where there is none."""
    prompt = record.get("prompt")
    return hashlib.sha256(prompt.encode("utf-8", "replace")).hexdigest() if isinstance(prompt, str) and prompt else None


def differences(record: Any, line: dict[str, Any], own_id: str) -> list[tuple[str, str]]:
    """Return where the columns of a record are not what its canonical line says, as (column, message).

    `record` holds the columns as a bundle does, `own_id` is the record's id where the line names none.
    """
    kept = record if isinstance(record, dict) else {}
    if are_plainly_the_same(kept, line, own_id):
        return []
    said = {name: value for name, value in line.items() if name in COLUMNS and name != "extra"}
    if said.get("record_id") in (None, ""):
        said["record_id"] = own_id
    if said.get("prompt_digest") in (None, "") and (digest := _digest_of(kept)):
        said["prompt_digest"] = digest
    said["extra"] = _merged(_object(line.get("extra")), {name: line[name] for name in line.keys() - COLUMNS})
    return [
        (f"record.{name}", f"says {ascii(kept.get(name))[:80]}, its own bytes say {ascii(said.get(name))[:80]}")
        for name in sorted(kept.keys() | said.keys())
        if not _agree(name, kept.get(name), said.get(name))
    ]


def _agree(name: str, kept: Any, said: Any) -> bool:
    """Say whether a column's value in the bundle is what a line's field gives: the rules of docs/records.md."""
    if kept and type(kept) is type(said) and kept == said and name in PLAIN_COLUMNS:
        return True
    is_nothing = said is None or (
        said == "" and (name not in TEXTS or name.endswith(("_id", "_fingerprint", "_digest")))
    )
    try:
        match name:
            case "extra":
                return _same(_pruned(_object(kept)), _pruned(said))
            case _ if is_nothing or (said == "" and name == "client_ip"):
                return kept is None
            case "time" if kept == said and isinstance(kept, str) and TIME.match(kept):
                return True
            case "time":
                return micros(kept) >= 0 and micros(kept) == _instant(said)
            case "logit_bias" | "stream":
                return isinstance(kept, bool) and str(kept).lower() == str(said).lower()
            case "tags":
                texts = exact(said)[0] if isinstance(said, str) else said
                return len(kept) == len(texts) and all(map(_is_text_of, kept, texts))
            case "cost_usd":
                return Decimal(kept) in _amounts(said)
            case _ if name in INTEGERS:
                return type(kept) is int and not isinstance(said, Decimal | bool) and kept == int(said)
            case _ if name in REALS:
                return float(kept) == float(said)
            case _:
                return name in TEXTS and _is_text_of(kept, said)
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return False


def _amounts(said: Any) -> set[Decimal]:
    """Return the amounts that a cost may be kept as: the engine reads a number as a double, a text as it is."""
    written = [Decimal(str(said))]
    if isinstance(said, Decimal):
        written.append(Decimal(repr(float(said))))
    return {amount.quantize(NANO, ROUND_HALF_UP) for amount in written}


def _is_text_of(kept: Any, said: Any) -> bool:
    if isinstance(said, str) or said is None or kept is None:
        return bool(kept == said)
    if isinstance(said, dict | list):
        return len(kept) <= LONGEST_EXTRA and _same(exact(kept)[0], said)
    if isinstance(said, bool):
        return bool(kept == str(said).lower())
    is_exact = isinstance(said, int) and abs(said) < 1 << 63
    return Decimal(kept) == said or (not is_exact and _double(Decimal(kept)) == _double(said))


def _instant(text: Any) -> int:
    """Return a time with any zone as `micros` does; finer digits are cut off, as they are when it is read."""
    if isinstance(text, str) and PLAIN_TIME.match(text):
        return micros(text)
    parts = INSTANT.match(text) if isinstance(text, str) else None
    if not parts:
        return -1
    day, clock, fraction, zone = parts.groups()
    time = datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0')[:7]:0<7}{zone}").astimezone(UTC)
    return int(f"{time:%Y%m%d%H%M%S}{time.microsecond:06}")


def _object(value: Any) -> dict[str, Any]:
    """Return what `extra` holds, whether as an object or as its text; what is no object agrees with nothing."""
    if isinstance(value, str) and len(value) > LONGEST_EXTRA:
        return {"": value}
    try:
        found = exact(value)[0] if isinstance(value, str) and value else value
    except (ValueError, ArithmeticError, RecursionError):
        return {"": value}
    if found in (None, ""):
        return {}
    return found if isinstance(found, dict) and not is_deep(found) else {"": str(value)}


def _merged(target: Any, patch: Any) -> Any:
    """Merge as RFC 7396 says: what a record holds in `extra` and what it holds beside its columns."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        made[name] = _merged(made.get(name), value)
    return {name: value for name, value in made.items() if value is not None}


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _pruned(item) for name, item in value.items() if item is not None}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def _same(one: Any, other: Any) -> bool:
    """Compare JSON values; numbers as doubles, since an engine that keeps them may write them another way."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str) or isinstance(other, str):
        return type(one) is type(other) and bool(one == other)
    return one is other if one is None or other is None else _double(one) == _double(other)


def _double(number: float | Decimal) -> float | str:
    """Return a number as a double, one beyond these as infinite; what is no number is the same as itself."""
    try:
        found = float(number)
    except OverflowError:
        return math.copysign(math.inf, 1 if number > 0 else -1)
    return "NaN" if math.isnan(found) else found
