"""For lack of which columns a condition is unknown for a record."""

from collections.abc import Iterator

from auditor.checker.evaluator.conditions import Reading, truth
from auditor.checker.evaluator.record import Record
from auditor.policy.conditions import All, AnyOf, Condition, Not, SameAs


def lacking_columns(condition: Condition, record: Record, reading: Reading) -> frozenset[str]:
    """Return the columns for lack of which a condition (selections replaced) is unknown; none when it is known.

    A column that holds something no test can read (an address that is none, a text where a number is asked) counts.
    """
    return frozenset(_lacking(condition, record, reading))


def _lacking(condition: Condition, record: Record, reading: Reading) -> Iterator[str]:
    if truth(condition, record, reading) is not None:
        return
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _lacking(part, record, reading)
        case Not(part=part):
            yield from _lacking(part, record, reading)
        case SameAs(field=field, other=other):
            yield from (name for name in (field, other) if record.value(name) is None)
        case _:
            yield str(getattr(condition, "field", ""))
