"""Options that several commands share, each with its help, so that a name means one thing everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from auditor.errors import UsageError

WORKSPACE = Path("audit")
PACK = "model-api"
LEVELS = ("informational", "low", "medium", "high", "critical")
"""The levels of a finding, lightest first: the words of `policy.rule.Level`, which would be slow to import."""

WorkspaceFolder = Annotated[Path, typer.Option("--workspace", metavar="DIR", help="Folder that holds this audit.")]
AnyWorkspace = Annotated[
    Path, typer.Option("--workspace", metavar="DIR", help="Accepted everywhere; this command needs none.", hidden=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
PackName = Annotated[
    str, typer.Option("--pack", metavar="NAME|FILE|FOLDER", help="Policies to judge by: a shipped pack or your own.")
]
PackArgument = Annotated[
    str | None, typer.Argument(metavar="PACK", help="Shipped pack, pack file or folder.", show_default=PACK)
]
ContextFile = Annotated[
    Path | None, typer.Option("--context", metavar="FILE", help="Facts of the platform (YAML or JSON).")
]
Profile = Annotated[
    str, typer.Option("--profile", metavar="NAME|FILE", help="How to read the logs; `auto` recognises shipped ones.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="GLOB", help="Leave out such files below folders, as `*.md`; may be repeated."),
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="File with the key's passphrase; else you are asked."),
]
KeyFile = Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Your private key, to sign with.")]
Who = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]
ToldReason = Annotated[
    str,
    typer.Option(
        "--reason", metavar="TEXT", help="Why. The account holder reads it word for word: name no other account."
    ),
]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="Id of a case, such as `C-0123456789ab`.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Same number, same sample logs.")]


def pack_of(argument: str | None, option: str) -> str:
    """Return the pack that was named, whether as an argument or with `--pack`.

    Raises UsageError when two different packs were named.
    """
    if argument is None:
        return option
    if option not in (PACK, argument):
        message = f"found two packs, `{argument}` and `--pack {option}`, expected one"
        raise UsageError.at(None, message, "name the pack once")
    return argument


def absolute(path: Path | None) -> Path | None:
    """Return a path that no longer depends on the present folder."""
    return path.absolute() if path is not None else None


def level_of(text: str | None) -> str | None:
    """Check the level given to `--fail-on`. Raises UsageError for a word that is none."""
    if text is not None and text not in LEVELS:
        message = f"found `{' '.join(text.split())[:40]}`, expected one of {', '.join(LEVELS)}"
        raise UsageError.at("--fail-on", message, "the levels go from lightest to gravest")
    return text
