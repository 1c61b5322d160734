"""Who acted together, at three sizes: 33 records an account, with all reasons.

    python -m benchmarks.linking [--records 2000000] [--threads 2]

The opponent is DuckDB counting, for each column that links read, the accounts by value: what anybody needs at least.
Each size runs in a process of its own, and so does what makes its data. Printed: seconds on the clock and of processor
time (all threads), the ratio to the opponent, peak memory, and what was found. Data come from a fixed seed
(`linking.sql`).
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from auditor.linking.links import links_of
from auditor.linking.model import Links
from auditor.policy.fields import Problems
from auditor.policy.links import LinkRules
from auditor.policy.links_reader import read_links
from auditor.policy.pack import Context
from auditor.policy.yaml import read_yaml
from auditor.records.activity import ALL_COLUMNS, STORED_TYPES, Activity, SourceSummary

HERE = Path(__file__).parent
LINKS = HERE.parent / "policies" / "links.yml"
SOURCE_ID = "5" * 64
RECORDS_AN_ACCOUNT = 33
READ = ("payment_fingerprint", "device_id", "phone_digest", "email_domain", "client_ip", "user_agent",
        "tls_fingerprint", "template_id", "prompt_digest")  # fmt: skip


def signals() -> LinkRules:
    """Return the shipped links file, with templates as the data give them."""
    problems = Problems()
    rules = read_links(read_yaml(LINKS.read_bytes(), str(LINKS)), "0" * 64, problems)
    problems.check()
    assert rules is not None
    found = tuple(
        signal.model_copy(update={"columns": ("template_id",)}) if "template_group" in signal.columns else signal
        for signal in rules.signals
    )
    return rules.model_copy(update={"signals": found})


def generate(folder: Path, records: int) -> frozenset[str]:
    """Write daily Parquet files of synthetic activity; return the columns that they fill."""
    connection = duckdb.connect(config={"memory_limit": "2GB", "threads": 2})
    values = {"records": records, "accounts": records // RECORDS_AN_ACCOUNT, "source": SOURCE_ID}
    connection.execute((HERE / "linking.sql").read_text(), values)
    filled = [name for name, *_ in connection.execute("DESCRIBE activity").fetchall() if name != "day"]
    query = "SELECT * FROM activity ORDER BY day, account_id, time"
    connection.execute(f"COPY ({query}) TO '{folder}' (FORMAT parquet, PARTITION_BY (day), OVERWRITE_OR_IGNORE)")
    return frozenset(filled) - {"source_id", "source_line", "client_ip_number"}


def open_activity_of(folder: Path, records: int, provides: frozenset[str], threads: int) -> Activity:
    """Open the generated files as an activity, in a connection of its own."""
    connection = duckdb.connect(config={"threads": threads, "memory_limit": "1GB"})
    filled = {*provides, "source_id", "source_line", "client_ip_number"}
    columns = ", ".join(
        f'CAST({f"{name}" if name in filled else "NULL"} AS {STORED_TYPES[name]}) AS "{name}"' for name in ALL_COLUMNS
    )
    read = f"read_parquet('{folder}/*/*.parquet', hive_partitioning = false)"
    connection.execute(f"CREATE VIEW stored_records AS SELECT {columns} FROM {read}")
    connection.execute("CREATE VIEW records AS FROM stored_records")
    return Activity(connection, (SourceSummary(SOURCE_ID, "benchmark", "canonical", records, provides),))


def counted(activity: Activity) -> None:
    """Count the accounts of each value, column by column."""
    for name in READ:
        query = f"SELECT {name}, count(DISTINCT account_id), min(time) FROM records WHERE {name} IS NOT NULL GROUP BY 1"
        activity.connection.execute(f"SELECT count(*) FROM ({query})").fetchall()


def seconds_of(action: Callable[[], object]) -> tuple[float, float]:
    """Return how long an action takes: on the clock, and in processor time of all threads."""
    start, start_used = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - start, time.process_time() - start_used


def one_size(records: int, threads: int) -> None:
    """Measure one size and print it."""
    with tempfile.TemporaryDirectory() as place:
        made = [sys.executable, "-m", "benchmarks.linking", f"--records={records}", f"--make={place}"]
        subprocess.run(made, check=True)
        provides = frozenset((Path(place) / "columns").read_text().split())
        activity = open_activity_of(Path(place), records, provides, threads)
        hand = seconds_of(lambda: counted(activity))
        found: list[Links] = []
        mine = seconds_of(lambda: found.append(links_of(activity, signals(), context=Context(), as_of=None)))
    largest = sorted((len(cluster.members) for cluster in found[0].clusters), reverse=True)[:4]
    edges = sum(len(cluster.edges) for cluster in found[0].clusters)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{records:,} records, {found[0].accounts:,} accounts: {mine[0]:.1f} s on the clock, {mine[1]:.1f} s of "
        f"processor time; counting by hand {hand[0]:.1f} s and {hand[1]:.1f} s, ratio {mine[1] / hand[1]:.1f}; "
        f"peak {peak:,.0f} MB; {len(found[0].clusters):,} clusters (largest {largest}), {edges:,} edges, "
        f"{len(found[0].stretches):,} stretches, {len(found[0].crowds):,} crowds"
    )


def main() -> None:
    """Run three sizes, each twice the one before, and print them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=2_000_000, help="the largest size")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--make", type=Path, help="write the data of that size to a folder, and nothing else")
    parser.add_argument("--alone", action="store_true", help="measure that size only, in this process")
    options = parser.parse_args()
    if options.make:
        (options.make / "columns").write_text(" ".join(generate(options.make, options.records)))
        return
    if options.alone:
        one_size(options.records, options.threads)
        return
    for records in (options.records // 4, options.records // 2, options.records):
        command = [sys.executable, "-m", "benchmarks.linking", "--alone", f"--records={records}"]
        subprocess.run([*command, f"--threads={options.threads}"], check=True)


if __name__ == "__main__":
    main()
