"""The program as a person runs it: in this process for speed, in one of its own where signals and limits matter."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.cli.app import run

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def auditor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `auditor ARGUMENTS` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        return Ran(code, printed.out, printed.err)

    return ran


def start(*arguments: str | Path, folder: Path, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Start `auditor ARGUMENTS` in a process of its own; `before` runs in it first."""
    return subprocess.Popen(
        [sys.executable, "-m", "auditor", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )


def finished(process: subprocess.Popen[str], seconds: float = 120) -> Ran:
    """Wait for a started process."""
    out, err = process.communicate(timeout=seconds)
    return Ran(process.returncode, out, err)
