"""What is shared and links nobody, in words: crowds, one customer's own things, an intermediary's own."""

from collections.abc import Iterable

from auditor.linking.bonds import held
from auditor.linking.judging import Refused
from auditor.linking.model import Crowd
from auditor.linking.population import Population
from auditor.linking.reading import moment
from auditor.policy.links import LinkRules

MOST = 100
"""So many crowds of a weak signal are listed, largest first; of a strong one all are."""


def crowds_of(refused: Iterable[Refused], rules: LinkRules, population: Population) -> tuple[Crowd, ...]:
    """Return the refused values worth telling: every strong one, and of each weak signal the largest crowds."""
    listed: dict[str, list[Refused]] = {signal.name: [] for signal in rules.signals}
    for item in refused:
        is_large = item.why == "crowd" and len(item.value.holders) > rules.alone
        if item.value.signal.is_strong or is_large:
            listed[item.value.signal.name].append(item)
    crowds = []
    for items in listed.values():
        items.sort(key=lambda item: (-len(item.value.holders), item.value.key))
        most = None if items and items[0].value.signal.is_strong else MOST
        crowds += [_crowd(item, rules, population) for item in items[:most]]
    return tuple(crowds)


def _crowd(item: Refused, rules: LinkRules, population: Population) -> Crowd:
    since, oldest = item.value.holders[0]
    return Crowd(
        signal=item.value.signal.name,
        kind=item.value.signal.kind,
        accounts=len(item.value.holders),
        vouched=item.vouched,
        oldest=population.ids[oldest],
        since=moment(since),
        reason=_reason(item, rules, population),
    )


def _reason(item: Refused, rules: LinkRules, population: Population) -> str:
    shared = f"same {held(item.value, population)}"
    if item.why == "customer":
        return f"{shared}; all of them belong to one organization, which is one customer"
    if item.why == "intermediary":
        through = " or ".join(item.value.signal.not_through)
        return f"{shared}; most of them came through {through}, whose own it is"
    if item.why == "institution":
        networks = " or ".join(item.value.signal.not_from)
        return f"{shared}; most of them call from networks of the kind {networks}, whose members have it by nature"
    least = rules.corroborated if item.value.signal.is_strong else rules.specific
    return f"{shared}; {item.vouched:,} of them share anything else with another of them, fewer than {least:.0%}"
