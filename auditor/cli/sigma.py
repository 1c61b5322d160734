"""`auditor policy sigma` and `auditor policy import`. (Imports inside the commands: see app.py.)"""

from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from auditor.cli.options import WORKSPACE, AnyWorkspace, AsJson
from auditor.errors import EXIT_PARTIAL, UsageError

_Rules = Annotated[Path, typer.Argument(metavar="RULES", help="A file of Sigma rules, or a folder of them.")]


def sigma(
    rules: _Rules,
    logs: Annotated[list[Path], typer.Argument(metavar="LOGS...", help="JSON Lines files, or folders of them.")],
    time_field: Annotated[
        list[str] | None,
        typer.Option("--time-field", metavar="NAME", help="Where a record's time is; may be repeated, first one wins."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 when a line was no JSON object.")] = False,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Evaluate Sigma rules, correlations and filters over JSON Lines.

    Every record is tried against every rule, whatever log source the rule names. Needs the extra `sigma`.

    Example: auditor policy sigma rules/ events.jsonl.gz
    """
    words = _with_pysigma()
    evaluated = words.evaluated(rules.absolute(), [path.absolute() for path in logs], tuple(time_field or ()))
    if is_json:
        words.print_json(evaluated)
    else:
        words.show(evaluated)
    if words.is_partial(evaluated) or (strict and evaluated.bad_lines):
        raise typer.Exit(EXIT_PARTIAL)


def import_(
    rules: _Rules,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder for the rules that keep their meaning.")],
    conduct: Annotated[
        list[str], typer.Option("--conduct", metavar="WORD", help="What the rules detect; may be repeated.")
    ],
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME|FILE", help="Whose fields the rules name.")
    ] = "canonical",
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="YAML map from the rules' fields to columns.")
    ] = None,
    family: Annotated[str, typer.Option("--family", metavar="WORD", help="Family of the rules.")] = "access",
    cased_groups: Annotated[
        bool,
        typer.Option("--cased-groups", help="Accept that groups and counted values differ by case, as in packs."),
    ] = False,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Write Sigma rules as rules of a pack, where that keeps their meaning exactly.

    Every rule that can't keep it is named with the reason. Needs the extra `sigma`.

    Example: auditor policy import sigma-rules/ --out my-policies/rules --conduct credential-theft --profile cloudtrail
    """
    words = _with_pysigma()
    from auditor.cli import sigma_import

    imported = sigma_import.imported(
        rules.absolute(), profile, map_file, conducts=tuple(conduct), family=family, is_cased=cased_groups
    )
    sigma_import.write(imported, out.absolute())
    if is_json:
        sigma_import.print_json(imported, out.absolute())
    else:
        sigma_import.show(imported, out.absolute())
        words.tell_refused(imported.refused)
    if imported.refused:
        raise typer.Exit(EXIT_PARTIAL)


def _with_pysigma() -> ModuleType:
    """Return the module that evaluates Sigma rules. Raises UsageError when pySigma is not installed."""
    try:
        from auditor.cli import sigma_words
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"sigma", "re2"}:
            raise
        found = "pySigma is not installed, expected the extra `sigma`"
        raise UsageError.at(None, found, "run `pip install 'auditor[sigma]'`") from error
    return sigma_words
