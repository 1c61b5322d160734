"""From files to documents: every YAML document of the rule files as plain values, with its place, sorted by kind."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any  # YAML values

from auditor.errors import Place, PolicyError, Problem, UsageError
from auditor.policy.files import CASES_SUFFIXES, SUFFIXES, read_bytes
from auditor.policy.messages import problem_at
from auditor.policy.yaml import LARGEST, MappingNode, ScalarNode, SequenceNode, YamlNode, read_yaml_documents
from auditor.sigma.model import Refusal

_MEANING = ("title", "id", "name", "logsource", "detection", "correlation", "filter")
"""The keys that decide what a rule does; dates, tags and authors can't make it unusable."""


@dataclass(frozen=True)
class Document:
    """One YAML document: the keys that matter to pySigma, and the level."""

    place: Place
    kind: str
    content: dict[str, Any]
    title: str
    level: str


def rule_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the rule files to read: those named, and all YAML files below folders, by name.

    Raises UsageError for a path that does not exist and for a folder without rules.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = sorted(item for item in path.rglob("*") if _is_rule_file(item))
            if not below:
                raise UsageError.at(str(path), "no YAML file in the folder", "name a folder of Sigma rules")
            files.extend(below)
        elif path.is_file():
            files.append(path)
        else:
            raise UsageError.at(str(path), "no such file or folder", "check the path")
    return tuple(files)


def read_documents(files: Iterable[Path], refused: list[Refusal]) -> tuple[Document, ...]:
    """Return every rule document of the files; what is none goes to `refused`."""
    return tuple(document for path in files for document in documents_of(_bytes(path, refused), str(path), refused))


def documents_of(data: bytes, file: str, refused: list[Refusal]) -> tuple[Document, ...]:
    """Return the rule documents of one text; what is none goes to `refused`."""
    try:
        nodes = read_yaml_documents(data, file) if data else ()
    except PolicyError as error:
        refused.extend(Refusal(Path(file).name, problem) for problem in error.problems)
        return ()
    return tuple(_documents(nodes, Path(file).name, refused))


def plain(node: YamlNode) -> Any:
    """Return a node as dictionaries, lists and plain values, as pySigma takes them."""
    match node:
        case MappingNode(entries=entries):
            return {key.text: plain(value) for key, value in entries}
        case SequenceNode(items=items):
            return [plain(item) for item in items]
        case ScalarNode(value=Decimal() as number):
            return float(number)
        case ScalarNode(value=value):
            return value


def _bytes(path: Path, refused: list[Refusal]) -> bytes:
    try:
        return read_bytes(path, LARGEST)
    except (PolicyError, UsageError) as error:
        refused.extend(Refusal(path.name, problem) for problem in error.problems)
        return b""


def _documents(nodes: Iterable[YamlNode], file: str, refused: list[Refusal]) -> Iterator[Document]:
    for node in nodes:
        content = plain(node) if isinstance(node, MappingNode) else {}
        title = content.get("title")
        shown = title if isinstance(title, str) else file
        fault = _fault(node, content)
        if fault is not None:
            refused.append(Refusal(shown, fault))
            continue
        kind = next(kind for kind in ("correlation", "filter", "detection") if kind in content)
        level = content.get("level")
        kept = {key: value for key, value in content.items() if key in _MEANING}
        yield Document(node.place, kind, kept, shown, level if isinstance(level, str) else "")


def _fault(node: YamlNode, content: dict[str, Any]) -> Problem | None:
    if not content:
        return problem_at(node.place, "no map of keys, expected a Sigma rule", "see the Sigma rules specification")
    if "action" in content:
        return problem_at(node.place, "an `action`, expected a whole rule", "write the shared part into every rule")
    if not {"detection", "correlation", "filter"} & content.keys():
        found = "neither `detection` nor `correlation` nor `filter`, expected one of them"
        return problem_at(node.place, found, "see the Sigma rules specification")
    return None


def _is_rule_file(path: Path) -> bool:
    return path.name.endswith(SUFFIXES) and not path.name.endswith(CASES_SUFFIXES) and path.is_file()
