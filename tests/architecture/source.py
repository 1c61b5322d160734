"""What the architecture tests read: every module of the package as a syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "auditor"


@dataclass(frozen=True)
class Module:
    """One file of the package; `name` is dotted, `package` the stage that it belongs to."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The first name below `auditor`; the package's own `__init__` is `auditor`."""
        return self.name.split(".")[1] if "." in self.name else self.name

    def imports(self) -> Iterator[tuple[str, int]]:
        """Yield every imported dotted name with its line, wherever in the file it stands."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    yield from ((alias.name, node.lineno) for alias in names)
                case ast.ImportFrom(module=str(module)):
                    yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of the package, by path."""
    return tuple(module_of(path) for path in sorted(PACKAGE.rglob("*.py")))


def module_of(path: Path) -> Module:
    """Read one file."""
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return Module(path, name, text, ast.parse(text))
