"""Evidence of many cases, and of one large one: sealing and verifying, with what the records alone would cost.

    python -m benchmarks.evidence [--records 300000] [--cases 50] [--large 100000]

Makes a log, audits it, and seals a case an account, beside one partitioned copy (JSON, a folder a case) of the same
cited records by DuckDB: bar 4, 500 cases of 3 million records. Then one case of `--large` records: sealed, verified by
the program and by the bundled verifier with the standard library alone. Bars: 25,000 records committed a second, 90 s a
million records for the bundled verifier, a third of that for the program, 1.5 GB for any of them. Each is a process of
its own. Printed: seconds on the clock, seconds of processor time of all threads and processes, and the most memory that
they all held together (seen four times a second, pages that they share counted for each).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlglot import exp

from auditor.cases.notes import list_cases
from auditor.cli.journey import Order, travel
from auditor.cli.leftovers import open_known_casebook
from auditor.cli.sealing import build_all
from auditor.evidence.linequery import columns_written, keep_secrets, lines_of_records
from auditor.evidence.verify import verify_bundle
from auditor.records.sql import text_of
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULE = """
id: 7d3f1c52-9a3e-4f43-8a40-7a1f0a4d9b99
title: Any call
status: test
conduct: automated-access
strength: inferential
family: limits
level: medium
subject: account
when:
  call: {event: completion}
  condition: call
measure:
  calls: count()
violates: calls >= 1
"""
LOG = """
COPY (SELECT
  strftime(TIMESTAMP '2025-11-01' + to_microseconds(i * (2592000000000 // $records)), '%Y-%m-%dT%H:%M:%S.%fZ') AS time,
  'completion' AS event, 'acct-' || (i % $cases) AS account_id, 'org-' || (i % $cases // 3) AS organization_id,
  'key-' || (i % ($cases * 2)) AS api_key_id, 'req-' || md5(i::VARCHAR) AS record_id,
  '/v1/chat/completions' AS endpoint, 'atlas-large' AS model, 200 AS status, 300 + hash(i) % 3000 AS input_tokens,
  100 + hash(i + 1) % 2000 AS output_tokens, 0.7 AS temperature, round(200 + hash(i + 2) % 90000 / 10, 1) AS latency_ms,
  '0.00' || (1000 + hash(i) % 8999) AS cost_usd, sha256(i::VARCHAR) AS prompt_digest,
  '198.51.' || (i % 100) || '.' || (i % 250) AS client_ip, 'DE' AS country, 'atlas-python/2.4.1' AS user_agent
  FROM range($records) t(i)) TO '{path}' (FORMAT json)
"""


@dataclass(frozen=True)
class Cost:
    """What something took."""

    clock: float
    processor: float
    megabytes: float

    def __str__(self) -> str:
        """Print it in one line."""
        return f"{self.clock:7.1f} s on the clock, {self.processor:7.1f} s of processor time, {self.megabytes:6.0f} MB"


def measured(work: Callable[[], object]) -> Cost:
    """Run something in a process of its own."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  # whatever it was, this process ends here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    most = 0.0
    while True:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            break
        most = max(most, held_by(child))
        time.sleep(0.25 if time.monotonic() - started > 2 else 0.02)
    assert status == 0, "the process did not reach its end"
    return Cost(time.monotonic() - started, used.ru_utime + used.ru_stime, max(most, used.ru_maxrss / 1024))


def held_by(process: int) -> float:
    """Return the megabytes of a process and of those that it started, as far as they are still there."""
    folder = Path("/proc") / str(process)
    try:
        pages = int((folder / "statm").read_text().split()[1])
        children = [child for task in (folder / "task").iterdir() for child in (task / "children").read_text().split()]
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 + sum(held_by(int(child)) for child in children)


def audited(folder: Path, records: int, cases: int) -> Path:
    """Write a log and audit it; return the workspace."""
    (folder / "pack" / "rules").mkdir(parents=True)
    (folder / "pack" / "rules" / "any-call.yml").write_text(RULE)
    log = folder / "log.jsonl"
    duckdb.connect().execute(LOG.format(path=log), {"records": records, "cases": cases})
    order = Order(paths=(log,), pack=str(folder / "pack"))
    travel(order, folder=folder / "audit", clock=lambda: NOW, say=print)
    return folder / "audit"


def seal(folder: Path) -> None:
    """Seal every case of a workspace."""
    workspace = open_workspace(folder, create=False)
    with open_known_casebook(workspace) as casebook:
        cases = list_cases(casebook)
    with workspace.lock():
        assert sum(1 for _ in build_all(workspace, cases, people={})) == len(cases)


def copy(folder: Path) -> None:
    """Write the cited records of every case with one partitioned copy."""
    (citations,) = (folder / "runs").glob("*/citations.parquet")
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})
    connection.execute("SET partitioned_write_max_open_files = 1000")
    connection.execute(
        f"COPY (SELECT r.*, c.account_id AS case_id FROM read_parquet('{citations}') c JOIN"
        f" read_parquet('{folder}/activity/**/*.parquet', union_by_name = true) r USING (source_id, source_line))"
        f" TO '{folder}/copied' (FORMAT json, PARTITION_BY (case_id))"
    )


def commit(folder: Path) -> None:
    """Print every record of a store and commit to its groups, and do nothing with it."""
    activity = open_activity(open_workspace(folder, create=False))
    keep_secrets(activity, {"C": "5e" * 32})
    every = exp.select(exp.alias_(exp.convert("C"), "case_id"), exp.alias_(exp.array(), "findings"), exp.Star())
    query = lines_of_records(every.from_("records"), columns_written(activity))
    result = activity.connection.execute(text_of(query))
    while result.fetchmany(2048):
        pass


def verify_alone(bundle: Path) -> None:
    """Run the bundled verifier as a stranger would."""
    done = subprocess.run(
        [sys.executable, "-I", bundle / "data" / "verify.py", bundle], check=False, capture_output=True
    )
    assert done.returncode == 3, done.stdout


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--folder", help="where to put it; three million records take some 10 GB")
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        if asked.records:
            many = audited(Path(made) / "many", asked.records, asked.cases)
            copied, sealed = measured(lambda: copy(many)), measured(lambda: seal(many))
            print(f"{asked.cases} cases of {asked.records} records, load {os.getloadavg()[0]:.1f}")
            print(f"  one partitioned copy  {copied}")
            print(f"  sealed                {sealed}")
            print(f"  ratio {sealed.clock / copied.clock:.2f} on the clock, {sealed.processor / copied.processor:.2f}"
                  " of processor time; bar 4", flush=True)  # fmt: skip
            shutil.rmtree(many)
        if asked.large:
            _one_large(Path(made) / "large", asked.large)


def _one_large(folder: Path, records: int) -> None:
    workspace = audited(folder, records, 1)
    print(f"one case of {records} records, load {os.getloadavg()[0]:.1f}")
    committed = measured(lambda: commit(workspace))
    print(f"  printed and committed {committed}; {records / committed.clock:.0f} records a second, bar 25000")
    print(f"  sealed                {measured(lambda: seal(workspace))}")
    (bundle,) = (workspace / "bundles").iterdir()
    assert json.loads((bundle / "data" / "case.json").read_bytes())["cited"] == records
    million = 1_000_000 / records
    for name, work, bar in (("bundled verifier", verify_alone, 90), ("bundle verify", verify_bundle, 30)):
        cost = measured(lambda work=work: work(bundle))  # type: ignore[misc]  # each its own function
        print(f"  {name:<21} {cost}; {cost.clock * million:.0f} s a million, bar {bar}", flush=True)


if __name__ == "__main__":
    main()
