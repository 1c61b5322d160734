"""The program and its documentation say the same: commands, options, exit codes, environment variables."""

from collections.abc import Iterator
from typing import Any  # typer does not export the types of its commands

import pytest
import typer.main

from auditor import errors
from auditor.cli import options, outcome, passphrase
from auditor.cli.app import app
from tests.docs.pages import page, sections_of

COMMANDS_PAGE = "docs/commands.md"


def commands_of(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with its name as typed."""
    if hasattr(command, "commands"):
        for part, inner in command.commands.items():
            yield from commands_of(inner, f"{name} {part}".strip())
    else:
        yield name, command


COMMANDS = dict(commands_of(typer.main.get_command(app)))


def test_every_command_has_its_section_and_no_section_is_left_over() -> None:
    groups = {name.split()[0] for name in COMMANDS if " " in name}

    assert sections_of(page(COMMANDS_PAGE)).keys() == COMMANDS.keys() | groups


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_documented_in_its_section(name: str) -> None:
    section = sections_of(page(COMMANDS_PAGE))[name]

    spelled = {option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("--")}

    assert {option for option in spelled if f"`{option}" not in section} == {"--help"} & spelled


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_a_workspace_and_can_answer_in_json(name: str) -> None:
    spelled = {option for parameter in COMMANDS[name].params for option in parameter.opts}

    assert {"--workspace", "--json"} <= spelled


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str) -> None:
    assert f"Example: auditor {name}" in COMMANDS[name].help


def test_every_exit_code_is_in_the_table() -> None:
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}

    assert {code for code in codes if f"\n| {code} | " not in page(COMMANDS_PAGE)} == set()


def test_the_precedence_of_exit_codes_is_told() -> None:
    order = ", ".join(str(code) for code in outcome.PRECEDENCE if code)

    assert f"the first of {order} is the one" in page(COMMANDS_PAGE)


def test_every_level_and_variable_is_documented() -> None:
    words = {*options.LEVELS, outcome.TRACEBACK, passphrase.PASSPHRASE}

    assert {word for word in words if word not in page(COMMANDS_PAGE)} == set()


def test_every_command_is_on_the_map_of_the_readme() -> None:
    assert {name for name in COMMANDS if f"auditor {name}" not in page("README.md")} == set()
