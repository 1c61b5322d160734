"""Mutation testing of the plan compiler and the plain evaluator: does a test notice when a line says something else?

    python -m benchmarks.mutation [MODULE ...] [--most 40] [--seed 1] [--minutes 20] [--show] [--quick] [--soak N]

A mutant is one module with one change: a comparison turned or moved to its edge, a constant one further, `and` for
`or`, a `not` or a term of a list left out, `+` for `-`, `min` for `max`. Which are tried is a draw by the seed.

Each lives in a process of its own, forked from one that has everything loaded but the two packages, and meets first the
examples that the tests of plan and evaluator are made of (benchmarks/recorded.py), those whose answer its function
takes part in: a mutant of the compiler that makes another plan than the true one has its answers compared with the
plain evaluator's; one of the evaluator is compared with the true evaluator. What these don't notice meets the tests
that look at more than answers (`--quick`: none). Survivors are printed with file, line and change: each is the same
program in other words (of a mutant of the compiler that makes the same plan for every example that it takes part in
this is said), or wants a test. `--soak` says of each whether N more random examples would have noticed it, `--keep`
names a file for the recorded examples, which are read from it if it is there.
"""

import argparse
import importlib.abc
import importlib.util
import io
import os
import pickle
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any  # examples of two kinds

import pytest

from auditor.checker.agreement import differences
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection
from benchmarks.mutants import HERE, Mutant, sample
from benchmarks.recorded import COMPILER, EVALUATOR, SLOW, Evaluated, Examples, Planned, agrees, recorded, signature_of
from tests.properties.some_derived import with_all_derived

LONGEST = 300
"""Seconds of processor time after which a mutant counts as noticed: it made something endless."""

MORE_THAN_ANSWERS = (
    "tests/checker/compile/test_plan.py", "tests/checker/compile/test_alternatives.py",
    "tests/checker/compile/test_scans.py", "tests/checker/compile/test_conditions.py", "tests/checker/test_linked.py",
)  # fmt: skip
"""Tests of the compiler that don't plan and execute, or not by the names that are recorded."""

OF_MODULES = {
    f"{COMPILER}/lookback.py": (
        "tests/checker/engines/test_lookback.py",
        "tests/properties/test_context_is_enough.py",
    ),
    f"{EVALUATOR}/texts.py": ("tests/checker/evaluator/test_texts.py",),
    f"{EVALUATOR}/one_rule.py": ("tests/checker/test_following.py",),
}
"""Tests that a module's survivors meet instead."""

ENOUGH = 8
"""Seconds of processor time after which a mutant is asked no more: what a hundred examples don't show, is rare."""

SAME, SURVIVED = "SAME PLANS", "SURVIVED"


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a mutant's text."""

    def __init__(self, mutant: Mutant) -> None:
        """Compile the text."""
        self.name = mutant.path.removesuffix(".py").replace("/", ".")
        self.code: CodeType = compile(mutant.text, str(HERE / mutant.path), "exec")

    def find_spec(self, name: str, _path: object, _target: object = None) -> ModuleSpec | None:
        """Return the mutant's specification for its own name, None for every other."""
        return importlib.util.spec_from_loader(name, self, origin=name) if name == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant's text as the module."""
        exec(self.code, module.__dict__)


def in_a_fork(action: Callable[[], bytes], seconds: int = LONGEST) -> bytes | None:
    """Return what an action gives in a process of its own, None if it fails or doesn't end in time (0: any time)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            # time of the processor: on a busy machine a clock would count mutants as noticed that are only slow
            signal.setitimer(signal.ITIMER_PROF, seconds)
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                given = action()
            with os.fdopen(writing, "wb") as out:
                out.write(given)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as source:
        given = source.read()
    _, status = os.waitpid(child, 0)
    return given if status == 0 else None


def examples_of(soak: int, kept: Path | None) -> Examples:
    """Return the examples of the tests as they always run, or with `soak` so many new random ones a test."""
    given = kept.read_bytes() if kept and kept.exists() else in_a_fork(lambda: recorded(soak), seconds=0)
    assert given is not None, "the tests fail without any mutant"
    if kept:
        kept.write_bytes(given)
    found: Examples = pickle.loads(given)
    return found


def asked(mutant: Mutant, examples: Sequence[Planned] | Sequence[Evaluated]) -> Iterator[Any]:
    """Yield the examples whose answer the mutant's function takes part in, the quick ones and the others in turn."""
    function = f"{mutant.path}:{mutant.function}"
    found = [example for example in examples if not mutant.function or function in example.functions]
    slow = random.Random(0).sample(found, len(found))
    start = time.process_time()
    given = set[int]()
    for example in (one for pair in zip(found, slow, strict=True) for one in pair):
        if time.process_time() - start > ENOUGH:
            return
        if id(example) not in given:
            given.add(id(example))
            yield example


def answered(mutant: Mutant, examples: Examples) -> str:
    """Say what the examples make of a mutant: `noticed by examples`, or how it lives."""

    def compared() -> bytes:
        sys.meta_path.insert(0, Changed(mutant))
        if mutant.path.startswith(COMPILER):
            return _on_plans(asked(mutant, examples.planned)).encode()
        return _on_evaluations(asked(mutant, examples.evaluated)).encode()

    found = in_a_fork(compared)
    return found.decode() if found else "noticed by examples"


def _on_plans(examples: Iterable[Planned]) -> str:
    """Say of how many examples the plans were others, with the same answers; nothing if one answer is another."""
    import auditor.checker.engines.duckdb as engine
    from auditor.checker.compile.plan import plan_for

    connection, others, tried = open_connection(), 0, 0
    for example in examples:
        tried += 1
        plan = plan_for(example.rules, **example.settings)
        if signature_of(plan) == example.signature:
            continue
        others += 1
        activity = activity_of(example.given_rows, connection=connection, provides=example.provides)
        activity = with_all_derived(activity, example.links) if example.links is not None else activity
        if not agrees(engine.execute(plan, activity), example.rules, example.judged):
            return ""
    return f"{SURVIVED} {others} other plans of {tried}" if others else f"{SAME} of {tried} examples"


def _on_evaluations(examples: Iterable[Evaluated]) -> str:
    """Say how many examples were evaluated alike; nothing if one was not."""
    from auditor.checker.evaluator.evaluate import evaluate

    tried = 0
    for example in examples:
        tried += 1
        found = evaluate(example.rule, example.rows, example.sources, **example.settings)
        outcome, citations = example.judged
        is_same = not differences(found.outcome, outcome, found.citations.__getitem__, citations.__getitem__)
        if not is_same or found.not_evaluated != example.not_evaluated:
            return ""
    return f"{SURVIVED} {tried} examples"


def noticed_by_tests(mutant: Mutant) -> bool:
    """Say whether one of the tests that look at more fails with the mutant in place of its module."""
    tests = OF_MODULES.get(mutant.path, MORE_THAN_ANSWERS if mutant.path.startswith(COMPILER) else ())

    def run() -> bytes:
        sys.meta_path.insert(0, Changed(mutant))
        options = ["-x", "-q", "-p", "no:cacheprovider", "-k", f"not ({' or '.join(SLOW)})"]
        return b"1" if pytest.main([*options, *tests]) == pytest.ExitCode.OK else b""

    return bool(tests) and not in_a_fork(run)


def main() -> None:
    """Try mutants until the time is over, and print what survived."""
    options = _options()
    os.chdir(HERE)
    found = [
        str(path.relative_to(HERE)) for folder in (COMPILER, EVALUATOR) for path in sorted((HERE / folder).glob("*.py"))
    ]
    mutants = sample(options.modules or found, options.most, options.seed)
    examples = examples_of(0, options.keep)
    more = examples_of(options.soak, None) if options.soak else None
    print(f"{len(examples.planned)} plans and {len(examples.evaluated)} evaluations are asked", flush=True)
    end, tally = time.monotonic() + 60 * options.minutes, dict[str, int]()
    for mutant in mutants:
        if time.monotonic() > end:
            break
        start = time.monotonic()
        word = answered(mutant, examples)
        if word.startswith((SAME, SURVIVED)) and not options.quick and noticed_by_tests(mutant):
            word = "noticed by tests"
        if word.startswith(SURVIVED) and more and answered(mutant, more) == "noticed by examples":
            word = f"{word}, but not the soak"
        kind = next((kind for kind in (SAME, SURVIVED) if word.startswith(kind)), word)
        tally[kind] = tally.get(kind, 0) + 1
        if options.show or kind in (SAME, SURVIVED):
            took = time.monotonic() - start
            print(f"{word} {mutant.path}:{mutant.line}: {mutant.change} ({took:.1f} s)", flush=True)
    words = ", ".join(f"{number} {kind}" for kind, number in sorted(tally.items()))
    print(f"{sum(tally.values())} of {len(mutants)} drawn were tried: {words}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--most", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--soak", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--quick", action="store_true", help="meet the examples only")
    parser.add_argument("--show", action="store_true", help="print every mutant as it is tried")
    return parser.parse_args()


if __name__ == "__main__":
    main()
