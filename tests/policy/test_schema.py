"""The JSON Schemas: complete, closed, and accepting what the loader accepts."""

import json
import re
from typing import Any  # JSON Schema is JSON

import pytest
import yaml

from auditor.errors import UsageError
from auditor.policy.load import shipped_policies
from auditor.policy.rule_reader import KEYS
from auditor.policy.schema import DIALECT, KINDS, json_schema
from tests.policy.test_documentation import EXAMPLES


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Judge a value by the part of JSON Schema that ours use (a small, separate reading of the standard)."""
    if "anyOf" in schema:
        return any(fits(value, option) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    types = schema.get("type", [])
    if types and not any(_is(value, kind) for kind in ([types] if isinstance(types, str) else types)):
        return False
    if isinstance(value, str):
        return "pattern" not in schema or re.search(schema["pattern"], value) is not None
    if isinstance(value, list):
        enough = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        return enough and all(fits(item, schema.get("items", {})) for item in value)
    if isinstance(value, dict):
        return all(key in value for key in schema.get("required", [])) and all(
            _entry_fits(key, item, schema) for key, item in value.items()
        )
    return True


def _is(value: Any, kind: str) -> bool:
    kinds: dict[str, Any] = {
        "string": str, "number": (int, float), "integer": int, "boolean": bool, "array": list, "object": dict,
        "null": type(None),
    }  # fmt: skip
    return isinstance(value, kinds[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _entry_fits(key: str, item: Any, schema: dict[str, Any]) -> bool:
    if key in schema.get("properties", {}):
        return fits(item, schema["properties"][key])
    for pattern, part in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return fits(item, part)
    others = schema.get("additionalProperties", True)
    return fits(item, others) if isinstance(others, dict) else bool(others)


def load(text: str) -> Any:
    """Read YAML with dates as text."""
    return yaml.load(text, Loader=yaml.BaseLoader if "NO" in text else _Loader)


class _Loader(yaml.SafeLoader):
    """Safe YAML without dates."""


_Loader.yaml_implicit_resolvers = {
    sign: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for sign, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_json_and_names_its_dialect(kind: str) -> None:
    schema = json.loads(json.dumps(json_schema(kind)))

    assert schema["$schema"] == DIALECT
    assert f"auditor {kind} file" == schema["title"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [(kind, text) for kind, text in EXAMPLES if kind != "part"],
    ids=[kind for kind, _ in EXAMPLES if kind != "part"],
)
def test_examples_of_the_documentation_fit_their_schema(kind: str, text: str) -> None:
    assert fits(load(text), json_schema(kind))


@pytest.mark.parametrize(
    "text", [text for kind, text in EXAMPLES if kind == "part"], ids=lambda text: text.split("\n")[0]
)
def test_parts_of_rules_fit_the_schema_of_a_rule(text: str) -> None:
    schema = {**json_schema("rule"), "required": []}

    assert fits(load(text), schema)


def test_shipped_files_fit_their_schemas() -> None:
    kinds = {"packs": "pack", "terms": "terms"}
    for path in sorted(shipped_policies().rglob("*.yml")):
        folder = path.relative_to(shipped_policies()).parts[0]
        text = path.read_text(encoding="utf-8")
        kind = kinds.get(folder, "links" if folder.startswith("links") else "ladder")
        if folder == "rules":
            kind = "cases" if path.name.endswith(".cases.yml") else "rule"
        elif folder.endswith("lists"):
            kind = "exemption" if "\nexemption:" in f"\n{text}" else "list"
        assert fits(load(text), json_schema(kind)), path.name


@pytest.mark.parametrize(
    "change",
    [{"level": "sever"}, {"extra": 1}, {"within": "1M"}, {"sequence": {"steps": ["a"], "within": "1m"}},
     {"when": {"x": {"nope": 1}}}, {"when": {"x": {"plan|lower": 1}}}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_schema_refuses_what_an_editor_should_mark(change: dict[str, Any]) -> None:
    rule = load(next(text for kind, text in EXAMPLES if kind == "rule"))

    assert not fits({**rule, **change}, json_schema("rule"))


def test_the_schema_of_a_rule_knows_every_key() -> None:
    assert set(KEYS) == set(json_schema("rule")["properties"])


def test_an_unknown_kind_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="unknown kind of file `rules`"):
        json_schema("rules")
