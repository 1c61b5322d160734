"""Imports point one way, and each outside library has one door (DESIGN section 2)."""

import ast
import sys
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.source import Module, modules

ORDER = (
    "cli", "measure", "evidence", "report", "cases", "sigma", "checker", "linking", "content", "policy",
    "records", "characters", "digests", "errors",
)  # fmt: skip
LOWEST = ("characters", "digests", "errors")
VERIFIER = "auditor.evidence.standalone"
DOORS = {
    "duckdb": ("auditor.records", "auditor.checker.engines"),
    "sqlite_utils": ("auditor.cases",),
    "sqlite3": ("auditor.cases",),
    "jinja2": ("auditor.report",),
    "cryptography": ("auditor.evidence",),
    "typer": ("auditor.cli",),
    "sigma": ("auditor.sigma",),
    "yaml": ("auditor.policy", "auditor.records"),
}
STAGED = [module for module in modules() if module.package not in {"auditor", "__main__"}]
"""The package itself and `python -m auditor` belong to no stage."""


def upward_imports(package: str, imported: Iterable[str]) -> list[str]:
    """Return the stages among `imported` that `package` must not see."""
    if package == "simulate":
        allowed = {"simulate", "records", *LOWEST}
    elif package == "cli":
        allowed = {*ORDER, "simulate"}
    else:
        allowed = set(ORDER[ORDER.index(package) :])
    return sorted(set(imported) - allowed)


def stages_of(module: Module) -> set[str]:
    """Return the stages (first names below `auditor`) that a module imports."""
    names = [name.split(".") for name, _ in module.imports() if name.startswith("auditor.")]
    return {parts[1] for parts in names if parts[1] != "__version__"}


@pytest.mark.parametrize("module", STAGED, ids=lambda module: module.name)
def test_module_imports_only_what_lies_below_it(module: Module) -> None:
    assert upward_imports(module.package, stages_of(module)) == []


def test_an_upward_import_is_noticed() -> None:
    assert upward_imports("records", ["errors", "checker"]) == ["checker"]
    assert upward_imports("simulate", ["records", "policy"]) == ["policy"]


@pytest.mark.parametrize("library", DOORS)
def test_library_is_imported_behind_its_door_only(library: str) -> None:
    users = {module.name for module in modules() if any(name.split(".")[0] == library for name, _ in module.imports())}

    strays = {name for name in users if not name.startswith(DOORS[library])}

    assert strays == set()


def test_no_import_is_relative_or_starred() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.level or any(alias.name == "*" for alias in node.names))
    ]

    assert found == []


def test_imports_stand_at_the_top_everywhere_but_in_the_command_line() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if module.package not in {"cli", "__main__"}
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in set(_of_a_newer_python(function))
    ]

    assert found == []


def test_the_bundled_verifier_sees_only_the_standard_library_and_itself() -> None:
    verifier = [module for module in modules() if module.name.startswith(VERIFIER)]

    names = {name for module in verifier for name, _ in module.imports() if not name.startswith(f"{VERIFIER}.")}

    assert len(verifier) > 1
    assert {name.split(".")[0] for name in names} - sys.stdlib_module_names == set()


def test_imports_make_no_circle() -> None:
    known = {module.name for module in modules()}
    edges = {module.name: {_module_in(known, name) for name, _ in module.imports()} - {None} for module in modules()}

    while leaves := {name for name, targets in edges.items() if not (targets & edges.keys()) - {name}}:
        edges = {name: targets for name, targets in edges.items() if name not in leaves}

    assert sorted(edges) == []


def _of_a_newer_python(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield what stands below `if sys.version_info ...`: a module that not every Python has can't be named above."""
    for node in ast.walk(function):
        if isinstance(node, ast.If) and "sys.version_info" in ast.unparse(node.test):
            yield from ast.walk(node)


def _module_in(known: set[str], name: str) -> str | None:
    if name in known:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in known and parent != "auditor" else None
