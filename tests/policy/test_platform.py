"""Context and approvals: the platform's facts, as written and as refused."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from auditor.digests import digest_of
from auditor.errors import PolicyError
from auditor.policy.pack import Approval
from auditor.policy.platform import load_approvals, load_context
from auditor.policy.rule import Span
from tests.policy.examples import message_of

CONTEXT = """\
requests_per_minute: {pro: 500, free: 20}
model_releases: {m: 2026-01-15T10:00:00+01:00}
unsupported_countries: [NO, kp]
window: [2026-01-01, null]
partner_networks: [64500]
"""


def file(folder: Path, text: str, name: str = "f.yml") -> Path:
    """Write a file and return its path."""
    (folder / name).write_text(text)
    return folder / name


def test_a_context_holds_what_is_written(tmp_path: Path) -> None:
    context = load_context(file(tmp_path, CONTEXT))

    assert context.requests_per_minute == (("free", 20), ("pro", 500))
    assert (("m", datetime(2026, 1, 15, 9, tzinfo=UTC)),) == context.model_releases
    assert context.unsupported_countries == ("NO", "kp")
    assert context.list_values("unsupported_countries") == ("NO", "kp")
    assert (Decimal(64500),) == context.list_values("partner_networks")
    assert Span(start=datetime(2026, 1, 1, tzinfo=UTC)) == context.window


def test_a_context_keeps_its_bytes_for_the_receipt(tmp_path: Path) -> None:
    context = load_context(file(tmp_path, CONTEXT))

    assert context.file is not None
    assert ("f.yml", digest_of(CONTEXT.encode()), CONTEXT) == (
        context.file.path, context.file.digest, context.file.text)  # fmt: skip


def test_a_context_may_be_json(tmp_path: Path) -> None:
    text = '{\n\t"unsupported_countries": ["KP"],\n\t"window": ["2026-01-01T00:00:00Z", null]\n}'

    context = load_context(file(tmp_path, text, "context.json"))

    assert context.unsupported_countries == ("KP",)


def test_a_json_context_may_escape_every_character(tmp_path: Path) -> None:
    text = json.dumps({"names": ["\N{GRINNING FACE}", "a/b", "é"]})

    context = load_context(file(tmp_path, text, "context.json"))

    assert context.list_values("names") == ("\N{GRINNING FACE}", "a/b", "é")


def test_approvals_name_an_account_or_an_organization(tmp_path: Path) -> None:
    text = "- {account_id: a, conduct: resale, reason: r, approved_by: b, expires: 2026-01-01}\n"

    approvals = load_approvals(file(tmp_path, text))

    expires = datetime(2026, 1, 1, tzinfo=UTC)
    assert (Approval(account_id="a", conduct="resale", reason="r", approved_by="b", expires=expires),) == approvals


def test_an_empty_list_of_approvals_is_fine(tmp_path: Path) -> None:
    assert load_approvals(file(tmp_path, "[]")) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "the context is a list, expected a map"),
        ("unsupported_countries: [China]", "country `China`, expected a code of two letters"),
        ("window: 2026", "`window` is number 2026, expected `[from, until]`"),
        ("window: [2026-02-01, 2026-01-01]", "`window` ends before it starts"),
        ("window: [soon, null]", "an end of `window` is text `soon`, expected a date or a time with its zone"),
        ("requests_per_minute: {free: many}", "`free` is text `many`, expected a whole number"),
        ("model_releases: {m: 2026}", "`m` is number 2026, expected a date or a time with its zone"),
        ("model_relases: {m: 2026-01-01}", "`model_relases` is a map, expected a list of values"),
        ("a b: [x]", "list name `a b`, expected letters, digits, `_` and `-`"),
    ],
)
def test_a_bad_context_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load_context(file(tmp_path, text))

    assert message in message_of(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "approvals are a map, expected a list of maps"),
        ("- {conduct: resale, reason: r, approved_by: b}", "an approval for nobody"),
        ("- {account_id: a, conduct: reselling, reason: r, approved_by: b}", "`conduct` is text `reselling`"),
        ("- {account_id: a, conduct: resale, reason: r}", "an approval has no `approved_by`"),
        ("- {account: a, account_id: a, conduct: resale, reason: r, approved_by: b}", "unknown key `account`"),
    ],
)
def test_bad_approvals_are_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        load_approvals(file(tmp_path, text))

    assert message in message_of(caught.value)


def test_an_approval_may_say_from_when_and_can_not_end_before_it_begins(tmp_path: Path) -> None:
    text = "- {account_id: a, conduct: resale, reason: r, approved_by: b, from: 2026-01-02, expires: 2026-01-0#}\n"

    (approval,) = load_approvals(file(tmp_path, text.replace("#", "3")))

    assert approval.start == datetime(2026, 1, 2, tzinfo=UTC)
    with pytest.raises(PolicyError, match="`expires` is not later than `from`"):
        load_approvals(file(tmp_path, text.replace("#", "1")))
