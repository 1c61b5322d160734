"""`policy diff`: two versions of a pack, or one threshold at several values, over what the workspace holds."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from auditor.checker.comparing import AccountChange, RuleChange, Version, compared
from auditor.checker.sweeping import Swept, sweep_of, swept
from auditor.cli import console
from auditor.errors import UsageError
from auditor.policy.literals import exact_number, seconds_of
from auditor.policy.load import load_pack
from auditor.policy.pack import Context
from auditor.policy.platform import load_context
from auditor.policy.rule import Rule
from auditor.records.activity import Activity
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace
from auditor.report.diff_words import lines_of_change, reason_for, rows_of_sweep

MOST_VALUES = 50
_SWEEP = re.compile(r"([^=]+)\.([A-Za-z_][A-Za-z0-9_]*)=([^=]+)")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")


@dataclass(frozen=True)
class Compared:
    """Two loaded versions and their differences."""

    old: Version
    new: Version
    changes: tuple[RuleChange, ...]


def compare(old: str, new: str, context: Path | None, as_of: datetime | None, folder: Path) -> Compared:
    """Compare two versions of a pack. Raises PolicyError and UsageError as the loaders do, and WorkspaceError."""
    versions = [_version(pack, context) for pack in (old, new)]
    with _activity(folder) as activity:
        return Compared(versions[0], versions[1], compared(activity, *versions, as_of=as_of))


def sweep(
    pack: str, asked: Sequence[str], context: Path | None, as_of: datetime | None, folder: Path
) -> tuple[Swept, ...]:
    """Try thresholds of a pack's rules at other values. Raises UsageError for what is asked wrongly, and as above."""
    version = _version(pack, context)
    sweeps = [sweep_of(version.pack.rules, *_asked(text)) for text in asked]
    with _activity(folder) as activity:
        return tuple(swept(activity, item, version, as_of=as_of) for item in sweeps)


def show_comparison(result: Compared, is_json: bool) -> None:
    """Print every rule with a difference, then how many have none."""
    old, new = (_by_id(version) for version in (result.old, result.new))
    if is_json:
        rules = [_change_json(change, old, new) for change in result.changes]
        names = {"old": result.old.pack.name, "new": result.new.pack.name}
        digests = {"old_digest": result.old.pack.digest, "new_digest": result.new.pack.digest}
        console.json_object(**names, **digests, rules=rules)
        return
    different = [change for change in result.changes if change.has_difference]
    for change in different:
        for line in lines_of_change(change, old, new):
            console.result(line)
    same = len(result.changes) - len(different)
    gained, lost = (_all_accounts(result.changes, side) for side in ("gained", "lost"))
    console.result(
        f"{console.plural(len(different), 'rule')} with differences, {same:,} without; "
        f"{console.plural(gained, 'account')} gained, {lost:,} lost (counted for each rule)"
    )


def show_sweep(results: Sequence[Swept], is_json: bool) -> None:
    """Print what each value would catch, a table a threshold."""
    if is_json:
        console.json_object(sweeps=[item.model_dump(mode="json") for item in results])
        return
    for item in results:
        missing = f": not evaluated for lack of {', '.join(item.missing)}" if item.missing else ""
        console.result(f"rule {item.rule}{f' ({item.unit})' if item.unit else ''}{missing}")
        console.table(["threshold", "findings", "accounts", "suppressed"], rows_of_sweep(item))


def _version(pack: str, context: Path | None) -> Version:
    platform = load_context(context) if context else Context()
    return Version(load_pack(pack, context=platform), platform)


@contextmanager
def _activity(folder: Path) -> Iterator[Activity]:
    activity = open_activity(open_workspace(folder, create=False))
    try:
        yield activity
    finally:
        activity.connection.close()


def _asked(text: str) -> tuple[str, str, tuple[Decimal, ...]]:
    found = _SWEEP.fullmatch(text.strip())
    values = [_value(part.strip()) for part in found[3].split(",")] if found else []
    known = tuple(value for value in values if value is not None)
    if not found or len(known) != len(values) or len(values) > MOST_VALUES:
        message = f"found `{' '.join(text.split())[:60]}`, expected `RULE.MEASURE=VALUE,VALUE`"
        hint = f"values are at most {MOST_VALUES} numbers, or durations such as `30m` where the measure is a time"
        raise UsageError.at("--sweep", message, hint)
    return found[1], found[2], known


def _value(text: str) -> Decimal | None:
    seconds = seconds_of(text)
    if seconds is not None:
        return Decimal(seconds)
    return exact_number(Decimal(text)) if _NUMBER.fullmatch(text) else None


def _by_id(version: Version) -> dict[str, Rule]:
    return {rule.id: rule for rule in version.pack.rules}


def _all_accounts(changes: Sequence[RuleChange], side: str) -> int:
    return sum(len(getattr(change, side)) for change in changes)


def _change_json(change: RuleChange, old: dict[str, Rule], new: dict[str, Rule]) -> dict[str, object]:
    content = change.model_dump(mode="json", exclude={"gained", "lost"})
    return {
        "rule": change.name,
        **content,
        "gained": [_account_json(item, old.get(change.id), "OLD") for item in change.gained],
        "lost": [_account_json(item, new.get(change.id), "NEW") for item in change.lost],
    }


def _account_json(item: AccountChange, rule: Rule | None, other: str) -> dict[str, object]:
    return {"account": item.account, "because": reason_for(item, rule, other)}
