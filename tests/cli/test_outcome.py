import errno
import os
from pathlib import Path

import pytest

from auditor.cli.outcome import OneClearMessage, check_output, exit_code_of
from auditor.errors import (
    EXIT_DONE,
    EXIT_FAILED_CHECK,
    EXIT_PARTIAL,
    EXIT_UNFINISHED,
    EXIT_USAGE,
    Problem,
    UsageError,
    WorkspaceError,
)


def ending_of(error: BaseException) -> int:
    with OneClearMessage() as outcome:
        raise error
    return outcome.code


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        pytest.param([], EXIT_DONE, id="nothing went wrong"),
        pytest.param([EXIT_PARTIAL, EXIT_FAILED_CHECK], EXIT_FAILED_CHECK, id="a failed check before a partial run"),
        pytest.param([EXIT_FAILED_CHECK, EXIT_UNFINISHED], EXIT_UNFINISHED, id="unfinished before a failed check"),
        pytest.param([EXIT_UNFINISHED, EXIT_USAGE, EXIT_PARTIAL], EXIT_USAGE, id="wrong usage before all"),
    ],
)
def test_exit_codes_have_a_precedence(codes: list[int], expected: int) -> None:
    assert exit_code_of(codes) == expected


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        pytest.param(UsageError.at("x.yml", "found a thing", "do this"), 2, "x.yml: found a thing", id="usage"),
        pytest.param(WorkspaceError.at("w", "locked", "wait"), 4, "hint: wait", id="workspace"),
        pytest.param(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "w/x"), 4, "no space left", id="a full disk"),
        pytest.param(MemoryError(), 4, "out of memory", id="out of memory"),
        pytest.param(KeyboardInterrupt(), 4, "interrupted", id="Ctrl-C"),
        pytest.param(SystemExit(130), 4, "interrupted", id="Ctrl-C as typer tells it"),
        pytest.param(ZeroDivisionError("a\nb"), 4, "an unexpected ZeroDivisionError: a\n", id="a defect"),
    ],
)
def test_whatever_ends_a_run_is_one_message(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ending_of(error)

    printed = capsys.readouterr()
    assert found == code
    assert words in printed.err
    assert printed.err.count("error:") == 1
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_every_problem_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    ending_of(UsageError([Problem(None, "one", "a"), Problem(None, "two", "b")]))

    assert capsys.readouterr().err == "error: one\n  hint: a\nerror: two\n  hint: b\n"


def test_the_traceback_is_there_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUDITOR_TRACEBACK", "1")

    ending_of(ZeroDivisionError("oh"))

    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_an_escape_sequence_in_a_message_is_shown_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    ending_of(UsageError.at("a\x1b]0;b\x07\u202e.log", "no such file", "check the path"))

    printed = capsys.readouterr().err
    assert "\x1b" not in printed and "\u202e" not in printed
    assert "\\u{001B}" in printed


def test_an_output_file_without_its_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        check_output([("--cases-out", tmp_path / "none" / "cases.jsonl"), ("--findings-out", None)])
