"""Which column of a record a Sigma rule's field is: by a profile of a log format, by a map of one's own."""

from collections.abc import Mapping
from pathlib import Path

from auditor.errors import PolicyError, Problem
from auditor.policy.columns import column_named
from auditor.policy.files import read_bytes
from auditor.policy.messages import problem_at
from auditor.policy.yaml import LARGEST, MappingNode, ScalarNode, read_yaml
from auditor.records.profiles import load_profile

Columns = Mapping[str, str]


def columns_of(profile: str, map_file: Path | None) -> Columns:
    """Return columns by field: those that the profile takes as they stand, replaced and added to by the map.

    Raises UsageError for an unknown profile or file, PolicyError for a bad one.
    """
    columns = {tree.name: name for name, tree in load_profile(profile).columns.items() if tree.key == "column"}
    return {**columns, **(_mapped(map_file) if map_file else {})}


def _mapped(path: Path) -> dict[str, str]:
    node = read_yaml(read_bytes(path, LARGEST), str(path))
    if not isinstance(node, MappingNode):
        raise PolicyError.at(node.place, "no map, expected `field: column` lines", "write `ProcessName: event`")
    problems: list[Problem] = []
    found: dict[str, str] = {}
    for key, value in node.entries:
        name = value.text if isinstance(value, ScalarNode) else ""
        if column_named(name) is None:
            message = f"`{key.text[:60]}` is mapped to no column, expected the name of one"
            problems.append(problem_at(value.place, message, "the columns of a record are in docs/records.md"))
        found[key.text] = name
    if problems:
        raise PolicyError(problems)
    return found
