"""The errors a person meets, and the form every message keeps.

A message says what was found, what was expected and where: `FILE:LINE:COLUMN: found, expected`, starts in
lower case, ends without a full stop, and is followed by one hint line saying what to do. `Problem` is one such
message; `AuditorError` carries one or many. The command line catches `AuditorError` once and maps
`exit_code`; nothing else in the program turns an error into text.
"""

from collections.abc import Iterable
from dataclasses import dataclass

EXIT_DONE = 0
EXIT_FAILED_CHECK = 1
EXIT_USAGE = 2
EXIT_PARTIAL = 3
EXIT_UNFINISHED = 4


@dataclass(frozen=True, order=True)
class Place:
    """Where something was found; `line` and `column` are 1-based, 0 when unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Print as `file:line:column`, leaving out what is unknown."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing a person can fix: where, what was found and expected, and what to do."""

    place: Place | None
    message: str
    hint: str

    def __post_init__(self) -> None:
        """Hold every message to the house form, so that no careless one ships."""
        assert self.message, "a problem needs a message"
        assert self.message[0] == self.message[0].lower(), f"start in lower case: {self.message!r}"
        assert not self.message.endswith("."), f"no full stop at the end: {self.message!r}"
        assert self.hint, f"say what to do about: {self.message!r}"
        assert "\n" not in self.message + self.hint, f"one line each: {self.message!r}"

    def __str__(self) -> str:
        """Print as `place: message` with the hint on a line of its own."""
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message}\n  hint: {self.hint}"


class AuditorError(Exception):
    """Something a person can act on. Subclasses fix the exit code (DESIGN section 8)."""

    exit_code = EXIT_UNFINISHED

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep every problem found, in order of place."""
        self.problems = tuple(problems)
        assert self.problems, "an error without a problem says nothing"
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type["AuditorError"], tuple[tuple[Problem, ...]]]:
        """Let it travel from a process to the one that waits for it."""
        return type(self), (self.problems,)

    @classmethod
    def at(cls, place: Place | str | None, message: str, hint: str) -> "AuditorError":
        """Make an error of this class with a single problem."""
        spot = Place(place) if isinstance(place, str) else place
        return cls([Problem(spot, message, hint)])


class UsageError(AuditorError):
    """The command was called wrongly: no such file, an unknown name, a value out of range."""

    exit_code = EXIT_USAGE


class PolicyError(AuditorError):
    """A policy file can't be used as it is."""

    exit_code = EXIT_USAGE


class InputError(AuditorError):
    """Source data can't be read at all (single bad lines are quarantined, never raised)."""

    exit_code = EXIT_PARTIAL


class WorkspaceError(AuditorError):
    """The workspace can't be used: locked, read-only, full, damaged or from a newer version."""

    exit_code = EXIT_UNFINISHED


class BundleError(AuditorError):
    """A bundle can't be built or opened."""

    exit_code = EXIT_UNFINISHED
