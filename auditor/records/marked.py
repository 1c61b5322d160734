"""YAML read with the place of every value, and refused before it can hurt.

PyYAML's composer is recursive and its C loader crashes on deep nesting, so size, depth and aliases are judged on the
event stream first. Duplicate keys are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from auditor.errors import Place, PolicyError

MAX_BYTES = 1 << 20
MAX_DEPTH = 12


@dataclass(frozen=True)
class Marked:
    """A value and where it stands; mappings hold `Marked` values by key, lists are tuples of `Marked`."""

    value: "str | Mapping[str, Marked] | tuple[Marked, ...]"
    place: Place


def load_marked(data: bytes, file: str) -> Marked:
    """Return a YAML document as marked text, mappings and lists. Raises PolicyError."""
    hint = "write one plain YAML document; see the profile documentation"
    if len(data) > MAX_BYTES:
        raise PolicyError.at(Place(file), f"found {len(data)} bytes, expected at most {MAX_BYTES}", hint)
    try:
        text = data.decode("utf-8-sig")
        _events_must_be_tame(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise PolicyError.at(Place(file), f"found a byte that is no UTF-8 at {error.start}", hint) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        raise PolicyError.at(place, f"found broken YAML: {(error.problem or 'unreadable').rstrip('.')}", hint) from None
    except yaml.YAMLError:
        raise PolicyError.at(Place(file), "found characters that YAML does not allow", hint) from None
    if node is None:
        raise PolicyError.at(Place(file), "found an empty document, expected a mapping", hint)
    return _marked(node, file)


def _events_must_be_tame(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mark = event.start_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        if isinstance(event, yaml.AliasEvent):
            raise PolicyError.at(place, "found an alias, expected plain values", "write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise PolicyError.at(place, f"found more than {MAX_DEPTH} levels of nesting", "flatten the document")


def _marked(node: yaml.Node, file: str) -> Marked:
    place = Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return Marked(_mapping(node, file), place)
    if isinstance(node, yaml.SequenceNode):
        return Marked(tuple(_marked(item, file) for item in node.value), place)
    return Marked(str(node.value), place)


def _mapping(node: yaml.MappingNode, file: str) -> dict[str, Marked]:
    found: dict[str, Marked] = {}
    for key, value in node.value:
        place = Place(file, key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, yaml.ScalarNode):
            raise PolicyError.at(place, "found a key that is no text", "use plain words as keys")
        if key.value in found:
            raise PolicyError.at(place, f"found the key `{key.value}` twice, expected it once", "remove one of them")
        found[key.value] = _marked(value, file)
    return found
