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
from functools import lru_cache
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
PLACE_FIELDS = (("source.id", "id"), ("source.length", "length"), ("source.line", "line"), ("source.offset", "offset"))
"""What is committed to of the place of a record, and what it is called there."""

_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_ESCAPE = re.compile(r"\\\\|\\u00[01][a-f]")


def group_of(column: str) -> str:
    """Return the group of a column of a record."""
    return GROUP_OF.get(column, REST)


def group_code(group: str) -> str:
    """Return a group's name at the fixed length in which it is hashed."""
    return group.ljust(CODE_WIDTH, ".")


_CODES = {group: group_code(group) for group in GROUPS}
_LEAF_ORDER = tuple((group, code, code.encode()) for group, code in _CODES.items())


def record_key(secret: str, source_id: str, line: int) -> str:
    """Return the key of a record, from the secret of its case; all are hexadecimal."""
    return hashlib.sha256(f"{secret}{source_id}{line:020}".encode()).hexdigest()


def salt_of(key: str, group: str) -> str:
    """Return the salt of one group of a record."""
    return hashlib.sha256((key + _CODES[group]).encode()).hexdigest()


def commitment_to(salt: str, text: str) -> str:
    """Return the commitment to a group's text."""
    return hashlib.sha256(_bytes_of_text(salt + text)).hexdigest()


def _bytes_of_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # half a pair can stand in a text of JSON


def leaf_of(commitments: Mapping[str, str]) -> bytes:
    """Return the leaf hash of a record from the commitments to its groups."""
    return leaf_hash(
        "".join(group_code(group) + commitments[group] for group in GROUPS if group in commitments).encode()
    )


def own_leaf(key: str, texts: Mapping[str, str]) -> bytes:
    """Return the leaf of a record of which everything is shown, from its key and the texts of its groups.

    The same as `leaf_of` over `commitment_to` and `salt_of`, in one loop: it runs millions of times.
    """
    made, found = hashlib.sha256, list[str]()
    keyed = made(key.encode())
    for group, code, code_bytes in _LEAF_ORDER:
        if group in texts:
            salt, text = keyed.copy(), texts[group]
            salt.update(code_bytes)
            commitment = made(salt.hexdigest().encode())
            commitment.update(text.encode() if text.isascii() else _bytes_of_text(text))
            found += (code, commitment.hexdigest())
    return leaf_hash("".join(found).encode())


def group_texts(line: Any) -> dict[str, str]:
    """Return what is committed to of a line of cited.jsonl or context.jsonl, by group: `name:bytes:value,` a field."""
    source, record = line["source"], line["record"]
    names, values = list(record), list(record.values())
    if "derived" in line:
        names += [DERIVED_FIELD + name for name in line["derived"]]
        values += line["derived"].values()
    names.append("findings")
    values.append(line["findings"])
    for name, field in PLACE_FIELDS:
        if source.get(field) is not None:
            names.append(name)
            values.append(source[field])
    texts = [
        value if type(value) is str else str(value) if type(value) is int else _value_text(value) for value in values
    ]
    if "".join(texts).isascii():
        said = [f"{name}:{len(text)}:{text}," for name, text in zip(names, texts, strict=True)]
    else:
        said = [f"{name}:{_size(text)}:{text}," for name, text in zip(names, texts, strict=True)]
    found = {}
    for group, first, others in _places(tuple(names), len(record)):
        found[group] = said[first] + "".join([said[place] for place in others]) if others else said[first]
    if source.get("sha256") is not None:
        found[BYTES] = f"sha256:{_size(source['sha256'])}:{source['sha256']},"
    return found


@lru_cache(1024)
def _places(names: tuple[str, ...], columns: int) -> list[tuple[str, int, list[int]]]:
    """Return which of the fields of a line are in each group, the first and the others in the order of their names.

    So many are columns of the record; of those after them, only what was derived can be in a group of its own.
    """
    found: dict[str, list[int]] = {}
    for place in sorted(range(len(names)), key=names.__getitem__):
        is_own = place < columns or names[place].startswith(DERIVED_FIELD)
        found.setdefault(GROUP_OF.get(names[place], REST) if is_own else REST, []).append(place)
    return [(group, places[0], places[1:]) for group, places in found.items()]


def _plain_json(value: Any) -> str:
    """Return JSON without white space; the findings of a record are a list like those of most others."""
    return "".join(_PLAIN.iterencode(value, _one_shot=True))


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(_bytes_of_text(text))


def _value_text(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    plain = _plain_json(value)
    if "\\" not in plain:
        return plain
    return _ESCAPE.sub(lambda found: found[0] if found[0] == r"\\" else found[0][:-1] + found[0][-1].upper(), plain)
