"""An activity made ready for rules: as of a day, with every derived column that the rules read, and the links behind.

Links are made in two steps. What thieves did with other people's keys is found first; then everything else is linked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from auditor.checker.circumstances import Circumstances
from auditor.checker.thefts import theft_rules, thefts_in
from auditor.linking.derive import derived_activity
from auditor.linking.model import Links
from auditor.policy.rule import Rule
from auditor.records.activity import Activity
from auditor.records.asof import as_on
from auditor.records.tallies import AccountSpan


@dataclass(frozen=True)
class Prepared:
    """The activity that rules are judged on; `links` is None where no rule needed them or the pack has none."""

    activity: Activity
    links: Links | None = None
    thefts: tuple[AccountSpan, ...] = ()


def prepared(activity: Activity, rules: Sequence[Rule], circumstances: Circumstances) -> Prepared:
    """Make an activity ready for some rules of a pack; what was made ready on its connection before is gone.

    Raises WorkspaceError when the records can't be read.
    """
    names = _columns_of(rules, circumstances)
    needs_links = "cluster_id" in names and circumstances.pack.links is not None
    first = theft_rules(circumstances) if needs_links else ()
    seen = as_on(activity, circumstances.as_of, names | _columns_of(first, circumstances))
    thefts = _thefts(seen, first, circumstances)
    derived, links = derived_activity(
        seen,
        names,
        circumstances.pack.links,
        context=circumstances.context,
        as_of=circumstances.as_of,
        excluded=thefts,
        linker=circumstances.linker,
    )
    return Prepared(derived, links, thefts)


def _thefts(seen: Activity, rules: Sequence[Rule], circumstances: Circumstances) -> tuple[AccountSpan, ...]:
    if not rules:
        return ()
    anytime = replace(circumstances, since=None, until=None)
    names = _columns_of(rules, circumstances)
    activity, _ = derived_activity(seen, names, None, context=anytime.context, as_of=anytime.as_of)
    return thefts_in(activity, rules, anytime)


def _columns_of(rules: Sequence[Rule], circumstances: Circumstances) -> frozenset[str]:
    """Return the columns that rules and the exemptions that they name read."""
    named = {name for rule in rules for name in rule.unless}
    entries = [entry for item in circumstances.pack.exemptions if item.name in named for entry in item.entries]
    exempt = {column for entry in entries for column, _ in entry.match}
    return frozenset(exempt).union(*(rule.needed_columns() for rule in rules))
