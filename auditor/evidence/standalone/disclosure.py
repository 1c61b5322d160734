"""What of a record can be shown or withheld by itself, and the commitments that hold what is withheld to its word.

The fields of a record are divided into *disclosure groups*. Each group that a record has anything in is committed to:
SHA-256 over the group's salt and its fields, as a JSON object in its canonical form, or its exact bytes. The
commitments of a record make its leaf in an RFC 6962 tree. Salts come from the record's key, which comes from the secret
of the case, so that a withheld group can't be guessed, and the others can be shown with their own salts. A key and a
salt have 128 bits; of all input to a digest only the end has no fixed length.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from auditor.evidence.standalone.tree import leaf_hash

GROUP_FIELDS: dict[str, tuple[str, ...]] = {
    "account": ("account_id", "derived.cluster_id"),
    "address": ("client_ip",),
    "client": ("tls_fingerprint", "user_agent"),
    "contact": ("email_domain", "phone_digest"),
    "content": ("prompt", "response", "system_prompt"),
    "device": ("device_id",),
    "digest": (
        "derived.seed_similarity", "derived.template_group", "derived.template_id", "prompt_digest", "template_id",
    ),
    "extra": ("extra", "tags"),
    "identity": ("record_id",),
    "key": ("api_key_id",),
    "location": ("latitude", "longitude"),
    "organization": ("organization_id", "project_id"),
    "payment": ("payment_fingerprint",),
    "person": ("end_user_id", "session_id"),
    "region": ("asn", "billing_country", "country", "derived.network_kind", "network_kind", "owner_country"),
}  # fmt: skip
"""The fields of groups that an edition may withhold alone, by group, both sorted: columns of the record, and those that
were worked out from many records, marked so."""
REST, BYTES = "rest", "source"
"""The group of everything else that a line says, and that of the exact bytes."""
PAIRS = (
    ("account", "key"), ("identity", "organization"), ("address", "region"), ("client", "digest"),
    ("content", "person"), ("contact", "payment"), ("device", "location"), ("extra",), (REST, BYTES),
)  # fmt: skip
"""The groups whose salts are the two halves of one digest: those that most records have, with each other."""
GROUPS = tuple(group for pair in PAIRS for group in pair)
"""All groups in the order of a leaf, where the number of each stands before its commitment."""
GROUP_OF = {field: group for group, fields in GROUP_FIELDS.items() for field in fields}
KEY_DIGITS = 32
"""Hexadecimal digits of a record's key and of a salt."""
DERIVED_FIELD = "derived."
PLACE_FIELDS = ("id", "length", "line", "offset")
"""What is committed to of the place of a record, with `source.` before it."""

_CANONICAL = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_PLACES = {group: (pair, half) for pair, groups in enumerate(PAIRS) for half, group in enumerate(groups)}


def group_of(column: str) -> str:
    """Return the group of a column of a record."""
    return GROUP_OF.get(column, REST)


def record_key(secret: str, source_id: str, line: int) -> str:
    """Return the key of a record, from the secret of its case; all are hexadecimal."""
    return hashlib.sha256(f"{secret}{source_id}{line}".encode()).hexdigest()[:KEY_DIGITS]


def salt_of(key: str, group: str) -> str:
    """Return the salt of one group of a record: half of the digest of its pair."""
    pair, half = _PLACES[group]
    return hashlib.sha256(f"{key}{pair}".encode()).hexdigest()[KEY_DIGITS * half :][:KEY_DIGITS]


def commitment_to(salt: str, data: bytes) -> bytes:
    """Return the commitment to what a group says."""
    return hashlib.sha256(salt.encode() + data).digest()


def leaf_of(commitments: Mapping[str, bytes]) -> bytes:
    """Return the leaf hash of a record from the commitments to its groups."""
    found = [bytes((code,)) + commitments[group] for code, group in enumerate(GROUPS) if group in commitments]
    return leaf_hash(b"".join(found))


def own_leaf(key: str, said: Mapping[str, bytes]) -> bytes:
    """Return the leaf of a record of which everything is shown, from its key and what its groups say."""
    return leaf_of({group: commitment_to(salt_of(key, group), data) for group, data in said.items()})


def said_by_group(line: Any) -> dict[str, bytes]:
    """Return what is committed to of a line of cited.jsonl or context.jsonl, by group.

    Raises ValueError where the exact bytes can't be decoded.
    """
    source, found = line["source"], dict[str, dict[str, Any]]()
    for name, value in line["record"].items():
        found.setdefault(group_of(name), {})[name] = value
    for name, value in line.get("derived", {}).items():
        field = DERIVED_FIELD + name
        found.setdefault(group_of(field), {})[field] = value
    rest = found.setdefault(REST, {})
    rest["findings"] = line["findings"]
    rest.update({f"source.{name}": source[name] for name in PLACE_FIELDS if source.get(name) is not None})
    said = {group: canonical(fields) for group, fields in found.items()}
    data = exact_bytes(source)
    return said if data is None else {**said, BYTES: data}


def exact_bytes(source: Mapping[str, Any]) -> bytes | None:
    """Return the exact bytes that are quoted of a record, None where there are none; raises ValueError."""
    text, encoded = source.get("text"), source.get("base64")
    if text is None and encoded is None:
        return None
    if text is not None:
        if not isinstance(text, str):
            raise ValueError("no text")
        return text.encode()
    return base64.b64decode(str(encoded), validate=True)


def canonical(value: Any) -> bytes:
    """Return a JSON value in the one form in which it is committed to: sorted keys, no white space, UTF-8."""
    return _CANONICAL.encode(value).encode("utf-8", "surrogatepass")  # half a pair can stand in a text of JSON
