"""Two versions of a pack over the same records: which accounts each rule gained and lost, and why.

Rules are the same when they have the same id. The reason is the rule followed for the account under the version that
does not find it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import auditor.checker.engines.duckdb as engine
from auditor.checker.asked import Question
from auditor.checker.circumstances import Circumstances
from auditor.checker.findings import RuleOutcome
from auditor.checker.following import followed_in
from auditor.checker.prepared import Prepared, prepared
from auditor.checker.trace import AccountTrace
from auditor.policy.conditions import Node
from auditor.policy.explain import words_of
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Rule
from auditor.records.activity import Activity

MOST_REASONS = 20
"""Accounts of one rule and direction that are followed for their reason; the others are named only."""


class AccountChange(Node):
    """An account that one version finds; `trace` is the rule under the other version, None where it has no such rule
    or there were more accounts than are followed.
    """

    account: str
    trace: AccountTrace | None = None


class RuleSide(Node):
    """What one version says of a rule; `error` is why it could not be run to its end."""

    name: str
    findings: int
    suppressed: int
    accounts: tuple[str, ...]
    missing: tuple[str, ...] = ()
    is_evaluated: bool = True
    error: str = ""


class RuleChange(Node):
    """One rule in both versions; `said` are sentences of the old rule that the new one lacks, `says` the reverse."""

    id: str
    kind: Literal["added", "removed", "changed", "same"]
    old: RuleSide | None
    new: RuleSide | None
    said: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    gained: tuple[AccountChange, ...] = ()
    lost: tuple[AccountChange, ...] = ()

    @property
    def name(self) -> str:
        """The newest name of the rule."""
        side = self.new or self.old
        assert side is not None, "a rule is in one of the versions"
        return side.name

    @property
    def has_difference(self) -> bool:
        """Whether anything about it differs."""
        return self.kind != "same" or self.old != self.new


@dataclass(frozen=True)
class Version:
    """A version of a pack, and the facts of the platform that its lists were loaded with."""

    pack: Pack
    context: Context


def compared(activity: Activity, old: Version, new: Version, *, as_of: datetime | None) -> tuple[RuleChange, ...]:
    """Return every rule of both versions, by name. Raises WorkspaceError when the records can't be read."""
    circumstances = [Circumstances(version.pack, version.context, as_of) for version in (old, new)]
    before, after = (_sides(activity, item) for item in circumstances)
    rules = [{rule.id: rule for rule in version.pack.rules} for version in (old, new)]
    changes = [
        _change(identity, rules[0].get(identity), rules[1].get(identity), before, after)
        for identity in sorted({*rules[0], *rules[1]})
    ]
    changes = _with_reasons(changes, "lost", rules[1], activity, circumstances[1])
    changes = _with_reasons(changes, "gained", rules[0], activity, circumstances[0])
    return tuple(sorted(changes, key=lambda change: (change.name, change.id)))


def _with_reasons(
    changes: Sequence[RuleChange],
    way: Literal["gained", "lost"],
    rules: Mapping[str, Rule],
    activity: Activity,
    circumstances: Circumstances,
) -> list[RuleChange]:
    """Follow the rules of the version that doesn't find the accounts: all of one version while it is made ready."""
    ready = prepared(activity, tuple(rules.values()), circumstances)
    return [
        change.model_copy(update={way: _followed(ready, _moved(change, way), rules.get(change.id), circumstances)})
        for change in changes
    ]


def _moved(change: RuleChange, way: Literal["gained", "lost"]) -> list[str]:
    before, after = (set(side.accounts) if side else set() for side in (change.old, change.new))
    return sorted(after - before if way == "gained" else before - after)


def accounts_in(outcome: RuleOutcome) -> tuple[str, ...]:
    """Return the accounts that an outcome's findings are about, sorted; suppressed ones left out."""
    return tuple(sorted({account for incident in outcome.incidents for account, _ in incident.accounts}))


def _sides(activity: Activity, circumstances: Circumstances) -> Mapping[str, RuleSide]:
    pack = circumstances.pack
    activity = prepared(activity, pack.rules, circumstances).activity
    result = engine.execute(circumstances.plan(pack.rules, activity.sources), activity)
    ids = {rule.name: rule.id for rule in pack.rules}
    failed = {
        ids[name]: RuleSide(name=name, findings=0, suppressed=0, accounts=(), is_evaluated=False, error=error)
        for name, error in result.errors.items()
    }
    return failed | {ids[outcome.rule]: _side(outcome) for outcome in result.outcomes}


def _side(outcome: RuleOutcome) -> RuleSide:
    return RuleSide(
        name=outcome.rule,
        findings=len(outcome.incidents),
        suppressed=len(outcome.suppressed),
        accounts=accounts_in(outcome),
        missing=outcome.missing,
        is_evaluated=outcome.is_evaluated,
    )


def _change(
    identity: str,
    before: Rule | None,
    after: Rule | None,
    old: Mapping[str, RuleSide],
    new: Mapping[str, RuleSide],
) -> RuleChange:
    if before is None or after is None:
        kind: Literal["added", "removed"] = "added" if before is None else "removed"
        return RuleChange(id=identity, kind=kind, old=old.get(identity), new=new.get(identity))
    said, says = words_of(before), words_of(after)
    is_same = before.model_copy(update={"digest": after.digest}) == after
    return RuleChange(
        id=identity,
        kind="same" if is_same else "changed",
        old=old[identity],
        new=new[identity],
        said=tuple(line for line in said if line not in says),
        says=tuple(line for line in says if line not in said),
    )


def _followed(
    ready: Prepared, accounts: Sequence[str], rule: Rule | None, circumstances: Circumstances
) -> tuple[AccountChange, ...]:
    if rule is None:
        return tuple(AccountChange(account=account) for account in accounts)
    return tuple(
        AccountChange(
            account=account,
            trace=followed_in(ready, Question(rule, account, circumstances)) if place < MOST_REASONS else None,
        )
        for place, account in enumerate(accounts)
    )
