"""DSSE envelopes that hold one in-toto Statement v1 and one Ed25519 signature, in one exact form.

An envelope is one line of JSON with its keys in order and no white space, so that no byte of it can change unseen. The
statement names its signer's public key: by that it can be seen to be whole, which says nothing about who made it.
"""

import base64
import hashlib
import json
from typing import Any, NamedTuple

from auditor.evidence.standalone.ed25519 import is_signed
from auditor.evidence.standalone.publickeys import key_id_of
from auditor.evidence.standalone.reading import UnreadableError, field_of, list_of, parsed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:auditor:attestation:1"


class Envelope(NamedTuple):
    """A statement as it was signed; `digest` is the SHA-256 of the whole envelope's bytes."""

    digest: str
    subject: str
    predicate: Any
    public_key: bytes
    is_signed: bool


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """Return what a DSSE signature is made over: PAE of the DSSE protocol, version 1."""
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)


def envelope_bytes(payload: bytes, key_id: str, signature: bytes) -> bytes:
    """Return the one form of an envelope."""
    return (
        f'{{"payload":"{base64.b64encode(payload).decode()}","payloadType":"{PAYLOAD_TYPE}",'
        f'"signatures":[{{"keyid":"{key_id}","sig":"{base64.b64encode(signature).decode()}"}}]}}\n'
    ).encode()


def envelope_in(data: bytes) -> Envelope:
    """Return the statement in an envelope. Raises UnreadableError saying why there is none."""
    document = parsed(data)
    [signature] = list_of(document, "signatures") if len(list_of(document, "signatures")) == 1 else [None]
    payload, signed = _decoded(field_of(document, "payload")), _decoded(field_of(signature, "sig"))
    key_id = field_of(signature, "keyid")
    if not isinstance(key_id, str) or envelope_bytes(payload, json.dumps(key_id)[1:-1], signed) != data:
        raise UnreadableError("is not one signed statement in the one form that an envelope has")
    statement = parsed(payload)
    kinds = (field_of(statement, "_type"), field_of(statement, "predicateType"))
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE) or len(list_of(statement, "subject")) != 1:
        raise UnreadableError(f"is not an in-toto Statement v1 of type {PREDICATE_TYPE} with one subject")
    predicate = field_of(statement, "predicate")
    public_key = _decoded(field_of(predicate, "by", "key"))
    if key_id != key_id_of(public_key):
        raise UnreadableError("its keyid is not the SHA-256 of the public key that the statement names")
    return Envelope(
        digest=hashlib.sha256(data).hexdigest(),
        subject=str(field_of(list_of(statement, "subject")[0], "digest", "sha256")),
        predicate=predicate,
        public_key=public_key,
        is_signed=is_signed(public_key, signed_bytes(PAYLOAD_TYPE, payload), signed),
    )


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError:
        raise UnreadableError("holds something that is no base64") from None
