"""Several simulated worlds, audited with the default pack and measured together.

    python -m benchmarks.worlds [--worlds 5] [--accounts 10000] [--days 30] [--first-seed 9000] [--shapes console,cloud]
                                [--pack model-api] [--daily 0] [--folder DIR]

The seeds from 9,000 on are for this alone: nobody tunes a rule, a link or the ladder by them. Shapes take turns.
Printed: for each world its records, the seconds of ingest and audit (clock and processor time of all threads) and the
peak memory of the process; then the tables of `auditor measure`, pooled, with intervals that resample whole campaigns
of all worlds. `--daily N` audits each world as on every Nth day first, so that the time until detection is sharper.
`--folder` keeps the worlds and workspaces; `--measure-only` pools those that are there already.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from auditor.cases.casebook import open_casebook
from auditor.cli.measuring import show_measured
from auditor.digests import rfc3339
from auditor.measure.labels import read_labels
from auditor.measure.measured import measured
from auditor.measure.outcomes import Outcomes, together
from auditor.measure.workspace import outcomes_in
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace
from auditor.simulate.worlds.shape import SHAPES
from auditor.simulate.worlds.world import START, world_of
from auditor.simulate.worlds.writing import Written, write_world

PREVALENCE = 0.005


def audited(made: Written, workspace: Path, pack: str, days: int, daily: int) -> None:
    """Audit a world with the command that people use, as on some days first when asked."""
    given = ["--workspace", str(workspace), "--pack", pack]
    platform = ["--context", str(made.context), "--approvals", str(made.approvals)]
    _auditor("ingest", *map(str, made.logs), "--workspace", str(workspace))
    for day in range(daily, days, daily) if daily else ():
        _auditor("audit", *given, *platform, "--as-of", rfc3339(START + timedelta(days=day)))
    _auditor("audit", *given, *platform)


def _auditor(*arguments: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "auditor", *arguments, "--json"], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = after.ru_maxrss / 1024
    took = time.perf_counter() - start
    print(f"  {arguments[0]}: {took:.0f} s, {used:.0f} s of processor time, peak so far {peak:.0f} MB", flush=True)
    if done.returncode not in (0, 3):
        sys.exit(done.stderr.decode())
    if done.returncode == 3:
        print("  finished, but: " + done.stderr.decode().strip().replace("\n", " ")[:500])


def facts_of(home: Path, pack: str) -> tuple[Outcomes, frozenset[str]]:
    """Return what came of the accounts of an audited world, under names that no other world has."""
    workspace = open_workspace(home / "audit", create=False)
    labels = read_labels(home / "world" / "labels.jsonl")
    with workspace.lock(), open_casebook(workspace.casebook) as casebook:
        return outcomes_in(workspace, casebook, open_activity(workspace), labels, pack=pack, prefix=f"{home.name}/")


def made_and_audited(options: argparse.Namespace, home: Path, shape: str, seed: int) -> None:
    """Make a world and audit it."""
    shutil.rmtree(home, ignore_errors=True)
    start, used = time.perf_counter(), time.process_time()
    world = world_of(shape, accounts=options.accounts, days=options.days, seed=seed, effort=options.effort)
    made = write_world(world, home / "world")
    took = f"{time.perf_counter() - start:.0f} s, {time.process_time() - used:.0f} s of processor time"
    print(f"{shape} {seed}: {made.records:,} records, {len(made.truth):,} accounts, made in {took}", flush=True)
    audited(made, home / "audit", options.pack, options.days, options.daily)


def main() -> None:
    """Make, audit and measure the worlds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--effort", type=float, default=1.0, help="less than 1: smaller campaigns, for a quick look")
    parser.add_argument("--first-seed", type=int, default=9000)
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--pack", default="model-api")
    parser.add_argument("--daily", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure-only", action="store_true", help="only measure the audited worlds of --folder")
    parser.add_argument("--json", type=Path, help="also write all figures to a file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        _run(options, options.folder or Path(place))


def _run(options: argparse.Namespace, folder: Path) -> None:
    shapes = options.shapes.split(",")
    parts: list[Outcomes] = []
    victim_rules: frozenset[str] = frozenset()
    if options.measure_only:
        homes = sorted(path.parent.parent for path in folder.glob("*/audit/casebook.db"))
    else:
        seeds = [(shapes[n % len(shapes)], options.first_seed + n) for n in range(options.worlds)]
        homes = [folder / f"{shape}-{seed}" for shape, seed in seeds]
    for number, home in enumerate(homes):
        if not options.measure_only:
            made_and_audited(options, home, *seeds[number])
        outcomes, rules = facts_of(home, options.pack)
        parts.append(outcomes)
        victim_rules |= rules
        if not options.folder:
            shutil.rmtree(home)
    found = measured(together(parts), prevalence=PREVALENCE, seed=1, victim_rules=victim_rules)
    print()
    show_measured(found)
    if options.json:
        options.json.write_text(json.dumps(found.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
