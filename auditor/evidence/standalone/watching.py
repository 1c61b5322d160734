"""How far a verification is, for whoever waits: which sentence is being checked, and how much was read for it."""

import io
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from auditor.evidence.standalone.reading import BundleFile, Files

Watch = Callable[[str, int], None]
"""Told a sentence and how many bytes have been read for it."""


def unwatched(_sentence: str, _read: int) -> None:
    """Tell nobody."""


def watched(files: Files, sentence: str, watch: Watch) -> Files:
    """Return the same files, which tell how much of them is read."""
    tell = _Teller(sentence, watch)
    return {name: BundleFile(file.size, partial(_opened_watched, file, tell)) for name, file in files.items()}


class _Teller:
    """Adds up what is read."""

    def __init__(self, sentence: str, watch: Watch) -> None:
        self._sentence, self._watch, self._read = sentence, watch, 0
        watch(sentence, 0)

    def add(self, size: int) -> None:
        self._read += size
        self._watch(self._sentence, self._read)


def _opened_watched(file: BundleFile, tell: _Teller) -> IO[bytes]:
    return io.BufferedReader(_Watched(file.opened(), tell), 1 << 18)


class _Watched(io.RawIOBase):
    """An open file that tells of each piece that is read; closes with it."""

    def __init__(self, stream: IO[bytes], tell: _Teller) -> None:
        super().__init__()
        self._inner, self._tell = stream, tell

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._inner.read(len(buffer))
        buffer[: len(piece)] = piece
        self._tell.add(len(piece))
        return len(piece)

    def close(self) -> None:
        self._inner.close()
        super().close()
