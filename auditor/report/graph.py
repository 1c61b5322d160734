"""Linked accounts as a drawing: who is tied to whom, each tie with the number of its reason.

Accounts are laid out in rings around the one that most ties meet at, by their distance from it; the order is that of
the ids, so that the same links give the same bytes. Words stand in the table beside the drawing, which gives the
reason behind each number. A drawing holds at most `NODES_DRAWN` accounts; the table has them all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from auditor.linking.model import Edge
from auditor.policy.condition_words import counted
from auditor.report.charts import fixed
from auditor.report.visible import plain_visible

NODES_DRAWN = 60
SIZE = 720
FONT = 15

_SVG = Markup(
    '<svg class="graph" viewBox="{box}" role="img" aria-labelledby="{key}-t {key}-d">'
    '<title id="{key}-t">{title}</title><desc id="{key}-d">{desc}</desc>{body}</svg>'
)
_LINE = Markup('<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
_DOT = Markup('<circle class="{kind}" cx="{x}" cy="{y}" r="{r}"/>')
_TEXT = Markup('<text class="{kind}" x="{x}" y="{y}" text-anchor="middle">{text}</text>')


@dataclass(frozen=True)
class Tie:
    """Two accounts of a drawing by their numbers, and the number of the reason that ties them."""

    first: int
    second: int
    reason: int
    is_strong: bool


@dataclass(frozen=True)
class Web:
    """What is drawn: accounts in the order of their numbers (from 1), ties between them, reasons by number."""

    accounts: tuple[str, ...]
    ties: tuple[Tie, ...]
    reasons: tuple[str, ...]
    left_out: int


def web_of(accounts: Sequence[str], edges: Sequence[Edge], first: Sequence[str] = ()) -> Web:
    """Return what is drawn of linked accounts; those in `first` come before the others where not all can be drawn."""
    degrees = _degrees(edges)
    preferred = {account: place for place, account in enumerate(first)}
    order = sorted(accounts, key=lambda one: (preferred.get(one, len(preferred)), -degrees.get(one, 0), one))
    drawn = tuple(sorted(order[:NODES_DRAWN]))
    numbers = {account: number for number, account in enumerate(drawn, start=1)}
    shown = [edge for edge in edges if edge.first in numbers and edge.second in numbers]
    reasons = {reason: number for number, reason in enumerate(dict.fromkeys(edge.reason for edge in shown), start=1)}
    ties = tuple(Tie(numbers[edge.first], numbers[edge.second], reasons[edge.reason], edge.is_strong) for edge in shown)
    return Web(drawn, ties, tuple(reasons), len(set(accounts)) - len(drawn))


def link_graph(key: str, web: Web) -> Markup:
    """Draw linked accounts; empty where nothing ties them. `key` makes the ids of the drawing unique on its page."""
    if not web.ties:
        return Markup("")
    places = _places(web)
    body = [_tie(tie, places) for tie in web.ties]
    body += [_mark(tie, places) for tie in _once_a_pair(web.ties)]
    for number, account in enumerate(web.accounts, start=1):
        body += _node(number, account, places[number])
    desc = (
        f"{counted(len(web.accounts), 'account')} and {counted(len(web.ties), 'tie')} between them, for"
        f" {counted(len(web.reasons), 'reason')}; the tables below name each."
    )
    return _SVG.format(box=_box(places), key=key, title="Linked accounts", desc=desc, body=Markup("").join(body))


def _degrees(edges: Sequence[Edge]) -> Mapping[str, int]:
    degrees: dict[str, int] = {}
    for edge in edges:
        for account in (edge.first, edge.second):
            degrees[account] = degrees.get(account, 0) + 1
    return degrees


def _places(web: Web) -> dict[int, tuple[float, float]]:
    """Put the account with most ties in the middle, others on rings by distance, each beyond the one it hangs on.

    An account's share of the circle is as wide as what hangs on it, so that the ties of a tree don't cross.
    """
    children = _tree(web)
    depths = _depths(children)
    step = (SIZE / 2 - 2 * FONT) / max(depths.values(), default=1)
    places = {}
    for number, angle in _angles(children, depths).items():
        radius = step * depths[number]
        places[number] = (SIZE / 2 + radius * math.cos(angle), SIZE / 2 + radius * math.sin(angle))
    return places


def _box(places: Mapping[int, tuple[float, float]]) -> str:
    """Return the part of the plane that is drawn on, as a view box."""
    left, top = (min(place[axis] for place in places.values()) - 2 * FONT for axis in (0, 1))
    right, bottom = (max(place[axis] for place in places.values()) + 2 * FONT for axis in (0, 1))
    return " ".join(map(fixed, (left, top, right - left, bottom - top)))


def _tree(web: Web) -> dict[int, list[int]]:
    """Return what hangs on each account, by the shortest way from the middle; the middle comes first.

    Accounts that nothing drawn ties to the middle hang on it too, without a line.
    """
    beside: dict[int, set[int]] = {number: set() for number in range(1, len(web.accounts) + 1)}
    for tie in web.ties:
        beside[tie.first].add(tie.second)
        beside[tie.second].add(tie.first)
    middle = min(beside, key=lambda number: (-len(beside[number]), number))
    children: dict[int, list[int]] = {}
    for root in (middle, *sorted(beside)):
        if root not in children:
            if children:
                children[middle].append(root)
            _grow(root, beside, children)
    return children


def _grow(root: int, beside: Mapping[int, set[int]], children: dict[int, list[int]]) -> None:
    """Add to `children` what can be reached from an account, nearest first."""
    children[root] = []
    waiting = [root]
    for number in waiting:
        for other in sorted(beside[number] - set(children)):
            children[number].append(other)
            children[other] = []
            waiting.append(other)


def _depths(children: Mapping[int, list[int]]) -> dict[int, int]:
    depths = {next(iter(children)): 0}
    for number in children:
        depths |= dict.fromkeys(children[number], depths[number] + 1)
    return depths


def _angles(children: Mapping[int, list[int]], depths: Mapping[int, int]) -> dict[int, float]:
    """Return the direction of each account: the middle of its share of the circle.

    An account needs the more of the circle the nearer it stands to the middle, and at least what hangs on it needs.
    """
    needs: dict[int, float] = {}
    for number in reversed(list(children)):
        needs[number] = max(1 / max(depths[number], 1), sum(needs[other] for other in children[number]))
    shares = {next(iter(children)): (0.0, 2 * math.pi)}
    for number, hanging in children.items():
        start, end = shares[number]
        scale = (end - start) / sum(needs[other] for other in hanging) if hanging else 0.0
        for other in hanging:
            width = needs[other] * scale
            shares[other] = (start, start + width)
            start += width
    return {number: (start + end) / 2 for number, (start, end) in shares.items()}


def _once_a_pair(ties: Sequence[Tie]) -> Sequence[Tie]:
    """Return one tie a pair to be marked, the one with the first reason, where marks don't crowd the drawing."""
    if len({(tie.first, tie.second) for tie in ties}) > NODES_DRAWN // 2:
        return ()
    first: dict[tuple[int, int], Tie] = {}
    for tie in ties:
        first.setdefault((tie.first, tie.second), tie)
    return list(first.values())


def _tie(tie: Tie, places: Mapping[int, tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = places[tie.first], places[tie.second]
    kind = "tie strong" if tie.is_strong else "tie"
    return _LINE.format(kind=kind, x1=fixed(x1), y1=fixed(y1), x2=fixed(x2), y2=fixed(y2))


def _mark(tie: Tie, places: Mapping[int, tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = places[tie.first], places[tie.second]
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    letter = letters(tie.reason)
    dot = _DOT.format(kind="reason", x=fixed(x), y=fixed(y), r=fixed(FONT * 0.75))
    return dot + _TEXT.format(kind="reason", x=fixed(x), y=fixed(y + FONT / 3), text=letter)


def _node(number: int, account: str, place: tuple[float, float]) -> list[Markup]:
    x, y = place
    title = Markup("<g><title>{}</title>").format(plain_visible(account))
    dot = _DOT.format(kind="account", x=fixed(x), y=fixed(y), r=fixed(FONT))
    return [
        title,
        dot,
        _TEXT.format(kind="account", x=fixed(x), y=fixed(y + FONT / 3), text=str(number)),
        Markup("</g>"),
    ]


def letters(number: int) -> str:
    """Return a reason's number as letters, so that it can't be taken for an account's: 1 is a, 27 is aa."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
