"""What the policy commands find out: whether a pack is sound, what its cases say, what can run, what a rule means."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlglot.dialects.dialect import Dialect

from auditor.checker.compile.plan import plan_for
from auditor.checker.provided import COMPLETE_SOURCE, RuleCoverage, coverage_of
from auditor.checker.rulecases import CaseResult, run_cases
from auditor.cli import console
from auditor.cli.misnamed import warn_of_unused_lists
from auditor.cli.paths import shown_path
from auditor.errors import UsageError
from auditor.policy.explain import words_of
from auditor.policy.fields import Problems, nearest
from auditor.policy.load import load_pack, load_rule
from auditor.policy.pack import Context, Pack
from auditor.policy.platform import load_context
from auditor.policy.rule import Rule
from auditor.policy.rulecases import cases_path, load_cases
from auditor.policy.schema import KINDS, json_schema
from auditor.records.derived import providing
from auditor.records.extras import with_extra_names
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace, write_atomically


@dataclass(frozen=True)
class Explained:
    """A rule in plain words, with what it needs and the SQL that it becomes."""

    rule: Rule
    words: tuple[str, ...]
    columns: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class Checked:
    """A pack without problems; `untested` are the files of its rules that nothing tests."""

    pack: Pack
    untested: tuple[Path, ...]

    @property
    def without_cases(self) -> tuple[str, ...]:
        """The names of the rules that nothing tests."""
        return tuple(path.stem for path in self.untested)


@dataclass(frozen=True)
class TestedCase:
    """One case of one rule, run."""

    rule: str
    result: CaseResult


def checked(pack: str, context: Path | None) -> Checked:
    """Load a pack and its cases. Raises PolicyError with every problem."""
    loaded = pack_with(pack, context)
    paths, problems = rule_paths(loaded), Problems()
    for path in paths.values():
        problems.attempt(partial(load_cases, path))
    problems.check()
    return Checked(loaded, tuple(path for path in paths.values() if not cases_path(path).exists()))


def tested(pack: str) -> tuple[TestedCase, ...]:
    """Run every case of a pack's rules. Raises PolicyError."""
    loaded = load_pack(pack)
    paths = rule_paths(loaded)
    return tuple(TestedCase(name, result) for name, path in paths.items() for result in run_cases(path, pack=loaded))


def covered(pack: str, context: Path | None, folder: Path) -> tuple[RuleCoverage, ...]:
    """Say which rules can run on what the workspace holds."""
    platform = load_context(context) if context else Context()
    loaded = load_pack(pack, context=platform)
    warn_of_unused_lists(loaded, platform)
    rules = loaded.rules
    activity = open_activity(open_workspace(folder, create=False))
    try:
        surveyed = with_extra_names(activity, {name for rule in rules for name in rule.needed_columns()})
    finally:
        activity.connection.close()
    return coverage_of(rules, providing(surveyed.sources, platform.derivable), platform)


def explained(rule: str, pack: str) -> Explained:
    """Put a rule into words. Raises UsageError for an unknown rule, PolicyError for a bad one."""
    loaded = load_pack(pack)
    found = rule_named(rule, loaded)
    columns = tuple(sorted(found.needed_columns()))
    return Explained(found, words_of(found), columns, _sql(found, loaded, "duckdb"))


def sql_of(rule: str, pack: str, dialect: str) -> str:
    """Return a rule's SQL in a dialect. Raises UsageError for an unknown rule or dialect."""
    known = sorted(name for name in Dialect.classes if name)
    if dialect not in known:
        message = f"found `{dialect}`, expected a dialect of SQLGlot"
        raise UsageError.at(
            "--dialect",
            message,
            nearest(
                dialect,
                known,
                "`duckdb` is what runs here; the SQL of `spark` is parsed in tests, that of others only printed",
            ),
        )
    loaded = load_pack(pack)
    return _sql(rule_named(rule, loaded), loaded, dialect)


def rule_paths(pack: Pack) -> dict[str, Path]:
    """Return where each rule of a pack lies, by rule name, in the order of the rules."""
    places = pack.rule_paths()
    return {rule.name: Path(pack.root) / places[rule.name] for rule in pack.rules}


def write_schema(kind: str, out: Path | None) -> None:
    """Print a schema, or write it to a file. Raises UsageError for an unknown kind."""
    if kind not in KINDS:
        message = f"found `{kind}`, expected one of {', '.join(KINDS)}"
        raise UsageError.at(None, message, nearest(kind, KINDS, "the kinds are the kinds of policy files"))
    text = console.json_text(json_schema(kind))
    if out is None:
        console.result(text)
        return
    write_atomically(out.absolute(), text.encode() + b"\n")
    console.result(shown_path(out.absolute()))


def pack_with(pack: str, context: Path | None) -> Pack:
    """Load a pack with the lists of a context file, and warn of lists it doesn't use. Raises PolicyError."""
    platform = load_context(context) if context else Context()
    loaded = load_pack(pack, context=platform)
    warn_of_unused_lists(loaded, platform)
    return loaded


def rule_named(name: str, pack: Pack) -> Rule:
    """Return a rule of a pack, or of a rule file. Raises UsageError for an unknown one, PolicyError for a bad file."""
    path = Path(name)
    if path.is_file():
        exemptions = {item.name for item in pack.exemptions}
        return load_rule(path, lists=pack.lists, exemptions=exemptions, pack=pack)
    found = next((rule for rule in pack.rules if rule.name == name), None)
    if found is None:
        names = [rule.name for rule in pack.rules]
        message = f"found `{name}`, expected a rule of pack {pack.name} or a rule file"
        raise UsageError.at(None, message, nearest(name, names, f"its rules are {', '.join(names)}"))
    return found


def _sql(rule: Rule, pack: Pack, dialect: str) -> str:
    plan = plan_for(
        [rule],
        sources=[COMPLETE_SOURCE],
        context=Context(),
        terms=pack.terms,
        exemptions=pack.exemptions,
        timezone=pack.timezone,
        as_of=None,
        since=None,
        until=None,
    )
    return plan.sql(dialect)
