"""How long a text an expression can make at most, told from the expression alone.

A profile is somebody's file: `lpad(x, 2000000000, 'a')` or replacements within replacements would fill the memory with
one line. The bound supposes that every field is a text of `FIELD` characters, and is held against `LONGEST`.
"""

import re

from sqlglot import exp

FIELD = 1_000
LONGEST = 100_000
"""Characters that an expression may make of fields of `FIELD` characters: a hundred times a field."""

_BACK_REFERENCE = re.compile(r"\\[0-9]")
_WIDTH = re.compile(r"[0-9]+")


def length_fault(tree: exp.Expr) -> str | None:
    """Say in a few words why an expression could make too long a text, None when it can't."""
    for pad in tree.find_all(exp.Pad):
        if not isinstance(pad.expression, exp.Literal) or pad.expression.is_string:
            return "a length for `lpad` or `rpad` that is no number"
    for printf in _printfs(tree):
        pattern = printf.expressions[0] if printf.expressions else None
        if not isinstance(pattern, exp.Literal) or "*" in pattern.name:
            return "a pattern for `printf` that is no plain text"
    return "an expression that can make a text of any length" if _bound(tree) > LONGEST else None


def _bound(node: exp.Expr) -> int:
    """Return how many characters the text of a node has at most."""
    match node:
        case exp.Column():
            return FIELD
        case exp.Literal():
            return len(node.name)
        case exp.Pad():
            length = int(float(str(node.expression.name)))
            return max(length, _bound(node.this))
        case exp.Replace():
            return _bound(node.this) * max(1, _bound_of(node.args.get("replacement")))
        case exp.RegexpReplace():
            return _replaced(node)
        case exp.TimeToStr():
            return 40 * _bound_of(node.args.get("format"))
        case exp.Anonymous() if node.name.lower() == "printf":
            pattern = str(node.expressions[0].name)
            widths = sum(int(width) for width in _WIDTH.findall(pattern))
            return widths + max(1, pattern.count("%")) * sum(map(_bound, node.expressions))
        case exp.ConcatWs():
            separator, *rest = [_bound(one) for one in node.expressions] or [0]
            return sum(rest) + separator * len(rest)
        case _:
            return sum(_bound(child) for child in node.iter_expressions())


def _replaced(node: exp.RegexpReplace) -> int:
    """Bound what `regexp_replace` makes: its matches share no character, but a match may be empty."""
    whole, replacement = _bound(node.this), node.args.get("replacement")
    if not isinstance(replacement, exp.Literal):
        return (whole + 1) * max(1, whole * _bound_of(replacement))
    references = len(_BACK_REFERENCE.findall(replacement.name))
    return whole * (1 + references + len(replacement.name) - 2 * references)


def _bound_of(node: exp.Expr | None) -> int:
    return _bound(node) if node is not None else 0


def _printfs(tree: exp.Expr) -> list[exp.Anonymous]:
    return [node for node in tree.find_all(exp.Anonymous) if node.name.lower() == "printf"]
