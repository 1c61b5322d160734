"""Approvals are found by whom they name, and every one that is for an account is found."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from auditor.cases.approvals import is_for, on_file
from auditor.policy.pack import Approval
from auditor.records.totals import AccountTotal
from tests.cases.factories import finding

NAMES = st.sampled_from(["", "a", "b", "o1", "o2"])
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@st.composite
def approvals(draw: st.DrawFn) -> list[Approval]:
    pairs = draw(st.lists(st.tuples(NAMES, NAMES), max_size=8))
    return [
        Approval(
            account_id=account,
            organization_id=organization,
            conduct="distillation",
            reason=str(place),
            approved_by="A. Owner",
        )
        for place, (account, organization) in enumerate(pairs)
    ]


@given(given_out=approvals(), organizations=st.sets(st.sampled_from(["o1", "o2"])))
def test_looking_approvals_up_finds_those_that_looking_through_all_finds(
    given_out: list[Approval], organizations: set[str]
) -> None:
    total = AccountTotal(1, LONG_AGO, LONG_AGO, tuple((name, LONG_AGO) for name in sorted(organizations)))
    seen = finding("a")

    found = [item for item in on_file(given_out).naming("a", organizations) if is_for(item, seen, "a", total)]

    assert found == [item for item in given_out if is_for(item, seen, "a", total)]
