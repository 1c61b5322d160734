"""What account holders would be told goes with the bundle, says what is proposed, and can't be made to say more."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any  # JSON values have no closed type

import pytest

from auditor.evidence.standalone.layout import NOTICES, STATEMENTS
from tests.evidence.arrange import sealed, world
from tests.evidence.tampering import edit, faults


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return sealed(world(tmp_path, calls=3), tmp_path / "C-1")


def lines_of(bundle: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (bundle / name).read_bytes().splitlines()]


def test_a_bundle_holds_the_draft_of_each_notice_in_three_languages(bundle: Path) -> None:
    notices = lines_of(bundle, NOTICES)

    assert [(item["account"], item["language"]) for item in notices] == [
        ("acct-7", code) for code in ("en", "de", "fr")
    ]
    assert all(item["is_draft"] for item in notices)
    assert [item["account"] for item in lines_of(bundle, STATEMENTS)] == ["acct-7"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (STATEMENTS, lambda line: line.update(action="terminate")),
        (STATEMENTS, lambda line: line.update(account="acct-8")),
        (STATEMENTS, lambda line: line.update(decision={"action": "suspend"})),
        (NOTICES, lambda line: line.update(account="acct-8")),
        (NOTICES, lambda line: line.update(is_draft=False)),
    ],
    ids=["sterner", "another account", "a decision", "a notice to another", "no draft"],
)
def test_a_changed_statement_fails_even_when_all_manifests_are_made_again(
    bundle: Path, name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    found = faults(edit(bundle, name, change))

    assert ("statement", name) in found
