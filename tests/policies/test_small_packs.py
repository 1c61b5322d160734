"""The three small packs, each through a whole audit of its sample logs."""

import pytest

from auditor.cases.model import CaseFinding
from auditor.cli.journey import Journey
from tests.policies.audits import DATA, actions, audit_by


def found(journey: Journey, rule: str) -> list[CaseFinding]:
    """Return the findings of a rule over all cases, by their start."""
    findings = [item for case in journey.cases for item in case.findings if item.finding.rule == rule]
    return sorted(findings, key=lambda item: item.finding.start)


def accounts_in(findings: list[CaseFinding]) -> set[str]:
    """Return the accounts that findings are about."""
    return {part.account for item in findings for part in item.parts}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """Audit a proxy's and a name server's log by the ban of a service."""
    folder, data = tmp_path_factory.mktemp("workplace"), DATA / "workplace"
    audit_by("workplace", data / "dns.jsonl", folder, profile=str(data / "dns.yml"))
    return audit_by("workplace", data / "proxy.log", folder, profile=str(data / "proxy.yml"))


def test_use_on_a_work_device_counts_from_the_day_of_the_ban(workplace: Journey) -> None:
    findings = found(workplace, "banned-service-on-a-work-device")

    days = [item.finding.start.date().isoformat() for item in findings]

    assert accounts_in(findings) == {"u-0023"}
    assert days == ["2025-01-24", "2025-01-27"]
    assert {item.standing for item in findings} == {"prohibited"}


def test_use_on_a_personal_device_is_forbidden_too_and_only_asked_about(workplace: Journey) -> None:
    findings = found(workplace, "banned-service-on-a-personal-device")

    assert accounts_in(findings) == {"u-0040"}
    assert actions(workplace)["u-0040"] == "verify"


def test_a_waiver_suppresses_and_is_reported(workplace: Journey) -> None:
    suppressed = workplace.result.receipt.suppressed

    assert "sample-analyst" not in actions(workplace)
    assert suppressed == 1


def test_a_look_up_is_no_use_and_names_nobody(workplace: Journey) -> None:
    findings = [item for item in workplace.result.findings if item.rule == "banned-service-looked-up"]

    assert [dict(item.by) for item in findings] == [{"client_ip": "10.1.0.77"}]
    assert [item.accounts for item in findings] == [()]


def test_nothing_in_the_workplace_goes_beyond_a_question(workplace: Journey) -> None:
    assert set(actions(workplace).values()) == {"verify"}


@pytest.fixture(scope="module")
def surge(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """Audit three days of sign-ups with a storm in the middle."""
    return audit_by("sign-up-surge", DATA / "sign-up-surge" / "signups.jsonl", tmp_path_factory.mktemp("surge"))


def test_the_storm_is_seen_when_it_comes(surge: Journey) -> None:
    (first, *_) = [item for item in surge.result.findings if item.rule == "surge-of-sign-ups"]

    assert first.start.isoformat().startswith("2025-01-27T09:0")


def test_the_limit_keeps_out_the_foreign_storm_and_ordinary_people_alike(surge: Journey) -> None:
    kept_out = {item.accounts[0] for item in surge.result.findings if item.rule == "kept-out-by-the-limit"}

    of_the_storm = {name for name in kept_out if name.startswith("s")}
    assert len(of_the_storm) == 720
    assert len(kept_out - of_the_storm) == 576
    assert "u00002" not in kept_out


def test_the_limit_lets_in_who_hires_an_exit_in_the_right_country(surge: Journey) -> None:
    (let_in,) = [item for item in surge.result.findings if item.rule == "let-in-by-the-limit"]

    assert len(let_in.accounts) == 180
    assert {name[0] for name in let_in.accounts} == {"s"}


def test_nobody_in_the_storm_gets_more_than_a_warning(surge: Journey) -> None:
    assert set(actions(surge).values()) == {"warn"}


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """Audit an inventory of what services say they collect."""
    return audit_by("vendor-data", DATA / "vendor-data" / "inventory.jsonl", tmp_path_factory.mktemp("vendor"))


def test_a_declaration_counts_for_its_own_time_only(vendor: Journey) -> None:
    (finding,) = found(vendor, "data-that-no-service-may-collect")

    (part,) = finding.parts
    (clause,) = finding.finding.clauses

    assert (part.account, part.records) == ("deepseek", 4)
    assert (clause.version, clause.text, clause.records) == ("2024-12-05", "keystroke patterns or rhythms", 3)


def test_a_category_that_nobody_judged_is_asked_about(vendor: Journey) -> None:
    findings = found(vendor, "data-that-nobody-judged")

    assert accounts_in(findings) == {"example"}
