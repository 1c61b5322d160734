"""A record says nothing that nobody committed to, and counts once for a finding."""

from typing import Any

import pytest

from auditor.evidence.standalone.members import odd_members
from auditor.evidence.standalone.results import Fault, listed

LINE: dict[str, Any] = {
    "findings": [{"id": "F-1", "is_against": True}, {"id": "F-2", "is_against": False}],
    "record": {"event": "completion"},
    "source": {"id": "0" * 64, "name": "a.jsonl", "line": 1, "offset": 0, "length": 2, "text": "{}"},
}
NAMED = {"account_id": "account-0123456789ab"}


@pytest.mark.parametrize(
    ("more", "is_edition", "where"),
    [
        ({}, False, []),
        ({"derived": {"template_id": "t"}}, False, []),
        ({"pseudonyms": NAMED}, True, []),
        ({"pseudonyms": NAMED}, False, ["pseudonyms"]),
        ({"pseudonyms": {"account_id": "John Smith"}}, True, ["pseudonyms"]),
        ({"pseudonyms": {"account_id": "person-0123456789ab"}}, True, ["pseudonyms"]),
        ({"pseudonyms": {"event": "account-0123456789ab"}}, True, ["pseudonyms"]),
        ({"pseudonyms": NAMED, "record": {"account_id": "a"}}, True, ["pseudonyms"]),
        ({"note": "this customer confessed"}, False, [""]),
        ({"source": {**LINE["source"], "comment": "seen"}}, False, ["source"]),
        ({"source": {**LINE["source"], "base64": "e30="}}, False, ["source"]),
        ({"source": {**LINE["source"], "without_bytes": "erased"}}, False, ["source"]),
        ({"findings": [*LINE["findings"], {"id": "F-1", "is_against": False}]}, False, ["findings"]),
        ({"findings": ["F-1", "F-1"]}, False, ["findings"]),
    ],
)
def test_a_record_holds_what_it_may_and_nothing_more(more: dict[str, Any], is_edition: bool, where: list[str]) -> None:
    assert [field for field, _ in odd_members({**LINE, **more}, is_edition=is_edition)] == where


@pytest.mark.parametrize(
    "error", [KeyError("name"), ValueError("no number"), UnicodeEncodeError("utf-8", "x", 0, 1, "")]
)
def test_what_breaks_one_check_fails_it_and_leaves_the_others(error: Exception) -> None:
    def breaking() -> Any:
        yield Fault("data/receipt.json", "", "seen before")
        raise error

    seen, broken = listed("finding", "every finding holds", breaking())

    assert (seen.message, seen.result, broken.result) == ("seen before", "failed", "failed")
    assert broken.message.startswith(f"can't be checked: {type(error).__name__}")
