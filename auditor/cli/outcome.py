"""How a run ends: one clear message on standard error and one documented exit code, never a traceback.

Everything that may go wrong below the command line arrives here. What a person can act on comes as `AuditorError`;
the system's refusals (disk, memory) and Ctrl-C get a message of their own; anything else is a defect of the program,
said in one line with the way to a traceback. Messages go through `console`, which makes hostile text visible.
"""

import os
import signal
import sys
import traceback
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType, TracebackType

from auditor.cli import console
from auditor.errors import (
    EXIT_DONE,
    EXIT_FAILED_CHECK,
    EXIT_PARTIAL,
    EXIT_UNFINISHED,
    EXIT_USAGE,
    AuditorError,
    Problem,
    UsageError,
)

PRECEDENCE = (EXIT_USAGE, EXIT_UNFINISHED, EXIT_FAILED_CHECK, EXIT_PARTIAL, EXIT_DONE)
"""When several exit codes apply, the first of these counts (DESIGN section 8)."""

TRACEBACK = "AUDITOR_TRACEBACK"
"""Environment variable that asks for the traceback of an unexpected error."""

_INTERRUPTED_BY_TYPER = 130


def exit_code_of(codes: Iterable[int]) -> int:
    """Return the exit code that counts among several; 0 when there are none."""
    found = {EXIT_DONE, *codes}
    return next(code for code in PRECEDENCE if code in found)


class OneClearMessage(AbstractContextManager["OneClearMessage"]):
    """Run the block, turn whatever ends it into a message, and keep the exit code in `code`."""

    def __init__(self) -> None:
        """Start with nothing gone wrong."""
        self.code = EXIT_DONE
        self._is_interrupted = False

    def __enter__(self) -> "OneClearMessage":
        """Listen for Ctrl-C: an engine in the middle of a query reports it as an error of its own."""
        self._earlier = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Say what happened and swallow it."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not cut the message off
        if error is not None:
            self.code = self._told(error)
        signal.signal(signal.SIGINT, self._earlier)
        return True

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        self._is_interrupted = True
        signal.default_int_handler(number, frame)

    def _told(self, error: BaseException) -> int:
        if self._is_interrupted or _is_interruption(error):
            return _fail(EXIT_UNFINISHED, "interrupted before the end", "nothing was half-written; run it again")
        match error:
            case SystemExit():
                return error.code if isinstance(error.code, int) else EXIT_DONE
            case AuditorError():
                console.complain(error.problems)
                return error.exit_code
            case MemoryError():
                return _fail(EXIT_UNFINISHED, "out of memory", "free some memory, or audit fewer files at once")
            case OSError():
                return _fail(EXIT_UNFINISHED, *_words_of(error))
            case _:
                return _unexpected(error)


def check_output(paths: Iterable[tuple[str, Path | None]]) -> None:
    """Raise UsageError, before any work is done, for an output file whose folder isn't there.

    `paths` are pairs of the option's name and what was given to it.
    """
    problems = [problem for option, path in paths if path is not None for problem in _doubts(option, path.absolute())]
    if problems:
        raise UsageError(problems)


def check_ending(option: str, path: Path | None, endings: Sequence[str]) -> None:
    """Raise UsageError for an output file whose name ends in none of the endings that choose its format."""
    if path is not None and path.suffix.lower() not in endings:
        message = f"found `{path.name}`, expected a name that ends in {' or '.join(endings)}"
        raise UsageError.at(option, message, "the ending chooses the format")


def _doubts(option: str, path: Path) -> Iterable[Problem]:
    if not path.parent.is_dir():
        message = f"`{option}`: no such folder `{path.parent}`"
        yield Problem(None, message, "make the folder first, or choose another file")
    elif path.is_dir():
        yield Problem(None, f"`{option}`: `{path}` is a folder, expected a file", "name the file to write")


def _is_interruption(error: BaseException) -> bool:
    stopped = isinstance(error, SystemExit) and error.code == _INTERRUPTED_BY_TYPER
    return stopped or isinstance(error, KeyboardInterrupt)


def _words_of(error: OSError) -> tuple[str, str]:
    reason = (error.strerror or type(error).__name__).lower()
    where = f"`{error.filename}`: " if error.filename else ""
    return f"{where}{reason}", "check the path, its permissions and the space on the disk, then run it again"


def _unexpected(error: BaseException) -> int:
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error, file=sys.stderr)
    lines = str(error).splitlines()
    detail = f": {lines[0]}" if lines else ""
    return _fail(
        EXIT_UNFINISHED,
        f"an unexpected {type(error).__name__}{detail}",
        f"this is a defect of the program; set {TRACEBACK}=1 and run it again for a report with the traceback",
    )


def _fail(code: int, message: str, hint: str) -> int:
    console.complain_of(message, hint)
    return code
