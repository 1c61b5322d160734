"""Every key of a policy file, as its JSON Schema knows it, is in the reference that policy authors read."""

import re
from collections.abc import Iterator
from typing import Any  # a schema is nested JSON

import pytest

from auditor.policy.schema import KINDS, json_schema
from auditor.records.schema import COLUMNS, PROVENANCE_COLUMNS, READABLE_COLUMNS
from tests.docs.pages import page

REFERENCE = "docs/rules.md"
RECORDS = "docs/records.md"


def keys_of(schema: Any) -> Iterator[str]:
    """Yield every property name of a schema, however deep."""
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        yield from properties
        for value in schema.values():
            yield from keys_of(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from keys_of(item)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_policy_file_is_in_the_reference(kind: str) -> None:
    keys = set(keys_of(json_schema(kind))) - {*COLUMNS, *PROVENANCE_COLUMNS}

    assert keys
    assert {key for key in keys if f"{key}:" not in page(REFERENCE) and f"`{key}`" not in page(REFERENCE)} == set()


def test_every_column_is_in_the_record_contract() -> None:
    names = {*READABLE_COLUMNS, *PROVENANCE_COLUMNS}

    assert {name for name in names if not re.search(rf"\b{name}\b", page(RECORDS))} == set()
