"""What the cited records say of each finding, counted in any number of pieces and put together."""

from typing import Any


class Tally:
    """What the cited records say of one finding."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.records = 0
        self.accounts: dict[str, int] = {}
        self.first: tuple[Any, Any, Any] = (None, None, None)
        """Time, id and line of the first record."""
        self.last_time: Any = None
        self.sources: set[str] = set()

    def add(self, head: tuple[Any, Any, Any], source_id: str, account: Any) -> None:
        """Count one cited record, of which `head` is time, id and line; they come in record order.

        `account` is the one that the finding holds it against, if it does.
        """
        if not self.records:
            self.first = head
        self.records += 1
        self.last_time = head[0]
        self.sources.add(source_id)
        if isinstance(account, str):
            self.accounts[account] = self.accounts.get(account, 0) + 1

    def join(self, later: "Tally") -> None:
        """Take in what was counted of the records that follow."""
        if not later.records:
            return
        self.first = self.first if self.records else later.first
        self.records += later.records
        self.last_time = later.last_time
        self.sources |= later.sources
        for account, count in later.accounts.items():
            self.accounts[account] = self.accounts.get(account, 0) + count
