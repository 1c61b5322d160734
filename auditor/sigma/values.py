"""What the values of a JSON record are to a Sigma rule: their text, their number, their time; and finding them by name.

A field's name is looked for as it is spelled, then as a path (`a.b` is key `b` of the object under `a`), then ignoring
case, then ignoring spaces too. A null is no value. A list has the values of its elements, an object its JSON text.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction

Scalar = str | int | float | bool
Object = Mapping[str, object]

_JSON_NUMBER = re.compile(r"\s*-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][-+]?[0-9]{1,3})?\s*")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?"
    r"\s*(Z|z|UTC|[-+][0-9]{2}:?[0-9]{2})?"
)
_MICROSECONDS = 1_000_000
_SCALES = ((10**17, 1_000), (10**14, 1), (10**11, -1_000))
"""From which size on a whole number counts nanoseconds, microseconds or milliseconds; smaller ones are seconds."""


def found_in(record: Object, name: str) -> Iterator[object]:
    """Yield what stands under a field's name, nulls included; nothing if the record has no such field.

    Lists of objects on the way are gone through.
    """
    place = _placed(record, name)
    if place is not None:
        yield record[place]
        return
    for dot in (at for at, sign in enumerate(name) if sign == "."):
        head = _placed(record, name[:dot])
        inner = record[head] if head is not None else None
        found = [item for part in _objects(inner) for item in found_in(part, name[dot + 1 :])]
        if found:
            yield from found
            return


def values_of(record: Object, name: str) -> tuple[Scalar, ...]:
    """Return the values of a field: none if it is missing or null, several for a list."""
    return tuple(value for item in found_in(record, name) for value in scalars_of(item))


def one_value(record: Object, name: str) -> Scalar | None:
    """Return the one value that a field has for grouping and adding up; a list of several is its JSON text."""
    values = values_of(record, name)
    return values[0] if len(values) == 1 else text_of_json(list(values)) if values else None


def scalars_of(item: object) -> Iterator[Scalar]:
    """Yield the single values of a JSON value."""
    match item:
        case str() | int() | float():
            yield item
        case list():
            for part in item:
                yield from scalars_of(part)
        case dict():
            yield text_of_json(item)


def leaves_of(item: object) -> Iterator[Scalar]:
    """Yield every single value inside a JSON value, however deep."""
    waiting = [item]
    while waiting:
        match waiting.pop():
            case str() | int() | float() as value:
                yield value
            case list() as parts:
                waiting.extend(reversed(parts))
            case dict() as parts:
                waiting.extend(reversed(list(parts.values())))


def text_of(value: Scalar) -> str:
    """Return a value as text: numbers in their shortest form, booleans as `true` and `false`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def text_of_json(item: object) -> str:
    """Return a list or object as compact JSON, in the order in which it came."""
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def number_of(value: Scalar | None) -> int | float | None:
    """Return a number, or the number that a text spells as JSON would; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if not isinstance(value, str):
        return value
    if not _JSON_NUMBER.fullmatch(value):
        return None
    is_whole = not set(value) & set(".eE")
    number = int(value) if is_whole else float(value)
    return number if is_whole or abs(number) != float("inf") else None


def exact_of(number: int | float) -> int | Fraction:
    """Return a number for exact arithmetic: a real is what its shortest decimal text says."""
    return number if isinstance(number, int) else Fraction(repr(number))


def microseconds_of(value: Scalar | None) -> int | None:
    """Return a time as microseconds since 1970 UTC; None for what is no time.

    A text is ISO 8601, in UTC unless it names an offset. A number counts seconds, from 10^11 on milliseconds, from
    10^14 on microseconds, from 10^17 on nanoseconds.
    """
    if isinstance(value, str) and (written := _TIME.fullmatch(value.strip())):
        return _microseconds(written)
    number = number_of(value)
    if number is None or abs(number) >= 10**20:
        return None
    scale = next((scale for size, scale in _SCALES if abs(number) >= size), 0)
    exact = Fraction(exact_of(number))
    match scale:
        case 0:
            return _bounded(exact * _MICROSECONDS)
        case -1_000:
            return _bounded(exact * 1_000)
        case _:
            return _bounded(exact / scale)


def wall_clock(microseconds: int) -> datetime:
    """Return a time as UTC's calendar has it."""
    seconds, rest = divmod(microseconds, _MICROSECONDS)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def _microseconds(written: re.Match[str]) -> int | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in written.groups()[:6])
    fraction = int(((written[7] or "") + "000000")[:6])
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    since = int(moment.timestamp()) + (second - min(second, 59)) - _offset_seconds(written[8])
    return _bounded(Fraction(since * _MICROSECONDS + fraction)) if second <= 60 else None


def _offset_seconds(zone: str | None) -> int:
    if zone is None or zone[0] not in "+-":
        return 0
    size = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return size if zone[0] == "+" else -size


_FIRST, _LAST = -62_135_596_800 * _MICROSECONDS, 253_402_300_799 * _MICROSECONDS
"""The calendar's first and last second, years 1 to 9999."""


def _bounded(microseconds: Fraction) -> int | None:
    whole = microseconds.numerator // microseconds.denominator
    return whole if _FIRST <= whole <= _LAST else None


def _placed(record: Object, name: str) -> str | None:
    """Return the key of a record that a name means, spelled alike or else apart from case, or from case and spaces."""
    if name in record:
        return name
    folded = name.lower()
    cased = next((key for key in record if key.lower() == folded), None)
    if cased is not None:
        return cased
    spaceless = folded.replace(" ", "")
    return next((key for key in record if key.lower().replace(" ", "") == spaceless), None)


def _objects(item: object) -> Iterator[Object]:
    match item:
        case dict():
            yield item
        case list():
            for part in item:
                if isinstance(part, dict):
                    yield part
