"""`auditor policy …`: check, test and explain policies. (Imports inside the commands: see app.py.)"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console, sigma
from auditor.cli.options import (
    PACK,
    WORKSPACE,
    AnyWorkspace,
    AsJson,
    ContextFile,
    PackArgument,
    PackName,
    WorkspaceFolder,
    absolute,
    pack_of,
)
from auditor.cli.outcome import check_output
from auditor.cli.times import time_of
from auditor.errors import EXIT_FAILED_CHECK, UsageError

_RuleName = Annotated[str, typer.Argument(metavar="RULE", help="Name of a rule of the pack, or a rule file.")]

_SarifFile = Annotated[Path | None, typer.Option("--sarif", metavar="FILE", help="Write the problems as SARIF 2.1.0.")]
_AsOf = Annotated[str | None, typer.Option("--as-of", metavar="T", help="As if no later record existed.")]
_JunitFile = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the results as JUnit XML.")]


def check(
    pack: PackArgument = None,
    pack_option: PackName = PACK,
    context: ContextFile = None,
    sarif: _SarifFile = None,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Say everything that is wrong with a pack.

    All problems of all its files come in one go, each with file, line and column; `--sarif` also writes them to a file.

    Example: auditor policy check my-policies/
    """
    check_output([("--sarif", sarif)])
    from auditor.cli import lint_files, policies, policy_words

    with lint_files.problems_kept(absolute(sarif)):
        report = policies.checked(pack_of(pack, pack_option), context)
    lint_files.write_sarif(absolute(sarif), (), report.untested)
    if is_json:
        console.json_object(**policy_words.check_json(report))
    else:
        policy_words.show_check(report)


def test(
    pack: PackArgument = None,
    pack_option: PackName = PACK,
    junit: _JunitFile = None,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Run the cases beside each rule; exit 1 when one fails.

    Example: auditor policy test my-policies/
    """
    check_output([("--junit", junit)])
    from auditor.cli import lint_files, policies, policy_words

    results = policies.tested(pack_of(pack, pack_option))
    lint_files.write_junit(absolute(junit), results)
    if is_json:
        console.json_object(**policy_words.test_json(results))
    else:
        policy_words.show_test(results)
    if policy_words.failures(results):
        raise typer.Exit(EXIT_FAILED_CHECK)


def coverage(
    pack: PackArgument = None,
    pack_option: PackName = PACK,
    context: ContextFile = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Say which rules can run on the logs at hand.

    For the others it names the columns that no source of the workspace provides.

    Example: auditor policy coverage --workspace audit
    """
    from auditor.cli import policies, policy_words

    rows = policies.covered(pack_of(pack, pack_option), context, workspace.absolute())
    if is_json:
        console.json_object(**policy_words.coverage_json(rows))
    else:
        policy_words.show_coverage(rows)


def explain(
    rule: _RuleName,
    pack: PackName = PACK,
    account: Annotated[
        str | None, typer.Option("--account", metavar="A", help="Follow the rule for this account, step by step.")
    ] = None,
    with_sql: Annotated[bool, typer.Option("--sql/--no-sql", help="Print the SQL that the rule becomes, too.")] = True,
    context: ContextFile = None,
    as_of: _AsOf = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Put a rule into plain words, or follow it for one account.

    Says what it looks for, which columns it needs, and at the end, unless `--no-sql`, the SQL that it becomes. With
    `--account` it says what was selected, undetermined and measured, how near it came, and what would have had to
    differ.

    Example: auditor policy explain key-hopping --account acct-7
    """
    day = time_of(as_of, "--as-of")
    from auditor.cli import following, policies, policy_words

    if account is not None:
        following.show(following.asked(rule, pack, account, absolute(context), day, workspace.absolute()), is_json)
        return
    told = policies.explained(rule, pack)
    if is_json:
        console.json_object(**policy_words.explanation_json(told))
    else:
        policy_words.show_explanation(told, with_sql=with_sql)


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A version of the pack.")],
    new: Annotated[str | None, typer.Argument(metavar="NEW", help="The version to compare it with.")] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", metavar="RULE.MEASURE=V,V", help="Try a threshold of the pack at other values."),
    ] = None,
    context: ContextFile = None,
    as_of: _AsOf = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Say what another version of a pack would find.

    Runs both over what the workspace holds and shows the accounts gained and lost, rule by rule, each with its reason.
    With `--sweep` it shows how many accounts each value of a threshold would catch.

    Example: auditor policy diff my-policies/ --sweep bulk-output.long_answers=500,1000,2000
    """
    day = time_of(as_of, "--as-of")
    if new is None and not sweep:
        message = "found one pack, expected OLD and NEW, or `--sweep`"
        raise UsageError.at(None, message, "name two versions, or a threshold to try")
    from auditor.cli import difference

    asked = (absolute(context), day, workspace.absolute())
    if sweep:
        difference.show_sweep(difference.sweep(new or old, sweep, *asked), is_json)
    elif new is not None:
        difference.show_comparison(difference.compare(old, new, *asked), is_json)


def sql(
    rule: _RuleName,
    pack: PackName = PACK,
    dialect: Annotated[
        str, typer.Option("--dialect", metavar="NAME", help="Engine to print for: `duckdb`, `spark`, or another.")
    ] = "duckdb",
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Print the SQL that a rule becomes.

    Example: auditor policy sql key-hopping --dialect spark
    """
    from auditor.cli import policies

    text = policies.sql_of(rule, pack, dialect)
    if is_json:
        console.json_object(rule=rule, dialect=dialect, sql=text)
    else:
        console.result(text)


def copy(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    pack: PackName = PACK,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Copy a pack's rules into a folder, to judge by your own terms.

    Rules with their cases, lists, links and ladder; write your own terms into its folder `terms`, and audit by it.

    Example: auditor policy copy our-policies
    """
    from auditor.cli import policy_copy
    from auditor.cli.paths import shown_path

    paths = policy_copy.copied(pack, folder.absolute())
    if is_json:
        console.json_object(folder=str(folder.absolute()), files=list(paths))
        return
    where = shown_path(folder.absolute())
    console.result(f"{console.plural(len(paths), 'file')} in {where}; write your own terms into {where}/terms")


def schema(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="What the file is: rule, terms, pack and so on.")
    ] = "rule",
    is_json: Annotated[bool, typer.Option("--json", help="Accepted everywhere; a schema always is JSON.")] = True,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to a file instead.")] = None,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Print the JSON Schema of a policy file.

    Editors use it to complete and check while you type.

    Example: auditor policy schema rule --out rule.schema.json
    """
    from auditor.cli import policies

    assert is_json
    policies.write_schema(kind, out)


COMMANDS: dict[str, Callable[..., None]] = {
    "check": check,
    "test": test,
    "coverage": coverage,
    "explain": explain,
    "diff": diff,
    "sql": sql,
    "copy": copy,
    "schema": schema,
    "sigma": sigma.sigma,
    "import": sigma.import_,
}
