"""Extended correlation conditions (`a and (b or not c)`) as a choice of terms: what must be there, what not."""

from collections.abc import Mapping
from typing import Any

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionNOT,
    SigmaRuleReference,
)

from auditor.sigma.model import Term
from auditor.sigma.translate import UntranslatableError

MOST_TERMS = 1_000


def terms_of(node: Any, slots: Mapping[str, int]) -> tuple[Term, ...]:
    """Return the disjunctive normal form of a parsed condition; terms that contradict themselves are left out.

    Raises UntranslatableError when there would be more than MOST_TERMS.
    """
    return tuple(dict.fromkeys(_terms(node, slots, is_negated=False)))


def _terms(node: Any, slots: Mapping[str, int], *, is_negated: bool) -> list[Term]:
    match node:
        case SigmaRuleReference(reference=name):
            slot = frozenset({slots[name]})
            return [Term(frozenset(), slot)] if is_negated else [Term(slot, frozenset())]
        case CorrelationConditionNOT(args=[part]):
            return _terms(part, slots, is_negated=not is_negated)
        case CorrelationConditionItem(args=args):
            children = [_terms(part, slots, is_negated=is_negated) for part in args]
            is_product = isinstance(node, CorrelationConditionAND) != is_negated
            found = _product(children) if is_product else [term for child in children for term in child]
            return _bounded(found)
        case _:
            raise AssertionError(f"no condition: {node!r}")


def _product(children: list[list[Term]]) -> list[Term]:
    found = [Term(frozenset(), frozenset())]
    for child in children:
        _bounded(found)
        pairs = (Term(left.present | right.present, left.absent | right.absent) for left in found for right in child)
        found = [term for term in dict.fromkeys(pairs) if not term.present & term.absent]
    return found


def _bounded(terms: list[Term]) -> list[Term]:
    if len(terms) > MOST_TERMS:
        found = f"a condition with {len(terms)} ways to hold, expected at most {MOST_TERMS}"
        raise UntranslatableError(found, "split the rule")
    return terms
