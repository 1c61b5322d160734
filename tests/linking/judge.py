"""The slow, obvious judge of linking: the definition of docs/linking.md, pair by pair, without SQL and without stars.

It shares the models, the reading of a links file and the digests with the engine, nothing else. Times are datetimes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations, product
from typing import Any  # a record holds values of every column type

from auditor.digests import digest_of_parts
from auditor.policy.links import LinkCombination, LinkRules, LinkSignal
from auditor.policy.pack import Context
from auditor.records.memory import record_of
from auditor.records.tallies import AccountSpan
from tests.linking.judge_pools import Address, core_of, meetings, pools_of, provider_of

Record = Mapping[str, Any]
CALLS = {"completion", "embedding", "image", "audio", "moderation", "fine_tune", "file", "batch", "list_models",
         "web_request"}  # fmt: skip
IPV4 = 0xFFFF_0000_0000


@dataclass(frozen=True)
class Held:
    """A value of a signal: who holds it since when."""

    signal: LinkSignal
    value: tuple[object, ...]
    run: int
    holders: tuple[tuple[str, datetime], ...]

    def accounts(self) -> set[str]:
        """Return the holders."""
        return {account for account, _ in self.holders}

    def since(self, account: str) -> datetime:
        """Return since when an account holds it."""
        return dict(self.holders)[account]


@dataclass(frozen=True)
class Pair:
    """Two accounts that something holds together: by which signal, since when."""

    first: str
    second: str
    signal: str
    since: datetime


@dataclass
class Judgement:
    """What the judge says: clusters as (id, formerly, accounts), stretches, pairs."""

    clusters: list[tuple[str, tuple[str, ...], tuple[str, ...]]]
    stretches: list[tuple[str, datetime, str]]
    pairs: list[Pair]
    refused: list[tuple[str, int]]


class Judge:
    """Judges some records by a links file."""

    def __init__(
        self, rows: Sequence[Record], rules: LinkRules, context: Context, as_of: datetime | None,
        excluded: Sequence[AccountSpan],
    ) -> None:  # fmt: skip
        records = [record_of(row, position) for position, row in enumerate(rows, start=1)]
        records = [record | {"time": record["time"].replace(tzinfo=UTC)} for record in records]
        self.rules = rules
        self.context = context
        self.records = [
            record for record in records
            if record["account_id"] is not None and (as_of is None or record["time"] <= as_of)
            and not any(_covers(span, record) for span in excluded)
        ]  # fmt: skip
        self.filled = {name for record in records for name, value in record.items() if value is not None}
        self.accounts = sorted({record["account_id"] for record in self.records})
        self.first_seen = {
            account: min(r["time"] for r in self.records if r["account_id"] == account) for account in self.accounts
        }
        self.party = {
            account: self._newest(account, "organization_id") or f"account {account}" for account in self.accounts
        }

    def judgement(self) -> Judgement:
        """Return clusters, stretches, and every pair that is held together by itself."""
        values = [held for signal in self.rules.signals for held in self._held(signal)]
        standing = [v for v in values if not self._is_intermediarys(v) and len(self._parties(v.accounts())) >= 2]
        strong_refused = [v for v in values if v not in standing and v.signal.is_strong]
        usable = [v for v in standing if not v.signal.is_strong and not v.signal.only_supports]
        while failing := [v for v in standing if self._reached(v, standing) is None]:
            standing = [v for v in standing if v not in failing]
            strong_refused += [v for v in failing if v.signal.is_strong]
        pairs = []
        for value in standing:
            if value.signal.is_strong:
                start = self._reached(value, standing)
                assert start is not None
                pairs += self._pairs(value.signal.name, [(a, max(s, start)) for a, s in value.holders], 2)
        for combination in self.rules.combinations:
            pairs += self._combined(combination, usable)
        pairs += [pair for signal in self.rules.signals for pair in self._meetings(signal)]
        for size in sorted({len(value.holders) for value in usable}):
            alike = [value for value in usable if len(value.holders) == size]
            pairs += [pair for value in alike for pair in self._fragments(value, tuple(pairs))]
        clusters, stretches = self._grown(pairs)
        return Judgement(clusters, stretches, pairs, sorted((v.signal.name, len(v.holders)) for v in strong_refused))

    def _newest(self, account: str, column: str) -> str:
        found = [(r["time"], r[column]) for r in self.records if r["account_id"] == account and r[column]]
        return max(found)[1] if found else ""

    def _parties(self, accounts: Iterable[str]) -> set[str]:
        return {self.party[account] for account in accounts}

    def _is_intermediarys(self, value: Held) -> bool:
        came = [a for a in value.accounts() if self._newest(a, "pathway") in (value.signal.not_through or ("-",))]
        called = [a for a in value.accounts() if self._usual_network(a) in (value.signal.not_from or ("-",))]
        return len(came) * 2 > len(value.holders) or len(called) * 2 > len(value.holders)

    def _usual_network(self, account: str) -> str:
        kinds = [r["network_kind"].lower() for r in self.records if r["account_id"] == account and r["network_kind"]]
        return max(((kinds.count(kind), kind) for kind in kinds), default=(0, ""))[1]

    def _held(self, signal: LinkSignal) -> list[Held]:
        if signal.seen in ("rotation", "pool"):
            return self._held_by_turns(signal)
        needed = {*signal.columns, *(["network_kind"] if signal.networks else [])}
        if needed - self.filled or signal.seen in ("succession", "rhythm") or set(signal.without) & self.filled:
            return []
        return self._runs_of(signal)

    def _held_by_turns(self, signal: LinkSignal) -> list[Held]:
        """Return the addresses of a rotation, or each pool where combinations name the signal."""
        is_pool = signal.seen == "pool"
        if is_pool and not any(signal.name in combination.signals for combination in self.rules.combinations):
            return []
        core = self._settled(signal, self._addresses(signal))
        groups = pools_of(core, _joined_by) if is_pool else [address.holders for address in core]
        return [Held(signal, (number,), 0, tuple(sorted(group.items()))) for number, group in enumerate(groups)]

    def _meetings(self, signal: LinkSignal) -> list[Pair]:
        if signal.seen != "pool" or any(signal.name in c.signals for c in self.rules.combinations):
            return []
        addresses = self._addresses(signal)
        settled = {account for address in self._settled(signal, addresses) for account in address.holders}
        met = meetings([address.without(set(self.accounts) - settled) for address in addresses],
                       signal.at_least, self.party)  # fmt: skip
        return [Pair(one, two, signal.name, since) for one, two, since in met]

    def _settled(self, signal: LinkSignal, addresses: Sequence[Address]) -> list[Address]:
        """Return the core of some addresses without those who call from elsewhere on most of their days."""
        core = core_of(addresses, signal.at_least, self.party)
        guests = set()
        for account in self.accounts:
            calls = [
                r for r in self.records if r["account_id"] == account and self._is_call(r) and r["client_ip_number"]
            ]
            theirs = {address.number for address in core if account in address.holders}
            elsewhere = {r["time"].date() for r in calls if r["client_ip_number"] not in theirs}
            if 2 * len(elsewhere) > len({r["time"].date() for r in calls}):
                guests.add(account)
        return core_of([address.without(guests) for address in core], signal.at_least, self.party)

    def _addresses(self, signal: LinkSignal) -> list[Address]:
        """Return the addresses of calls in their runs, those that too many use left out of a pool."""
        needed = {*signal.columns, *(["network_kind"] if signal.networks else [])}
        if needed - self.filled or set(signal.without) & self.filled:
            return []
        found = self._runs_of(signal)
        few = [held for held in found if signal.seen == "rotation" or len(held.holders) <= signal.at_most]
        return [Address(held.value[0], provider_of(held.value), dict(held.holders)) for held in few]

    def _runs_of(self, signal: LinkSignal) -> list[Held]:
        also = [column for column in signal.also if column in self.filled]
        uses: dict[tuple[object, ...], list[tuple[datetime, str]]] = {}
        for record in self.records:
            value = self._value(record, signal, also)
            if value is not None:
                uses.setdefault(value, []).append((record["time"], record["account_id"]))
        found = []
        for value in sorted(uses, key=repr):
            for number, run in enumerate(_runs(sorted(uses[value]), signal.within)):
                holders = _holders(run, signal.days)
                if len(holders) > 1:
                    found.append(Held(signal, value, number, holders))
        return found

    def _value(self, record: Record, signal: LinkSignal, also: Sequence[str]) -> tuple[object, ...] | None:
        if signal.networks and str(record["network_kind"] or "").lower() not in signal.networks:
            return None
        if signal.seen == "sign-up" and record["event"] != "signup":
            return None
        if signal.seen in ("calls", "rotation", "pool") and (
            record["event"] not in CALLS or not self._is_complete(record)
        ):
            return None
        parts = [_part(record, column) for column in signal.columns]
        if signal.seen in ("rotation", "pool"):
            parts[0] = record["client_ip_number"]
        return None if any(part in (None, "") for part in parts) else (*parts, *(_part(record, c) or "" for c in also))

    def _is_call(self, record: Record) -> bool:
        return record["event"] in CALLS and self._is_complete(record)

    def _is_complete(self, record: Record) -> bool:
        start, until = self.context.window.start, self.context.window.until
        return (start is None or record["time"] >= start) and (until is None or record["time"] < until)

    def _may_vouch(self, other: LinkSignal, own: LinkSignal) -> bool:
        if other.family == own.family:
            return False
        return own.is_strong or other.is_strong or (bool(other.networks) and not other.only_supports)

    def _met(self, value: Held, values: Iterable[Held]) -> dict[str, datetime]:
        """Return since when each holder shares something else with another party that holds the value."""
        met: dict[str, datetime] = {}
        for other in values:
            both = value.accounts() & other.accounts()
            if len(self._parties(both)) < 2 or not self._tells([value.accounts()], other):
                continue
            since = {account: max(value.since(account), other.since(account)) for account in both}
            for one, two in combinations(sorted(both), 2):
                if self.party[one] != self.party[two]:
                    for account in (one, two):
                        moment = max(since[one], since[two])
                        met[account] = min(met.get(account, moment), moment)
        return met

    def _reached(self, value: Held, standing: Sequence[Held]) -> datetime | None:
        """Return since when a value passes the test without a break until the end."""
        if value.signal.networks:
            return min(since for _, since in value.holders)
        alone = self.rules.alone if value.signal.is_strong else 0
        least = self.rules.corroborated if value.signal.is_strong else self.rules.specific
        if value.signal.is_strong and len(self._parties(value.accounts())) <= alone:
            return min(since for _, since in value.holders)
        families = list(dict.fromkeys(signal.family for signal in self.rules.signals))
        counts = range(1, len(families) + 1) if value.signal.is_strong else [len(families)]
        for count in counts:
            asked = [
                v for v in standing if v.signal.family in families[:count] and self._may_vouch(v.signal, value.signal)
            ]
            since = self._passing(value, self._met(value, asked), alone, least)
            if since is not None:
                return since
        return None

    def _tells(self, rests: Sequence[set[str]], value: Held) -> bool:
        """Say whether those who share each of some other things share a value far more often than everybody else."""
        if value.signal.is_strong or value.signal.networks or len(self._parties(value.accounts())) <= self.rules.alone:
            return True
        everybody, shared, chances, expected = len(set(self.party.values())), 0, 0, Fraction(0)
        for rest in rests:
            having, there = len(self._parties(rest & value.accounts())), len(self._parties(rest))
            if not having:
                continue
            others, holding = everybody - there, len(self._parties(value.accounts())) - having
            share = max(Fraction(1, everybody), Fraction(holding, others) if others else Fraction(0))
            shared, chances, expected = shared + having - 1, chances + there - 1, expected + (there - 1) * share
        if not shared or shared < Fraction(self.rules.lift) * expected:
            return False
        seen, usual = Fraction(shared, chances), expected / chances
        odds = (seen / usual) ** shared
        return odds * ((1 - seen) / (1 - usual)) ** (chances - shared) >= everybody if seen < 1 else odds >= everybody

    def _passing(self, value: Held, met: Mapping[str, datetime], alone: int, least: Any) -> datetime | None:
        """Look at every moment at which something changes, from the last one back, as long as the test holds."""
        since = None
        for moment in sorted({*(s for _, s in value.holders), *met.values()}, reverse=True):
            there = self._parties(a for a, s in value.holders if s <= moment)
            vouched = self._parties(a for a, s in met.items() if s <= moment)
            if len(there) > alone and len(vouched) < least * len(there):
                break
            since = moment
        return since

    def _combined(self, combination: LinkCombination, usable: Sequence[Held]) -> list[Pair]:
        parts = [[v for v in usable if v.signal.name == name] for name in combination.signals]
        groups = []
        for chosen in product(*parts):
            everybody = set.intersection(*(v.accounts() for v in chosen))
            networks = {v.value[0] for v in chosen if "client_ip" in v.signal.columns}
            if combination.same_network and len(networks) > 1:
                continue
            if len(self._parties(everybody)) >= combination.at_least:
                groups.append((chosen, [(a, max(v.since(a) for v in chosen)) for a in sorted(everybody)]))
        groups = [(c, m) for c, m in groups if all(self._tells_in(combination, v, c, parts) for v in c)]
        if combination.spread_over:
            over = [v for v in usable if v.signal.name == combination.spread_over]
            groups = [(c, m) for c, m in groups if self._is_spread({account for account, _ in m}, over)]
        holding = []
        for chosen, members in groups:
            starts = [self._specific(v, groups, combination) for v in chosen]
            known = [start for start in starts if start is not None]
            if len(known) == len(starts):
                holding.append((chosen, [(account, max(since, *known)) for account, since in members]))
        joined = [*(members for _, members in holding), *self._joined(holding)]
        return [pair for one in joined for pair in self._pairs(combination.name, one, combination.at_least)]

    def _joined(self, groups: Sequence[Any]) -> list[list[tuple[str, datetime]]]:
        """Return what holds the groups of a value together that hardly anybody has outside of them."""
        found = []
        for value in [v for chosen, _ in groups for v in chosen]:
            mine = [members for chosen, members in groups if value in chosen]
            since = {account: min(s for m in mine for a, s in m if a == account) for one in mine for account, _ in one}
            holders = len(self._parties(value.accounts()))
            is_common = (
                value.signal.family != "content"
                and not value.signal.is_strong
                and not value.signal.networks
                and holders > self.rules.alone
            )
            inside = len(self._parties(since))
            if is_common and len(mine) > 1 and inside >= self.rules.exclusive * holders:
                found.append(sorted(since.items()))
        return found

    def _fragments(self, value: Held, pairs: Sequence[Pair]) -> list[Pair]:
        """Return what makes one group of groups that nearly all holders of a value are in, each with another one."""
        if value.signal.is_strong or value.signal.networks or value.signal.family == "content":
            return []
        groups = _components(pairs)
        having = [(group, group & value.accounts()) for group in groups]
        marked = [h for g, h in having if len(h) > 1 and len(h) >= self.rules.corroborated * len(g)]
        inside: set[str] = set().union(*marked)
        largest = max((len(group) for group in marked), default=0)
        rests = [
            value.accounts() - group for group in groups
            if group & inside and len(group & value.accounts()) == largest
        ]  # fmt: skip
        if (
            len(self._parties(value.accounts())) <= self.rules.alone
            or len(marked) < 2
            or any(
                len(self._parties(rest & inside)) < self.rules.exclusive * len(self._parties(rest)) for rest in rests
            )
        ):
            return []
        since = {a: min(pair.since for pair in pairs if a in (pair.first, pair.second)) for a in inside}
        members = [(account, max(value.since(account), since[account])) for account in sorted(inside)]
        return self._pairs(value.signal.name, members, 2)

    def _tells_in(
        self, combination: LinkCombination, value: Held, group: Sequence[Held], parts: Sequence[Sequence[Held]]
    ) -> bool:
        """Say whether a value tells something of a group, or over all choices of the values of its other signals."""
        if combination.common:
            return True
        others = [held for held in parts if value not in held]
        rests = [set.intersection(*(other.accounts() for other in chosen)) for chosen in product(*others)]
        here = set.intersection(*(other.accounts() for other in group if other is not value))
        return self._tells([here], value) or self._tells(rests, value)

    def _is_spread(self, accounts: set[str], over: Sequence[Held]) -> bool:
        inside = [(v.accounts() & accounts, v.accounts() - accounts) for v in over]
        usual = [within for within, others in inside if within and len(within) <= len(others)]
        having = set[str]().union(*usual)
        return len(usual) >= 3 and 2 * len(having) > len(accounts) >= 2 * max(map(len, usual))

    def _specific(self, value: Held, groups: Sequence[Any], combination: LinkCombination) -> datetime | None:
        if value.signal.networks or combination.common:
            return min(since for _, since in value.holders)
        met: dict[str, datetime] = {}
        for chosen, members in groups:
            if value in chosen:
                for (one, first), (two, second) in combinations(members, 2):
                    if self.party[one] != self.party[two]:
                        for account in (one, two):
                            met[account] = min(met.get(account, max(first, second)), max(first, second))
        least = self.rules.exclusive if combination.exclusive else self.rules.specific
        return self._passing(value, met, 0, least)

    def _pairs(self, signal: str, members: Sequence[tuple[str, datetime]], least: int) -> list[Pair]:
        """Return every pair, from the moment on when both are there and enough parties are."""
        moments = sorted({since for _, since in members})
        enough = next((m for m in moments if len(self._parties(a for a, s in members if s <= m)) >= least), None)
        if enough is None:
            return []
        return [
            Pair(min(one, two), max(one, two), signal, max(first, second, enough))
            for (one, first), (two, second) in combinations(sorted(members), 2)
        ]

    def _grown(self, pairs: Sequence[Pair]) -> tuple[list[Any], list[Any]]:
        """Let the clusters grow, moment by moment, from nothing each time."""
        names: dict[frozenset[str], tuple[str, datetime, tuple[tuple[datetime, str], ...]]] = {}
        stretches: list[tuple[str, datetime, str]] = []
        for moment in sorted({pair.since for pair in pairs}):
            now = {}
            for group in _components([pair for pair in pairs if pair.since <= moment]):
                now[group] = self._named(group, names, moment)
                known = {account: name for old, (name, _, _) in names.items() for account in old}
                stretches += [(a, moment, now[group][0]) for a in sorted(group) if known.get(a) != now[group][0]]
            names = now
        clusters = [(name, tuple(old for _, old in sorted(former)), tuple(sorted(group)))
                    for group, (name, _, former) in names.items()]  # fmt: skip
        return sorted(clusters), sorted(stretches)

    def _named(self, group: frozenset[str], names: Mapping[frozenset[str], Any], moment: datetime) -> Any:
        old = sorted((value for members, value in names.items() if members <= group), key=lambda v: (v[1], v[0]))
        if not old:
            oldest = min(group, key=lambda account: (self.first_seen[account], account))
            return (f"L-{digest_of_parts([oldest])[:12]}", moment, ())
        former = [*old[0][2], *((formed, name) for name, formed, _ in old[1:]), *(f for v in old[1:] for f in v[2])]
        return (old[0][0], old[0][1], tuple(former))


def _covers(span: AccountSpan, record: Record) -> bool:
    is_key = span.key is None or record["api_key_id"] is None or record["api_key_id"] == span.key
    return span.account == record["account_id"] and span.start <= record["time"] <= span.end and is_key


def _part(record: Record, column: str) -> object:
    value = record[column]
    if column == "client_ip":
        number = record["client_ip_number"]
        return None if number is None else (number >> 8 if number >> 32 == IPV4 >> 32 else ("6", number >> 80))
    is_folded = column in ("user_agent", "email_domain")
    return value.lower() if is_folded and value is not None else value


def _runs(uses: Sequence[tuple[datetime, str]], longest: int) -> list[list[tuple[datetime, str]]]:
    runs: list[list[tuple[datetime, str]]] = [[]]
    for use in uses:
        if longest and runs[-1] and use[0] - runs[-1][-1][0] > timedelta(seconds=longest):
            runs.append([])
        runs[-1].append(use)
    return runs


def _holders(run: Sequence[tuple[datetime, str]], days: int) -> tuple[tuple[str, datetime], ...]:
    found = []
    for account in sorted({account for _, account in run}):
        first_of_day: dict[object, datetime] = {}
        for time, other in run:
            if other == account:
                first_of_day.setdefault(time.date(), time)
        if len(first_of_day) >= days:
            found.append((account, sorted(first_of_day.values())[days - 1]))
    return tuple(found)


def _components(pairs: Sequence[Pair]) -> list[frozenset[str]]:
    return _joined_by((pair.first, pair.second) for pair in pairs)


def _joined_by(pairs: Iterable[tuple[str, str]]) -> list[frozenset[str]]:
    groups: list[set[str]] = []
    for pair in pairs:
        touched = [group for group in groups if set(pair) & group]
        groups = [group for group in groups if group not in touched]
        groups.append(set(pair).union(*touched))
    return [frozenset(group) for group in groups]
