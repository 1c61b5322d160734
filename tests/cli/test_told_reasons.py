"""What an officer types as a reason is read by an account holder: that is said beforehand, and no other is named."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import RULE, write_log, write_pack

WORD_FOR_WORD = "word for word"


@pytest.fixture
def group(auditor: Run) -> str:
    """A case about three accounts."""
    logs = [write_log(Path(f"{name}.jsonl"), account=name) for name in ("acct-1", "acct-2", "acct-22")]
    rule = RULE.replace("family: limits", "family: limits\nsubject: none")
    auditor("audit", *logs, "--pack", write_pack(Path("pack"), rule=rule))
    [listed] = json.loads(auditor("case", "list", "--json").out)
    return str(listed["case_id"])


PROPOSE = ("--by", "Anna", "--account", "acct-2")


@pytest.mark.parametrize(
    ("option", "more"),
    [
        pytest.param("--reason", ("--action", "verify", "--reason", "same device as acct-1"), id="the reason"),
        pytest.param(
            "--beyond",
            ("--action", "throttle", "--reason", "x", "--beyond", "(acct-22) said so"),
            id="the reason for going beyond",
        ),
    ],
)
def test_a_reason_that_tells_a_holder_of_another_account_is_refused(
    auditor: Run, group: str, option: str, more: tuple[str, ...]
) -> None:
    ran = auditor("case", "propose", group, *PROPOSE, *more)

    assert ran.code == 2
    assert f"{option}: found `acct-" in ran.err
    assert "the holder of `acct-2` will read this word for word\n  hint: " in ran.err
    assert json.loads(auditor("case", "list", "--json").out)[0]["status"] == "open"


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        pytest.param("verify", "acct-2 met its limit again and again", id="the reader's own account"),
        pytest.param("none", "acct-1 is a failover of acct-22", id="nobody reads it"),
    ],
)
def test_a_reason_that_tells_no_holder_of_another_account_is_taken(
    auditor: Run, group: str, action: str, reason: str
) -> None:
    assert auditor("case", "propose", group, *PROPOSE, "--action", action, "--reason", reason).code == 0


def test_who_hears_an_appeal_names_no_other_account_either(auditor: Run, group: str) -> None:
    auditor("case", "propose", group, *PROPOSE, "--action", "verify", "--reason", "ask")
    auditor("case", "approve", group, "--by", "Bert", "--reason", "as with acct-1, which no holder reads")
    auditor("case", "appeal", group, "--reason", "says so", "--by", "Anna", "--to", "Cara")
    heard = ("case", "appeal", group, "--outcome", "upheld", "--by", "Cara")

    refused = auditor(*heard, "--reason", "acct-1 says otherwise")
    taken = auditor(*heard, "--reason", "nothing new")

    assert (refused.code, taken.code) == (2, 0)
    assert "--reason: found `acct-1`, another account of the case" in refused.err
    assert WORD_FOR_WORD in taken.out


def test_commands_and_their_help_say_who_will_read_it(auditor: Run, group: str) -> None:
    proposed = auditor("case", "propose", group, *PROPOSE, "--action", "verify", "--reason", "ask")
    told = {name: " ".join(auditor("case", name, "--help").out.split()) for name in ("propose", "approve", "appeal")}

    assert f"reads the reason {WORD_FOR_WORD}" in proposed.out
    assert told["propose"].count("The account holder reads it word for word") == 2
    assert "the account holder is not told this" in told["approve"]
    assert "With `--outcome`, the account holder reads it word for word" in told["appeal"]
