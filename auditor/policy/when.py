"""The `when` block of a rule: selections, the condition over them, and which of them are used."""

from dataclasses import dataclass, field

from auditor.errors import Place
from auditor.policy.condition_parser import parse_condition
from auditor.policy.conditions import All, Condition, SelectionRef, selections_of
from auditor.policy.fields import Fields, Problems, kind_of, nearest
from auditor.policy.lists import Lists
from auditor.policy.selections import read_selections
from auditor.policy.yaml import MappingNode, ScalarNode
from auditor.records.values import shown

_NOTHING = SelectionRef(name="")


@dataclass
class When:
    """What a `when` block says; `used` collects the selections that anything refers to."""

    names: dict[str, Place] = field(default_factory=dict)
    selections: dict[str, Condition] = field(default_factory=dict)
    condition: Condition = _NOTHING
    condition_node: ScalarNode | None = None
    used: set[str] = field(default_factory=set)

    def use(self, name: str, place: Place, what: str, problems: Problems) -> bool:
        """Note that a selection is used; an unknown one is a problem."""
        if name in self.names:
            self.used.add(name)
            return True
        options = ", ".join(self.names) or "none"
        problems.add(place, f"{what} names {shown(name)}, expected a selection: {options}",
                     nearest(name, self.names, "name a selection of `when`"))  # fmt: skip
        return False

    def refuse_unused(self, problems: Problems) -> None:
        """Note every selection that nothing refers to."""
        for name, place in self.names.items():
            if name not in self.used:
                places = "`condition`, `sequence`, `absent` or `against`"
                found = f"selection {shown(name)} is never used, expected it in {places}"
                problems.add(place, found, "use it or delete it")


def read_when(fields: Fields, lists: Lists) -> When:
    """Read the `when` block of a rule; the condition of a sequence is left to its steps."""
    node = fields.required("when")
    if not isinstance(node, MappingNode):
        if node is not None:
            found = f"`when` is {kind_of(node)}, expected named selections"
            fields.problems.add(node.place, found, "write `when: {name: {column: value}}`")
        return When()
    when = When(names={key.text: key.place for key, _ in node.entries if key.text != "condition"})
    when.selections = read_selections(node, lists, fields.problems)
    if not when.names:
        found = "`when` without a selection, expected at least one"
        fields.problems.add(node.place, found, "add `name: {column: value}`")
        return when
    when.condition_node = _condition_node(node, fields.problems)
    if fields.node("sequence") is None:
        _read_condition(when, node.place, fields.problems, _looked_for(fields))
    return when


def _looked_for(fields: Fields) -> str:
    """Return the selection of `absent`, which does not belong to the condition of a rule that states none."""
    block = fields.node("absent")
    entries = block.entries if isinstance(block, MappingNode) else ()
    return next((value.text for key, value in entries if key.text == "selection" and isinstance(value, ScalarNode)), "")


def _condition_node(node: MappingNode, problems: Problems) -> ScalarNode | None:
    for key, value in node.entries:
        if key.text == "condition":
            if isinstance(value, ScalarNode) and value.text.strip():
                return value
            problems.add(value.place, f"`condition` is {kind_of(value)}, expected one line of text",
                         "join the parts with `and` and `or`")  # fmt: skip
    return None


def _read_condition(when: When, place: Place, problems: Problems, looked_for: str) -> None:
    text, start = ("all of them", place) if when.condition_node is None else (
        when.condition_node.text, when.condition_node.content)  # fmt: skip
    apart = looked_for if when.condition_node is None and len(when.names) > 1 else ""
    names = tuple(name for name in when.names if name != apart)
    condition = problems.attempt(lambda: parse_condition(text, names, start))
    when.used |= selections_of(condition) if condition is not None else set(when.names)
    whole = set(when.selections) == set(when.names)
    when.condition = condition if condition is not None and whole else _placeholder(when)


def _placeholder(when: When) -> Condition:
    """Return some condition that refers only to what could be read, for a rule that is refused anyway."""
    refs = tuple(SelectionRef(name=name) for name in when.selections)
    return All(parts=refs) if refs else _NOTHING
