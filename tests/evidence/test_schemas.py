"""The schemas that bundles carry describe the documents as they are."""

import json
from importlib.resources import files

import pytest

from auditor.evidence.documents import SCHEMAS
from auditor.policy.conditions import Node


def schema_text(model: type[Node]) -> str:
    """Return the file that describes a document."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema()
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_shipped_schema_describes_its_document(name: str) -> None:
    shipped = files("auditor.evidence").joinpath("schemas", f"{name}.json").read_text()

    expected = schema_text(SCHEMAS[name])

    assert json.loads(expected) == json.loads(shipped)
