"""Mutants: one module with one change, in every way that a hand might slip."""

import ast
import random
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "any": "all", "all": "any", "every": "some", "some": "every", "LT": "LTE", "LTE": "LT",
    "GT": "GTE", "GTE": "GT", "EQ": "NEQ", "NEQ": "EQ", "Min": "Max", "Max": "Min", "Lag": "Lead", "Lead": "Lag",
    "is_null": "is_known", "is_known": "is_null", "Add": "Sub", "Sub": "Add", "ascending": "descending",
}  # fmt: skip

TYPES = ("Callable", "Iterable", "Iterator", "Literal", "Mapping", "Sequence", "dict", "list", "set", "tuple", "type")


@dataclass(frozen=True)
class Mutant:
    """One change of one module: where it is, in words, and the whole text with it.

    `function` is the line of the `def` that it lies in, 0 outside of any.
    """

    path: str
    line: int
    function: int
    change: str
    text: str


def places_of(text: str) -> list[tuple[int, int]]:
    """Return where a module can be changed: the place of a node in a walk, and which change of it."""
    tree = ast.parse(text)
    skipped = {id(inner) for part in ast.walk(tree) for item in _skipped(part) for inner in ast.walk(item)}
    nodes = enumerate(ast.walk(tree))
    return [(place, change) for place, node in nodes if id(node) not in skipped for change in range(_changes(node))]


def mutant_of(path: str, text: str, place: int, change: int) -> Mutant | None:
    """Return a module with one change, None where it would be the same."""
    tree = ast.parse(text)
    node = next(item for at, item in enumerate(ast.walk(tree)) if at == place)
    before, line = ast.unparse(node), getattr(node, "lineno", 0)
    function = function_at(tree, line)
    after = _changed(node, change)
    if after is None or after == before:
        return None
    words = f"{before[:90]}  ->  {after[:90]}"
    return Mutant(path, line, function, words, ast.unparse(ast.fix_missing_locations(tree)))


def function_at(tree: ast.AST, line: int) -> int:
    """Return the line of the innermost `def` around a line, 0 without any."""
    around = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, default=0)


def _changes(node: ast.AST) -> int:
    match node:
        case ast.Compare(ops=[_]) | ast.BoolOp() | ast.Name() | ast.Attribute() | ast.BinOp():
            return 1
        case ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.Constant(value=value) if type(value) is int or type(value) is bool:
            return 1
        case ast.List(elts=elts) | ast.Tuple(elts=elts) if len(elts) > 1:
            return len(elts)
        case ast.IfExp():
            return 2
        case _:
            return 0


def _changed(node: ast.AST, change: int) -> str | None:
    """Change a node in place and return how it reads; None where there is nothing to change."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in TURNED:
            node.ops = [TURNED[type(operator)]()]
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.BinOp() if type(node.op) in OPERATORS:
            node.op = OPERATORS[type(node.op)]()
        case ast.UnaryOp(op=ast.Not()):
            node.op, node.operand = ast.Not(), ast.UnaryOp(op=ast.Not(), operand=node.operand)
        case ast.Constant(value=bool() as truth):
            node.value = not truth
        case ast.Constant(value=int() as number):
            node.value = number + 1
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            node.id = NAMES[name]
        case ast.Attribute(attr=name, value=ast.Name(id="exp")) if name in NAMES:
            node.attr = NAMES[name]
        case ast.List(ctx=ast.Load()) | ast.Tuple(ctx=ast.Load()):
            del node.elts[change]
        case ast.IfExp():
            node.test = ast.Constant(value=bool(change))
        case _:
            return None
    return ast.unparse(node)


def _skipped(part: ast.AST) -> list[ast.AST]:
    """Return what of a node is no code that runs: annotations, types, decorators, assertions, imports."""
    match part:
        case ast.FunctionDef():
            return [part.args, *([part.returns] if part.returns else []), *part.decorator_list]
        case ast.AnnAssign():
            return [part.annotation]
        case ast.ClassDef():
            return [*part.decorator_list, *part.bases]
        case ast.Subscript(value=ast.Name(id=name)) if name in TYPES:
            return [part.slice]
        case ast.Assert() | ast.ImportFrom() | ast.Import() | ast.keyword(arg="strict"):
            return [part]
        case _:
            return []


def sample(modules: list[str], most: int, seed: int) -> list[Mutant]:
    """Return at most so many mutants a module, drawn by a seed, those of different modules in turn."""
    chosen = [_drawn(path, most, seed) for path in modules]
    turns = max((len(found) for found in chosen), default=0)
    return [found[turn] for turn in range(turns) for found in chosen if turn < len(found)]


def _drawn(path: str, most: int, seed: int) -> list[Mutant]:
    text = (HERE / path).read_text()
    places = places_of(text)
    random.Random(f"{seed} {path}").shuffle(places)
    found: list[Mutant] = []
    for place, change in places:
        mutant = mutant_of(path, text, place, change) if len(found) < most else None
        found += [mutant] if mutant else []
    return found
