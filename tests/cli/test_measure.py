"""`auditor measure` and the worlds of `auditor simulate`, as a person calls them."""

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.samples import write_log, write_pack

LABELS = (
    '{"account_id": "a", "kind": "hopper", "is_abusive": true, "campaign": "c1"}\n'
    '{"account_id": "b", "kind": "person", "is_abusive": false}\n'
    '{"account_id": "nobody", "kind": "person", "is_abusive": false}\n'
)


def audited(auditor: Run, labels: str = LABELS) -> Path:
    """Audit a small log in which `a` is refused too often; return the labels."""
    auditor("audit", write_log(Path("log.jsonl"), account="a"), "--pack", write_pack(Path("pack")))
    path = Path("labels.jsonl")
    path.write_text(labels)
    return path


def test_the_cases_are_held_against_the_truth(auditor: Run) -> None:
    labels = audited(auditor)

    ran = auditor("measure", labels, "--pack", "pack", "--json")
    found = json.loads(ran.out)

    assert ran.code == 0
    assert found["format_version"] == 1
    assert (found["counts"]["labels"], found["counts"]["abusive"]) == (3, 1)


def test_tables_say_what_is_unmeasured(auditor: Run) -> None:
    ran = auditor("measure", audited(auditor), "--pack", "pack")

    assert ran.code == 0
    assert "unmeasured (too few labels)" in ran.out


def test_a_pack_that_was_never_run_is_named(auditor: Run) -> None:
    ran = auditor("measure", audited(auditor))

    assert ran.code == 2
    assert "found no run of the pack `model-api`" in ran.err


def test_a_line_that_is_no_label_is_named(auditor: Run) -> None:
    ran = auditor("measure", audited(auditor, LABELS + "{}\n"), "--pack", "pack")

    assert ran.code == 2
    assert "labels.jsonl:4" in ran.err


def test_an_unknown_shape_is_refused_with_the_known_ones(auditor: Run) -> None:
    ran = auditor("simulate", "out", "--world", "round")

    assert ran.code == 2
    assert "cloud, console, consumer, exchange, gateway" in ran.err
    assert not Path("out").exists()
