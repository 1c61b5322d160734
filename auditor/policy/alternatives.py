"""A condition as alternatives: lists of tests that must all come out as said, for one of which a record must fit.

Used to find conditions that no record can fulfil. A condition with more alternatives than are worth looking at is
taken to be fulfillable: a rule is refused only on proof.
"""

from collections.abc import Sequence

from auditor.policy.conditions import All, AnyOf, Condition, Node, Not, SelectionRef
from auditor.policy.domains import can_all_be

MOST_ALTERNATIVES = 2_000


class Wanted(Node):
    """One test and what it must say."""

    leaf: Condition
    is_true: bool


Alternative = tuple[Wanted, ...]


class TooManyError(Exception):
    """There are more alternatives than are worth looking at."""


def fulfillable(condition: Condition, *, is_missing_counted: bool) -> tuple[Alternative, ...] | None:
    """Return the alternatives of a condition (selections replaced) that some record may fulfil.

    None means that there are too many to tell. Each alternative is possible as far as single columns are looked at.
    """
    try:
        return tuple(dict.fromkeys(_of(condition, True, is_missing_counted)))
    except TooManyError:
        return None


def _of(condition: Condition, is_true: bool, counted: bool) -> list[Alternative]:
    match condition:
        case Not(part=part):
            return _of(part, not is_true, counted)
        case All(parts=parts) | AnyOf(parts=parts):
            is_joint = isinstance(condition, All) == is_true
            return _joint(parts, is_true, counted) if is_joint else _either(parts, is_true, counted)
        case SelectionRef():
            raise AssertionError(f"selection {condition.name!r} was not replaced")
        case _:
            alone = (Wanted(leaf=condition, is_true=is_true),)
            return [alone] if _is_possible(alone, counted) else []


def _either(parts: Sequence[Condition], is_true: bool, counted: bool) -> list[Alternative]:
    found: list[Alternative] = []
    for part in parts:
        found += _of(part, is_true, counted)
        if len(found) > MOST_ALTERNATIVES:
            raise TooManyError
    return found


def _joint(parts: Sequence[Condition], is_true: bool, counted: bool) -> list[Alternative]:
    joined: list[Alternative] = [()]
    for part in parts:
        more = _of(part, is_true, counted)
        if len(joined) * len(more) > MOST_ALTERNATIVES:
            raise TooManyError
        pairs = [(*left, *(item for item in right if item not in left)) for left in joined for right in more]
        joined = [pair for pair in pairs if _is_possible(pair, counted)]
    return joined


def _is_possible(alternative: Alternative, counted: bool) -> bool:
    fields: dict[str, list[Wanted]] = {}
    for item in alternative:
        fields.setdefault(getattr(item.leaf, "field", ""), []).append(item)
    return all(
        can_all_be([(item.leaf, item.is_true) for item in items], name, is_missing_counted=counted)
        for name, items in fields.items()
    )
