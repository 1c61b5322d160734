"""A native rule as YAML, every text quoted, so that nothing of a foreign rule can be read as syntax."""

from collections.abc import Mapping
from decimal import Decimal

from auditor.sigma.native_when import Selection


def rule_text(head: Mapping[str, object], selections: Mapping[str, Selection], condition: str,
              rest: Mapping[str, object]) -> str:  # fmt: skip
    """Return the text of a rule: its heading, the `when` block, and what comes after it."""
    lines = [f"{key}: {value_text(value)}" for key, value in head.items()]
    lines.append("when:")
    for name, selection in selections.items():
        lines.append(f"  {name}:")
        lines += [f"    {value_text(key)}: {value_text(value)}" for key, value in selection.items()]
    lines.append(f"  condition: {value_text(condition)}")
    lines += [f"{key}: {value_text(value)}" for key, value in rest.items()]
    return "\n".join(lines) + "\n"


def value_text(value: object) -> str:
    """Return a value as YAML 1.2 in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return format(Decimal(repr(value)), "f")
        case list():
            return "[" + ", ".join(value_text(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{value_text(key)}: {value_text(item)}" for key, item in value.items()) + "}"
        case _:
            return '"' + "".join(map(_sign, str(value))) + '"'


def _sign(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    return f"\\U{ord(sign):08x}"
