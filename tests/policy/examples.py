"""Small policy texts for tests: a rule of which a test writes only the keys that it is about."""

from auditor.errors import AuditorError
from auditor.policy.load import load_rule_text
from auditor.policy.rule import Rule, ValueList
from auditor.policy.yaml import MappingNode, read_yaml

BASE = {
    "id": "id: 0c6f0f0e-6f0b-4a57-9a53-0a4f6a1f3b11",
    "title": "title: A rule",
    "conduct": "conduct: distillation",
    "strength": "strength: inferential",
    "family": "family: content",
    "when": "when: {asked: {event: completion}}",
}


def rule_text(part: str = "") -> str:
    """Return a whole rule: the given keys first, then those of the base that it doesn't name."""
    named = {key.text for key, _ in node.entries} if isinstance(node := _map(part), MappingNode) else set()
    named |= {"when"} if "composite" in named else set()
    return "\n".join([part, *(line for key, line in BASE.items() if key not in named)])


def rule_of(part: str = "", lists: tuple[ValueList, ...] = ()) -> Rule:
    """Load a rule from the keys that a test is about."""
    return load_rule_text(rule_text(part), name="rule", lists=lists)


def message_of(error: AuditorError) -> str:
    """Return the problems of an error, a line each."""
    return "\n".join(f"{problem.place}: {problem.message}" for problem in error.problems)


def _map(part: str) -> MappingNode | None:
    node = read_yaml(part.encode(), "part") if part.strip() else None
    return node if isinstance(node, MappingNode) else None
