"""The README's commands work, word for word, and what it shows is what a reader sees."""

import shlex
import subprocess
from pathlib import Path

import pytest

from auditor.cli.app import run
from auditor.policy.load import load_pack
from tests.docs.pages import ROOT, files_of, outputs_of, page, shell_lines

README = page("README.md")


def access_log(pages: int) -> str:
    """Return an access log in which one address reads many pages in a minute."""
    return "".join(
        f'192.0.2.7 - - [17/May/2015:10:05:{number % 60:02} +0000] "GET /page/{number} HTTP/1.1" 200 99 "-" "Mozilla"\n'
        for number in range(pages)
    )


def test_the_walk_through_works_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("access.log").write_text(access_log(50))
    lines = [line for line in shell_lines(README) if "venv" not in line]

    codes = {}
    for line in lines:
        write_files_of_the_page()
        if line.startswith("auditor "):
            codes[line] = run(shlex.split(line)[1:])
        else:
            subprocess.run(shlex.split(line), check=True)

    assert set(codes.values()) == {0}
    assert len(codes) == 10
    printed = capfd.readouterr().out
    assert "no account (client_ip 192.0.2.7)" in printed
    assert f"{len(load_pack('model-api').rules)} rules, 1 terms" in printed


def write_files_of_the_page() -> None:
    """Write the files that the page shows, as far as their folders are there."""
    for name, text in files_of(README).items():
        if Path(name).parent.is_dir():
            Path(name).write_text(text)


def test_the_demo_prints_what_the_readme_shows(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)

    run(["demo"])

    printed, shown = capfd.readouterr().out, outputs_of(README)[0]
    if request.config.getoption("--write-golden"):
        (ROOT / "README.md").write_text(README.replace(shown, printed), encoding="utf-8")
        return
    assert printed == shown


def test_the_two_lines_for_newcomers_are_there_once() -> None:
    lines = [line for line in shell_lines(README) if "venv" in line]

    assert lines == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/auditor demo",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest -n auto",
    ]


def test_ci_takes_its_test_line_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert "pip install -e '.\\[test\\]'\" README.md" in script
    assert "python -m pytest" not in script.replace("-m pytest tests/architecture", "")


def test_every_stage_of_the_package_is_on_the_map() -> None:
    stages = {path.name for path in (ROOT / "auditor").iterdir() if path.is_dir() and path.name[0] not in "_."}

    assert {stage for stage in stages if f"\n  {stage}/" not in README} == set()
