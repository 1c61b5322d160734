"""What of a record can be shown or withheld by itself, and the commitments that hold what is withheld to its word.

The fields of a record are divided into *disclosure groups*. Each group that a record has anything in is committed to:
SHA-256 over the group's salt and its fields. The commitments of a record make its leaf in an RFC 6962 tree. Salts come
from the record's key, which comes from the secret of the case, so that a withheld group can't be guessed, and the
others can be shown with their own salts. Everything that is hashed is text, its first part of fixed length.
"""

import hashlib
import json
import re
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
    "region": ("asn", "billing_country", "country", "network_kind", "owner_country"),
}  # fmt: skip
"""The fields of groups that an edition may withhold alone, by group, both sorted: columns of the record, and those that
were worked out from many records, marked so."""
REST, BYTES = "rest", "source"
"""The group of everything else that a line says, and that of the exact bytes; in a leaf both stand last."""
GROUPS = (*GROUP_FIELDS, REST, BYTES)
GROUP_OF = {field: group for group, fields in GROUP_FIELDS.items() for field in fields}
CODE_WIDTH = 12
DERIVED_FIELD = "derived."

_ESCAPE = re.compile(r"\\\\|\\u00[01][a-f]")


def group_of(column: str) -> str:
    """Return the group of a column of a record."""
    return GROUP_OF.get(column, REST)


def group_code(group: str) -> str:
    """Return a group's name at the fixed length in which it is hashed."""
    return group.ljust(CODE_WIDTH, ".")


_CODES = {group: group_code(group) for group in GROUPS}


def record_key(secret: str, source_id: str, line: int) -> str:
    """Return the key of a record, from the secret of its case; all are hexadecimal."""
    return hashlib.sha256(f"{secret}{source_id}{line:020}".encode()).hexdigest()


def salt_of(key: str, group: str) -> str:
    """Return the salt of one group of a record."""
    return hashlib.sha256((key + _CODES[group]).encode()).hexdigest()


def commitment_to(salt: str, text: str) -> str:
    """Return the commitment to a group's text."""
    return hashlib.sha256((salt + text).encode("utf-8", "surrogatepass")).hexdigest()


def leaf_of(commitments: Mapping[str, str]) -> bytes:
    """Return the leaf hash of a record from the commitments to its groups."""
    return leaf_hash(
        "".join(group_code(group) + commitments[group] for group in GROUPS if group in commitments).encode()
    )


def group_texts(line: Any) -> dict[str, str]:
    """Return what is committed to of a line of cited.jsonl or context.jsonl, by group: `name:bytes:value,` a field."""
    found: dict[str, str] = {}
    source = line["source"]
    rest = [("findings", _value_text(line["findings"]))]
    for name in ("id", "length", "line", "offset"):
        if source.get(name) is not None:
            rest.append((f"source.{name}", _value_text(source[name])))
    fields = list(line["record"].items())
    if "derived" in line:
        fields += [(DERIVED_FIELD + name, value) for name, value in line["derived"].items()]
    for name, value in sorted(fields):
        group, text = GROUP_OF.get(name), value if type(value) is str else _value_text(value)
        if group is None:
            rest.append((name, text))
        else:
            found[group] = found.get(group, "") + _field_text(name, text)
    found[REST] = "".join([_field_text(name, text) for name, text in sorted(rest)])
    if source.get("sha256") is not None:
        found[BYTES] = _field_text("sha256", source["sha256"])
    return found


def _field_text(name: str, value: str) -> str:
    size = len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    return f"{name}:{size}:{value},"


def _value_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return _ESCAPE.sub(lambda found: found[0] if found[0] == r"\\" else found[0][:-1] + found[0][-1].upper(), plain)
