"""How often the values of a column occur: `top_share`, `entropy` and `evenness` of one window."""

import math
from collections.abc import Sequence

from auditor.checker.evaluator.numbers import Numeric, exactly, quotient
from auditor.policy.expressions import Aggregate

PARTS = 10**12
"""Into so many parts a nat is divided, so that a sum of logarithms is one of whole numbers."""


def spread_of(aggregate: Aggregate, counts: Sequence[int], records: int) -> Numeric | None:
    """Return a spread; `counts` says how often each value occurs, `records` how many records there are."""
    if not counts:
        return None
    if aggregate.function == "top_share":
        return quotient(max(counts), records)
    if aggregate.function == "entropy":
        return exactly(_nats(counts) / math.log(2))
    return exactly(_nats(counts) / math.log(len(counts))) if len(counts) > 1 else None


def _nats(counts: Sequence[int]) -> float:
    """Return the entropy in nats; the sum is whole, so the order of the counts decides nothing."""
    many = float(sum(counts))
    parts = sum(math.floor(count * math.log(count) * PARTS) for count in counts)
    return math.log(many) - float(parts) / (many * PARTS)
