"""YAML as policies may use it: a small, safe part of YAML 1.2, with the place of every node.

The tree is built from the parser's event stream, never by recursion, so that nesting can't exhaust the stack (the C
loader crashes the interpreter on 100,000 nested brackets). Refused: deep nesting, anchors and aliases (their
expansion is exponential), tags, duplicate keys, several documents, large files. Plain scalars follow the YAML 1.2
core schema: `NO` and dates stay text, `010` is ten, and numbers are int or Decimal, never floating point.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any  # PyYAML's events and marks are untyped

import yaml

from auditor.errors import Place, PolicyError, Problem
from auditor.policy.messages import problem_at

DEEPEST = 32
LARGEST = 1 << 20
"""Bytes of a policy file; lists and platform facts may be `LARGEST_LIST`."""
LARGEST_LIST = 16 << 20

ScalarValue = str | bool | int | Decimal | None

_PARSER_DEPTH = "maximum nesting depth"
"""What libyaml says of brackets far beyond `DEEPEST`, which it scans ahead of its events (since 0.2.6)."""
_QUOTE = "quote a text that starts with `*`, `&`, `%` or `@`"
_ALIAS_CONTEXTS = frozenset({"while scanning an alias", "while scanning an anchor"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_BASED = re.compile(r"0x[0-9a-fA-F]{1,16}|0o[0-7]{1,21}")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,2})?")


@dataclass(frozen=True)
class ScalarNode:
    """A single value: its text as written (quotes resolved) and what it stands for."""

    place: Place
    text: str
    value: ScalarValue
    content: Place
    """Where the text begins, after a quote; without a column if the text runs over several lines."""


@dataclass(frozen=True)
class SequenceNode:
    """A list."""

    place: Place
    items: tuple["YamlNode", ...]


@dataclass(frozen=True)
class MappingNode:
    """A map, in the order of the file; keys are unique."""

    place: Place
    entries: tuple[tuple[ScalarNode, "YamlNode"], ...]


YamlNode = ScalarNode | SequenceNode | MappingNode


@dataclass
class _Open:
    """A collection whose end has not been read yet."""

    place: Place
    is_map: bool
    nodes: list[YamlNode]


def read_yaml(data: bytes, file: str, *, largest: int = LARGEST) -> YamlNode:
    """Return the one document of a file as a tree.

    Raises PolicyError with every problem found, at least with the first that stops reading.
    """
    text = _decoded(data, file, largest)
    problems: list[Problem] = []
    root = _tree(_events(text, file), file, problems)
    if problems:
        raise PolicyError(sorted(problems))
    return root


def read_yaml_documents(data: bytes, file: str, *, largest: int = LARGEST) -> tuple[YamlNode, ...]:
    """Return the documents of a file, each as a tree; empty ones are left out.

    Raises PolicyError with every problem of the first document that has any.
    """
    text = _decoded(data, file, largest)
    documents: list[YamlNode] = []
    events: list[Any] = []
    for event in _events(text, file):
        events.append(event)
        if isinstance(event, yaml.DocumentEndEvent):
            problems: list[Problem] = []
            documents.append(_tree(iter(events), file, problems))
            if problems:
                raise PolicyError(sorted(problems))
            events = []
    return tuple(node for node in documents if not isinstance(node, ScalarNode) or node.value is not None)


def resolved_scalar(text: str) -> ScalarValue:
    """Return what a plain scalar stands for in the YAML 1.2 core schema, numbers exact."""
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text[2:], 16 if text[1] == "x" else 8)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


def shifted(place: Place, characters: int) -> Place:
    """Return the place so many characters further on; a place without a column stays."""
    return Place(place.file, place.line, place.column + characters) if place.column else place


def _decoded(data: bytes, file: str, largest: int) -> str:
    if len(data) > largest:
        found = f"file of {len(data)} bytes, expected at most {largest}"
        raise PolicyError.at(Place(file), found, "split the file, or move long lists into files of their own")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_in(file, data[: error.start].decode("utf-8-sig", "replace"))
        found = f"byte 0x{data[error.start]:02x} is not UTF-8, expected UTF-8 text"
        raise PolicyError.at(place, found, "save the file as UTF-8") from None
    if bad := _FORBIDDEN.search(text):
        found = f"control character U+{ord(bad.group()):04X}, expected printable text"
        raise PolicyError.at(_place_in(file, text[: bad.start()]), found, 'write it as an escape in "double quotes"')
    return text


def _place_in(file: str, before: str) -> Place:
    lines = re.split("\r\n|\r|\n", before)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _events(text: str, file: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise PolicyError([_syntax_problem(error, _place(mark, file) if mark else Place(file), text)]) from None
    except yaml.YAMLError as error:
        found = f"text that is not YAML ({_one_line(str(error))}), expected YAML"
        raise PolicyError.at(Place(file), found, "check quotes, brackets and indentation") from None


def _syntax_problem(error: yaml.MarkedYAMLError, place: Place, text: str) -> Problem:
    if _PARSER_DEPTH in (error.problem or ""):
        return _too_deep(place)
    lines = re.split("\r\n|\r|\n", text)
    line = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return problem_at(place, "tab in the indentation, expected spaces", "replace tabs by spaces")
    reason = _one_line(", ".join(part for part in (error.context, error.problem) if part))
    sign = line[place.column - 1 : place.column]
    if error.context in _ALIAS_CONTEXTS or sign in {"%", "@", "`"}:
        return problem_at(place, f"text that is not YAML ({reason}), expected YAML", _QUOTE)
    return problem_at(
        place, f"text that is not YAML ({reason}), expected YAML", "check quotes, brackets and indentation"
    )


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _place(mark: Any, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


def _tree(events: Iterator[Any], file: str, problems: list[Problem]) -> YamlNode:
    """Build the tree with an explicit stack; a collection is added to its parent when it closes."""
    root: YamlNode | None = None
    stack: list[_Open] = []
    for event in events:
        node: YamlNode | None = None
        match event:
            case yaml.ScalarEvent():
                node = _scalar(event, file, problems)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                stack.append(_opened(event, file, len(stack), problems))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                node = _closed(stack.pop(), problems)
            case yaml.AliasEvent():
                _refuse_alias(event, file)
            case yaml.DocumentStartEvent() if root is not None:
                found = "a second document, expected one document a file"
                raise PolicyError.at(_place(event.start_mark, file), found, "move it into a file of its own")
            case _:
                pass
        if node is not None and stack:
            stack[-1].nodes.append(node)
        elif node is not None:
            root = node
    if root is None:
        raise PolicyError.at(Place(file), "an empty file, expected YAML", "fill the file or delete it")
    return root


def _scalar(event: Any, file: str, problems: list[Problem]) -> ScalarNode:
    place = _place(event.start_mark, file)
    _check_properties(event, place, problems)
    is_plain = event.style is None or event.style == ""
    content = Place(file, place.line, place.column + (0 if is_plain else 1))
    if event.end_mark.line > event.start_mark.line:
        content = Place(file, place.line)
    return ScalarNode(place, event.value, resolved_scalar(event.value) if is_plain else event.value, content)


def _opened(event: Any, file: str, depth: int, problems: list[Problem]) -> _Open:
    place = _place(event.start_mark, file)
    if depth >= DEEPEST:
        raise PolicyError([_too_deep(place)])
    _check_properties(event, place, problems)
    return _Open(place, isinstance(event, yaml.MappingStartEvent), [])


def _too_deep(place: Place) -> Problem:
    found = f"nesting deeper than {DEEPEST} levels, expected a flat structure"
    return problem_at(place, found, "remove brackets or indentation levels")


def _closed(collection: _Open, problems: list[Problem]) -> YamlNode:
    nodes = collection.nodes
    if not collection.is_map:
        return SequenceNode(collection.place, tuple(nodes))
    seen: dict[str, ScalarNode] = {}
    entries: list[tuple[ScalarNode, YamlNode]] = []
    for key, value in zip(nodes[::2], nodes[1::2], strict=True):
        if not isinstance(key, ScalarNode):
            problems.append(
                problem_at(key.place, "a list or map as a key, expected text", "quote the key or reshape it")
            )
        elif key.text in seen:
            first = seen[key.text].place.line
            found = f"key `{_shown(key.text)}` a second time, expected it once (first on line {first})"
            problems.append(problem_at(key.place, found, "merge the two entries or rename one"))
        else:
            seen[key.text] = key
            entries.append((key, value))
    return MappingNode(collection.place, tuple(entries))


def _check_properties(event: Any, place: Place, problems: list[Problem]) -> None:
    if event.anchor:
        problems.append(problem_at(place, f"anchor `&{event.anchor}`, expected plain YAML", "write the value out"))
    if event.tag:
        found = f"tag `{_shown(event.tag)}`, expected plain YAML"
        problems.append(problem_at(place, found, "remove the tag; quote the value if it is text"))


def _refuse_alias(event: Any, file: str) -> None:
    found = f"alias `*{event.anchor}`, expected plain YAML"
    raise PolicyError.at(_place(event.start_mark, file), found, f"write the value out; {_QUOTE}")


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
