"""From a casebook and an activity to outcomes."""

from datetime import datetime
from pathlib import Path

import pytest

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.days import days_of_runs
from auditor.cases.model import ActionName
from auditor.cases.notes import list_cases
from auditor.checker.linked import LINKS, write_links
from auditor.errors import WorkspaceError
from auditor.linking.model import Cluster, Links, Member
from auditor.measure.outcomes import CampaignOutcome, alarms, campaigns_of, first_alarms, outcomes_of, standing_cases
from auditor.measure.workspace import clusters_of
from auditor.records.calls import calls_of_accounts, calls_until
from auditor.records.memory import activity_of
from tests.cases.factories import at, finding, receipt, run
from tests.measure.factories import label

TRUTH = [
    label("a", is_abusive=True, campaign="c"),
    label("b", is_abusive=True, campaign="c"),
    label("honest"),
    label("gone"),
]
CALLS = [
    {"time": at(hour), "event": "completion", "account_id": account}
    for account in ("a", "b", "honest")
    for hour in (0, 1, 2, 30)
]


def book(folder: Path) -> Casebook:
    """Return a casebook with one case on `a`, and one on somebody whom no label names."""
    casebook = open_casebook(folder / "casebook.db")
    run(casebook, "r1", [finding("a", end=2), finding("stranger", end=3)])
    return casebook


def test_accounts_are_counted_with_and_without_labels_and_cases(tmp_path: Path) -> None:
    with book(tmp_path) as casebook:
        cases = standing_cases(list_cases(casebook))

    accounts, counted = outcomes_of(TRUTH, cases, ["a", "b", "honest", "stranger"], {})

    assert {it.label.account_id: it.step for it in accounts} == {
        "a": ActionName.VERIFY,
        "b": ActionName.NONE,
        "honest": ActionName.NONE,
    }
    assert (counted.labels, counted.labels_without_records, counted.labels_without_case) == (4, 1, 2)
    assert (
        counted.cases, counted.accounts_in_cases, counted.accounts_in_cases_without_label, counted.cases_without_label,
    ) == (2, 2, 1, 1)  # fmt: skip


def test_a_stale_case_says_nothing_any_more(tmp_path: Path) -> None:
    with book(tmp_path) as casebook:
        run(casebook, "r2", [])

        assert standing_cases(list_cases(casebook)) == ()


def test_a_campaign_is_found_when_its_first_finding_is_complete(tmp_path: Path) -> None:
    found = campaign_in(tmp_path, seen={})

    assert (found.is_found, found.days_until, found.calls_until, found.calls) == (True, 2 / 24, 6, 8)


def test_a_run_as_of_a_day_found_it_by_that_day(tmp_path: Path) -> None:
    found = campaign_in(tmp_path, seen={"r1": at(1)})

    assert (found.days_until, found.calls_until) == (1 / 24, 4)


def campaign_in(folder: Path, *, seen: dict[str, datetime]) -> CampaignOutcome:
    """Return what came of the one campaign."""
    activity = activity_of(CALLS)
    with book(folder) as casebook:
        cases = standing_cases(list_cases(casebook))
    accounts, _ = outcomes_of(TRUTH[:2], cases, ["a", "b"], {})
    alarmed = alarms(cases, seen)
    until = calls_until(activity, first_alarms(accounts, alarmed))
    (campaign,) = campaigns_of(accounts, alarmed, calls_of_accounts(activity), until)
    return campaign


def test_runs_as_of_a_day_are_known_by_it(tmp_path: Path) -> None:
    with open_casebook(tmp_path / "casebook.db") as casebook:
        run(casebook, "early", [finding("a")], with_receipt=receipt("early", as_of=at(5)))
        run(casebook, "late", [finding("a")])

        assert {"early": at(5)} == days_of_runs(casebook, "example")


def test_clusters_are_read_from_the_run_whatever_accounts_are_called(tmp_path: Path) -> None:
    odd = "b\u2028\u0085"
    members = tuple(Member(account=account, since=at(0)) for account in ("a", odd))
    write_links(tmp_path, Links(clusters=(Cluster(id="L-1", members=members, edges=()),)))

    assert clusters_of(tmp_path) == {"a": "L-1", odd: "L-1"}


def test_a_run_without_links_has_no_clusters(tmp_path: Path) -> None:
    assert clusters_of(tmp_path) == {}


def test_damaged_links_are_named(tmp_path: Path) -> None:
    (tmp_path / LINKS).write_bytes(b'{"id": "L-1"\n')

    with pytest.raises(WorkspaceError, match="links can't be read"):
        clusters_of(tmp_path)
