"""Linked accounts as a drawing: who is tied to whom, each tie with the letter of its reason.

Accounts are laid out in rings around the one that most ties meet at, by their distance from it; the order is that of
the ids, so that the same links give the same bytes. Words stand in the table beside the drawing, which gives the
reason behind each letter. A drawing holds at most `NODES_DRAWN` accounts; the table has them all. A small one is drawn
small: its figures keep their size on a phone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from auditor.linking.model import Edge
from auditor.policy.condition_words import counted
from auditor.report.charts import fixed
from auditor.report.visible import plain_visible

NODES_DRAWN = 60
TWO_PI = 6.283185307179586
FONT = 15
SIZES = ((6, "small", 260), (14, "medium", 400), (NODES_DRAWN, "large", 720))
"""Up to so many accounts: how large a drawing is called, and its width and height."""

_SVG = Markup(
    '<svg class="graph {size}" viewBox="{box}" role="img" aria-labelledby="{key}-t {key}-d">'
    '<title id="{key}-t">{title}</title><desc id="{key}-d">{desc}</desc>{body}</svg>'
)
_LINE = Markup('<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
_DOT = Markup('<circle class="{kind}" cx="{x}" cy="{y}" r="{r}"/>')
_TEXT = Markup('<text class="{kind}" x="{x}" y="{y}" text-anchor="middle">{text}</text>')


@dataclass(frozen=True)
class Line:
    """A line of a drawing: two accounts by their numbers, and the number of the reason that links them."""

    first: int
    second: int
    reason: int
    is_strong: bool


@dataclass(frozen=True)
class Web:
    """What is drawn: accounts in the order of their numbers (from 1), lines between them, reasons by number."""

    accounts: tuple[str, ...]
    lines: tuple[Line, ...]
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
    lines = tuple(
        Line(numbers[edge.first], numbers[edge.second], reasons[edge.reason], edge.is_strong) for edge in shown
    )
    return Web(drawn, lines, tuple(reasons), len(set(accounts)) - len(drawn))


def link_graph(key: str, web: Web) -> Markup:
    """Draw linked accounts; empty where nothing ties them. `key` makes the ids of the drawing unique on its page."""
    if not web.lines:
        return Markup("")
    size, width = next((name, width) for most, name, width in SIZES if len(web.accounts) <= most)
    places = _places(web, width)
    body = [_line(line, places) for line in web.lines]
    body += [_mark(line, places) for line in _once_a_pair(web.lines)]
    for number, account in enumerate(web.accounts, start=1):
        body += _node(number, account, places[number])
    desc = (
        f"{counted(len(web.accounts), 'account')} and {counted(len(web.lines), 'link')} between them, for"
        f" {counted(len(web.reasons), 'reason')}; the list and the table below name each."
    )
    return _SVG.format(
        size=size, box=_box(places), key=key, title="Linked accounts", desc=desc, body=Markup("").join(body)
    )


def _degrees(edges: Sequence[Edge]) -> Mapping[str, int]:
    degrees: dict[str, int] = {}
    for edge in edges:
        for account in (edge.first, edge.second):
            degrees[account] = degrees.get(account, 0) + 1
    return degrees


def _places(web: Web, width: int) -> dict[int, tuple[float, float]]:
    """Put the account with most lines in the middle, others on rings by distance, each beyond the one it hangs on.

    An account's share of the circle is as wide as what hangs on it, so that the lines of a tree don't cross.
    """
    children = _tree(web)
    depths = _depths(children)
    step = (width / 2 - 2 * FONT) / max(depths.values(), default=1)
    places = {}
    for number, turn in _turns(children, depths).items():
        radius = step * depths[number]
        across, down = direction(turn)
        places[number] = (width / 2 + radius * across, width / 2 + radius * down)
    return places


def direction(turn: float) -> tuple[float, float]:
    """Return cosine and sine of a part of a whole turn, to the last digit the same on every machine.

    A machine's own functions may differ in their last digits, and a sealed page must not. Plain arithmetic doesn't:
    the power series, on an eighth of a turn at most, and the rest by quarter turns.
    """
    quarters = round(turn * 4)
    angle = (turn - quarters / 4) * TWO_PI
    cosine, sine, term = 0.0, 0.0, 1.0
    for power in range(0, 24, 2):
        cosine += term
        term *= angle / (power + 1)
        sine += term
        term *= -angle / (power + 2)
    for _ in range(quarters % 4):
        cosine, sine = -sine, cosine
    return cosine, sine


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
    for line in web.lines:
        beside[line.first].add(line.second)
        beside[line.second].add(line.first)
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


def _turns(children: Mapping[int, list[int]], depths: Mapping[int, int]) -> dict[int, float]:
    """Return the direction of each account as a part of a whole turn: the middle of its share of the circle.

    An account needs the more of the circle the nearer it stands to the middle, and at least what hangs on it needs.
    """
    needs: dict[int, float] = {}
    for number in reversed(list(children)):
        needs[number] = max(1 / max(depths[number], 1), sum(needs[other] for other in children[number]))
    shares = {next(iter(children)): (0.0, 1.0)}
    for number, hanging in children.items():
        start, end = shares[number]
        scale = (end - start) / sum(needs[other] for other in hanging) if hanging else 0.0
        for other in hanging:
            width = needs[other] * scale
            shares[other] = (start, start + width)
            start += width
    return {number: (start + end) / 2 for number, (start, end) in shares.items()}


def _once_a_pair(lines: Sequence[Line]) -> Sequence[Line]:
    """Return one line a pair to be marked, the one with the first reason, where marks don't crowd the drawing."""
    if len({(line.first, line.second) for line in lines}) > NODES_DRAWN // 2:
        return ()
    first: dict[tuple[int, int], Line] = {}
    for line in lines:
        first.setdefault((line.first, line.second), line)
    return list(first.values())


def _line(line: Line, places: Mapping[int, tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = places[line.first], places[line.second]
    kind = "tie strong" if line.is_strong else "tie"
    return _LINE.format(kind=kind, x1=fixed(x1), y1=fixed(y1), x2=fixed(x2), y2=fixed(y2))


def _mark(line: Line, places: Mapping[int, tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = places[line.first], places[line.second]
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    letter = letters(line.reason)
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
