"""A Sigma condition as the `when` block of a native rule: named selections and a condition over them."""

from dataclasses import dataclass, field

from auditor.sigma.columns import Columns
from auditor.sigma.conditions import Condition, Either, Every, Never
from auditor.sigma.native_tests import Line, Value, line_of

Selection = dict[str, Value | list[Value]]


@dataclass
class WhenBlock:
    """Selections by name in the order of their first use; equal ones are written once."""

    columns: Columns
    prefix: str = "part"
    selections: dict[str, Selection] = field(default_factory=dict)

    def said(self, condition: Condition) -> str:
        """Return the condition in terms of selections, which are added. Raises UntranslatableError."""
        alone = self._selection(condition)
        if alone is not None:
            return self._named(alone)
        match condition:
            case Every(parts=parts):
                return " and ".join(self._nested(part) for part in self._gathered(parts))
            case Either(parts=parts):
                return " or ".join(self._nested(part) for part in parts)
            case Never(part=part):
                return f"not {self._nested(part)}"
            case _:
                raise AssertionError(f"a leaf is always a selection: {condition}")

    def _nested(self, condition: Condition) -> str:
        said = self.said(condition)
        return f"({said})" if " and " in said or " or " in said else said

    def _gathered(self, parts: tuple[Condition, ...]) -> list[Condition]:
        """Return the parts with those that make one selection together put into one."""
        together: list[Condition] = []
        others: list[Condition] = []
        for part in parts:
            fits = self._selection(Every((*together, part))) is not None
            (together if fits else others).append(part)
        return [Every(tuple(together)), *others] if together else others

    def _selection(self, condition: Condition) -> Selection | None:
        """Return the one selection that means the condition, or None."""
        match condition:
            case Every(parts=parts):
                return self._all_of(parts)
            case Either(parts=parts):
                return self._one_of(parts)
            case Never():
                return None
            case _:
                line = line_of(condition, self.columns)
                return {line.key: line.value}

    def _all_of(self, parts: tuple[Condition, ...]) -> Selection | None:
        joined: Selection = {}
        for part in parts:
            selection = self._selection(part)
            if selection is None or joined.keys() & selection.keys():
                return None
            joined |= selection
        return joined

    def _one_of(self, parts: tuple[Condition, ...]) -> Selection | None:
        lines: list[Line] = []
        for part in parts:
            if isinstance(part, Every | Either | Never):
                return None
            lines.append(line_of(part, self.columns))
        keys = {line.key for line in lines}
        if len(keys) != 1 or not lines[0].is_listable:
            return None
        values = list(dict.fromkeys(line.value for line in lines))
        return {lines[0].key: values if len(values) > 1 else values[0]}

    def _named(self, selection: Selection) -> str:
        for name, known in self.selections.items():
            if known == selection:
                return name
        name = f"{self.prefix}_{len(self.selections) + 1}"
        self.selections[name] = selection
        return name
