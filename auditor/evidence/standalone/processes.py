"""Work on many pieces in several processes at once, where the machine allows it; the outcome is the same without.

Few pieces are not worth a process. At any time a handful of pieces is held, however many there are. Each process has a
pipe of its own and one piece in hand: there are no threads or locks that one that dies could leave behind, and what it
had in hand is done here.
"""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Literal, NamedTuple, TypeVar  # `Any` goes through a pipe

Given = TypeVar("Given")
Made = TypeVar("Made")
Method = Literal["fork", "spawn"]
"""How `multiprocessing` starts a process."""

FEW = 4
AHEAD = 2
"""Pieces for each process that are on their way."""
MOST_PROCESSES = 8
METHOD: Method = "fork" if sys.platform == "linux" else "spawn"


class Worker(NamedTuple):
    """A process that does one piece at a time, and this end of its pipe."""

    process: BaseProcess
    connection: "Connection[Any, Any]"


def done_in_order(
    work: Callable[[Given], Made], pieces: Iterable[Given], *, few: int = FEW, method: Method = METHOD
) -> Iterator[tuple[Given, Made]]:
    """Yield each piece with what `work` makes of it, in their order; `work` and what it takes can be pickled.

    Less than a `few` are done here.
    """
    source = iter(pieces)
    first = list(islice(source, few))
    workers = workers_for(work, processors(), method) if len(first) == few and processors() > 1 else []
    try:
        yield from _Round(work, workers).done(chain(first, source))
    finally:
        _let_go(workers)


def processors() -> int:
    """Return how many processes can run at once."""
    count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return min(count or 1, MOST_PROCESSES)


def workers_for(work: Callable[[Any], Any], count: int, method: Method) -> list[Worker]:
    """Return so many processes that wait for work, none where the machine has not that many to spare."""
    if multiprocessing.current_process().daemon:  # it may have no children
        return []
    context = multiprocessing.get_context("fork") if method == "fork" else multiprocessing.get_context("spawn")
    workers = list[Worker]()
    try:
        for _ in range(count):
            here, there = context.Pipe()
            # A forked process holds a copy of every pipe so far, and would keep them open for ever.
            inherited = [*(worker.connection for worker in workers), here] if method == "fork" else []
            process = context.Process(target=_work_off, args=(work, there, inherited), daemon=True)
            with there:
                process.start()
            workers.append(Worker(process, here))
    except (OSError, RuntimeError):
        _let_go(workers)
        return []
    return workers


def _work_off(
    work: Callable[[Any], Any], connection: "Connection[Any, Any]", inherited: "list[Connection[Any, Any]]"
) -> None:
    """Do pieces until there are no more, or one raises an error; Ctrl-C is for the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in inherited:
        other.close()
    try:
        while True:
            connection.send((work(connection.recv()),))
    finally:
        os._exit(0)  # without a word: whoever handed the piece over does it again, and so meets the error


def _let_go(workers: list[Worker]) -> None:
    """End processes, each after the piece that it has in hand."""
    for worker in workers:
        worker.connection.close()
    for worker in workers:
        worker.process.join()


class _Task(Generic[Given, Made]):
    """A piece on its way, and what was made of it as a tuple of one, once there is something."""

    def __init__(self, piece: Given) -> None:
        self.piece = piece
        self.outcome: tuple[Made] | None = None
        self.is_here = False
        """Nobody else does it any more."""


class _Round(Generic[Given, Made]):
    """Hands pieces to processes as they become free, and does here what none of them did."""

    def __init__(self, work: Callable[[Given], Made], workers: list[Worker]) -> None:
        self._work = work
        self._free = [worker.connection for worker in workers]
        self._busy: dict[Connection[Any, Any], _Task[Given, Made]] = {}
        self._most = AHEAD * len(workers)
        self._waiting: deque[_Task[Given, Made]] = deque()
        self._not_begun: deque[_Task[Given, Made]] = deque()

    def done(self, pieces: Iterable[Given]) -> Iterator[tuple[Given, Made]]:
        """Yield each piece with what was made of it."""
        for piece in pieces:
            task = _Task[Given, Made](piece)
            self._waiting.append(task)
            self._not_begun.append(task)
            self._hand_over()
            if len(self._waiting) > self._most:
                yield self._finished(self._waiting.popleft())
        while self._waiting:
            yield self._finished(self._waiting.popleft())

    def _hand_over(self) -> None:
        """Give each process that is free the next piece; one that can't take it is gone."""
        while self._free and self._not_begun:
            connection, task = self._free.pop(), self._not_begun.popleft()
            try:
                connection.send(task.piece)
            except OSError:
                self._not_begun.appendleft(task)
            else:
                self._busy[connection] = task

    def _finished(self, task: _Task[Given, Made]) -> tuple[Given, Made]:
        while task.outcome is None and not task.is_here and self._busy:
            self._take_back()
            self._hand_over()
        if task in self._not_begun:
            self._not_begun.remove(task)
        return task.piece, self._work(task.piece) if task.outcome is None else task.outcome[0]

    def _take_back(self) -> None:
        """Wait until a process is done with its piece, or gone."""
        ready = wait(list(self._busy))
        for connection in [item for item in self._busy if item in ready]:
            task = self._busy.pop(connection)
            try:
                task.outcome = connection.recv()
                self._free.append(connection)
            except (EOFError, OSError):
                task.is_here = True
