"""What each account gets, in one line."""

import pytest

from auditor.cases.model import AccountAction, ActionName
from auditor.evidence.standalone.attestations import said_of
from auditor.report.by_account import WORDS, by_account, by_action


def actions(**named: str) -> tuple[AccountAction, ...]:
    return tuple(AccountAction(account=name, action=ActionName(action)) for name, action in named.items())


MANY = actions(**{f"a{number:02}": "verify" for number in range(9)})


@pytest.mark.parametrize(
    ("decided", "said"),
    [
        pytest.param(actions(a="suspend"), "suspension for a", id="one account"),
        pytest.param(actions(a="none"), "nothing for a", id="one account that is cleared"),
        pytest.param(actions(a="none", b="warn"), "a warning for b; nothing for a", id="one other is named"),
        pytest.param(
            actions(a="none", b="verify", c="none", d="suspend"),
            "suspension for d; verification for b; nothing for 2 others",
            id="sternest first",
        ),
        pytest.param(MANY, "verification for all 9 accounts", id="all alike"),
        pytest.param(
            (*MANY, *actions(z="none")),
            "verification for a00, a01, a02 and 6 more; nothing for z",
            id="many are counted",
        ),
        pytest.param((), "nothing, since no account is concerned", id="no account"),
    ],
)
def test_a_line_names_few_accounts_and_counts_the_others(decided: tuple[AccountAction, ...], said: str) -> None:
    assert by_account(decided) == said


def test_all_accounts_are_there_by_action() -> None:
    assert by_action(actions(a="none", b="warn", c="none")) == (
        (ActionName.WARN, ("b",)),
        (ActionName.NONE, ("a", "c")),
    )


@pytest.mark.parametrize("decided", [actions(a="none", b="suspend", c="none"), actions(a="warn"), ()])
def test_the_bundled_verifier_says_the_same(decided: tuple[AccountAction, ...]) -> None:
    assert said_of({item.account: str(item.action) for item in decided}) == by_account(decided, WORDS)
