"""Fit the figures of `auditor/simulate/recorded.json` from recorded traffic, or compare them with it.

    python -m benchmarks.refit TRACES [--write]

TRACES is a folder with `azure-llm`, `mooncake` and `servegen` as their projects publish them (the file's `origins` say
where and under which licence). Without `--write` the committed figures are compared with a fresh fit; exit 1 when
any differs by more than a hundredth. The project itself never needs the traces.
"""

import argparse
import ast
import csv
import json
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any  # JSON values have no closed type

FITTED = Path(__file__).parents[1] / "auditor" / "simulate" / "recorded.json"
STEPS = (0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 100)
"""Percentiles that stand for a distribution; between them the simulator interpolates."""

SERVEGEN = ("language/m-small", "reason/deepseek-r1")
ORIGINS = [
    "azure: AzureLLMInferenceTrace_conv.csv and _code.csv, Azure/AzurePublicDataset, CC-BY 4.0",
    "mooncake: conversation_trace.jsonl, kvcache-ai/Mooncake, Apache-2.0",
    "servegen: per-client statistics of m-small and deepseek-r1, alibaba/ServeGen, Apache-2.0",
]


def fitted(folder: Path) -> dict[str, Any]:
    """Return the figures of all traces."""
    traces = folder / "azure-llm"
    mooncake = [json.loads(line) for line in (folder / "mooncake/conversation_trace.jsonl").open(encoding="utf-8")]
    clients = {name.split("/")[1]: _clients(folder / "servegen" / name) for name in SERVEGEN}
    everyone = [client for group in clients.values() for client in group]
    return {
        "origins": ORIGINS,
        "percentiles": list(STEPS),
        "tokens": {
            "chat": _azure(traces / "AzureLLMInferenceTrace_conv.csv"),
            "code": _azure(traces / "AzureLLMInferenceTrace_code.csv"),
            "long": {
                "in": quantiles(row["input_length"] for row in mooncake),
                "out": quantiles(row["output_length"] for row in mooncake),
            },
            "small": _histograms(folder / "servegen" / SERVEGEN[0]),
            "reason": _histograms(folder / "servegen" / SERVEGEN[1]),
        },
        "blocks_seen_before": round(_reuse(mooncake), 3),
        "clients": {
            "calls_a_day": quantiles(client["rate"] * 86400 for client in everyone),
            "burstiness": quantiles(client["cv"] for client in everyone),
            "share_gamma": round(statistics.fmean(client["gamma"] for client in everyone), 3),
            "share_quiet": quantiles(client["quiet"] for client in everyone),
            "share_of_the_largest": {
                name: round(max(c["rate"] for c in group) / sum(c["rate"] for c in group), 3)
                for name, group in clients.items()
            },
        },
        "hours": {name: _hours(group) for name, group in clients.items()},
    }


def quantiles(values: Iterable[float]) -> list[float]:
    """Return the percentiles of `STEPS`, each the value at its rank."""
    ordered = sorted(values)
    return [round(float(ordered[round(step / 100 * (len(ordered) - 1))]), 3) for step in STEPS]


def _azure(path: Path) -> dict[str, list[float]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {
        "in": quantiles(int(row["ContextTokens"]) for row in rows),
        "out": quantiles(int(row["GeneratedTokens"]) for row in rows),
    }


def _histograms(folder: Path) -> dict[str, list[float]]:
    """Return percentiles over all clients and windows, each window of each client counting as much as any other."""
    found: dict[str, Counter[int]] = {"in": Counter(), "out": Counter()}
    for path in sorted(folder.glob("*-dataset.json")):
        for window in json.loads(path.read_text(encoding="utf-8")).values():
            for side, name in (("in", "input_tokens"), ("out", "output_tokens")):
                for count, share in ast.literal_eval(window[name]).items():
                    found[side][int(count)] += share
    return {side: _weighted(counts) for side, counts in found.items()}


def _weighted(counts: Mapping[int, float]) -> list[float]:
    total, seen, ordered, steps = sum(counts.values()), 0.0, sorted(counts), list(STEPS)
    made: list[float] = []
    for value in ordered:
        seen += counts[value]
        while steps and seen >= steps[0] / 100 * total * (1 - 1e-12):
            made.append(float(value))
            steps.pop(0)
    return made + [float(ordered[-1])] * len(steps)


def _reuse(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the share of prompt blocks that an earlier request of the trace had too."""
    seen: set[int] = set()
    again = total = 0
    for row in rows:
        again += sum(block in seen for block in row["hash_ids"])
        total += len(row["hash_ids"])
        seen.update(row["hash_ids"])
    return again / total


def _clients(folder: Path) -> list[dict[str, Any]]:
    made = []
    for path in sorted(folder.glob("*-trace.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [(int(row[0]), float(row[1]), float(row[2]), row[3]) for row in csv.reader(stream)]
        busy = [row for row in rows if row[1] > 0]
        bursty = [row for row in busy if row[2] > 0]
        if not bursty:
            continue
        families = Counter(row[3] for row in bursty if row[3])
        made.append(
            {
                "rate": sum(row[1] for row in rows) / len(rows),
                "cv": statistics.median(row[2] for row in bursty),
                "gamma": families["Gamma"] / max(1, sum(families.values())),
                "quiet": 1 - len(busy) / len(rows),
                "hours": [sum(row[1] for row in rows if row[0] // 3600 % 24 == hour) for hour in range(24)],
            }
        )
    return made


def _hours(clients: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the share of all calls in each hour of the trace's clock."""
    sums = [sum(client["hours"][hour] for client in clients) for hour in range(24)]
    return [round(part / sum(sums), 4) for part in sums]


def differences(left: Any, right: Any, place: str = "") -> list[str]:
    """Return where two sets of figures differ by more than a hundredth."""
    match left, right:
        case dict(), dict():
            names = sorted({*left, *right})
            return [d for name in names for d in differences(left.get(name), right.get(name), f"{place}/{name}")]
        case list(), list() if len(left) == len(right):
            return [
                d for n, pair in enumerate(zip(left, right, strict=True)) for d in differences(*pair, f"{place}/{n}")
            ]
        case int() | float(), int() | float():
            return [] if abs(left - right) <= 0.01 * max(1, abs(left)) else [f"{place}: {left} and {right}"]
        case _:
            return [] if left == right else [f"{place}: {left} and {right}"]


def main() -> None:
    """Write the figures, or compare them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("traces", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    figures = fitted(options.traces)
    if options.write:
        text = json.dumps(figures, indent=1)
        FITTED.write_text(text + "\n", encoding="utf-8")
        return
    found = differences(json.loads(FITTED.read_text(encoding="utf-8")), figures)
    print("\n".join(found) or "the committed figures are those of the traces")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
