"""What a rule made of one account, step by step: from its records to the window that came nearest.

Filled by `following.py`, put into words by the report. Counts are of the account's own records unless said otherwise.
"""

from datetime import datetime
from typing import Literal

from auditor.checker.findings import PartSeen
from auditor.checker.shortfall import ComparisonSeen
from auditor.linking.model import Edge
from auditor.policy.conditions import Node

Verdict = Literal["match", "suppressed", "context only", "no match", "not evaluated"]
"""`context only`: somebody of its subject matched, and the finding is about others' records (`against`)."""

Columns = tuple[tuple[str, int], ...]
"""Columns with a number of records each, most first."""


class SelectionSeen(Node):
    """What one selection said of the account's usable records; `lacking` are the columns behind `unknown`."""

    name: str
    holds: int
    fails: int
    unknown: int
    lacking: Columns = ()


class ExemptionSeen(Node):
    """How many of a window's records an exemption covers."""

    name: str
    covered: int
    records: int


class WindowSeen(Node):
    """One window: whose it is, its records (and the account's own among them), and what was measured.

    `way` are the comparisons that fail on the shortest way to violating; all of it is empty for a rule without
    `violates`.
    """

    subject: tuple[str, ...]
    by: tuple[tuple[str, str], ...]
    start: datetime
    end: datetime
    records: int
    own_records: int
    measures: tuple[tuple[str, str | None, str], ...]
    comparisons: tuple[ComparisonSeen, ...]
    way: tuple[ComparisonSeen, ...]
    is_violating: bool
    suppressed_by: str
    exemptions: tuple[ExemptionSeen, ...]


class LinkedSeen(Node):
    """The cluster that an account belongs to: since when, how many accounts it has, and why the account is one of them.

    `path` leads from the account to the member that came first, or from that one to the next.
    """

    cluster: str
    formerly: tuple[str, ...]
    accounts: int
    since: datetime
    path: tuple[Edge, ...]


class AccountTrace(Node):
    """A rule followed for one account.

    `records` exist (by `as_of`), `outside` lie before or after what the rule or the context looks at, `left_out` come
    from sources that lack `lacking` columns (with the number of such sources). `selected` and what follows are of the
    usable rest; `kept` are occurrences of the account's subjects that windows were made of (its own, or of whom it
    shares a subject with), `windows` how many windows there were. `is_followed` is false when there were too many
    records to look at windows one by one: then only the verdict is known. Of a composite, `parts` are the rules that it
    names followed for the account, and `met` is what lies in the stretch of time in which most of them meet.
    """

    rule: str
    title: str
    account: str
    as_of: datetime | None
    verdict: Verdict
    missing: tuple[str, ...] = ()
    records: int = 0
    outside: int = 0
    left_out: int = 0
    lacking: Columns = ()
    selections: tuple[SelectionSeen, ...] = ()
    selected: int = 0
    undetermined: int = 0
    undetermined_lacking: Columns = ()
    without_subject: int = 0
    without_subject_lacking: Columns = ()
    is_history_short: bool = False
    kept: int = 0
    windows: int = 0
    violating: int = 0
    suppressed: int = 0
    nearest: WindowSeen | None = None
    is_followed: bool = True
    parts: tuple["AccountTrace", ...] = ()
    met: tuple[PartSeen, ...] = ()
    is_linking: bool = False
    """Whether the rule reads who acted together."""
    linked: LinkedSeen | None = None
