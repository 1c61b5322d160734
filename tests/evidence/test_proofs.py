"""Trees and their proofs are those of RFC 6962: every vector of transparency-dev/merkle is judged as it says."""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from auditor.evidence.standalone.tree import leaf_hash, node_hash, root_of
from tests.evidence.proofs import is_consistent, is_consistent_part, is_included, is_included_in_part

VECTORS = Path(__file__).parents[1] / "data" / "rfc6962.jsonl"
ALL = 518
"""The extract holds all of them, a line each, with the path that it has in the original folder."""


def vectors() -> list[dict[str, Any]]:
    """Read the vectors."""
    return [json.loads(line) for line in VECTORS.read_text().splitlines()]


def decoded(text: str) -> bytes:
    """Read a hash; the vectors leave a field out where it is empty."""
    return base64.b64decode(text or "")


def judged(kind: str, given: dict[str, Any]) -> bool:
    """Ask for the verdict on one vector."""
    proof = [decoded(item) for item in given.get("proof") or []]

    def number(name: str) -> int:
        return int(given.get(name, 0))

    def value(name: str) -> bytes:
        return decoded(given.get(name, ""))

    match kind:
        case "inclusion":
            return is_included(value("leafHash"), number("leafIdx"), number("treeSize"), proof, value("root"))
        case "consistency":
            sizes = (number("size1"), number("size2"))
            return is_consistent(*sizes, value("root1"), value("root2"), proof)
        case "subtreeinclusion":
            place = (number("leafIdx"), number("start"), number("end"))
            return is_included_in_part(value("leafHash"), *place, proof, value("root"))
        case _:
            place = (number("start"), number("end"), number("size"))
            return is_consistent_part(*place, value("root1"), value("root2"), proof)


def test_every_vector_is_judged_as_it_says() -> None:
    wrong = [
        item["path"]
        for item in vectors()
        if judged(item["path"].split("/")[0], item["vector"]) is bool(item["vector"].get("wantErr"))
    ]

    assert (len(vectors()), wrong) == (ALL, [])


@pytest.mark.skipif("AUDITOR_REFERENCE_DATA" not in os.environ, reason="needs the folder of reference data")
def test_extract_holds_the_original_vectors() -> None:
    folder = Path(os.environ["AUDITOR_REFERENCE_DATA"]) / "conformance" / "rfc6962-testdata"

    original = {path.relative_to(folder).as_posix(): json.loads(path.read_text()) for path in folder.rglob("*.json")}

    assert original == {item["path"]: item["vector"] for item in vectors()}


@pytest.mark.parametrize("size", [*range(20), 1000])
def test_root_is_what_the_recursive_definition_gives(size: int) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]

    assert defined_root(leaves) == root_of(b"".join(leaves))


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))
