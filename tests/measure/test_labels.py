"""Labels are read strictly, unknown keys are kept, and all problems are said at once."""

from pathlib import Path

import pytest

from auditor.errors import UsageError
from auditor.measure.labels import read_labels

GOOD = '{"account_id": "a", "kind": "person", "is_abusive": false, "weather": "rain"}\n'


def written(folder: Path, text: str) -> Path:
    """Write a file of labels."""
    path = folder / "labels.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def test_unknown_keys_are_kept(tmp_path: Path) -> None:
    (label,) = read_labels(written(tmp_path, GOOD))

    assert label.model_extra == {"weather": "rain"}


def test_an_account_is_resampled_with_its_unit_else_campaign_else_alone(tmp_path: Path) -> None:
    lines = [
        '{"account_id": "a", "kind": "k", "is_abusive": true}',
        '{"account_id": "b", "kind": "k", "is_abusive": true, "campaign": "c"}',
        '{"account_id": "d", "kind": "k", "is_abusive": false, "unit": "u"}',
    ]

    labels = read_labels(written(tmp_path, "\n".join(lines)))

    assert [label.resampled_as for label in labels] == ["a", "c", "u"]


def test_every_wrong_line_is_named(tmp_path: Path) -> None:
    text = GOOD + "{\n" + "[1]\n" + '{"account_id": "b", "kind": "k", "is_abusive": "yes"}\n' + GOOD

    with pytest.raises(UsageError) as caught:
        read_labels(written(tmp_path, text))

    assert [problem.place.line for problem in caught.value.problems if problem.place] == [2, 3, 4, 5]


@pytest.mark.parametrize("text", ["", "\n\n"], ids=["an empty file", "blank lines"])
def test_a_file_without_labels_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="found no label"):
        read_labels(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        read_labels(tmp_path / "nowhere.jsonl")
