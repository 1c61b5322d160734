"""The one way from an activity to an activity with its derived columns, and to the links behind them.

Whoever judges records by rules comes through here, so that an audit, a rule's cases and the answer to "why?" read the
same values. Without a links file every account is a cluster of one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.content.derivations import CONTENT_COLUMNS, content_derivations
from auditor.linking.derivations import LINK_COLUMNS, link_derivations
from auditor.linking.links import links_of
from auditor.linking.model import Links
from auditor.linking.network_kinds import network_kind
from auditor.policy.links import LinkRules
from auditor.policy.pack import Context, Pack
from auditor.records.activity import Activity
from auditor.records.derived import derivable, with_derived
from auditor.records.schema import DERIVED_FROM, NETWORK_KIND
from auditor.records.tallies import AccountSpan

SEEDS = "instruction-seeds"
"""The list of public instructions that `seed_similarity` compares with."""


@dataclass(frozen=True)
class Sight:
    """What derived columns are worked out from besides the records: links file, lists, context and day of judgement."""

    pack: Pack
    context: Context
    as_of: datetime | None

    @property
    def seeds(self) -> tuple[str, ...]:
        """The public instructions, those of the context in the place of the pack's."""
        own = next((item.values for item in self.pack.lists if item.name == SEEDS), ())
        return tuple(str(value) for value in self.context.list_values(SEEDS) or own)


def derived_activity(
    activity: Activity, names: Collection[str], sight: Sight, *, excluded: Sequence[AccountSpan] = ()
) -> tuple[Activity, Links | None]:
    """Work out those of the columns `names` that can be derived; links only where one of them needs them.

    Records in `excluded` make no links. An earlier derivation on the same connection is replaced. Raises WorkspaceError
    when the records can't be read.
    """
    wanted = derivable(names) & sight.context.derivable
    links_file = sight.pack.links if wanted & set(LINK_COLUMNS) else None
    plain = with_derived(activity, [])
    asked = _content_asked(wanted | (links_file.needed_columns() if links_file else frozenset()), activity)
    content = content_derivations(plain, asked, seeds=sight.seeds, as_of=sight.as_of)
    needs_kinds = NETWORK_KIND in sight.context.derivable and (NETWORK_KIND in wanted or links_file is not None)
    kinds = [network_kind(plain, sight.context)] if needs_kinds else []
    links = None
    if links_file is not None:
        with_content = with_derived(plain, [*content, *kinds])
        links = links_of(with_content, links_file, context=sight.context, as_of=sight.as_of, excluded=excluded)
    linked = link_derivations(plain, links or Links(), wanted, context=sight.context, as_of=sight.as_of)
    asked_for = [item for item in (*content, *kinds) if item.name in wanted]
    return with_derived(plain, [*asked_for, *linked]), links


def _content_asked(names: Collection[str], activity: Activity) -> frozenset[str]:
    """Return the content columns among some that a source has what it takes for: without prompts there are none."""
    provided = [source.provides for source in activity.sources if source.records]
    return frozenset(
        name for name in names if name in CONTENT_COLUMNS and any(DERIVED_FROM[name] <= found for found in provided)
    )


def only_strong(links_file: LinkRules) -> LinkRules:
    """Return a links file of strong signals alone: enough to tell one owner's keys from another's."""
    strong = tuple(signal for signal in links_file.signals if signal.is_strong)
    return links_file.model_copy(update={"signals": strong, "combinations": ()})
