"""Mutation testing of the plan compiler and the plain evaluator: does a test notice when a line says something else?

    python -m benchmarks.mutation [MODULE ...] [--most 40] [--seed 1] [--minutes 20] [--show] [--quick] [--soak N]

A mutant is one module with one change: a comparison turned or moved to its edge, a constant one further, `and` for
`or`, a `not` or a term of a list left out, `+` for `-`, `min` for `max`. Which are tried is a draw by the seed.

Each lives in a process of its own, forked from one that has everything loaded but the two packages, and meets first the
very examples on which tests/properties compares plan and evaluator: a mutant of the compiler makes other plans than the
true one for some of them, whose answers are then compared with the plain evaluator's; one of the evaluator is compared
with the true evaluator. What these don't notice meets the tests of its folder. Survivors are printed with file, line
and change: each is either the same program in other words, or wants a test. `--soak` shows first what N examples more
would have noticed.
"""

import argparse
import importlib.abc
import importlib.util
import io
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any  # rows hold values of every column type

import pytest

from auditor.checker.agreement import differences
from auditor.checker.findings import RecordRef, RuleOutcome
from auditor.digests import digest_of
from auditor.linking.model import Links
from auditor.policy.rule import Rule
from auditor.records.activity import SourceSummary
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection, text_of
from benchmarks.mutants import HERE, Mutant, sample
from tests.properties.some_derived import with_all_derived
from tests.properties.some_rules import Settings

COMPILER, EVALUATOR = "auditor/checker/compile", "auditor/checker/evaluator"
LONGEST = 300
"""Seconds of processor time after which a mutant counts as noticed: it made something endless."""

FURTHER = ("tests/checker/test_composite.py", "tests/checker/test_linked.py")
"""Tests of what is built on both, which a survivor of its own folder's tests meets."""

SLOW = ("no_number_a_column", "twelve_runs", "every_code_point")
"""Parts of the names of tests that take seconds each: they are left out."""

Judged = tuple[RuleOutcome, tuple[tuple[RecordRef, ...], ...]]


@dataclass(frozen=True)
class Example:
    """Rules with records, and what the true plan and the true evaluator make of them."""

    rules: tuple[Rule, ...]
    given_rows: list[dict[str, Any]]
    links: Links
    settings: Settings
    rows: list[dict[str, Any]]
    sources: tuple[SourceSummary, ...]
    plan: str
    judged: tuple[Judged, ...]


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


def examples_of(number: int) -> list[Example]:
    """Return the examples of tests/properties: those that always run, or so many new ones."""
    if number:
        os.environ["AUDITOR_EXAMPLES"] = str(number)
    given = in_a_fork(_recorded, seconds=0)
    os.environ.pop("AUDITOR_EXAMPLES", None)
    assert given is not None, "the tests fail without any mutant"
    found: list[Example] = pickle.loads(given)
    return found


def _recorded() -> bytes:
    """Run the comparison of plan and evaluator and return what it was given."""
    import tests.properties.test_plan_equals_evaluator as compared
    from auditor.checker.compile.plan import plan_for
    from auditor.checker.evaluator.evaluate import evaluate

    drawn: dict[str, Any] = {}
    examples: list[Example] = []

    def keeping_rows(rows: list[dict[str, Any]], **given: Any) -> Any:
        drawn["rows"] = rows
        return activity_of(rows, **given)

    def keeping_links(activity: Any, links: Links) -> Any:
        drawn["links"] = links
        return with_all_derived(activity, links)

    def keeping(rules: Sequence[Rule], activity: Any, settings: Settings) -> None:
        rows, given = list(activity.rows()), vars(settings)
        plan = digest_with_searches(plan_for(rules, sources=activity.sources, **given))
        judged = [evaluate(rule, rows, activity.sources, **given) for rule in rules]
        shown = tuple((judge.outcome, judge.citations) for judge in judged)
        examples.append(
            Example(tuple(rules), drawn["rows"], drawn["links"], settings, rows, activity.sources, plan, shown)
        )

    for name, function in (
        ("activity_of", keeping_rows),
        ("with_all_derived", keeping_links),
        ("_assert_agreed", keeping),
    ):
        setattr(compared, name, function)
    connection = open_connection()
    compared.test_plan_and_evaluator_agree_on_every_rule_and_record(connection)
    compared.test_plan_and_evaluator_agree_on_composites(connection)
    return pickle.dumps(examples)


def digest_with_searches(plan: Any) -> str:
    """Return the digest of a plan with those of the searches for a sequence's records, of which it prints one only."""
    searches = [text_of(query) for rule in plan.rules if rule.pairing for query in rule.pairing.around]
    return digest_of("\n".join((plan.digest, *searches)).encode())


def noticed_by_examples(mutant: Mutant, examples: Sequence[Example]) -> bool:
    """Say whether the mutant gives another answer to an example than the true program."""

    def compared() -> bytes:
        sys.meta_path.insert(0, Changed(mutant))
        agrees = _plans_agree(examples) if mutant.path.startswith(COMPILER) else _evaluators_agree(examples)
        return b"1" if agrees else b""

    return not in_a_fork(compared)


def _plans_agree(examples: Sequence[Example]) -> bool:
    import auditor.checker.engines.duckdb as engine
    from auditor.checker.compile.plan import plan_for

    connection = open_connection()
    for example in examples:
        plan = plan_for(example.rules, sources=example.sources, **vars(example.settings))
        if digest_with_searches(plan) == example.plan:
            continue
        activity = with_all_derived(activity_of(example.given_rows, connection=connection), example.links)
        result = engine.execute(plan, activity)
        if result.errors or len(result.outcomes) != len(example.rules):
            return False
        for outcome, (judge, citations) in zip(result.outcomes, example.judged, strict=True):
            numbers = [incident.number for incident in (*outcome.incidents, *outcome.suppressed)]
            cited = {number: tuple(result.of(outcome.rule, number)) for number in numbers}
            if differences(outcome, judge, cited.__getitem__, citations.__getitem__):
                return False
    return True


def _evaluators_agree(examples: Sequence[Example]) -> bool:
    from auditor.checker.evaluator.evaluate import evaluate

    for example in examples:
        for rule, (judge, citations) in zip(example.rules, example.judged, strict=True):
            found = evaluate(rule, example.rows, example.sources, **vars(example.settings))
            if differences(found.outcome, judge, found.citations.__getitem__, citations.__getitem__):
                return False
    return True


def noticed_by_tests(mutant: Mutant, tests: Sequence[str]) -> bool:
    """Say whether one of the tests fails with the mutant in place of its module."""

    def run() -> bytes:
        sys.meta_path.insert(0, Changed(mutant))
        options = ["-x", "-q", "-p", "no:cacheprovider", "-k", f"not ({' or '.join(SLOW)})"]
        return b"1" if pytest.main([*options, *tests]) == pytest.ExitCode.OK else b""

    return not in_a_fork(run)


def tests_of(path: str) -> tuple[str, ...]:
    """Return the tests that a survivor of the examples meets, its own folder's first."""
    return (f"tests/{path.removeprefix('auditor/').rpartition('/')[0]}", *FURTHER)


def main() -> None:
    """Try mutants until the time is over, and print what survived."""
    options = _options()
    os.chdir(HERE)
    found = [
        str(path.relative_to(HERE)) for folder in (COMPILER, EVALUATOR) for path in sorted((HERE / folder).glob("*.py"))
    ]
    mutants = sample(options.modules or found, options.most, options.seed)
    examples, more = examples_of(0), examples_of(options.soak) if options.soak else []
    end, survivors, tried = time.monotonic() + 60 * options.minutes, list[Mutant](), 0
    for mutant in mutants:
        if time.monotonic() > end:
            break
        tried += 1
        start = time.monotonic()
        word = "noticed by examples" if noticed_by_examples(mutant, examples) else "SURVIVED"
        if word == "SURVIVED" and not options.quick and noticed_by_tests(mutant, tests_of(mutant.path)):
            word = "noticed by tests"
        survivors += [mutant] if word == "SURVIVED" else []
        if word == "SURVIVED" and more and noticed_by_examples(mutant, more):
            word = "SURVIVED, but not the soak"
        if options.show or word.startswith("SURVIVED"):
            took = time.monotonic() - start
            print(f"{word} {mutant.path}:{mutant.line}: {mutant.change} ({took:.1f} s)", flush=True)
    score = 100 * (tried - len(survivors)) / max(tried, 1)
    print(f"{tried - len(survivors)} of {tried} mutants noticed ({score:.1f} %), of {len(mutants)} drawn")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--most", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--soak", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="meet the examples only")
    parser.add_argument("--show", action="store_true", help="print every mutant as it is tried")
    return parser.parse_args()


if __name__ == "__main__":
    main()
