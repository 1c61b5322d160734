"""The demo and its sample logs, as a newcomer runs them."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_demo_makes_case_files_and_bundles_and_the_second_run_finds_nothing_new(
    auditor: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_PASSPHRASE", "correct horse")
    first = auditor("demo", "--json")
    signed = sign_a_proposal(auditor, Path(json.loads(first.out)["bundles"][0]))
    second = auditor("demo", "--json")

    made, again = json.loads(first.out), json.loads(second.out)
    assert (first.code, second.code) == (0, 0)
    assert made["cases"] == again["cases"] > 0
    assert made["new"]["findings"] and not again["new"]["findings"]
    assert len(made["bundles"]) >= made["cases"]
    assert Path(made["case_files"]).is_file()
    assert [auditor("bundle", "verify", path).code for path in made["bundles"][:2]] == [3, 3]
    assert made["bundles"] == again["bundles"]
    assert signed.is_file(), "what a person signed is still there after the second run"


def sign_a_proposal(auditor: Run, bundle: Path) -> Path:
    """Propose nothing for anyone in the case of a bundle, and return what was signed."""
    auditor("keys", "new", "anna.pem")
    why = ("--action", "none", "--reason", "nothing in it", "--by", "Anna", "--key", "anna.pem")
    assert auditor("case", "propose", bundle.name, *why).code == 0
    return bundle / "attest" / "01-proposal.dsse.json"


def test_demo_refuses_a_workspace_with_other_logs(auditor: Run) -> None:
    Path("own.jsonl").write_text('{"time":"2026-01-01T00:00:00Z","event":"login","account_id":"a"}\n')
    auditor("ingest", "own.jsonl")

    assert auditor("demo").code == 2


def test_sample_logs_overwrite_nothing(auditor: Run) -> None:
    Path("out").mkdir()
    Path("out/precious").touch()

    assert auditor("simulate", "out").code == 2


def test_one_seed_gives_the_same_sample_logs(auditor: Run) -> None:
    for folder in ("a", "b"):
        auditor("simulate", folder, "--seed", "7")

    names = sorted(path.relative_to("a") for path in Path("a").rglob("*") if path.is_file())
    assert names and all((Path("a") / name).read_bytes() == (Path("b") / name).read_bytes() for name in names)
