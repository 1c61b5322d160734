"""A whole audit with the default pack over a simulated world, from log files to case pages.

    python -m benchmarks.audit [--shape console] [--accounts 10000] [--days 30] [--seed 8000] [--world FOLDER]

The opponent is DuckDB reading the same log files once, two threads, and counting the different digests of prompts (of
what the source gives as digests, where it holds no text): the least that anybody must do. `auditor ingest` and
`auditor audit` are commands of their own, as people run them, each in a process of its own; printed are seconds on the
clock, of processor time (all threads), the peak of memory, and the ratio of processor times. `--shape gateway` holds
digests alone, `console` text. `--world` takes a folder that `auditor simulate --world` made before.

Bar: 2 million records in 180 s on two cores, and 3 GB.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from auditor.simulate.worlds.shape import SHAPES


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds on the clock and of processor time, megabytes at its peak."""

    clock: float
    processor: float
    peak: float

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.clock:7.1f} s on the clock, {self.processor:7.1f} s of processor time, {self.peak:6,.0f} MB"


def cost_of(*command: str) -> Cost:
    """Run a command to its end and return what it took, all its threads and processes included."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 3):
        sys.exit(f"{' '.join(command[:2])} ended with {child.returncode}")
    return Cost(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def read_once(logs: Path) -> None:
    """Do the opponent's work: read every line, digest every prompt, count the different ones."""
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "3GB"})
    columns = "{'prompt': 'VARCHAR', 'prompt_digest': 'VARCHAR'}"
    lines = f"read_json('{logs}/*.jsonl', format = 'newline_delimited', columns = {columns})"
    connection.execute(
        f"SELECT count(*), count(DISTINCT coalesce(sha256(prompt), prompt_digest)) FROM {lines}"
    ).fetchall()


def records_in(logs: Path) -> int:
    """Return how many lines the logs have."""
    return sum(line.count(b"\n") for path in sorted(logs.glob("*.jsonl")) for line in path.open("rb"))


def measure(world: Path, workspace: Path) -> None:
    """Measure the opponent and both commands over one world, and print them."""
    logs = world / "logs"
    given = ["--workspace", str(workspace), "--json"]
    platform = ["--context", str(world / "context.yml"), "--approvals", str(world / "approvals.yml")]
    print(f"{records_in(logs):,} records", flush=True)
    opponent = cost_of("benchmarks.audit", "--read-once", str(logs))
    print(f"  DuckDB, once  {opponent}", flush=True)
    for name, arguments in (("ingest", [str(logs)]), ("audit", platform)):
        mine = cost_of("auditor", name, *arguments, *given)
        ratio = mine.processor / opponent.processor
        print(f"  {name:12}  {mine}, {ratio:.1f} times the opponent's", flush=True)


def main() -> None:
    """Make a world, unless one is given, and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="console")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=8000)
    parser.add_argument("--world", type=Path, help="a world that is there already")
    parser.add_argument("--read-once", type=Path, help="do the opponent's work over a folder of logs, and nothing else")
    options = parser.parse_args()
    if options.read_once:
        read_once(options.read_once)
        return
    with tempfile.TemporaryDirectory() as place:
        world = options.world or Path(place) / "world"
        if not options.world:
            size = [f"--accounts={options.accounts}", f"--days={options.days}", f"--seed={options.seed}"]
            print(
                f"{options.shape}, made: {cost_of('auditor', 'simulate', str(world), '--world', options.shape, *size)}"
            )
        measure(world, Path(place) / "audit")


if __name__ == "__main__":
    main()
