"""The verifier that a bundle carries needs the standard library alone, and is the one of the program."""

import subprocess
import sys
from pathlib import Path

import pytest

from auditor.evidence.assembly import assembled
from auditor.evidence.standalone.command import main
from auditor.evidence.verify import verify_bundle
from tests.evidence.tampering import edit, failures, files_of, made_again

CITED = "data/records/cited.jsonl"
FINDINGS = "data/findings.jsonl"


def test_text_of_a_hostile_bundle_reaches_no_terminal_as_it_is(bundle: Path) -> None:
    edit(bundle, FINDINGS, lambda document: document.update(id="\x1b[2J\u202e\ud800"))

    ended = run_standalone(bundle, str(bundle))

    assert ended.returncode == 1
    assert ended.stdout.replace("\n", "").isprintable()
    assert ended.stdout.isascii()
    assert verify_bundle(bundle).verdict == "failed"


def run_standalone(bundle: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the bundled verifier with nothing but the standard library."""
    command = [sys.executable, "-I", "-S", str(bundle / "data" / "verify.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_bundled_verifier_needs_the_standard_library_alone(bundle: Path) -> None:
    ended = run_standalone(bundle, str(bundle))

    assert (ended.returncode, ended.stderr) == (3, "")
    assert ended.stdout.splitlines()[-1].startswith("unproven")


def test_bundled_verifier_names_what_was_changed(bundle: Path) -> None:
    with (bundle / CITED).open("ab") as stream:
        stream.write(b" ")

    ended = run_standalone(bundle, str(bundle))

    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (1, "failed")
    assert CITED in ended.stdout


def test_bundled_verifier_leaves_the_bundle_as_it_is(bundle: Path) -> None:
    before = files_of(bundle)

    run_standalone(bundle, str(bundle))

    assert before == files_of(bundle)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["a", "b"]], ids=str)
def test_bundled_verifier_called_wrongly_says_how(bundle: Path, arguments: list[str]) -> None:
    ended = run_standalone(bundle, *arguments)

    assert ended.returncode == 2
    assert "Usage:" in ended.stderr


def test_bundled_verifier_is_the_one_of_this_program(bundle: Path) -> None:
    assert assembled() == (bundle / "data/verify.py").read_bytes()


@pytest.mark.parametrize("name", ["data/verify.py", "data/VERIFY.md", "data/schemas/case.json"])
def test_what_the_program_did_not_write_is_named_by_the_program(bundle: Path, name: str) -> None:
    (bundle / name).write_text("print('verified')\n")
    made_again(bundle)

    assert f"{name}  is not the one of this version" in failures(bundle)


def test_bundle_of_another_version_is_not_called_forged(bundle: Path) -> None:
    (bundle / "data/VERIFY.md").write_text("as it was then\n")
    edit(bundle, "data/receipt.json", lambda document: document.update(program="auditor 0.0.9"))

    report = verify_bundle(bundle)

    unproven = [check.file for check in report.checks if check.result == "unproven"]
    assert (report.verdict, "data/VERIFY.md" in unproven) == ("unproven", True)


def test_what_is_no_bundle_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")

    report = verify_bundle(tmp_path)

    (check,) = report.checks
    assert (report.verdict, check.code, check.message.split(":")[0]) == ("failed", "container", "this is no bundle")


def test_a_key_file_that_is_not_there_is_told_as_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([str(tmp_path), "--trust", str(tmp_path / "nowhere.pub")])

    assert (code, "found no such file, expected a public key" in capsys.readouterr().err) == (2, True)
