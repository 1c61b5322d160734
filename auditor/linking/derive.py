"""The one way from an activity to an activity with its derived columns, and to the links behind them.

Whoever judges records by rules comes through here, so that an audit, a rule's cases and the answer to "why?" read the
same values. Without a links file every account is a cluster of one.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Protocol

from sqlglot import exp

from auditor.linking.model import Links, Stretch
from auditor.policy.links import LinkRules
from auditor.policy.pack import Context
from auditor.records.activity import Activity
from auditor.records.derived import ROW, Derivation, derivable, fill_table, with_derived
from auditor.records.schema import DERIVED_FROM
from auditor.records.sql import all_of, identifier
from auditor.records.tallies import AccountSpan

STRETCHES = "linked_stretches"
_TYPES = {"account": "VARCHAR", "start": "TIMESTAMP", "until": "TIMESTAMP", "cluster": "VARCHAR"}
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)


class Linker(Protocol):
    """What finds out who acted together."""

    def __call__(
        self,
        activity: Activity,
        signals: LinkRules,
        *,
        context: Context,
        as_of: datetime | None,
        excluded: Sequence[AccountSpan],
    ) -> Links:
        """Return the links of an activity; records in `excluded` make none."""
        ...


def derived_activity(
    activity: Activity,
    names: Collection[str],
    signals: LinkRules | None,
    *,
    context: Context,
    as_of: datetime | None,
    excluded: Sequence[AccountSpan] = (),
    linker: Linker | None = None,
) -> tuple[Activity, Links | None]:
    """Work out those of the columns `names` that can be derived; links only where one of them needs them.

    Records in `excluded` make no links. An earlier derivation on the same connection is replaced.
    """
    wanted = derivable(names)
    links = None
    if "cluster_id" in wanted and signals is not None and linker is not None:
        links = linker(with_derived(activity, []), signals, context=context, as_of=as_of, excluded=excluded)
    derivations = [cluster_derivation(activity, links)] if "cluster_id" in wanted else []
    return with_derived(activity, derivations), links


def cluster_derivation(activity: Activity, links: Links | None) -> Derivation:
    """Return how a record finds the cluster of its account at its time: the account itself before it was linked."""
    account = identifier("account_id", ROW)
    if links is None or not links.stretches:
        return Derivation("cluster_id", account, needs=DERIVED_FROM["cluster_id"])
    fill_table(activity, STRETCHES, _TYPES, _columns_of(links.stretches))
    value = exp.Coalesce(this=identifier("cluster", STRETCHES), expressions=[account])
    return Derivation("cluster_id", value, ((STRETCHES, _holds()),), DERIVED_FROM["cluster_id"])


def _columns_of(stretches: Sequence[Stretch]) -> list[list[object]]:
    """Return the stretches column by column, each with its end: the start of the account's next one."""
    ordered = sorted(stretches, key=lambda item: (item.account, item.start))
    ends = [b.start if a.account == b.account else _LATEST for a, b in pairwise(ordered)]
    return [
        [item.account for item in ordered],
        [_naive(item.start) for item in ordered],
        [_naive(end) for end in (*ends, _LATEST)],
        [item.cluster for item in ordered],
    ]


def _holds() -> exp.Expression:
    time = identifier("time", ROW)
    return all_of(
        [
            exp.EQ(this=identifier("account_id", ROW), expression=identifier("account", STRETCHES)),
            exp.GTE(this=time, expression=identifier("start", STRETCHES)),
            exp.LT(this=time.copy(), expression=identifier("until", STRETCHES)),
        ]
    )


def _naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)
