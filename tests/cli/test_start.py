"""Start-up: help must not wait for engines, and a wrong command line says so."""

import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, Run

HEAVY = {"duckdb", "sqlglot", "sqlite_utils", "jinja2", "cryptography", "yaml"}


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["policy", "--help"]], ids=" ".join)
def test_help_loads_no_engine(arguments: list[str]) -> None:
    code = (
        "import sys; from auditor.cli.app import run; code = run(sys.argv[1:]);"
        f"print(code, sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stderr == "0 []\n"


@pytest.mark.parametrize(
    "arguments",
    [["audt"], ["audit", "--sinc", "2026-01-01"], ["ingest"], ["case", "note", "C-1", "text"], ["demo", "--seed", "x"]],
    ids=["unknown command", "unknown option", "missing argument", "missing option", "not a number"],
)
def test_a_wrong_command_line_exits_2_with_one_error(auditor: Run, arguments: list[str]) -> None:
    ran = auditor(*arguments)

    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("Error: ") == 1


def test_version_is_printed(auditor: Run) -> None:
    assert auditor("--version").out.startswith("auditor 0.")
