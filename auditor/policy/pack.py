"""The pack: everything one audit judges by, and the platform's facts that come with an audit."""

from datetime import datetime
from decimal import Decimal

from auditor.digests import canonical_json, digest_of
from auditor.policy.conditions import Node
from auditor.policy.links import LinkRules
from auditor.policy.rule import Exemption, Rule, Span, ValueList
from auditor.policy.terms import Terms
from auditor.records.schema import DERIVABLE_COLUMNS, NETWORK_KIND


class Ladder(Node):
    """How far evidence may carry a proposal (DESIGN section 6). The order of actions is fixed; caps may be lowered."""

    single_inferential: str = "verify"
    independent_families: str = "throttle"
    bright_line: str = "suspend"
    unclaused: str = "verify"
    strike_days: int = 180
    victim_conducts: tuple[str, ...] = ("credential-theft",)
    digest: str = ""


class SourceFile(Node):
    """A policy file as it was read: path relative to the pack, digest and bytes, for receipts and bundles."""

    path: str
    digest: str
    text: str


class Pack(Node):
    """A pack with all it names, loaded and checked."""

    name: str
    title: str
    terms: tuple[Terms, ...] = ()
    rules: tuple[Rule, ...] = ()
    lists: tuple[ValueList, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    ladder: Ladder = Ladder()
    links: LinkRules | None = None
    timezone: str = "UTC"
    notes: tuple[str, ...] = ()
    """What a person who audits by this pack should know, a sentence each."""
    files: tuple[SourceFile, ...] = ()
    root: str = ""
    """Folder that the paths of `files` are relative to; where it lies is no part of the digest."""

    def rule_paths(self) -> dict[str, str]:
        """Return where each rule's file lies, by rule name, relative to `root`."""
        digests = {rule.digest: rule.name for rule in self.rules}
        return {digests[file.digest]: file.path for file in self.files if file.digest in digests}

    @property
    def digest(self) -> str:
        """The digest of every file of the pack, by path."""
        return digest_of(canonical_json({file.path: file.digest for file in self.files}))


class Approval(Node):
    """A conduct that the platform allowed an account or organization, until `expires` (excluded; None: open).

    It holds from `start` on (included; None: always), and so never for what was done before it was given.
    """

    account_id: str = ""
    organization_id: str = ""
    conduct: str
    reason: str
    approved_by: str
    start: datetime | None = None
    expires: datetime | None = None


class Context(Node):
    """Facts of the platform that come with an audit (`--context`).

    `window` is the part of the log that is complete: older rows are a roster of facts. `lists` become `%name%`
    and replace a pack's list of the same name; `unsupported_countries` is one of them. `network_kinds` says of networks
    (a range of addresses as `203.0.113.0/24`, or an autonomous system as `AS64500`) of which kind they are.
    """

    requests_per_minute: tuple[tuple[str, int], ...] = ()
    network_kinds: tuple[tuple[str, str], ...] = ()
    model_releases: tuple[tuple[str, datetime], ...] = ()
    unsupported_countries: tuple[str, ...] | None = None
    window: Span = Span()
    lists: tuple[ValueList, ...] = ()
    file: SourceFile | None = None

    @property
    def derivable(self) -> frozenset[str]:
        """The columns that can be worked out: what kind a network is of only if the platform says so."""
        return frozenset(DERIVABLE_COLUMNS) - (frozenset() if self.network_kinds else {NETWORK_KIND})

    def list_values(self, name: str) -> tuple[str, ...] | tuple[Decimal, ...] | None:
        """Return the values of a list of the context, or None when it has no such list."""
        return next((item.values for item in self.lists if item.name == name), None)


def rules_begun(pack: Pack, as_of: datetime | None) -> tuple[Rule, ...]:
    """Return the rules of a pack that had come into force by a time; None: all of them."""
    return tuple(rule for rule in pack.rules if as_of is None or _has_begun(rule, as_of))


def _has_begun(rule: Rule, as_of: datetime) -> bool:
    """A composite also needs enough of the rules that it names."""
    if rule.composite:
        begun = [part.name for part in rule.composite.parts if _has_begun(part, as_of)]
        if rule.composite.different(begun) < rule.composite.at_least:
            return False
    return rule.effective.start is None or rule.effective.start <= as_of
