"""Do the compiled plan and the plain evaluator say the same? Their differences, in words.

Every field of an outcome counts, and every cited record. Measures agree when both are exact and equal, or both are
the same double.
"""

from collections.abc import Callable, Iterator, Sequence

from auditor.checker.findings import Incident, MeasureValue, RecordRef, RuleOutcome

_COUNTS = ("selected", "undetermined", "without_subject", "left_out", "not_evaluated_subjects")

Citing = Callable[[int], Sequence[RecordRef]]
"""Gives the cited records of an incident by its number."""


def differences(plan: RuleOutcome, judge: RuleOutcome, cited: Citing, cited_by_judge: Citing) -> tuple[str, ...]:
    """Return what two outcomes of one rule disagree on, the plan's word first; empty when they agree."""
    return tuple(_differences(plan, judge, cited, cited_by_judge))


def _differences(plan: RuleOutcome, judge: RuleOutcome, cited: Citing, cited_by_judge: Citing) -> Iterator[str]:
    for name in ("rule", "is_evaluated", "missing", *_COUNTS):
        yield from _unless_equal(name, getattr(plan, name), getattr(judge, name))
    for name in ("incidents", "suppressed"):
        mine, theirs = getattr(plan, name), getattr(judge, name)
        yield from _unless_equal(f"number of {name}", len(mine), len(theirs))
        for incident, other in zip(mine, theirs, strict=False):
            yield from _of_incidents(incident, other)
            if incident.number == other.number:
                where = f"records of incident {other.number}"
                yield from _unless_equal(where, tuple(cited(other.number)), tuple(cited_by_judge(other.number)))


def _of_incidents(incident: Incident, other: Incident) -> Iterator[str]:
    for name in Incident.model_fields:
        if name != "measures":
            yield from _unless_equal(
                f"{name} of incident {other.number}", getattr(incident, name), getattr(other, name)
            )
    mine = [(name, _kind(value), value) for name, value in incident.measures]
    theirs = [(name, _kind(value), value) for name, value in other.measures]
    yield from _unless_equal(f"measures of incident {other.number}", mine, theirs)


def _unless_equal(what: str, plan: object, judge: object) -> Iterator[str]:
    if plan != judge:
        yield f"{what}: the plan says {plan!r}, the evaluator {judge!r}"


def _kind(value: MeasureValue | None) -> str:
    return "double" if isinstance(value, float) else "nothing" if value is None else "exact"
