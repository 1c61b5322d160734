"""The shipped pack judged by the truth that the simulator knows."""

import pytest

from auditor.cases.model import ActionName
from tests.simulate.conftest import Audited

FINDS = {
    "account-hopper": "rate-limit-hopping-across-accounts",
    "account-sharer": "impossible-travel",
    "ban-evader": "ban-evasion-with-the-same-client",
    "bulk-harvester": "bulk-output",
    "bulk-signup": "bulk-signup-from-one-device",
    "campaign": "one-template-over-linked-accounts",
    "harvester-abroad": "bulk-output",
    "key-hopper": "key-hopping-after-429",
    "log-probability-thief": "log-probability-harvesting",
    "reasoning-rebuilder": "reasoning-reconstruction",
    "thinking-language-pinner": "thinking-language-pinning",
    "unsupported-resident": "unsupported-country",
}
"""The rule that must find each abusive kind of account."""

PROTECTS = {
    "victim-of-a-thief": "stolen-key-on-a-new-network",
    "victim-of-a-trial": "model-enumeration-then-invocation",
}
"""The rule that must find each kind of victim."""

APPROVED = {
    "agency-client": "one-card-many-accounts",
    "approved-evaluation": "log-probability-harvesting",
    "approved-failover": "key-hopping-after-429",
}
"""The rule that finds what the platform allowed."""


@pytest.mark.parametrize(("kind", "rule"), (FINDS | PROTECTS | APPROVED).items())
def test_every_account_of_a_kind_is_found_by_its_rule(audited: Audited, kind: str, rule: str) -> None:
    accounts = accounts_of(audited, kind)

    found = found_by(audited, rule)

    assert accounts
    assert accounts <= found


def test_every_abusive_kind_has_a_rule_that_must_find_it(audited: Audited) -> None:
    abusive = {label.kind for label in audited.simulation.truth if label.is_abusive}

    covered = set(FINDS)

    assert abusive == covered


def test_every_shipped_rule_runs_and_every_family_finds_something(audited: Audited) -> None:
    failed = {run.rule for run in audited.result.receipt.rules if run.error}

    families = {finding.family for finding in audited.result.findings}

    assert failed == set()
    assert {"access", "account", "content", "coordination", "limits", "parameters"} <= families


def test_no_ordinary_account_or_look_alike_is_asked_anything(audited: Audited) -> None:
    innocent = {label.account_id: label.kind for label in audited.simulation.truth if not label.is_abusive}

    asked = {
        innocent[account]
        for account, actions in audited.actions.items()
        if account in innocent and any(action.action.rank >= ActionName.VERIFY.rank for action in actions)
    }

    assert asked == set()


def test_only_a_weak_sign_names_a_look_alike_without_leave(audited: Audited) -> None:
    innocent = {label.account_id: label.kind for label in audited.simulation.truth if not label.is_abusive}
    spoken_for = set(PROTECTS) | set(APPROVED)

    named = {
        (innocent[account], finding.rule)
        for finding in audited.result.findings
        for account in finding.accounts
        if account in innocent and innocent[account] not in spoken_for
    }

    assert named <= {("single-purpose-service", "narrow-topic")}


def test_no_innocent_account_gets_more_than_a_question(audited: Audited) -> None:
    innocent = {label.account_id for label in audited.simulation.truth if not label.is_abusive}

    harshest = max(
        (action.action.rank for account in innocent for action in audited.actions.get(account, ())), default=0
    )

    assert harshest <= ActionName.VERIFY.rank


@pytest.mark.parametrize("kind", sorted(APPROVED))
def test_what_was_approved_is_reported_and_proposes_nothing(audited: Audited, kind: str) -> None:
    accounts = accounts_of(audited, kind)

    proposed = {action.action for account in accounts for action in audited.actions[account]}

    assert proposed == {ActionName.NONE}


@pytest.mark.parametrize("kind", sorted(PROTECTS))
def test_victims_are_protected_and_nothing_is_proposed_against_them(audited: Audited, kind: str) -> None:
    (account,) = accounts_of(audited, kind)

    (action,) = audited.actions[account]

    assert (ActionName.NONE, {"freeze_key", "notify"}) == (action.action, set(action.protect))


def test_two_independent_families_propose_to_throttle(audited: Audited) -> None:
    (account,) = accounts_of(audited, "harvester-abroad")

    (action,) = audited.actions[account]

    assert action.action == ActionName.THROTTLE


def test_inferential_findings_propose_to_ask(audited: Audited) -> None:
    others = {"harvester-abroad", "key-hopper"}
    accounts = {account for kind in set(FINDS) - others for account in accounts_of(audited, kind)}

    proposed = {action.action for account in accounts for action in audited.actions[account]}

    assert proposed == {ActionName.VERIFY}


def test_key_hopping_inside_one_account_proposes_a_warning(audited: Audited) -> None:
    (account,) = accounts_of(audited, "key-hopper")

    (action,) = audited.actions[account]

    assert action.action == ActionName.WARN


def test_hackathon_sign_ups_are_suppressed_and_reported(audited: Audited) -> None:
    guests, students = accounts_of(audited, "hackathon-guest"), accounts_of(audited, "campus-student")

    suppressed = {account for finding in audited.result.suppressed for account in finding.accounts}

    assert guests <= suppressed <= guests | students


def test_the_popular_tool_is_as_large_as_a_campaign_and_linked_by_nothing(audited: Audited) -> None:
    users = accounts_of(audited, "popular-tool-user")
    lines = audited.simulation.logs[0].read_bytes().splitlines()

    calls = [line for line in lines if b'"user_agent":"tidy-commit/3.2"' in line and b'"event":"completion"' in line]

    assert len(users) >= 100
    assert len(calls) >= 10_000


def test_every_line_is_accounted_for(audited: Audited) -> None:
    written = (audited.simulation.records, audited.simulation.bad_lines)

    read = (audited.ingested.records, audited.ingested.quarantined)

    assert written == read


def accounts_of(audited: Audited, kind: str) -> set[str]:
    """Return the accounts that are of a kind in truth."""
    return {label.account_id for label in audited.simulation.truth if label.kind == kind}


def found_by(audited: Audited, rule: str) -> set[str]:
    """Return the accounts that the findings of a rule are about."""
    return {account for item in audited.result.findings if item.rule == rule for account in item.accounts}
