"""`auditor bundle …`: evidence bundles. (Imports inside the commands: see app.py.)"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import console
from auditor.cli.options import WORKSPACE, AnyWorkspace, AsJson, CaseId, WorkspaceFolder, absolute


def build(
    case: CaseId,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="PATH",
            help="Folder to make, or a file that ends in `.zip`.",
            show_default="WORKSPACE/bundles/CASE",
        ),
    ] = None,
    is_json: AsJson = False,
    workspace: WorkspaceFolder = WORKSPACE,
) -> None:
    """Seal a case and print the bundle's path.

    A bundle is a folder (or a zip) that a stranger can verify with Python alone.

    Example: auditor bundle build C-0123456789ab
    """
    from auditor.cli import sealing

    path = sealing.build(workspace.absolute(), case, absolute(out))
    if is_json:
        console.json_object(case_id=case, path=str(path))
    else:
        console.result(str(path))


def verify(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A bundle.")],
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", metavar="PUBLIC_KEY", help="Public key of a person whose signature counts."),
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option("--sources", metavar="DIR", help="Folder with the original files, to compare exact bytes."),
    ] = None,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Check every digest of a bundle.

    Exit 0: verified; 1: failed; 3: nothing wrong, but nobody trusted has signed.

    Example: auditor bundle verify audit/bundles/C-0123456789ab
    """
    from auditor.cli import sealing, verified

    report = sealing.verify(path.absolute(), [key.absolute() for key in trust or ()], absolute(sources))
    verified.show_verified(report, is_json=is_json)
    raise typer.Exit(report.exit_code)


def replay(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A bundle.")],
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Judge the case of a bundle again, by the bundle alone.

    The bundled rules run over the bundled records, and each finding is compared field by field. Exit 0: all
    reproduced; 1: something differs; 3: nothing differs, but something rests on what isn't in the bundle.

    Example: auditor bundle replay audit/bundles/C-0123456789ab
    """
    from auditor.cli import replaying

    report = replaying.replay_bundle(path.absolute())
    replaying.show(report, is_json=is_json)
    raise typer.Exit(report.exit_code)


def redact(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A full bundle.")],
    edition: Annotated[str, typer.Option("--edition", metavar="NAME|FILE", help="What the recipient sees.")],
    recipient: Annotated[str, typer.Option("--recipient", metavar="NAME", help="Whom it is for.")],
    out: Annotated[Path, typer.Option("--out", metavar="PATH", help="Folder to make.")],
    account: Annotated[str | None, typer.Option("--account", metavar="ID", help="Whose own edition it is.")] = None,
    is_json: AsJson = False,
    _workspace: AnyWorkspace = WORKSPACE,
) -> None:
    """Make an edition that withholds what its recipient must not see.

    Shipped editions: partner, regulator, court, account-holder. What is withheld is still held to its word by the
    root of the full bundle, and pseudonyms differ from recipient to recipient.

    Example: auditor bundle redact audit/bundles/C-0123456789ab --edition partner --recipient "Other Ltd" --out shared
    """
    from auditor.cli import redacting

    made = redacting.redact_bundle(path.absolute(), edition, recipient, account, out.absolute())
    if is_json:
        console.json_object(edition=edition, recipient=recipient, path=str(made))
    else:
        console.result(str(made))


COMMANDS: dict[str, Callable[..., None]] = {"build": build, "verify": verify, "replay": replay, "redact": redact}
