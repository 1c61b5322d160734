"""Whether accounts are grouped as they truly belong: B-cubed precision and recall.

For each account: of those grouped with it, which truly belong to it (precision); of those that truly belong to it,
which are grouped with it (recall); averaged over accounts (Bagga and Baldwin 1998). An account in no group is a
group of one. Counted from the table of groups by true groups, never pair by pair.
"""

from collections import Counter
from collections.abc import Iterable

from auditor.measure.figures import Figure
from auditor.policy.conditions import Node


class BCubed(Node):
    """How well accounts are grouped; `accounts` were judged."""

    precision: Figure
    recall: Figure
    f: float | None
    accounts: int


def b_cubed(pairs: Iterable[tuple[str, str]]) -> BCubed:
    """Return the agreement of (group found, true group) pairs, one an account."""
    cells = Counter(pairs)
    found, true = Counter[str](), Counter[str]()
    for (group, truth), count in cells.items():
        found[group] += count
        true[truth] += count
    total = sum(cells.values())
    if not total:
        nothing = Figure.without("no account in a group")
        return BCubed(precision=nothing, recall=nothing, f=None, accounts=0)
    precision = sum(count * count / found[group] for (group, _), count in cells.items()) / total
    recall = sum(count * count / true[truth] for (_, truth), count in cells.items()) / total
    return BCubed(
        precision=_figure(precision, total, len(true)),
        recall=_figure(recall, total, len(true)),
        f=round(2 * precision * recall / (precision + recall), 6),
        accounts=total,
    )


def _figure(value: float, of: int, units: int) -> Figure:
    return Figure(value=round(value, 6), of=of, units=units)
