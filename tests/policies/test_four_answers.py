"""One log, four providers: output in bulk is prohibited, permitted, prohibited for images only, and approved."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # records hold values of every column's type

import pytest

from auditor.digests import digest_of, rfc3339
from tests.policies.audits import actions, audit_by, standings, write_log

START = datetime(2026, 6, 15, tzinfo=UTC)

APPROVALS = """
- account_id: text-collector
  conduct: distillation
  reason: Training of a moderation model, approved by contract 17
  approved_by: Partnerships
  expires: 2027-01-01
- account_id: text-collector
  conduct: limit-circumvention
  reason: Volume agreed in contract 17
  approved_by: Partnerships
  expires: 2027-01-01
- account_id: image-collector
  conduct: distillation
  reason: Training of a moderation model, approved by contract 17
  approved_by: Partnerships
  expires: 2027-01-01
"""


def collected() -> Iterator[dict[str, Any]]:
    """Yield 1,200 long answers of one account and 1,200 images of another, all different, within one day."""
    for number in range(1200):
        time = rfc3339(START + timedelta(seconds=60 * number))
        asked = {"time": time, "status": 200, "prompt_digest": digest_of(str(number).encode())}
        yield {**asked, "event": "completion", "account_id": "text-collector", "output_tokens": 1500}
        yield {**asked, "event": "image", "account_id": "image-collector"}


@pytest.mark.parametrize(
    ("pack", "text", "image"),
    [
        ("model-api", ("prohibited", "verify"), ("prohibited", "verify")),
        ("model-api-deepseek", ("permitted", "verify"), ("permitted", "none")),
        ("model-api-mistral", ("observed", "verify"), ("prohibited", "verify")),
        ("model-api-anthropic", ("approved", "none"), ("approved", "none")),
    ],
    ids=[
        "OpenAI prohibits both",
        "DeepSeek permits both, and the volume of text is a question of its own",
        "Mistral prohibits images only, and text is observed",
        "Anthropic prohibits what it has not approved, and it approved both",
    ],
)
def test_one_log_has_four_answers(pack: str, text: tuple[str, str], image: tuple[str, str], tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl", collected())
    approvals = tmp_path / "approvals.yml"
    approvals.write_text(APPROVALS)
    is_approved = pack == "model-api-anthropic"

    journey = audit_by(pack, log, tmp_path, approvals=approvals if is_approved else None)

    said, proposed = standings(journey, "distillation"), actions(journey)
    assert {"text-collector": text[0], "image-collector": image[0]} == said
    assert {"text-collector": text[1], "image-collector": image[1]} == proposed
