"""Rules over a million records: the checker against the SQL that an analyst would write by hand.

    python -m benchmarks.checker [--set ten|thirty|single] [--each] [--records 1000000] [--rounds 5] [--threads 2]

Both run in one process, in turn, over the same daily Parquet files, sorted by account and time as the store keeps them.
The hand-written SQL returns the same record ids (asserted, rule by rule) but no findings, counts or margins. Printed:
median seconds on the clock and of processor time (all threads), their range, and the ratios of the medians. A busy
machine stretches the clock, so compare processor time there. Data come from a fixed seed.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from auditor.checker.compile.nodes import select
from auditor.checker.compile.plan import plan_for
from auditor.checker.compile.seen import NUMBER
from auditor.checker.compile.told import told_id, with_told
from auditor.checker.engines.duckdb import PlanResult, execute
from auditor.policy.load import load_rule_text
from auditor.policy.pack import Context
from auditor.policy.rule import Rule
from auditor.records.activity import ALL_COLUMNS, STORED, STORED_TYPES, Activity, SourceSummary, show
from auditor.records.sql import identifier, table, text_of

HERE = Path(__file__).parent
SOURCE_ID = "5" * 64


def generate(folder: Path, records: int) -> frozenset[str]:
    """Write daily Parquet files of synthetic activity; return the columns that they fill."""
    connection = duckdb.connect()
    text = (HERE / "activity.sql").read_text()
    connection.execute(text, {"records": records, "source": SOURCE_ID})
    described = connection.execute("DESCRIBE activity").fetchall()
    filled = [name for name, *_ in described if name != "day"]
    empty = [f'CAST(NULL AS {STORED_TYPES[name]}) AS "{name}"' for name in ALL_COLUMNS if name not in filled]
    connection.execute(f"CREATE VIEW complete AS SELECT *, {', '.join(empty)} FROM activity")
    days = [day for (day,) in connection.execute("SELECT DISTINCT day FROM activity ORDER BY day").fetchall()]
    for day in days:
        query = f"SELECT * EXCLUDE (day) FROM complete WHERE day = DATE '{day}' ORDER BY account_id, time"
        connection.execute(f"COPY ({query}) TO '{folder}/{day}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    return frozenset(filled) - {"source_id", "source_line", "source_offset", "source_length", "client_ip_number"}


def open_activity_of(folder: Path, records: int, provides: frozenset[str], threads: int) -> Activity:
    """Open the generated files as an activity, in a connection of its own, set as the store sets it."""
    connection = duckdb.connect(config={"threads": threads, "memory_limit": "1GB"})
    connection.execute("SET parquet_metadata_cache = true")
    columns = ", ".join(f'CAST("{name}" AS {STORED_TYPES[name]}) AS "{name}"' for name in ALL_COLUMNS)
    connection.execute(f"CREATE VIEW {STORED} AS SELECT {columns} FROM read_parquet('{folder}/*.parquet')")
    show(connection)
    return Activity(connection, (SourceSummary(SOURCE_ID, "benchmark", "canonical", records, provides),))


def rules_by_name(which: str) -> dict[str, Rule]:
    """Return the rules of a set, by name."""
    documents = (HERE / f"{which}_rules.yml").read_text().split("\n---\n")
    names = [
        document.split("title: ", 1)[1].split("\n", 1)[0].strip().lower().replace(" ", "-") for document in documents
    ]
    return {name: load_rule_text(document, name=name) for name, document in zip(names, documents, strict=True)}


def hand_written(which: str) -> dict[str, str]:
    """Return the analyst's query for each rule, by name."""
    parts = (HERE / f"{which}_rules.sql").read_text().split("-- rule: ")[1:]
    return {name.strip(): query for name, query in (part.split("\n", 1) for part in parts)}


def checked(activity: Activity, rules: dict[str, Rule]) -> PlanResult:
    """Plan and run the rules."""
    result = execute(plan_for(list(rules.values()), sources=activity.sources, context=Context()), activity)
    assert not result.errors, result.errors
    return result


def queried(activity: Activity, queries: dict[str, str]) -> None:
    """Run the hand-written queries, keeping what each returns."""
    for place, query in enumerate(queries.values()):
        activity.connection.execute(f"CREATE OR REPLACE TEMP TABLE hand{place} AS {query}")


def assert_same(result: PlanResult, activity: Activity, queries: dict[str, str]) -> dict[str, int]:
    """Compare record ids rule by rule; return how many each rule cites."""
    cited = {}
    for place, name in enumerate(queries):
        item = next(item for item in result.plan.rules if item.rule.name == name)
        members = select([told_id()], table(item.members, "member"), distinct=True)
        mine = text_of(with_told(members, identifier(NUMBER, "member")))
        hand = f"SELECT DISTINCT record_id FROM hand{place}"
        for left, right in ((mine, hand), (hand, mine)):
            query = f"SELECT count(*) FROM ({left} EXCEPT {right})"
            (extra,) = activity.connection.execute(query).fetchone() or (None,)
            assert extra == 0, f"{name}: {extra} record ids differ"
        (cited[name],) = activity.connection.execute(f"SELECT count(*) FROM ({mine})").fetchone() or (0,)
    return cited


def seconds_of(action: Callable[[], object]) -> tuple[float, float]:
    """Return how long an action takes: on the clock, and in processor time of all threads."""
    start, start_used = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - start, time.process_time() - start_used


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", choices=("ten", "thirty", "single"), default="ten")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--each", action="store_true", help="also time every rule by itself")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        provides = generate(folder, options.records)
        activity = open_activity_of(folder, options.records, provides, options.threads)
        rules, queries = rules_by_name(options.set), hand_written(options.set)
        queried(activity, queries)
        for name, count in assert_same(checked(activity, rules), activity, queries).items():
            print(f"{name}: {count} records cited, the same as by hand")
        _compare(f"{options.set} rules", activity, rules, queries, options.rounds)
        for name in rules if options.each else ():
            _compare(name, activity, {name: rules[name]}, {name: queries[name]}, options.rounds)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _compare(label: str, activity: Activity, rules: dict[str, Rule], queries: dict[str, str], rounds: int) -> None:
    mine, hand = [], []
    for _ in range(rounds):
        hand.append(seconds_of(lambda: queried(activity, queries)))
        mine.append(seconds_of(lambda: checked(activity, rules)))
    for place, clock in enumerate(("on the clock", "of processor time")):
        left, right = [took[place] for took in mine], [took[place] for took in hand]
        ratio = statistics.median(left) / statistics.median(right)
        print(f"{label}, {clock}: checker {_shown(left)}, by hand {_shown(right)}, ratio {ratio:.2f}")


def _shown(rounds: list[float]) -> str:
    return f"{statistics.median(rounds):.2f} s ({min(rounds):.2f} to {max(rounds):.2f})"


if __name__ == "__main__":
    main()
