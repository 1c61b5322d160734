"""What the casebook remembers of runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cases.casebook import Casebook, open_casebook
from auditor.cases.runs import given_before, last_receipt, other_packs
from auditor.checker.findings import Receipt
from auditor.policy.pack import Pack
from tests.cases.factories import at, finding, receipt, run


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    with open_casebook(tmp_path / "casebook.db") as opened:
        yield opened


def given(name: str, hour: float, *, pack: str = "example", approvals: str = "", context: str = "") -> Receipt:
    digests = {"approvals_digest": approvals, "context_digest": context}
    return receipt(name, pack=pack).model_copy(update={"started": at(hour), **digests})


def test_the_newest_earlier_run_with_approvals_is_named_when_this_one_has_none(casebook: Casebook) -> None:
    for name, hour, approvals in (("r1", 1, "a"), ("r2", 2, "b"), ("r3", 3, "")):
        run(casebook, name, with_receipt=given(name, hour, approvals=approvals, context="c"))
    bare = given("r4", 4)
    run(casebook, "r4", with_receipt=bare)

    assert given_before(casebook, bare) == {"approvals": "r2", "context": "r3"}


def test_a_run_with_other_approvals_lacks_nothing(casebook: Casebook) -> None:
    run(casebook, "r1", with_receipt=given("r1", 1, approvals="a"))

    assert given_before(casebook, given("r2", 2, approvals="b")) == {}


def test_approvals_are_missed_that_a_run_of_another_pack_had(casebook: Casebook) -> None:
    run(casebook, "r1", with_receipt=given("r1", 1, approvals="a", context="c"))

    assert given_before(casebook, given("r2", 2, pack="other")) == {"approvals": "r1"}


def test_the_approvals_of_its_own_pack_are_named_before_those_of_another(casebook: Casebook) -> None:
    run(casebook, "r1", with_receipt=given("r1", 1, approvals="a"))
    run(casebook, "r2", with_receipt=given("r2", 2, pack="other", approvals="b"))

    assert given_before(casebook, given("r3", 3)) == {"approvals": "r1"}


def test_other_packs_come_with_their_last_run_and_their_cases(casebook: Casebook) -> None:
    other = Pack(name="other", title="Other")
    run(casebook, "r1", [finding("a")], pack=other, with_receipt=given("r1", 1, pack="other"))
    run(casebook, "r2", [finding("a")], pack=other, with_receipt=given("r2", 2, pack="other"))
    run(casebook, "r3", [finding("b")])

    [found] = other_packs(casebook, "example")

    assert (found.receipt.run_id, [case.accounts for case in found.cases]) == ("r2", [("a",)])


def test_the_last_run_of_a_pack_is_the_one_that_started_last(casebook: Casebook) -> None:
    for name, hour in (("r9", 1), ("r1", 2)):
        run(casebook, name, with_receipt=given(name, hour))

    assert last_receipt(casebook, "example").run_id == "r1"
