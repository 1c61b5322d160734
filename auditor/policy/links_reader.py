"""The links file: signals, combinations and the bars of the test against crowds (docs/linking.md)."""

from decimal import Decimal
from typing import get_args

from auditor.policy.columns import INEXACT, known_column
from auditor.policy.fields import Fields, Problems, kind_of, nearest
from auditor.policy.links import LinkCombination, LinkRules, LinkSignal, Seen
from auditor.policy.yaml import ScalarNode, YamlNode
from auditor.records.schema import NETWORK_KINDS
from auditor.records.values import shown

KEYS = ("alone", "corroborated", "specific", "lift", "exclusive", "signals", "combinations")
SIGNAL_KEYS = ("name", "kind", "family", "seen", "columns", "also", "strength", "only_supports", "networks", "within",
               "days", "at_least", "at_most", "not_through", "not_from", "without", "source")  # fmt: skip
COMBINATION_KEYS = ("name", "of", "at_least", "same_network", "common", "exclusive", "spread_over",
                    "source")  # fmt: skip
SEEN: tuple[Seen, ...] = get_args(Seen)
STRENGTHS = ("strong", "weak")

DAY = 86_400
MOST_COLUMNS = 4
BEHAVIOUR = ("rhythm", "succession")


def read_links(node: YamlNode, digest: str, problems: Problems) -> LinkRules | None:
    """Return the links that a file describes, None after problems."""
    before = len(problems.found)
    fields = Fields(node, "the links file", problems)
    fields.allow(KEYS)
    usual = LinkRules(signals=())
    signals = tuple(_signal(item) for item in fields.maps("signals", "a signal"))
    if fields.required("signals") is not None and not signals:
        problems.add(fields.key_place("signals"), "no signals, expected at least one", "leave the file out instead")
    _refuse_repeated(fields, [signal.name for signal in signals], "signal")
    combinations = tuple(_combination(item, signals) for item in fields.maps("combinations", "a combination"))
    _refuse_repeated(fields, [*(s.name for s in signals), *(c.name for c in combinations)], "signal or combination")
    rules = LinkRules(
        signals=signals,
        combinations=combinations,
        alone=fields.whole_number("alone", usual.alone),
        corroborated=_share(fields, "corroborated", usual.corroborated),
        specific=_share(fields, "specific", usual.specific),
        lift=_lift(fields, usual.lift),
        exclusive=_share(fields, "exclusive", usual.exclusive),
        digest=digest,
    )
    return rules if len(problems.found) == before else None


def _signal(fields: Fields) -> LinkSignal:
    fields.allow(SIGNAL_KEYS)
    seen = fields.choice("seen", SEEN)
    signal = LinkSignal(
        name=fields.text("name"),
        kind=fields.text("kind"),
        family=fields.text("family"),
        seen=seen,
        columns=_columns(fields, "columns"),
        also=_columns(fields, "also"),
        is_strong=fields.choice("strength", STRENGTHS, "weak") == "strong",
        only_supports=_flag(fields, "only_supports"),
        networks=_networks(fields, "networks"),
        within=fields.seconds("within", 0) if fields.node("within") is not None else 0,
        days=fields.whole_number("days", 1),
        at_least=fields.whole_number("at_least", 2),
        at_most=fields.whole_number("at_most", 64),
        not_through=fields.texts("not_through"),
        not_from=_networks(fields, "not_from"),
        without=_columns(fields, "without"),
        source=fields.text("source"),
    )
    _check(fields, signal)
    return signal


def _check(fields: Fields, signal: LinkSignal) -> None:
    """Note what can't be meant: a signal without columns, a break shorter than a day, too many columns."""
    add = fields.problems.add
    if not signal.columns and signal.seen != "succession":
        add(
            fields.place,
            f"signal {shown(signal.name)} without `columns`, expected what is shared",
            "add `columns: [...]`",
        )
    if len(signal.columns) + len(signal.also) > MOST_COLUMNS:
        found = f"{len(signal.columns) + len(signal.also)} columns, expected at most {MOST_COLUMNS}"
        add(fields.key_place("columns"), found, "make two signals of it")
    if signal.within and signal.within < DAY and signal.seen not in BEHAVIOUR:
        found = "`within` is shorter than a day, expected at least `24h`"
        add(fields.key_place("within"), found, "uses of one day always belong together")
    if signal.days < 1:
        add(fields.key_place("days"), "`days` is 0, expected at least 1", "leave `days` out for a single use")


def _columns(fields: Fields, key: str) -> tuple[str, ...]:
    names = fields.texts(key, alone=True)
    for name in names:
        column = known_column(name, fields.key_place(key), fields.problems) if name else None
        if column is not None and (column.type in INEXACT or name.startswith("extra.")):
            found = f"`{name}` in `{key}`, expected a column of the record with exact single values"
            fields.problems.add(fields.key_place(key), found, "choose another column")
    return names


def _networks(fields: Fields, key: str) -> tuple[str, ...]:
    names = fields.texts(key)
    for name in set(names) - {*NETWORK_KINDS, ""}:
        found = f"unknown kind of network {shown(name)}, expected one of {', '.join(NETWORK_KINDS)}"
        fields.problems.add(fields.key_place(key), found, nearest(name, NETWORK_KINDS, "choose one of them"))
    return names


def _combination(fields: Fields, signals: tuple[LinkSignal, ...]) -> LinkCombination:
    fields.allow(COMBINATION_KEYS)
    names = fields.texts("of")
    known = {signal.name: signal for signal in signals}
    for name in names:
        if name not in known:
            found = f"unknown signal {shown(name)}, expected one of this file"
            fields.problems.add(fields.key_place("of"), found, nearest(name, known, "declare the signal above"))
    if len(names) < 2:
        found = f"a combination of {len(names)}, expected at least two signals"
        fields.problems.add(fields.key_place("of"), found, "a strong signal needs no combination")
    same_network = _flag(fields, "same_network")
    spread_over = fields.text("spread_over") if fields.node("spread_over") is not None else ""
    if spread_over and (spread_over not in known or spread_over in names):
        found = f"`spread_over` is {shown(spread_over)}, expected another signal of this file"
        hint = nearest(spread_over, known, "name one that is held")
        fields.problems.add(fields.key_place("spread_over"), found, hint)
    _check_families(fields, [known[name] for name in names if name in known], same_network or bool(spread_over))
    return LinkCombination(
        name=fields.text("name"),
        signals=names,
        at_least=max(2, fields.whole_number("at_least", 2)),
        same_network=same_network,
        common=_flag(fields, "common"),
        exclusive=_flag(fields, "exclusive"),
        spread_over=spread_over,
        source=fields.text("source"),
    )


def _check_families(fields: Fields, signals: list[LinkSignal], may_be_one: bool) -> None:
    """Note combinations that rest on one family, on content alone, or on what only supports."""
    families = {signal.family for signal in signals}
    add, place = fields.problems.add, fields.key_place("of")
    if len(families) < len(signals) and not may_be_one:
        add(place, "two signals of one family, expected different families", "only `same_network` joins two networks")
    for signal in signals:
        if signal.is_strong or signal.only_supports or signal.seen in BEHAVIOUR:
            found = f"`{signal.name}` in a combination, expected weak signals that are held"
            add(place, found, "strong signals link by themselves, behaviour is found among candidates")


def _flag(fields: Fields, name: str) -> bool:
    node = fields.node(name)
    if node is None or (isinstance(node, ScalarNode) and isinstance(node.value, bool)):
        return node is not None and isinstance(node, ScalarNode) and node.value is True
    fields.problems.add(node.place, f"`{name}` is {kind_of(node)}, expected true or false", "write `true` or `false`")
    return False


def _share(fields: Fields, name: str, default: Decimal) -> Decimal:
    node = fields.node(name)
    if node is None:
        return default
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, Decimal | int) and not isinstance(value, bool) and 0 < value <= 1:
        return Decimal(value)
    fields.problems.add(node.place, f"`{name}` is {kind_of(node)}, expected a share above 0 and up to 1", "write `0.5`")
    return default


def _lift(fields: Fields, default: Decimal) -> Decimal:
    node = fields.node("lift")
    if node is None:
        return default
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, Decimal | int) and not isinstance(value, bool) and value >= 1:
        return Decimal(value)
    fields.problems.add(node.place, f"`lift` is {kind_of(node)}, expected a number from 1 on", "write `3`")
    return default


def _refuse_repeated(fields: Fields, names: list[str], what: str) -> None:
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        found = f"{what} {shown(name)} {names.count(name)} times, expected each name once"
        fields.problems.add(fields.place, found, "give each a name of its own")
