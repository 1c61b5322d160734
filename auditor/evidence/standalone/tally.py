"""What the cited records say of each finding, counted in any number of pieces and put together."""

from typing import Any

from auditor.evidence.standalone.reading import as_object, field_of


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

    def add(self, cited: Any, is_against: bool) -> None:
        """Count one cited record; they come in record order."""
        record, source = as_object(cited.get("record")), as_object(cited.get("source"))
        time = record.get("time")
        if not self.records:
            self.first = (time, record.get("record_id"), source.get("line"))
        self.records += 1
        self.last_time = time
        self.sources.add(str(source.get("id")))
        account = record.get("account_id") or field_of(cited, "pseudonyms", "account_id")
        if is_against and isinstance(account, str):
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
