"""Records and links files for tests of linking: small functions that show only the fields a test is about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.digests import rfc3339
from auditor.linking.links import links_of
from auditor.linking.model import Links
from auditor.policy.fields import Problems
from auditor.policy.links import LinkCombination, LinkRules, LinkSignal
from auditor.policy.links_reader import read_links
from auditor.policy.pack import Context
from auditor.policy.yaml import read_yaml
from auditor.records.memory import activity_of
from auditor.records.tallies import AccountSpan

START = datetime(2026, 1, 5, tzinfo=UTC)
SHIPPED = Path(__file__).parents[2] / "policies" / "links.yml"

CARD = LinkSignal(name="card", kind="card", family="payment", seen="facts", columns=("payment_fingerprint",),
                  is_strong=True, not_through=("reseller",))  # fmt: skip
DEVICE = LinkSignal(name="device", kind="device", family="device", seen="facts", columns=("device_id",), is_strong=True)
SIGN_UP = LinkSignal(name="sign-up", kind="network at sign-up", family="network", seen="sign-up",
                     columns=("client_ip",), networks=("hosting",), within=7 * 86400)  # fmt: skip
PROGRAM = LinkSignal(name="program", kind="program", family="software", seen="calls", columns=("user_agent",))
PROMPT = LinkSignal(name="prompt", kind="prompt", family="content", seen="calls", columns=("prompt_digest",), days=2)
BOTH = LinkCombination(name="sign-up-and-program", signals=("sign-up", "program"))
SIGNALS = LinkRules(signals=(CARD, DEVICE, SIGN_UP, PROGRAM, PROMPT), combinations=(BOTH,))

Row = dict[str, object]


def row(account: str, day: float = 0, event: str = "completion", **fields: object) -> Row:
    """Return a record of an account some days after `START`."""
    return {"time": rfc3339(START + timedelta(days=day)), "event": event, "account_id": account, **fields}


def signup(account: str, day: float = 0, **fields: object) -> Row:
    """Return a sign-up."""
    return row(account, day, "signup", **fields)


def shipped() -> LinkRules:
    """Return the links file that comes with the program."""
    problems = Problems()
    rules = read_links(read_yaml(SHIPPED.read_bytes(), str(SHIPPED)), "0" * 64, problems)
    problems.check()
    assert rules is not None
    return rules


def links(
    rows: Sequence[Mapping[str, object]],
    rules: LinkRules = SIGNALS,
    *,
    context: Context | None = None,
    as_of: datetime | None = None,
    excluded: Sequence[AccountSpan] = (),
) -> Links:
    """Return who acted together in some records."""
    activity = activity_of(rows)
    return links_of(activity, rules, context=context or Context(), as_of=as_of, excluded=excluded)


def groups(found: Links) -> list[set[str]]:
    """Return the accounts of each cluster, by the first of them."""
    return sorted((set(cluster.accounts) for cluster in found.clusters), key=min)


def day(number: float) -> datetime:
    """Return the time some days after `START`."""
    return START + timedelta(days=number)
