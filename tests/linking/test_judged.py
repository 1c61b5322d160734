"""The engine and the slow judge say the same of random small populations; threads and order change nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any  # hypothesis draws values of many types

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.linking.links import links_of
from auditor.linking.model import Links
from auditor.policy.links import LinkCombination, LinkRules, LinkSignal
from auditor.policy.pack import Context
from auditor.policy.rule import Span
from auditor.records.memory import activity_of
from auditor.records.tallies import AccountSpan
from tests.linking.factories import BOTH, CARD, DEVICE, PROGRAM, PROMPT, SIGN_UP, Row, day, row
from tests.linking.judge import Judge

SERVER = LinkSignal(name="server", kind="server", family="network", seen="calls", columns=("client_ip",),
                    also=("user_agent",), networks=("hosting", "isp"), within=86400,
                    not_through=("reseller",))  # fmt: skip
EMAIL = LinkSignal(name="email", kind="mail", family="email", seen="facts", columns=("email_domain",),
                   not_from=("education",))  # fmt: skip
SEVERAL = (
    BOTH,
    LinkCombination(name="network-alone", signals=("sign-up", "server"), at_least=3, same_network=True),
    LinkCombination(name="sign-up-and-email", signals=("sign-up", "email")),
    LinkCombination(name="email-program-prompt", signals=("email", "program", "prompt")),
    LinkCombination(name="server-and-program", signals=("server", "program"), common=True),
    LinkCombination(name="email-and-program", signals=("email", "program"), exclusive=True),
    LinkCombination(name="email-over-prompts", signals=("email", "program"), spread_over="prompt"),
)
RULES = LinkRules(signals=(CARD, DEVICE, SIGN_UP, SERVER, EMAIL, PROGRAM, PROMPT), combinations=SEVERAL, alone=2)

ACCOUNTS = tuple("abcdefgh")
FEW = st.sampled_from(["v1", "v1", "v2", "V2", "v3"])
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "payment_fingerprint": FEW,
    "device_id": FEW,
    "email_domain": FEW,
    "user_agent": FEW,
    "prompt_digest": FEW,
    "organization_id": st.sampled_from(["o1", "o2"]),
    "pathway": st.sampled_from(["direct", "direct", "reseller"]),
    "client_ip": st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.3.1", "2001:db8::1", "2001:db8:0:1::1"]),
    "network_kind": st.sampled_from(["hosting", "Hosting", "isp", "education"]),
    "api_key_id": st.sampled_from(["k1", "k2"]),
}


@st.composite
def some_rows(draw: st.DrawFn) -> list[Row]:
    """Return records of a few accounts over two weeks, dense enough that things are shared."""
    rows = []
    for _ in range(draw(st.integers(2, 40))):
        names = draw(st.sets(st.sampled_from(sorted(OPTIONAL)), min_size=2, max_size=7))
        fields = {name: draw(OPTIONAL[name]) for name in sorted(names)}
        event = draw(st.sampled_from(["signup", "completion", "completion", "login"]))
        when = draw(st.integers(0, 14 * 8)) / 8
        rows.append(row(draw(st.sampled_from(ACCOUNTS)), when, event, **fields))
    return rows


CONNECTIONS = {threads: duckdb.connect(config={"threads": threads}) for threads in (1, 2)}


def found_in(rows: Sequence[Row], threads: int = 1, **options: Any) -> Links:
    """Return what the engine finds."""
    activity = activity_of(rows, connection=CONNECTIONS[threads])
    return links_of(activity, RULES, **({"context": Context(), "as_of": None} | options))


def told(links: Links) -> tuple[list[Any], list[Any]]:
    """Return clusters and stretches as the judge gives them."""
    clusters = [(cluster.id, cluster.formerly, cluster.accounts) for cluster in links.clusters]
    return sorted(clusters), sorted((s.account, s.start, s.cluster) for s in links.stretches)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=some_rows(), data=st.data())
def test_engine_and_judge_agree(rows: list[Row], data: st.DataObject) -> None:
    as_of = data.draw(st.sampled_from([None, None, day(7)]))
    context = data.draw(st.sampled_from([Context(), Context(window=Span(start=day(3), until=day(12)))]))
    excluded = data.draw(st.sampled_from([[], [AccountSpan("a", day(2), day(9), day(9), "k1")]]))

    links = found_in(rows, context=context, as_of=as_of, excluded=excluded)
    judged = Judge(rows, RULES, context, as_of, excluded).judgement()

    assert told(links) == (judged.clusters, judged.stretches)
    pairs = {(pair.first, pair.second, pair.signal, pair.since) for pair in judged.pairs}
    edges = {(e.first, e.second, e.signal, e.since) for cluster in links.clusters for e in cluster.edges}
    assert edges <= pairs
    strong = {signal.name for signal in RULES.signals if signal.is_strong}
    assert sorted((c.signal, c.accounts) for c in links.crowds if c.signal in strong) == judged.refused
    for cluster in links.clusters:
        assert all(cluster.path(cluster.accounts[0], other) for other in cluster.accounts[1:])


@settings(max_examples=6, deadline=None)
@given(rows=some_rows(), data=st.data())
def test_the_order_of_records_changes_nothing(rows: list[Row], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))

    assert found_in(rows).model_dump_json() == found_in(shuffled).model_dump_json()


@settings(max_examples=10, deadline=None)
@given(rows=some_rows())
def test_a_longer_log_keeps_the_names_of_clusters_that_nothing_took_apart(rows: list[Row]) -> None:
    early, late = found_in(rows, as_of=day(7)), found_in(rows)

    names = {name for cluster in late.clusters for name in (cluster.id, *cluster.formerly)}
    kept = {edge_key(edge) for cluster in late.clusters for edge in cluster.edges}
    for cluster in early.clusters:
        is_whole = {edge_key(edge) for edge in cluster.edges} <= kept
        is_undisturbed = all(_first_link(late, account) >= member_since for account, member_since in _joined(cluster))
        if is_whole and is_undisturbed:
            assert cluster.id in names


def edge_key(edge: Any) -> tuple[str, str, str, datetime]:
    """Return what an edge is, whatever its words."""
    return (edge.first, edge.second, edge.signal, edge.since)


def _joined(cluster: Any) -> list[tuple[str, datetime]]:
    return [(member.account, member.since) for member in cluster.members]


def _first_link(links: Links, account: str) -> datetime:
    return min((s.start for s in links.stretches if s.account == account), default=day(99))


def test_threads_change_no_byte() -> None:
    rows = [
        row(f"a{n:03}", n / 50, "signup", payment_fingerprint=f"c{n % 40}", client_ip=f"192.0.{n % 7}.1",
            network_kind="hosting", user_agent=f"p{n % 5}", device_id=f"d{n % 31}")
        for n in range(300)
    ]  # fmt: skip

    one, two = found_in(rows, threads=1), found_in(rows, threads=2)

    assert one.clusters
    assert one.model_dump_json() == two.model_dump_json()
