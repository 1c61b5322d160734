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
    pack_of,
)
from auditor.errors import EXIT_FAILED_CHECK

_RuleName = Annotated[str, typer.Argument(metavar="RULE", help="Name of a rule of the pack, or a rule file.")]


def check(
    pack: PackArgument = None,
    pack_option: PackName = PACK,
    context: ContextFile = None,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Say everything that is wrong with a pack.

    All problems of all its files come in one go, each with file, line and column.

    Example: auditor policy check my-policies/
    """
    from auditor.cli import policies, policy_words

    report = policies.checked(pack_of(pack, pack_option), context)
    if is_json:
        console.json_object(**policy_words.check_json(report))
    else:
        policy_words.show_check(report)


def test(
    pack: PackArgument = None,
    pack_option: PackName = PACK,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Run the cases beside each rule; exit 1 when one fails.

    Example: auditor policy test my-policies/
    """
    from auditor.cli import policies, policy_words

    results = policies.tested(pack_of(pack, pack_option))
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
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Put a rule into plain words.

    Says what it looks for, which columns it needs, and prints the SQL that it becomes.

    Example: auditor policy explain key-hopping
    """
    from auditor.cli import policies, policy_words

    told = policies.explained(rule, pack)
    if is_json:
        console.json_object(**policy_words.explanation_json(told))
    else:
        policy_words.show_explanation(told)


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
    "sql": sql,
    "schema": schema,
    "sigma": sigma.sigma,
    "import": sigma.import_,
}
