"""One customer's own gateway export, in LiteLLM's spend-log format: a second source with fewer columns."""

from datetime import timedelta

from auditor.digests import rfc3339
from auditor.simulate import cast, chance
from auditor.simulate.model import Label, Row, Scene, Stage


def gateway(stage: Stage) -> Scene:
    """Return rows as `LiteLLM_SpendLogs` has them, of one ordinary customer."""
    random = stage.random
    who = cast.account(stage, "hosting", plan="business")
    cycle = chance.daily_cycle(peak_hour=13, ratio=3)
    times = chance.arrivals(random, start=stage.start, days=stage.days, calls=320, cv=1.4, cycle=cycle)
    rows: list[Row] = []
    for number, time in enumerate(times):
        count_in, count_out = (chance.tokens(random, of) for of in (chance.CHAT.tokens_in, chance.CHAT.tokens_out))
        rows.append(
            {
                "request_id": f"gw-{number:05d}",
                "call_type": "acompletion",
                "api_key": who.keys[0],
                "spend": (count_in * 150 + count_out * 600) / 1_000_000_000,
                "total_tokens": count_in + count_out,
                "prompt_tokens": count_in,
                "completion_tokens": count_out,
                "startTime": rfc3339(time),
                "endTime": rfc3339(time + timedelta(seconds=2)),
                "model": "atlas-mini",
                "user": who.id,
                "organization_id": who.organization,
                "end_user": f"visitor-{random.randrange(60)}",
                "requester_ip_address": who.address,
                "status": "success",
                "request_tags": ["support"],
            }
        )
    return Scene(tuple(rows), (Label(who.id, "gateway-customer", is_abusive=False),))
