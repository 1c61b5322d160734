"""What is counted as found, wrong, protected and grouped."""

import pytest

from auditor.cases.model import ActionName
from auditor.measure.measured import Measured, StepFigures
from auditor.measure.outcomes import Outcomes, together
from tests.measure.factories import NOBODY, campaign, crew, innocents, label, measure_of, outcome

NONE, VERIFY, THROTTLE = ActionName.NONE, ActionName.VERIFY, ActionName.THROTTLE


def step(found: Measured, name: ActionName) -> StepFigures:
    """Return the figures of one step."""
    return next(it for it in found.steps if it.step == name)


def test_a_step_counts_what_is_proposed_at_it_or_above() -> None:
    found = measure_of(*crew("c", 10, THROTTLE, case="C"), *innocents(100), *innocents(5, VERIFY))

    assert (step(found, VERIFY).accounts, step(found, THROTTLE).accounts) == (15, 10)
    assert step(found, VERIFY).precision.value == pytest.approx(10 / 15, abs=1e-6)
    assert step(found, THROTTLE).precision.value == 1.0


def test_an_account_without_records_of_its_own_is_found_in_its_case_and_gets_nothing() -> None:
    silent = [outcome(it.label, NONE, case="C", case_step=VERIFY) for it in crew("c", 6)]

    found = measure_of(*crew("c2", 6, VERIFY, case="C2"), *silent)

    assert (step(found, VERIFY).found.value, step(found, VERIFY).proposed.value) == (1.0, 0.5)


def test_false_positives_are_counted_over_all_innocent_accounts() -> None:
    found = measure_of(*innocents(9_990), *innocents(10, VERIFY))

    assert step(found, VERIFY).false_positives.value == 0.001
    assert step(found, VERIFY).false_positives.of == 10_000


def test_nothing_labelled_is_unmeasured_and_not_zero() -> None:
    found = measure_of(*innocents(20))

    assert step(found, VERIFY).found.unmeasured == "no labels"
    assert step(found, VERIFY).precision.unmeasured == "no proposals"


def test_victims_are_counted_apart() -> None:
    robbed = [outcome(label(f"v{n}", is_victim=True), case="C", case_step=NONE, is_protected=True) for n in range(9)]
    hit = outcome(label("v9", is_victim=True), ActionName.WARN, case="C")

    victims = measure_of(*robbed, hit).victims

    assert (victims.acted_against.value, victims.in_case.value, victims.protected.value) == (0.1, 1.0, 0.9)


def test_a_rule_about_theft_is_right_about_victims() -> None:
    robbed = [outcome(label(f"v{n}", is_victim=True), case="C", rules=("stolen-key",)) for n in range(6)]
    mover = outcome(label("m", lookalike="cloud-migration"), case="C2", rules=("stolen-key",))

    (rule,) = measure_of(*robbed, mover).rules

    assert (rule.right, rule.wrong) == (6, (("cloud-migration", 1),))


def test_look_alikes_are_counted_by_what_they_look_like() -> None:
    found = measure_of(*innocents(30, lookalike="agency"), *innocents(10, THROTTLE, lookalike="agency"))

    (agency,) = found.lookalikes

    assert (agency.accounts, agency.throttle.value, agency.in_case.value) == (40, 0.25, 0.25)


def test_time_until_detection_is_over_campaigns_that_were_found() -> None:
    campaigns = (campaign("c", days=4, until=50), campaign("d"))

    (kind,) = measure_of(*crew("c", 5, VERIFY, case="C"), *crew("d", 5), campaigns=campaigns).kinds

    assert (
        kind.days_until.median, kind.calls_until.median, kind.share_of_calls.median, kind.days_until.of,
    ) == (4.0, 50.0, 0.5, 1)  # fmt: skip


def test_a_kind_names_the_rules_that_cite_it() -> None:
    members = [outcome(it.label, VERIFY, case="C", rules=("bulk",)) for it in crew("c", 6)]

    (kind,) = measure_of(*members).kinds

    assert kind.rules == (("bulk", 6),)


def test_variants_are_told_apart() -> None:
    found = measure_of(*crew("c", 8, VERIFY, case="C", variant="plain"), *crew("d", 8, variant="adaptive"))

    assert {it.variant: it.found.value for it in found.variants} == {"plain": 1.0, "adaptive": 0.0}


def test_a_party_that_rightly_belongs_together_is_no_wrong_group() -> None:
    clients = [outcome(label(f"a{n}", party="agency"), VERIFY, case="C") for n in range(5)]

    assert measure_of(*clients).groups.f == 1.0


def test_links_are_judged_when_the_run_linked_accounts() -> None:
    linked = [outcome(it.label, cluster="L-1") for it in crew("c", 6)]

    assert None is measure_of(*crew("c", 6)).links.f
    assert measure_of(*linked).links.f == 1.0


def test_several_workspaces_are_pooled_by_adding_their_accounts() -> None:
    one, two = Outcomes(tuple(crew("c", 5)), (), NOBODY), Outcomes(tuple(innocents(7)), (), NOBODY)

    assert len(together([one, two]).accounts) == 12
