"""Whether a condition holds for a record. A condition is made into one function of the record, once."""

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from auditor.checker.evaluator.texts import fold
from auditor.policy.conditions import AnyText
from auditor.policy.patterns import Pattern, joined
from auditor.sigma.conditions import (
    Compares,
    Condition,
    Either,
    Every,
    InNetwork,
    IsNull,
    IsPresent,
    Leaf,
    Never,
    NumberIs,
    Operator,
    RegexFound,
    SameField,
    TextFits,
    TimeCompares,
    TruthIs,
)
from auditor.sigma.events import Event
from auditor.sigma.regexes import ENGINE
from auditor.sigma.values import Scalar, found_in, microseconds_of, number_of, text_of, wall_clock

Test = Callable[[Event], bool]
TextTest = Callable[[str], bool]
ValueTest = Callable[[Scalar], bool]

_OPERATORS: dict[Operator, Callable[[int | float, int | float], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_POSITIONS: dict[str, Callable[[str, str], bool]] = {
    "whole": lambda text, other: text == other,
    "start": lambda text, other: text.startswith(other),
    "end": lambda text, other: text.endswith(other),
    "inside": lambda text, other: other in text,
}
_ANY = AnyText()


def test_of(condition: Condition) -> Test:
    """Return the function that says whether a record fulfils a condition."""
    match condition:
        case Every(parts=parts):
            tests = [test_of(part) for part in parts]
            return lambda event: all(test(event) for test in tests)
        case Either(parts=parts):
            tests = [test_of(part) for part in parts]
            return lambda event: any(test(event) for test in tests)
        case Never(part=part):
            inner = test_of(part)
            return lambda event: not inner(event)
        case _:
            return _leaf_test(condition)


def text_test(pattern: Pattern, is_cased: bool) -> TextTest:
    """Return the function that says whether a text fits a pattern."""
    folded = pattern if is_cased else tuple(part if isinstance(part, AnyText) else fold(part) for part in pattern)
    fits = _fits(folded)
    return fits if is_cased else lambda text: fits(_folded(text))


def _leaf_test(leaf: Leaf) -> Test:
    match leaf:
        case IsNull(field=field):
            return lambda event: not event.values(field)
        case IsPresent(field=field):
            return lambda event: any(True for _ in found_in(event.fields, field))
        case SameField():
            return _same_test(leaf)
        case TextFits(field=None) | RegexFound(field=None) | NumberIs(field=None):
            return _keyword_test(leaf)
        case _:
            field, is_right = str(leaf.field), _value_test(leaf)
            return lambda event: any(is_right(value) for value in event.values(field))


def _keyword_test(leaf: TextFits | RegexFound | NumberIs) -> Test:
    match leaf:
        case TextFits(pattern=pattern, is_cased=is_cased):
            is_right = text_test(joined((_ANY, *pattern, _ANY)), is_cased)
        case NumberIs(number=number):
            is_right = text_test((_ANY, str(number), _ANY), is_cased=True)
        case RegexFound(pattern=regex, flags=flags):
            is_right = _search(regex, flags)
    return lambda event: any(is_right(text) for text in event.texts())


def _value_test(leaf: Leaf) -> ValueTest:
    match leaf:
        case TextFits(pattern=pattern, is_cased=is_cased):
            fits = text_test(pattern, is_cased)
            return lambda value: fits(text_of(value))
        case RegexFound(pattern=regex, flags=flags):
            found = _search(regex, flags)
            return lambda value: found(text_of(value))
        case NumberIs(number=number):
            return lambda value: _is_number(value, number)
        case TruthIs(value=truth):
            return lambda value: value is truth or (isinstance(value, str) and value.lower() == str(truth).lower())
        case InNetwork(network=network):
            return lambda value: _is_inside(text_of(value), network)
        case Compares(operator=sign, number=number):
            return lambda value: (left := number_of(value)) is not None and _OPERATORS[sign](left, number)
        case TimeCompares():
            return lambda value: _is_time(value, leaf)
        case _:
            raise AssertionError(f"no test of a value: {leaf}")


def _is_number(value: Scalar, number: int | float) -> bool:
    if isinstance(value, bool):
        return False
    return value == str(number) if isinstance(value, str) else value == number


def _is_inside(text: str, network: IPv4Network | IPv6Network) -> bool:
    address = _address(text)
    return address is not None and address.version == network.version and address in network


@lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_time(value: Scalar, leaf: TimeCompares) -> bool:
    microseconds = microseconds_of(value)
    if microseconds is None:
        return False
    moment = wall_clock(microseconds)
    found = moment.isocalendar().week if leaf.part == "week" else int(getattr(moment, leaf.part))
    return _OPERATORS[leaf.operator](found, leaf.number)


def _same_test(leaf: SameField) -> Test:
    compare = _POSITIONS[leaf.position]

    def test(event: Event) -> bool:
        others = [_folded(text_of(value)) for value in event.values(leaf.other)]
        mine = [_folded(text_of(value)) for value in event.values(leaf.field)] if others else []
        return any(compare(left, right) for left in mine for right in others)

    return test


def _fits(pattern: Pattern) -> TextTest:
    """Return the quickest test that means the pattern; what is left over goes to RE2, which never goes back."""
    match pattern:
        case ():
            return lambda text: text == ""
        case (str(whole),):
            return lambda text: text == whole
        case (str(start), AnyText(single=False)):
            return lambda text: text.startswith(start)
        case (AnyText(single=False), str(end)):
            return lambda text: text.endswith(end)
        case (AnyText(single=False), str(part), AnyText(single=False)):
            return lambda text: part in text
        case _:
            return _whole(pattern)


def _whole(pattern: Pattern) -> TextTest:
    pieces = [
        re.escape(part) if isinstance(part, str) else "." if part.single else ".*" for part in map(_searchable, pattern)
    ]
    compiled = ENGINE.compile("(?s)" + "".join(pieces))
    return lambda text: compiled.fullmatch(_encodable(text)) is not None


def _searchable(part: str | AnyText) -> str | AnyText:
    return _encodable(part) if isinstance(part, str) else part


def _search(pattern: str, flags: str) -> TextTest:
    compiled = ENGINE.compile(f"(?{flags}){pattern}" if flags else pattern)
    return lambda text: compiled.search(_encodable(text)) is not None


def _encodable(text: str) -> str:
    """Return a text that RE2 can take: half of a surrogate pair, which UTF-8 has no bytes for, becomes a `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else fold(text)
