"""Compare ingest with what DuckDB alone needs for the same file: declared columns in, Parquet out.

Runs both side by side, several times, in processes of their own, and prints the ratio of the medians, with the bars of
the project: 1.5 plain, 2 with a thousand bad lines, 3 with prompts to digest.

    python -m benchmarks.ingest [--records N] [--rounds N]
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from sqlglot import exp

from auditor.records.ingest import ingest
from auditor.records.schema import COLUMNS, DUCKDB_TYPES
from auditor.records.sql import call, literal, text_of
from auditor.records.workspace import open_workspace

KINDS = {"plain": 1.5, "bad lines": 2.0, "prompts": 3.0}
BAD_LINES = 1000
START = datetime(2026, 1, 1, tzinfo=UTC)


def record(chance: random.Random, number: int, records: int, *, has_prompt: bool) -> dict[str, object]:
    """Return one record of a month of traffic, about 500 bytes, with 24 columns."""
    account = int(chance.paretovariate(1.1)) % 20_000
    time_of = START + timedelta(seconds=number * 2_592_000 / records)
    made: dict[str, object] = {
        "record_id": f"{chance.getrandbits(128):032x}",
        "time": f"{time_of.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
        "event": "completion",
        "account_id": f"acct_{account:06d}",
        "organization_id": f"org_{account // 3:05d}",
        "api_key_id": f"key_{account:06d}_{chance.randrange(3)}",
        "end_user_id": f"user_{chance.randrange(1000)}",
        "endpoint": "/v1/chat/completions",
        "model": chance.choice(["small", "large"]),
        "input_tokens": chance.randrange(10_000),
        "cached_input_tokens": chance.randrange(100),
        "output_tokens": chance.randrange(4_000),
        "max_output_tokens": 4096,
        "temperature": round(chance.random(), 2),
        "stream": chance.random() < 0.5,
        "finish_reason": "stop",
        "status": chance.choice([200, 200, 200, 429]),
        "latency_ms": round(chance.random() * 5000, 1),
        "cost_usd": round(chance.random() / 10, 6),
        "client_ip": ".".join(str(chance.randrange(1, 224)) for _ in range(4)),
        "asn": chance.randrange(60_000),
        "country": chance.choice(["US", "DE", "IN"]),
        "user_agent": chance.choice(["python-requests/2.31", "curl/8.1"]),
        "plan": "tier-1",
    }
    if has_prompt:
        made["prompt"] = " ".join(chance.choices(["solve", "the", "integral", "step", "by", "proof"], k=60))
    return made


def write_log(path: Path, records: int, kind: str) -> None:
    """Write a log of the given kind; bad lines are spread evenly."""
    chance = random.Random(1)
    with path.open("w") as stream:
        for number in range(records):
            if kind == "bad lines" and number % max(1, records // BAD_LINES) == 0:
                stream.write('{"time": "2026-01-01T00:00:00Z", "event": "comp\n')
            made = record(chance, number, records, has_prompt=kind == "prompts")
            stream.write(json.dumps(made) + "\n")


def by_duckdb(path: Path, folder: Path, kind: str) -> None:
    """Read the file with declared columns and write Parquet, as anybody would by hand."""
    names = record(random.Random(1), 0, 1, has_prompt=kind == "prompts")
    types = [
        exp.PropertyEQ(this=exp.to_identifier(name), expression=literal(DUCKDB_TYPES[COLUMNS[name].type]))
        for name in names
    ]
    options = {"format": literal("newline_delimited"), "columns": exp.Struct(expressions=types)}
    if kind == "bad lines":
        options["ignore_errors"] = exp.true()
    query = exp.Select(expressions=[exp.Star()]).from_(exp.Table(this=call("read_json", literal(str(path)), **options)))
    parameters = [
        exp.CopyParameter(this=exp.Var(this=name), expression=exp.Var(this=value))
        for name, value in {"FORMAT": "parquet", "COMPRESSION": "zstd"}.items()
    ]
    files = [literal(str(folder / "out.parquet"))]
    duckdb.execute(text_of(exp.Copy(this=exp.Subquery(this=query), kind=False, files=files, params=parameters)))


def by_auditor(path: Path, folder: Path) -> None:
    """Ingest the file into a new workspace."""
    report = ingest([path], workspace=open_workspace(folder / "audit", create=True), now=START)
    assert sum(source.lines for source in report.sources) == report.records + report.quarantined


def timed(way: str, path: Path, kind: str) -> tuple[float, float, int]:
    """Run one way in a process of its own; returns seconds on the clock and of processor time, and peak memory in MB.

    Start-up is left out.
    """
    command = [sys.executable, "-m", "benchmarks.ingest", "--one", way, "--file", str(path), "--kind", kind]
    seconds, used, memory = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(used), int(memory)


def run_one(way: str, path: Path, kind: str) -> None:
    """Run one way once and print its seconds on the clock and of processor time, and its peak memory."""
    with TemporaryDirectory(dir=path.parent) as folder:
        began, used = time.perf_counter(), time.process_time()
        if way == "auditor":
            by_auditor(path, Path(folder))
        else:
            by_duckdb(path, Path(folder), kind)
        seconds, used = time.perf_counter() - began, time.process_time() - used
    print(f"{seconds:.3f} {used:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}")


def compare(records: int, rounds: int, kinds: list[str]) -> None:
    """Print one line a kind: medians, ratio and bar."""
    with TemporaryDirectory() as folder:
        for kind in kinds:
            path = Path(folder) / "log.jsonl"
            write_log(path, records, kind)
            pairs = [(timed("duckdb", path, kind), timed("auditor", path, kind)) for _ in range(rounds)]
            alone, alone_used = (statistics.median(one[place] for one, _ in pairs) for place in (0, 1))
            whole, whole_used = (statistics.median(two[place] for _, two in pairs) for place in (0, 1))
            memory = max(two[2] for _, two in pairs)
            print(
                f"{kind:10} {records} records: duckdb {alone:.2f} s, ingest {whole:.2f} s, "
                f"ratio {whole / alone:.2f} (bar {KINDS[kind]}); of processor time {alone_used:.2f} and "
                f"{whole_used:.2f} s, ratio {whole_used / alone_used:.2f}; peak {memory} MB"
            )


def main() -> None:
    """Parse the options and run."""
    parser = argparse.ArgumentParser(description="ingest against DuckDB alone")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--one", choices=["duckdb", "auditor"])
    parser.add_argument("--file", type=Path)
    parser.add_argument("--kind", default="plain")
    options = parser.parse_args()
    if options.one:
        run_one(options.one, options.file, options.kind)
    else:
        compare(options.records, options.rounds, options.kinds)


if __name__ == "__main__":
    main()
