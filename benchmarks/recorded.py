"""What the tests ask of plan compiler and plain evaluator, recorded as examples that mutants are asked, too.

Every test that plans, executes or evaluates takes part, by the names under which it imports these; an example holds
what was asked, the true answer, and which functions of the two packages gave it: a mutant of another function can't
answer otherwise, and is not asked.
"""

import ast
import importlib.abc
import importlib.util
import os
import pickle
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any  # a row holds values of every column type

import pytest

from auditor.checker.agreement import differences
from auditor.checker.findings import RecordRef, RuleOutcome
from auditor.digests import digest_of
from auditor.linking.model import Links
from auditor.policy.rule import Rule
from auditor.records.activity import SourceSummary
from auditor.records.sql import text_of
from benchmarks.mutants import HERE

COMPILER, EVALUATOR = "auditor/checker/compile", "auditor/checker/evaluator"
RANDOM = ("tests/properties/test_plan_equals_evaluator.py", "tests/properties/test_past_and_future.py",
          "tests/properties/test_rule_texts.py", "tests/properties/test_thresholds.py")  # fmt: skip
ASKED = (
    *RANDOM, "tests/checker/test_edges.py", "tests/checker/test_sequences.py", "tests/checker/test_composite.py",
    "tests/checker/compile", "tests/checker/engines", "tests/checker/evaluator",
)  # fmt: skip
"""The tests that are recorded; of those of random examples `soaked` runs more."""

SLOW = ("no_number_a_column", "twelve_runs", "every_code_point", "find_something")
"""Parts of the names of tests that take seconds each, or repeat others: they are left out."""

Judged = tuple[RuleOutcome, tuple[tuple[RecordRef, ...], ...]]


@dataclass(frozen=True)
class Planned:
    """Rules with records and the settings of an audit, the true plan's signature, and the true outcomes."""

    rules: tuple[Rule, ...]
    given_rows: Sequence[Mapping[str, object]]
    provides: Any  # as `activity_of` takes it
    links: Links | None
    settings: dict[str, Any]
    signature: str
    judged: tuple[Judged, ...]
    functions: frozenset[str]
    seconds: float


@dataclass(frozen=True)
class Evaluated:
    """A rule with records as the evaluator was asked, and what it said."""

    rule: Rule
    rows: list[dict[str, Any]]
    sources: tuple[SourceSummary, ...]
    settings: dict[str, Any]
    judged: Judged
    not_evaluated: tuple[tuple[str, ...], ...]
    functions: frozenset[str]
    seconds: float


@dataclass
class Examples:
    """What was recorded, the quickest first."""

    planned: list[Planned] = field(default_factory=list)
    evaluated: list[Evaluated] = field(default_factory=list)


class Watched(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the modules of the two packages so that each function tells when it runs."""

    def __init__(self) -> None:
        """Start with no function seen."""
        self.seen: set[str] = set()

    def find_spec(self, name: str, _path: object, _target: object = None) -> ModuleSpec | None:
        """Return a specification for a module of the two packages, None for every other."""
        path = f"{name.replace('.', '/')}.py"
        is_asked = path.startswith((f"{COMPILER}/", f"{EVALUATOR}/")) and (HERE / path).is_file()
        return importlib.util.spec_from_loader(name, self, origin=path) if is_asked else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the module with a call at the start of every function."""
        path = str(module.__spec__ and module.__spec__.origin)
        tree = ast.parse((HERE / path).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                told = ast.parse(f"_seen_.add({sys.intern(f'{path}:{node.lineno}')!r})").body
                node.body = [*told, *node.body]
        module.__dict__["_seen_"] = self.seen
        exec(compile(ast.fix_missing_locations(tree), str(HERE / path), "exec"), module.__dict__)

    def functions(self) -> frozenset[str]:
        """Return the functions seen since the last call of `forget`."""
        return frozenset(map(sys.intern, self.seen))

    def forget(self) -> None:
        """Start anew, also for what a cache would answer."""
        self.seen.clear()
        for name, module in tuple(sys.modules.items()):
            if name.startswith("auditor.checker.evaluator."):
                for value in vars(module).values():
                    getattr(value, "cache_clear", lambda: None)()


class Recorder:
    """A plugin of pytest: puts itself in the place of what the tests call, and keeps what they ask."""

    def __init__(self, watched: Watched) -> None:
        """Start with no example."""
        self.examples = Examples()
        self.refused = 0
        self._watched = watched
        self._given: dict[int, tuple[Any, ...]] = {}
        self._asked: dict[int, tuple[Any, ...]] = {}
        self._known: deque[tuple[Any, ...]] = deque(maxlen=64)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the places, now that all tests are loaded."""
        import auditor.checker.engines.duckdb as engine
        from auditor.checker.compile.plan import plan_for
        from auditor.checker.evaluator.evaluate import evaluate
        from auditor.records.memory import activity_of
        from tests.properties.some_derived import with_all_derived

        self._true: dict[str, Any] = {
            "activity_of": activity_of,
            "with_all_derived": with_all_derived,
            "plan_for": plan_for,
            "execute": engine.execute,
            "evaluate": evaluate,
        }
        for name, true in self._true.items():
            for module in [engine, *(found for key, found in sys.modules.items() if key.startswith("tests."))]:
                if getattr(module, name, None) is true:
                    setattr(module, name, getattr(self, name))
        assert session.items

    def activity_of(self, rows: Any, **given: Any) -> Any:
        """Make an activity and remember of what."""
        rows = list(rows)
        activity = self._true["activity_of"](rows, **given)
        self._given[id(activity)] = (activity, rows, given.get("provides"), None)
        return activity

    def with_all_derived(self, activity: Any, linked: Links) -> Any:
        """Derive, and remember by which links."""
        made = self._true["with_all_derived"](activity, linked)
        self._given[id(made)] = (made, *self._given[id(activity)][1:3], linked)
        return made

    def plan_for(self, rules: Any, **settings: Any) -> Any:
        """Plan, and remember for what."""
        rules = tuple(rules)
        self._watched.forget()
        start = time.process_time()
        plan = self._true["plan_for"](rules, **settings)
        self._asked[id(plan)] = (plan, rules, settings, self._watched.functions(), time.process_time() - start)
        return plan

    def execute(self, plan: Any, activity: Any) -> Any:
        """Execute, and record the example if plan and evaluator agree."""
        start = time.process_time()
        self._watched.forget()
        result = self._true["execute"](plan, activity)
        took, executing = time.process_time() - start, self._watched.functions()
        asked, given = self._asked.get(id(plan)), self._given.get(id(activity))
        if asked is None or given is None:
            return result
        _, rules, settings, functions, planning = asked
        rows, own = list(activity.rows()), {name: value for name, value in settings.items() if name != "sources"}
        found = [self.evaluate(rule, rows, settings["sources"], **own) for rule in rules]
        judged = tuple((judge.outcome, judge.citations) for judge in found)
        if not agrees(result, rules, judged):
            self.refused += 1
            return result
        signature, functions = signature_of(plan), functions | executing | self._watched.functions()
        _, given_rows, provides, links = given
        self.examples.planned.append(
            Planned(rules, given_rows, provides, links, settings, signature, judged, functions, took + planning)
        )
        return result

    def evaluate(self, rule: Rule, rows: Any, sources: Any, **settings: Any) -> Any:
        """Evaluate and record the example."""
        rows = list(rows)
        for known in self._known:
            if known[0] is rule and known[1:4] == (rows, sources, settings):
                return known[4]
        self._watched.forget()
        start = time.process_time()
        found = self._true["evaluate"](rule, rows, sources, **settings)
        self._known.append((rule, rows, sources, settings, found))
        took, functions = time.process_time() - start, self._watched.functions()
        judged = (found.outcome, found.citations)
        if not settings.get("watch"):
            self.examples.evaluated.append(
                Evaluated(rule, rows, tuple(sources), settings, judged, found.not_evaluated, functions, took)
            )
        return found


def recorded(soak: int) -> bytes:
    """Run the tests and return what was asked; with `soak` only the random ones, so many examples each."""
    if soak:
        os.environ["AUDITOR_EXAMPLES"] = str(soak)
    watched = Watched()
    sys.meta_path.insert(0, watched)
    recorder = Recorder(watched)
    options = ["-x", "-q", "-p", "no:cacheprovider", "-k", f"not ({' or '.join(SLOW)})"]
    code = pytest.main([*options, *(RANDOM if soak else ASKED)], plugins=[recorder])
    assert code == pytest.ExitCode.OK, "the tests fail without any mutant"
    found = recorder.examples
    found.planned.sort(key=lambda example: example.seconds)
    found.evaluated.sort(key=lambda example: example.seconds)
    return pickle.dumps(found)


def agrees(result: Any, rules: Sequence[Rule], judged: Sequence[Judged]) -> bool:
    """Say whether the engine's result is what the evaluator says."""
    if result.errors or len(result.outcomes) != len(rules):
        return False
    for outcome, (judge, citations) in zip(result.outcomes, judged, strict=True):
        numbers = [incident.number for incident in (*outcome.incidents, *outcome.suppressed)]
        cited = {number: tuple(result.of(outcome.rule, number)) for number in numbers}
        if differences(outcome, judge, cited.__getitem__, citations.__getitem__):
            return False
    return True


def signature_of(plan: Any) -> str:
    """Return the digest of all that an engine takes from a plan: what it prints, and what it doesn't."""
    from auditor.checker.compile.on_records import pairs_without_by
    from auditor.checker.compile.statements import Sized

    parts = [plan.digest, repr(plan.counted)]
    parts += [f"{scan.number} {scan.first and scan.first.number}" for scan in plan.scans]
    for rule in plan.rules:
        parts.append(repr((rule.is_asked, rule.is_kept_apart, rule.scan, rule.coverage, rule.shape.exemption_names)))
        parts += [name for name, _ in (*rule.counts, *rule.late_counts)]
        if rule.pairing:
            lacking = pairs_without_by(rule)
            parts += [text_of(query) for query in (*rule.pairing.around, *([lacking] if lacking is not None else []))]
            parts.append(repr((rule.pairing.subject_width, rule.pairing.values, rule.pairing.pairs)))
        for sized in (statement for statement in rule.statements if isinstance(statement, Sized)):
            parts += [text_of(sized.size), *(sized.fitted(size).text for size in (None, 1, 9, 1 << 20))]
    return digest_of("\n".join(parts).encode())
