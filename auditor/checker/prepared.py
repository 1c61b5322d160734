"""An activity made ready for rules: as of a day, with every derived column that the rules read, and the links behind.

Links are made in two steps. What thieves did with other people's keys is found first; then everything else is linked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.checker.circumstances import Circumstances
from auditor.checker.compile.plan import with_parts
from auditor.checker.thefts import theft_rules, thefts_in
from auditor.linking.derive import derived_activity, only_strong
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
    first = theft_rules(circumstances, activity.sources) if needs_links else ()
    seen = as_on(activity, circumstances.as_of, names | _columns_of(first, circumstances))
    thefts = _thefts(seen, first, circumstances)
    derived, links = derived_activity(seen, names, circumstances.sight, excluded=thefts)
    return Prepared(derived, links, thefts)


def _thefts(seen: Activity, rules: Sequence[Rule], circumstances: Circumstances) -> tuple[AccountSpan, ...]:
    links_file = circumstances.pack.links
    if not rules or links_file is None:
        return ()
    pack = circumstances.pack.model_copy(update={"links": only_strong(links_file)})
    anytime = Circumstances(pack, circumstances.context, circumstances.as_of)
    activity, _ = derived_activity(seen, _columns_of(rules, anytime), anytime.sight)
    return thefts_in(activity, rules, anytime)


def _columns_of(rules: Sequence[Rule], circumstances: Circumstances) -> frozenset[str]:
    """Return the columns that rules and the exemptions that they name read."""
    rules = with_parts(rules)
    named = {name for rule in rules for name in rule.unless}
    entries = [entry for item in circumstances.pack.exemptions if item.name in named for entry in item.entries]
    exempt = {column for entry in entries for column, _ in entry.match}
    return frozenset(exempt).union(*(rule.needed_columns() for rule in rules))
