"""What was decided, account by account: whoever acts on a case reads which accounts are meant, not the sternest action.

Few accounts are named and the others counted, in the words of a page (`suspension for acct_1; nothing for 4 others`) or
in those of a command (`suspend for acct_1; none for 4 others`); `by_action` has all of them.
"""

from collections.abc import Iterable, Mapping

from auditor.cases.model import AccountAction, ActionName
from auditor.cases.who import in_full
from auditor.report.words import ACTIONS

NAMED = 3
"""Accounts of one action that a line names."""

NOUNS: Mapping[ActionName, str] = {action: noun for action, (noun, _) in ACTIONS.items()} | {ActionName.NONE: "nothing"}
WORDS: Mapping[ActionName, str] = {action: str(action) for action in ActionName}


def by_action(actions: Iterable[AccountAction]) -> tuple[tuple[ActionName, tuple[str, ...]], ...]:
    """Return the accounts of each action, sternest first."""
    groups: dict[ActionName, list[str]] = {}
    for item in actions:
        groups.setdefault(item.action, []).append(item.account)
    return tuple((action, tuple(groups[action])) for action in sorted(groups, key=lambda action: -action.rank))


def by_account(actions: Iterable[AccountAction], nouns: Mapping[ActionName, str] = NOUNS, named: int = NAMED) -> str:
    """Say in one line what each account gets, sternest first."""
    groups = by_action(actions)
    if not groups:
        return f"{nouns[ActionName.NONE]}, since no account is concerned"
    if len(groups) == 1 and len(groups[0][1]) > named:
        [(action, accounts)] = groups
        return f"{nouns[action]} for all {len(accounts):,} accounts"
    return "; ".join(f"{nouns[action]} for {_named(action, accounts, named)}" for action, accounts in groups)


def _named(action: ActionName, accounts: tuple[str, ...], named: int) -> str:
    if action == ActionName.NONE and len(accounts) > 1:
        return f"{len(accounts):,} others"
    rest = len(accounts) - named
    return ", ".join(map(in_full, accounts[:named])) + (f" and {rest:,} more" if rest > 0 else "")
