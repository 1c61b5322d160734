"""The `auditor` command: which commands there are, and the one place where a run ends.

Command modules of this package import what they call inside the command, and only there: `auditor --help` must not
wait for an engine that it does not use. Everything else in the program imports at the top.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from auditor import __version__
from auditor.cli import audit, bundle, cases, demo, forget, ingest, keys, ledger, measure, policy, retract, simulate
from auditor.cli.outcome import OneClearMessage
from auditor.errors import EXIT_UNFINISHED

_HELP = """Audit account activity against terms of service.

Policies are declarative rules; findings are exact; every case comes with a page to read and a bundle to verify.

\b
New here:        auditor demo
Your own logs:   auditor audit access.log --pack my-policies/
"""

_ENDINGS = """\b
Exit codes:
  0  done
  1  --fail-on was reached, or a verification failed
  2  wrong usage or a bad policy
  3  finished, but an input or a rule failed (or unproven)
  4  could not finish
"""


def _version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"auditor {__version__}")
        raise typer.Exit


_Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")]


def _start(
    version: _Version = False,
) -> None:
    """Take the options that stand before the command; `version` is answered by its callback."""
    assert not version


def _group(help_text: str) -> typer.Typer:
    return typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None, add_completion=False)


def _made() -> typer.Typer:
    made = typer.Typer(
        name="auditor",
        help=_HELP,
        epilog=_ENDINGS,
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    made.callback()(_start)
    made.command("demo")(demo.demo)
    made.command("ingest")(ingest.ingest)
    made.command("audit")(audit.audit)
    for name, text, commands in (
        ("policy", "Check, test and explain policies.", policy.COMMANDS),
        ("case", "Read cases, write notes on them, and decide.", cases.COMMANDS),
        ("bundle", "Build evidence bundles and verify them.", bundle.COMMANDS),
        ("ledger", "See what people did, and that nobody changed it.", ledger.COMMANDS),
        ("keys", "Make keys to sign with.", keys.COMMANDS),
    ):
        group = _group(text)
        for command, function in commands.items():
            group.command(command)(function)
        made.add_typer(group, name=name)
    made.command("measure")(measure.measure)
    made.command("simulate")(simulate.simulate)
    made.command("retract")(retract.retract)
    made.command("forget")(forget.forget)
    return made


app = _made()


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; whatever goes wrong is said in one message."""
    with OneClearMessage() as outcome:
        app(args=list(arguments), prog_name="auditor")
    return outcome.code


def main() -> None:
    """Be the `auditor` command."""
    code = run(sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done and said: a late Ctrl-C must not change the exit code
    if code == EXIT_UNFINISHED:
        # CPython ends itself by SIGINT, whatever the exit code, once Ctrl-C came while it was running `exec` on text
        # (making a dataclass does that): leave without asking it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
