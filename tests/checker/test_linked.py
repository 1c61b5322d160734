"""An audit with links, from records to findings: who is linked, what is kept of it, and what makes no link."""

from datetime import timedelta
from pathlib import Path
from typing import Any  # fields of a row by name

import pytest

from auditor.checker.asked import Question
from auditor.checker.audit import AuditResult, run_audit
from auditor.checker.circumstances import Circumstances
from auditor.checker.following import followed
from auditor.checker.linked import LINKS, read_links
from auditor.checker.prepared import prepared
from auditor.digests import digest_of
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Rule
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from auditor.report.trace_words import lines_of
from tests.linking.factories import SIGNALS, START, Row, row, signup
from tests.policy.examples import rule_of

SPLIT = """\
title: Volume split over linked accounts
subject: cluster
measure: {calls: count(), accounts: count(distinct account_id)}
within: 30d
violates: calls >= 6 and accounts >= 2
"""
THEFT = """\
title: New network of an old key
id: 00000000-0000-4000-8000-0000000000aa
conduct: credential-theft
subject: api_key
when: {asked: {event: completion, status: 200}}
novel: {fields: [asn], history: 10d, lasts: 24h}
"""


RETURN = """\
title: A linked account goes on where one was suspended
subject: none
when: {banned: {event: enforcement}, went_on: {event: completion}}
sequence: {steps: [banned, went_on], within: 30d, where: "linked(banned, went_on)"}
"""


def crew(*accounts: str, days: int = 3, **facts: object) -> list[Row]:
    """Return the records of accounts that sign up with one card and make a call a day."""
    rows = [signup(account, 0, payment_fingerprint="card-1", **facts) for account in accounts]
    return rows + [row(account, day + 1, status=200) for account in accounts for day in range(days)]


def pack_of(*rules: Rule) -> Pack:
    named = tuple(rule.model_copy(update={"name": f"rule-{place}"}) for place, rule in enumerate(rules))
    return Pack(name="p", title="P", rules=named, links=SIGNALS)


def audited(folder: Path, rows: list[Row], *rules: Rule) -> AuditResult:
    return run_audit(
        activity_of(rows, connection=open_connection(folders=(folder,))),
        pack_of(*rules), context=Context(), approvals=(), since=None, until=None, as_of=None, run_id="run",
        started=START, program="auditor 0", folder=folder / "run",
    )  # fmt: skip


def test_a_rule_about_clusters_sees_what_linked_accounts_did_together(tmp_path: Path) -> None:
    result = audited(tmp_path, crew("a", "b"), rule_of(SPLIT))

    (found,) = result.findings
    assert found.cluster is not None
    assert (found.accounts, found.cluster.members, found.subject) == (("a", "b"), ("a", "b"), (found.cluster.id,))
    assert (found.cluster.signals, found.cluster.columns) == (("card",), ("payment_fingerprint",))


def test_a_sequence_may_ask_that_its_accounts_are_linked(tmp_path: Path) -> None:
    rows = [*crew("a", "b"), row("a", 10, "enforcement"), row("stranger", 11), row("b", 12)]

    result = audited(tmp_path, rows, rule_of(RETURN))

    (found,) = result.findings
    assert found.accounts == ("a", "b")


def test_an_account_that_is_linked_to_nobody_is_a_cluster_of_one(tmp_path: Path) -> None:
    rule = rule_of(SPLIT.replace("and accounts >= 2", "and accounts = 1"))

    result = audited(tmp_path, [row("a", day, status=200) for day in range(7)], rule)

    (found,) = result.findings
    assert (found.subject, found.cluster) == (("a",), None)


def test_the_links_of_a_run_are_kept_and_their_digests_are_in_its_receipt(tmp_path: Path) -> None:
    result = audited(tmp_path, crew("a", "b", "c"), rule_of(SPLIT))

    (cluster,) = read_links(tmp_path / "run")
    assert cluster.accounts == ("a", "b", "c")
    assert result.receipt.links_digest == digest_of((tmp_path / "run" / LINKS).read_bytes())
    assert (result.receipt.clusters, result.receipt.linked_accounts) == (1, 3)
    assert (result.receipt.links_file_digest, result.links is not None) == (SIGNALS.digest, True)


def test_nothing_is_linked_where_no_rule_asks(tmp_path: Path) -> None:
    result = audited(tmp_path, crew("a", "b"), rule_of("subject: account"))

    assert (result.links, result.receipt.links_digest) == (None, "")
    assert not (tmp_path / "run" / LINKS).exists()


def test_what_an_account_did_before_it_was_linked_is_its_own(tmp_path: Path) -> None:
    late = row("b", 9, "payment_added", payment_fingerprint="card-1")
    rows = [signup("a", payment_fingerprint="card-1"), signup("b")]
    rows += [row(account, day + 1, status=200) for account in "ab" for day in range(6)]
    rows += [late, row("a", 10, status=200), row("b", 11, status=200)]
    rule = rule_of(SPLIT.replace("calls >= 6", "calls >= 2"))

    result = audited(tmp_path, rows, rule)

    (found,) = result.findings
    assert found.account_records == (("a", 1), ("b", 1))


def stolen(*accounts: str) -> list[Row]:
    """Return customers with keys of their own that all turn up at one thief's on day 12, under the thief's device."""
    rows: list[Row] = []
    for account in accounts:
        mine: dict[str, Any] = {"api_key_id": f"key-{account}", "status": 200}
        rows += [row(account, day, asn=ord(account), **mine) for day in range(12)]
        rows += [row(account, 12 + hour / 24, asn=7, device_id="thief", **mine) for hour in range(6)]
    return rows


def test_what_a_key_thief_does_links_nobody(tmp_path: Path) -> None:
    for name in ("unseen", "seen"):
        (tmp_path / name).mkdir()

    without = audited(tmp_path / "unseen", stolen("a", "b"), rule_of(SPLIT))
    result = audited(tmp_path / "seen", stolen("a", "b"), rule_of(SPLIT), rule_of(THEFT))

    assert without.links is not None
    assert len(without.links.clusters) == 1
    assert result.links is not None
    assert result.links.clusters == ()
    assert {finding.rule for finding in result.findings} == {"rule-1"}


def test_the_theft_is_known_by_account_and_key() -> None:
    pack = pack_of(rule_of(SPLIT), rule_of(THEFT))

    ready = prepared(activity_of(stolen("a")), pack.rules, Circumstances(pack, Context()))

    (span,) = ready.thefts
    assert (span.account, span.key) == ("a", "key-a")
    assert (span.start, span.end) == (START + timedelta(days=12), START + timedelta(days=42, hours=5))


def test_an_audit_as_of_a_day_links_by_what_was_known_then() -> None:
    pack = pack_of(rule_of(SPLIT))
    rows = [*crew("a", "b"), row("c", 20, "payment_added", payment_fingerprint="card-1"), row("c", 21)]

    now, then = (
        prepared(activity_of(rows), pack.rules, Circumstances(pack, Context(), as_of)).links
        for as_of in (None, START + timedelta(days=10))
    )

    assert now is not None
    assert then is not None
    assert [cluster.accounts for cluster in (*now.clusters, *then.clusters)] == [("a", "b", "c"), ("a", "b")]
    assert now.clusters[0].id == then.clusters[0].id


@pytest.mark.parametrize(("account", "verdict"), [("a", "match"), ("lone", "no match")])
def test_a_rule_about_clusters_can_be_followed_for_an_account(account: str, verdict: str) -> None:
    rule = rule_of(SPLIT)
    rows = [*crew("a", "b"), row("lone", 1, status=200)]

    trace = followed(Question(rule, account, Circumstances(pack_of(rule), Context())), activity_of(rows))

    assert trace.verdict == verdict


def test_the_cluster_and_the_way_to_it_are_told() -> None:
    rule = rule_of(SPLIT)
    question = Question(rule, "c", Circumstances(pack_of(rule), Context()))

    lines = lines_of(rule, followed(question, activity_of(crew("a", "b", "c"))))

    assert lines[1].startswith("The account belongs to cluster L-")
    assert "of 3 accounts since 2026-01-05T00:00:00Z" in lines[1]
    assert lines[2].startswith("Linked: a – c: same card, held by 3 of 3 accounts")


def test_an_account_linked_to_nobody_is_told_so() -> None:
    rule = rule_of(SPLIT)
    question = Question(rule, "a", Circumstances(pack_of(rule), Context()))

    lines = lines_of(rule, followed(question, activity_of([row("a", 1, status=200)])))

    assert lines[1] == "The account is linked to no other: it is a cluster of one."
