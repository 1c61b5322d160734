"""What is going on, for a person who waits: after two seconds, on a terminal only, one line on standard error."""

import sys
import threading
import time
from contextlib import AbstractContextManager
from types import TracebackType

PATIENCE = 2.0
"""Seconds that pass in silence; a command that is done by then never shows progress."""

_ERASE = "\r\x1b[K"


class Progress(AbstractContextManager["Progress"]):
    """Show the present step and the seconds since the start, rewritten in place, until the block ends."""

    def __init__(self) -> None:
        """Prepare; nothing is shown before `PATIENCE` seconds have passed."""
        self._step = ""
        self._is_shown = False
        self._done = threading.Event()
        self._started = time.monotonic()
        self._painter = threading.Thread(target=self._paint, daemon=True)

    def __enter__(self) -> "Progress":
        """Start the clock; a standard error that is no terminal stays clean."""
        if sys.stderr.isatty():
            self._painter.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away again."""
        self._done.set()
        if self._painter.is_alive():
            self._painter.join()
        if self._is_shown:
            self._put(_ERASE)

    def step(self, name: str) -> None:
        """Name what happens from now on, such as `reading logs`."""
        self._step = name

    def reading(self, name: str, size: int) -> None:
        """Name what is read for, and how much was read."""
        self.step(f"{name} … {size >> 20:,} MB")

    def _paint(self) -> None:
        wait = PATIENCE
        while not self._done.wait(wait):
            self._is_shown = True
            self._put(f"{_ERASE}{self._step} … {time.monotonic() - self._started:.0f} s")
            wait = 0.5

    def _put(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
