"""Progress is for a person who waits at a terminal, and for nobody else."""

import io
import sys
import time

import pytest

from auditor.cli import progress
from auditor.cli.progress import Progress


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def shown_on(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, patience: float) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", patience)
    with Progress() as shown:
        shown.step("reading logs")
        time.sleep(0.3)
    return stream.getvalue()


def test_a_step_that_takes_long_is_shown_and_taken_away_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_on(Terminal(), monkeypatch, patience=0.05)

    assert "reading logs …" in shown
    assert shown.endswith("\r\x1b[K")


def test_a_short_wait_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(Terminal(), monkeypatch, patience=5) == ""


def test_nothing_is_shown_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(io.StringIO(), monkeypatch, patience=0.05) == ""
