"""Links: what accounts may have in common, how much of it joins them, and when it is only a crowd.

The links file of a pack declares signals and combinations of weak ones. `docs/linking.md` says exactly what they mean.
"""

from decimal import Decimal
from typing import Literal

from auditor.policy.conditions import Node

Seen = Literal["facts", "sign-up", "calls", "rotation", "pool", "succession", "rhythm"]
"""Where a signal is read: account facts ever held; sign-up records; calls; addresses that calls come from by turns;
addresses at which two meet again and again; a replacement after a ban; the timing of calls."""


class LinkSignal(Node):
    """One thing that accounts may have in common.

    `family` says what sort of evidence it is: two signals of one family never support each other. All `columns` must
    agree, and those of `also` that the sources have; of `client_ip` the network counts (/24, IPv6 /48). `networks` are
    the kinds of network that count, all when empty. `within` is the longest break, in seconds, in a run of uses; 0 for
    no limit. `days` is on how many days an account must have used it, `at_least` how many parties must behave alike. A
    value that comes mostly from accounts on a pathway of `not_through` is an intermediary's own, one from accounts that
    mostly call from a kind of network of `not_from` an institution's. What `only_supports` speaks for strong values and
    takes part in nothing else. An address that more than `at_most` accounts use is no place to meet at. Where the log
    has a column of `without`, the signal isn't read. `source` is where it was published, or that it is a proposal.
    """

    name: str
    kind: str
    family: str
    seen: Seen
    columns: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    is_strong: bool = False
    only_supports: bool = False
    networks: tuple[str, ...] = ()
    within: int = 0
    days: int = 1
    at_least: int = 2
    at_most: int = 64
    not_through: tuple[str, ...] = ()
    not_from: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    source: str = ""


class LinkCombination(Node):
    """Weak signals of different families that join accounts when all of them agree.

    At least `at_least` parties must share them; with `same_network` the networks of sign-up and of calls are one. Each
    value that is no network must be specific to such groups, unless `common` ones are enough; with `exclusive` hardly
    anybody may have it outside of them. With `spread_over`, the name of another signal, most of a group must hold
    values of that one which are mostly others', none of them more than half of the group: what comes with so many of
    them is no property of one, and two signals of one family may then stand together.
    """

    name: str
    signals: tuple[str, ...]
    at_least: int = 2
    same_network: bool = False
    common: bool = False
    exclusive: bool = False
    spread_over: str = ""
    source: str = ""


class LinkRules(Node):
    """The links file of a pack.

    A strong value that more than `alone` parties share joins them only when at least the share `corroborated` of them
    is also linked by another family. A weak value takes part in a combination, or supports a strong one, only when at
    least the share `specific` of its holders is linked by other families; and only where those who share other things
    have it at least `lift` times as often as everybody else. Groups of one combination that have such a value in common
    are one if they hold the share `exclusive` of its holders.
    """

    signals: tuple[LinkSignal, ...]
    combinations: tuple[LinkCombination, ...] = ()
    alone: int = 5
    corroborated: Decimal = Decimal("0.5")
    specific: Decimal = Decimal("0.3")
    lift: Decimal = Decimal(3)
    exclusive: Decimal = Decimal("0.8")
    digest: str = ""

    def signal(self, name: str) -> LinkSignal:
        """Return a signal by name. Raises KeyError."""
        return {signal.name: signal for signal in self.signals}[name]

    def combines(self, signal: LinkSignal) -> bool:
        """Say whether a signal takes part in a combination."""
        return any(signal.name in combination.signals for combination in self.combinations)

    def needed_columns(self) -> frozenset[str]:
        """Return the columns that some signal reads."""
        return frozenset(column for signal in self.signals for column in (*signal.columns, *signal.also))
