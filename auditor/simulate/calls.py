"""Model calls as rows: tokens, price, status, prompt and its template."""

from datetime import datetime
from random import Random

from auditor.simulate.cast import fingerprint, presence
from auditor.simulate.chance import CHAT, SMALL, Use, tokens
from auditor.simulate.model import Account, Row

PRICES = {"atlas-mini": (150, 600), "atlas-large": (2500, 10000), "atlas-reason": (15000, 60000)}
"""Nano-dollars a token, in and out, of the three models on offer."""

MODEL_RELEASES = {
    "atlas-mini": "2025-10-01T00:00:00Z",
    "atlas-large": "2025-12-03T00:00:00Z",
    "atlas-reason": "2026-04-14T00:00:00Z",
}
REQUESTS_PER_MINUTE = {"free": 3, "developer": 60, "business": 500, "enterprise": 5000}

SUBJECTS = (
    "the harbour timetable", "invoice 20{n}", "a letter to the landlord", "the unit test of parser {n}", "recipe {n}",
    "ticket {n}", "the minutes of meeting {n}", "a product text for item {n}", "chapter {n}", "the query of report {n}",
)  # fmt: skip
WORKS = ("Summarise", "Translate", "Rewrite", "Check", "Draft an answer to", "Explain", "Classify")


def ordinary_prompt(random: Random) -> tuple[str, str]:
    """Return a prompt as anybody asks it, and the name of its template."""
    work, subject = random.choice(WORKS), random.choice(SUBJECTS)
    return f"{work} {subject.format(n=random.randrange(1, 5000))}.", f"{work}/{subject}"


def call(
    random: Random,
    who: Account,
    time: datetime,
    *,
    use: Use = CHAT,
    model: str = "atlas-large",
    prompt: tuple[str, str] | None = None,
    key: int = 0,
    **columns: object,
) -> Row:
    """Return an answered call; `prompt` is its text and template name, `columns` replace or add what a row says."""
    text, template = prompt or ordinary_prompt(random)
    row: dict[str, object] = {
        **presence(who, time),
        "event": "completion",
        "api_key_id": who.keys[key],
        "model": model,
        "endpoint": "/v1/chat/completions",
        "input_tokens": tokens(random, use.tokens_in),
        "output_tokens": tokens(random, use.tokens_out),
        "max_output_tokens": 4096,
        "status": 200,
        "finish_reason": "stop",
        "latency_ms": round(random.lognormvariate(6.5, 0.6), 1),
        "prompt": text,
        "template_id": fingerprint(template),
    }
    row.update(columns)
    return {**row, "cost_usd": _price(row)}


def one_token(
    random: Random, who: Account, time: datetime, *, has_bias: bool, prompt: tuple[str, str] | None = None
) -> Row:
    """Return a call for one token with its log-probabilities, with a logit bias or without."""
    return call(
        random,
        who,
        time,
        use=SMALL,
        prompt=prompt,
        logit_bias=has_bias,
        top_logprobs=5,
        max_output_tokens=1,
        output_tokens=1,
        finish_reason="length",
    )


def refused(
    random: Random,
    who: Account,
    time: datetime,
    *,
    status: int = 429,
    code: str = "rate_limit_exceeded",
    model: str = "atlas-large",
    prompt: tuple[str, str] | None = None,
    key: int = 0,
) -> Row:
    """Return a refused call: no tokens out, no price."""
    text, template = prompt or ordinary_prompt(random)
    return {
        **presence(who, time),
        "event": "completion",
        "api_key_id": who.keys[key],
        "model": model,
        "endpoint": "/v1/chat/completions",
        "status": status,
        "error_code": code,
        "prompt": text,
        "template_id": fingerprint(template),
    }


def list_models(who: Account, time: datetime) -> Row:
    """Return a listing of the models on offer."""
    return {
        **presence(who, time),
        "event": "list_models",
        "api_key_id": who.keys[0],
        "endpoint": "/v1/models",
        "status": 200,
    }


def _price(row: dict[str, object]) -> float:
    price_in, price_out = PRICES[str(row["model"])]
    count_in, count_out = row["input_tokens"], row["output_tokens"]
    assert isinstance(count_in, int) and isinstance(count_out, int)
    return (count_in * price_in + count_out * price_out) / 1_000_000_000
