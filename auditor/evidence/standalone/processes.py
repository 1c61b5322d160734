"""Work on many pieces in several processes at once, where the machine allows it; the outcome is the same without.

Few pieces are not worth a process. At any time a handful of pieces is held, however many there are.
"""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

FEW = 4
AHEAD = 2
"""Pieces for each process that are on their way."""
MOST_PROCESSES = 8
METHOD = "fork" if sys.platform == "linux" else None
UNABLE = (OSError, ImportError, NotImplementedError, RuntimeError)
"""What a machine without processes or semaphores to spare raises; a process that was killed is a RuntimeError."""


def done_in_order(
    work: Callable[[Given], Made], pieces: Iterable[Given], *, few: int = FEW, method: str | None = METHOD
) -> Iterator[tuple[Given, Made]]:
    """Yield each piece with what `work` makes of it, in their order; `work` and what it takes can be pickled.

    Less than a `few` are done here; `method` is how `multiprocessing` starts a process.
    """
    source = iter(pieces)
    first = list(islice(source, few))
    pool = pool_of(processors(), method) if len(first) == few and processors() > 1 else None
    if pool is None:
        yield from ((piece, work(piece)) for piece in chain(first, source))
        return
    waiting: deque[tuple[Given, Future[Made] | None]] = deque()
    try:
        for piece in chain(first, source):
            waiting.append((piece, _handed_over(pool, work, piece)))
            if len(waiting) > AHEAD * processors():
                yield _finished(work, *waiting.popleft())
        while waiting:
            yield _finished(work, *waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def processors() -> int:
    """Return how many processes can run at once."""
    count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return min(count or 1, MOST_PROCESSES)


def pool_of(processes: int, method: str | None) -> ProcessPoolExecutor | None:
    """Return a pool of processes, None where there can't be one."""
    if multiprocessing.current_process().daemon:  # it may have no children
        return None
    try:
        context = multiprocessing.get_context(method)
        return ProcessPoolExecutor(processes, mp_context=context, initializer=_undisturbed)
    except UNABLE:
        return None


def _undisturbed() -> None:
    """Leave Ctrl-C to the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _handed_over(pool: ProcessPoolExecutor, work: Callable[[Given], Made], piece: Given) -> "Future[Made] | None":
    try:
        return pool.submit(work, piece)
    except UNABLE:
        return None


def _finished(work: Callable[[Given], Made], piece: Given, future: "Future[Made] | None") -> tuple[Given, Made]:
    """Return a piece with what became of it; what a process could not do is done here."""
    try:
        return piece, work(piece) if future is None else future.result()
    except UNABLE:
        return piece, work(piece)
