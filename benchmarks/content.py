"""What prompts have in common, worked out over a log, against the digest that every prompt needs anyway.

    python -m benchmarks.content [--records 500000 1000000 2000000] [--threads 2]

The opponent is what exact reuse costs: the SHA-256 of every prompt and the number of different ones, in the same engine
over the same file. A quarter of the calls follow one opening with a free slot, a quarter have marked slots, half are
all different: two million records make a million templates. Each way runs in a process of its own, from small sizes to
large; printed are seconds on the clock, of processor time (all threads), and the peak of memory.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from auditor.content.derivations import CONTENT_COLUMNS, content_derivations
from auditor.policy.load import load_pack
from auditor.records.activity import ALL_COLUMNS, STORED, STORED_TYPES, Activity, SourceSummary, show
from auditor.records.derived import with_derived

HERE = Path(__file__).parent
FILE = "prompts.parquet"
FILLED = ("record_id", "source_id", "source_line", "account_id", "time", "event", "prompt", "prompt_digest")


def generate(folder: Path, records: int) -> None:
    """Write a log of prompts from a fixed seed."""
    connection = duckdb.connect()
    connection.execute((HERE / "prompts.sql").read_text(), {"records": records})
    empty = [f'CAST(NULL AS {STORED_TYPES[name]}) AS "{name}"' for name in ALL_COLUMNS if name not in FILLED]
    query = f"SELECT {', '.join(FILLED)}, {', '.join(empty)} FROM prompts ORDER BY account_id, time"
    connection.execute(f"COPY ({query}) TO '{folder / FILE}' (FORMAT parquet, COMPRESSION zstd)")


def opened(folder: Path, threads: int) -> Activity:
    """Open the log as an audit does: a gigabyte of memory, and disk for what doesn't fit."""
    limits: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "memory_limit": "1GB",
        "temp_directory": str(folder / "spill"),
    }
    connection = duckdb.connect(config=limits)
    connection.execute(f"CREATE VIEW {STORED} AS SELECT * FROM read_parquet('{folder / FILE}')")
    show(connection)
    return Activity(connection, (SourceSummary("log", "log", "canonical", 1, frozenset(FILLED)),))


def derive(activity: Activity) -> None:
    """Work out all three columns, and read them once."""
    (seeds,) = (item.values for item in load_pack("model-api").lists if item.name == "instruction-seeds")
    derived = with_derived(activity, content_derivations(activity, CONTENT_COLUMNS, seeds=list(map(str, seeds))))
    counts = ", ".join(f"count(DISTINCT {name})" for name in CONTENT_COLUMNS)
    found = derived.connection.execute(f"SELECT {counts} FROM records").fetchall()
    print(f"    {found[0][0]:,} templates in {found[0][1]:,} groups")


def make(folder: Path, records: int) -> None:
    """Generate in a process of its own, so that its memory counts for neither way."""
    subprocess.run([sys.executable, "-m", "benchmarks.content", "--make", str(folder), str(records)], check=True)


def digest(activity: Activity) -> None:
    """Digest every prompt, and count the different ones."""
    activity.connection.execute("SELECT count(DISTINCT sha256(prompt)) FROM records").fetchall()


def run(name: str, folder: Path, threads: int) -> None:
    """Run one way in this process and print what it took."""
    activity = opened(folder, threads)
    clock, processor = time.perf_counter(), time.process_time()
    {"content": derive, "digests": digest}[name](activity)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  {name:8} {clock:7.1f} s on the clock, {processor:7.1f} s of processor time, {peak:,} MB", flush=True)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[500_000, 1_000_000, 2_000_000])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FOLDER"))
    parser.add_argument("--make", nargs=2, metavar=("FOLDER", "RECORDS"))
    given = parser.parse_args()
    if given.make:
        generate(Path(given.make[0]), int(given.make[1]))
        return
    if given.one:
        run(given.one[0], Path(given.one[1]), given.threads)
        return
    for records in given.records:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), records)
            print(f"{records:,} records", flush=True)
            for way in ("digests", "content"):
                command = [sys.executable, "-m", "benchmarks.content", "--one", way, folder]
                subprocess.run([*command, "--threads", str(given.threads)], check=True)


if __name__ == "__main__":
    main()
