"""What stops one file, and what stops the whole run: a source that can't be read, or the disk and the memory."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from auditor.errors import InputError, WorkspaceError
from auditor.records.sources import SourceFile
from auditor.records.workspace import disk_errors

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_ENGINE = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException)


class UnreadableError(Exception):
    """One file can't be read; the text says which and why."""


@contextmanager
def errors_of_file(file: SourceFile) -> Iterator[None]:
    """Turn what is wrong with a file itself into UnreadableError; what stops the run passes through."""
    try:
        yield
    except InputError as error:
        raise UnreadableError(str(error)) from error
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise UnreadableError(f"{file.shown}: can't be read: {(error.strerror or str(error)).lower()}") from error
    except _ENGINE:
        raise
    except duckdb.Error as error:
        raise UnreadableError(f"{file.shown}: can't be read: {_first_line(error)}") from error


@contextmanager
def engine_errors(folder: Path) -> Iterator[None]:
    """Turn what stops the engine (disk full, memory) into one message; anything else is a defect and passes through.

    Raises WorkspaceError.
    """
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        with disk_errors(folder):
            for number in _FULL:
                if os.strerror(number).lower() in str(error).lower():
                    raise OSError(number, os.strerror(number)) from error
        hint = "free disk space or memory and run the command again; nothing was half-written"
        raise WorkspaceError.at(str(folder), f"can't write: {_first_line(error)}", hint) from error
    except OSError as error:
        with disk_errors(folder):
            raise error


def _first_line(error: duckdb.Error) -> str:
    first = (str(error).splitlines() or ["unknown"])[0][:200]
    return (first[:1].lower() + first[1:]).rstrip(".")
