"""Put the modules of `standalone` together into the one file `verify.py` that a bundle carries.

Same modules, same bytes: each stands after those that it imports, otherwise in the order of names; their docstrings
and their imports of each other are left out, and what they import of the standard library stands once, at the top.
Because all names meet in one file, no two modules may define the same one; that is asserted here.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files

PACKAGE = "auditor.evidence.standalone"
LAST = "command"
"""The module that a person starts; its docstring is the one of the file."""


@cache
def assembled() -> bytes:
    """Return the verifier as one file."""
    sources = {
        item.name.removesuffix(".py"): item.read_text(encoding="utf-8")
        for item in files(PACKAGE).iterdir()
        if item.name.endswith(".py") and item.name != "__init__.py"
    }
    return one_file(sources).encode()


def one_file(sources: Mapping[str, str]) -> str:
    """Return the text of one module that does what all of these do, given by name."""
    trees = {name: ast.parse(text) for name, text in sources.items()}
    _names_must_be_distinct(trees)
    order = list(_in_order({name: set(_siblings(tree)) for name, tree in trees.items()}))
    docstring = ast.get_docstring(trees[LAST], clean=False)
    parts = [f'"""{docstring}"""\n\n{_imports(trees.values())}']
    parts += [body for name in order if (body := _body(sources[name], trees[name]))]
    return "\n\n".join(parts)


def _in_order(needs: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield each module after those that it imports, in the order of names where that leaves a choice."""
    left = dict(needs)
    while left:
        ready = min(name for name, needed in left.items() if not needed & left.keys())
        del left[ready]
        yield ready


def _siblings(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if _is_of_package(node):
            assert isinstance(node, ast.ImportFrom)
            assert not any(alias.asname for alias in node.names), "a name can't change when modules become one"
            yield str(node.module).rpartition(".")[2]


def _is_of_package(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith(PACKAGE)


def _imports(trees: Iterable[ast.Module]) -> str:
    whole: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in (node for tree in trees for node in tree.body):
        if isinstance(node, ast.Import):
            whole.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not _is_of_package(node):
            names.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
    lines = [f"import {name}\n" for name in sorted(whole)]
    return "".join(lines + [f"from {module} import {', '.join(sorted(names[module]))}\n" for module in sorted(names)])


def _body(text: str, tree: ast.Module) -> str:
    """Return the text of a module after its imports, comments included."""
    rest = [node for node in tree.body[1:] if not isinstance(node, ast.Import | ast.ImportFrom)]
    last_import = max((node.end_lineno or 0 for node in tree.body if node not in rest), default=0)
    return "".join(text.splitlines(keepends=True)[last_import:]).strip("\n") + "\n" if rest else ""


def _names_must_be_distinct(trees: Mapping[str, ast.Module]) -> None:
    owners: dict[str, str] = {}
    for module, tree in trees.items():
        for name in set(_defined(tree)):
            assert name not in owners, f"{module} and {owners[name]} both define {name}"
            owners[name] = module


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                yield from (item.id for target in targets for item in ast.walk(target) if isinstance(item, ast.Name))
