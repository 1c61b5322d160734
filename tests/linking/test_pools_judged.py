"""Engine and slow judge agree on addresses that are used by turns, and on what they join together with other things."""

from typing import Any  # hypothesis draws values of many types

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.linking.links import links_of
from auditor.policy.links import LinkCombination, LinkRules, LinkSignal
from auditor.policy.pack import Context
from auditor.records.memory import activity_of
from tests.linking.factories import CARD, PROGRAM, Row, row
from tests.linking.judge import Judge
from tests.linking.test_judged import EMAIL, told

ROTATION = LinkSignal(name="rotation", kind="exits", family="network", seen="rotation", columns=("client_ip", "asn"),
                      networks=("isp",), within=86400)  # fmt: skip
POOL = ROTATION.model_copy(update={"name": "pool", "seen": "pool", "at_most": 4})
BY_ADDRESS = LinkSignal(name="by-address", kind="exits", family="network", seen="pool", columns=("client_ip",),
                        without=("asn",), within=86400, at_most=4)  # fmt: skip
BY_COUNTRY = POOL.model_copy(update={"name": "by-country", "columns": ("client_ip", "country"), "without": ("asn",)})
RULES = LinkRules(
    signals=(CARD, ROTATION, EMAIL, PROGRAM, POOL, BY_ADDRESS, BY_COUNTRY),
    combinations=(
        LinkCombination(name="rotation-and-program", signals=("rotation", "program"), common=True),
        LinkCombination(name="by-address-and-email", signals=("by-address", "email"), exclusive=True),
    ),
    alone=2,
)
CONNECTION = duckdb.connect(config={"threads": 1})
SOME = ("v1", "v1", "v2", None)


@st.composite
def some_calls(draw: st.DrawFn) -> list[Row]:
    """Return calls of a few accounts from a few addresses of a few providers, with their programs, mails and cards."""
    has_providers = draw(st.booleans())
    rows = []
    for account in "abcdefgh"[: draw(st.integers(2, 8))]:
        own: dict[str, Any] = {
            "payment_fingerprint": draw(st.sampled_from((None, None, "c1", "c2"))),
            "email_domain": draw(st.sampled_from(SOME)),
            "user_agent": draw(st.sampled_from(SOME)),
            "organization_id": draw(st.sampled_from((None, None, "o1"))),
        }
        for exit_ in draw(st.lists(st.integers(0, 4), min_size=2, max_size=5, unique=True)):
            place: dict[str, Any] = {"client_ip": f"10.{exit_ % 4}.0.{exit_}", "network_kind": "isp"}
            place |= {"asn": exit_ % 4 + 1} if has_providers else {"country": f"C{exit_ % 4}"}
            rows.append(row(account, draw(st.integers(0, 2)) / 2, **own, **place))
        rows += [
            row(account, day, client_ip=f"172.16.{ord(account)}.1")
            for day in range(draw(st.sampled_from((0, 0, 0, 4))))
        ]
    return [*rows, *(row(f"z{n}", 0) for n in range(draw(st.sampled_from((1, 12)))))]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=some_calls())
def test_engine_and_judge_agree_on_exits(rows: list[Row]) -> None:
    links = links_of(activity_of(rows, connection=CONNECTION), RULES, context=Context(), as_of=None)
    judged = Judge(rows, RULES, Context(), None, []).judgement()

    assert told(links) == (judged.clusters, judged.stretches)
    pairs = {(pair.first, pair.second, pair.signal, pair.since) for pair in judged.pairs}
    assert {(e.first, e.second, e.signal, e.since) for cluster in links.clusters for e in cluster.edges} <= pairs
