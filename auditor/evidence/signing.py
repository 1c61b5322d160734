"""Sign a statement on a sealed bundle: in-toto Statement v1 over the tag manifest, in a DSSE envelope.

The payload is canonical JSON; what is signed are those bytes. Ed25519 signatures are deterministic, so the same person
who states the same thing at the same time makes the same envelope.
"""

import base64

from auditor.cases.decisions import Decision
from auditor.cases.ledger import Head
from auditor.digests import canonical_json, rfc3339
from auditor.evidence.keys import SigningKey
from auditor.evidence.standalone.envelopes import (
    PAYLOAD_TYPE,
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    envelope_bytes,
    signed_bytes,
)
from auditor.evidence.standalone.layout import STATEMENT_VERSION, TAG_MANIFEST


def signed(decision: Decision, key: SigningKey, *, bundle: str, root: str, answers: str, head: Head) -> bytes:
    """Return the envelope of one step of a decision.

    `bundle` is the SHA-256 of the bundle's tag manifest, `root` that of the tree over its records, which redacted
    editions keep, `answers` the SHA-256 of the envelope that this one answers (empty for a proposal), `head` the ledger
    as it is before this step, which the signature thereby pins.
    """
    payload = canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": TAG_MANIFEST, "digest": {"sha256": bundle}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": _predicate(decision, key.public)
            | {"answers": answers, "ledger": head.model_dump(), "root": root},
        }
    )
    return envelope_bytes(payload, key.key_id, key.private.sign(signed_bytes(PAYLOAD_TYPE, payload)))


def _predicate(decision: Decision, public_key: bytes) -> dict[str, object]:
    return {
        "format_version": STATEMENT_VERSION,
        "step": decision.step,
        "case": decision.case_id,
        "by": {"name": decision.person, "key": base64.b64encode(public_key).decode()},
        "time": rfc3339(decision.time),
        "reason": decision.reason,
        "beyond": decision.beyond,
        "actions": [{"account": item.account, "action": str(item.action)} for item in decision.actions],
        "strikes": dict(decision.strikes),
    }
