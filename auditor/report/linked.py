"""Linked accounts as a page shows them: reasons said once under a letter, and a row an account that names the letters.

A card that eleven accounts hold is one reason; said in each of eleven rows, ten times over, nobody would read it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.cases.linked import LinkedAccount, LinkedAccounts, LinkedBy
from auditor.report.alike import TieGroup, ties_alike
from auditor.report.graph import Web, letters, web_of

LINKED_SHOWN = 100
"""Linked accounts that a page lists, cited ones first; it counts the others."""


@dataclass(frozen=True)
class LinkReason:
    """A reason under its letter."""

    letter: str
    kind: str
    is_strong: bool
    text: str


@dataclass(frozen=True)
class LinkedRow:
    """An account, its number in the drawing (0 where it isn't drawn), and what links it, each with a letter."""

    number: int
    account: str
    is_cited: bool
    since: datetime
    by: tuple[tuple[str, TieGroup], ...]


@dataclass(frozen=True)
class LinkedView:
    """A cluster as a page shows it."""

    web: Web
    reasons: tuple[LinkReason, ...]
    rows: tuple[LinkedRow, ...]


def linked_view(group: LinkedAccounts) -> LinkedView:
    """Return what a page shows of a cluster; letters are those of the drawing, then those of the table alone."""
    web = web_of([account.account for account in group.accounts], group.edges, group.cited)
    listed = sorted(group.accounts, key=lambda item: not item.is_cited)[:LINKED_SHOWN]
    known = {link.reason: link for account in listed for link in account.by}
    order = dict.fromkeys((*web.reasons, *known))
    letter = {reason: letters(number) for number, reason in enumerate(order, start=1)}
    numbers = {account: number for number, account in enumerate(web.accounts, start=1)}
    kinds = _kinds(group, known)
    return LinkedView(
        web=web,
        reasons=tuple(LinkReason(letter[text], *kinds[text], text) for text in order if text in kinds),
        rows=tuple(_row(account, numbers.get(account.account, 0), letter) for account in listed),
    )


def _kinds(group: LinkedAccounts, known: dict[str, LinkedBy]) -> dict[str, tuple[str, bool]]:
    drawn = {edge.reason: (edge.kind, edge.is_strong) for edge in group.edges}
    return drawn | {reason: (link.kind, link.is_strong) for reason, link in known.items()}


def _row(account: LinkedAccount, number: int, letter: dict[str, str]) -> LinkedRow:
    by = tuple((letter[tie.reason], tie) for tie in _by_time(ties_alike(account.by)))
    return LinkedRow(number, account.account, account.is_cited, account.since, by)


def _by_time(ties: Iterable[TieGroup]) -> Sequence[TieGroup]:
    return sorted(ties, key=lambda tie: (not tie.is_strong, tie.since, tie.reason))
