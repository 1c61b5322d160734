"""House rules that a syntax tree can judge: sizes, printing, SQL in strings, clocks below the command line."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import modules

MOST_LINES = 400
MOST_FUNCTION_LINES = 60
VAGUE_NAMES = {"utils", "helpers", "common", "base", "core", "manager", "misc"}
SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s.+\sSET|DELETE\s+FROM|CREATE\s+(TABLE|VIEW)|COPY\s.+\sTO)\b", re.S
)
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time"), ("uuid", "uuid4")}
STANDS_ALONE = "auditor.evidence.standalone.command"
BELOW_THE_COMMAND_LINE = [module for module in modules() if module.package not in {"cli", "__main__"}]


def test_files_are_short() -> None:
    lines = {module.name: module.text.count("\n") for module in modules()}

    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{module.name}.{node.name}": _length(node)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > MOST_FUNCTION_LINES
    }

    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [module.name for module in modules() if module.name.rpartition(".")[2] in VAGUE_NAMES] == []


def test_only_the_command_line_and_the_lone_verifier_print() -> None:
    below = [module for module in BELOW_THE_COMMAND_LINE if module.name != STANDS_ALONE]

    assert [f"{module.name}:{line}" for module in below for line in _prints(module.tree)] == []


def test_sql_is_never_made_from_strings() -> None:
    assert [f"{module.name}:{line}" for module in modules() for line in _sql_strings(module.tree)] == []


@pytest.mark.parametrize(
    "code",
    [
        'f"SELECT * FROM {table}"',
        '"SELECT a FROM %s" % name',
        '"SELECT a FROM " + name',
        '"DELETE FROM {}".format(name)',
    ],
    ids=["an f-string", "percent", "plus", "format"],
)
def test_sql_made_from_strings_is_noticed(code: str) -> None:
    assert list(_sql_strings(ast.parse(code))) == [1]


def test_time_ids_and_environment_come_from_the_command_line() -> None:
    found = [f"{module.name}:{line}" for module in BELOW_THE_COMMAND_LINE for line in _world_reads(module.tree)]

    assert found == []


def test_no_error_is_caught_whole() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _is_catch_all(node)
    ]

    assert found == []


def test_every_module_says_its_job() -> None:
    assert [module.name for module in modules() if not ast.get_docstring(module.tree)] == []


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _prints(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno
            case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr"):
                yield node.lineno


def _sql_strings(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values=values) if SQL.search(_constant_text(values)):
                yield node.lineno
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod() | ast.Add()) if SQL.search(text):
                yield node.lineno
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")) if SQL.search(text):
                yield node.lineno


def _constant_text(values: list[ast.expr]) -> str:
    return "".join(value.value if isinstance(value, ast.Constant) else " x " for value in values)  # type: ignore[misc]  # parts of an f-string are text


def _world_reads(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if (owner, name) in CLOCKS:
                yield node.lineno
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv" | "chdir"):
                yield node.lineno


def _is_catch_all(node: ast.ExceptHandler) -> bool:
    names = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {"BaseException"}
    ends_with_raise = isinstance(node.body[-1], ast.Raise)
    return bool(names & {"Exception", "BaseException"}) and not ends_with_raise
