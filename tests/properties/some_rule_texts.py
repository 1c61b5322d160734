"""Random rules as their authors write them: YAML put together from lines, so that the loader takes part."""

from hypothesis import strategies as st

TESTS = (
    "event: completion", "event: [completion, login]", "status: 200", "status: [200, 429]", "status|gte: 400",
    "status|neq: 200", "model: gpt", "model: 'g*'", "model: '?pt'", "model|contains: STRASS", "model|cased: gpt",
    "model|endswith: [t, bul]", "prompt|contains|all: [a, b]", "prompt|re: '^[a-z]+$'", "prompt|re|i: 'GPT$'",
    "prompt: 'a\\_b%c'", "country: null", "country|exists: true", "country|neq: de", "plan: pro", "stream: true",
    "client_ip|cidr: 10.0.0.0/24", "client_ip|cidr: ['10.0.0.0/31', '2001:db8::/32']", "model|fieldref: prompt",
    "api_key_id: k1", "api_key_id|startswith: K", "time|hour: 0", "time|month: [3, 12]", "cost_usd|lt: 0.5",
    "latency_ms: 0.1", "latency_ms|gt: 0.1", "tags: gpt", "tags|contains: p", "extra.score|gte: 5", "extra.word: gpt",
    "model|expand: '%models%'", "rate_limit|gte: 3", "model_age|lt: 1h", "input_tokens|lte: 2.5",
)  # fmt: skip
CONDITIONS = (
    "first and second",
    "second or not first",
    "first and not second",
    "first or second",
    "1 of them",
    "all of them",
    "2 of *",
)
MEASURES = (
    "count()", "count(model)", "count(distinct api_key_id)", "sum(input_tokens)", "avg(latency_ms)", "max(cost_usd)",
    "median(status)", "quantile(status, 0.9)", "share(first)", "top_share(model)", "entropy(api_key_id)",
    "evenness(model)", "active_hours()", "median(per(api_key_id, count()))", "max(per(model, share(second)))",
    "quantile(per(model, sum(input_tokens)), 0.5)", "count(per(plan, evenness(model)))",
    "sum(per(model, avg(latency_ms)))",
    "count(model) / count()", "sum(cost_usd) * 2 - min(cost_usd)",
)  # fmt: skip
WINDOWS = ("30s", "10m", "1h", "1d", "{tumbling: 1h}", "{session: 30m}", "{calendar: day}", "{calendar: week}")
SUBJECTS = ("account", "api_key", "organization", "end_user", "cluster", "none")
HEAD = """id: 00000000-0000-4000-8000-000000000000
title: A rule
status: test
conduct: resale
strength: inferential
family: limits
level: low
description: Made of random lines.
"""


@st.composite
def rule_texts(draw: st.DrawFn) -> str:
    """Return a rule's YAML; now and then the loader has a reason to refuse it."""
    first, second = (draw(st.lists(st.sampled_from(TESTS), min_size=1, max_size=2, unique=True)) for _ in range(2))
    lines = [f"subject: {draw(st.sampled_from(SUBJECTS))}", "when:"]
    for name, tests in (("first", first), ("second", second)):
        lines += [f"  {name}:", *(f"    {test}" for test in tests)]
    kind = draw(st.sampled_from(("plain", "novel", "sequence")))
    condition = "first or second" if kind == "sequence" else draw(st.sampled_from(CONDITIONS))
    lines.append(f"  condition: {condition}")
    lines += {"plain": [], "novel": _novel(draw), "sequence": _sequence(draw)}[kind]
    if draw(st.booleans()):
        lines += ["missing: counts"]
    if draw(st.booleans()):
        lines += ["measure:", f"  m: {draw(st.sampled_from(MEASURES))}"]
        lines += [f"violates: m {draw(st.sampled_from(('>=', '<', '<>')))} {draw(st.sampled_from(('1', '2', '0.5')))}"]
    if draw(st.booleans()):
        lines += [f"within: {draw(st.sampled_from(WINDOWS))}"]
    if draw(st.booleans()):
        lines += [f"by: [{draw(st.sampled_from(('model', 'country', 'status', 'device_id')))}]"]
    return HEAD + "\n".join(lines) + "\n"


def _novel(draw: st.DrawFn) -> list[str]:
    fields, lasts = draw(st.sampled_from(("country", "model, status"))), draw(st.sampled_from(("", ", lasts: 1h")))
    return [f"novel: {{fields: [{fields}], history: {draw(st.sampled_from(('30s', '1h')))}{lasts}}}"]


def _sequence(draw: st.DrawFn) -> list[str]:
    wheres = ("", "first.api_key_id <> second.api_key_id", "seconds_between(first, second) > 30", "first.model = 'gpt'")
    steps = draw(
        st.sampled_from(("first, second", "first, second", "second, first, first", "first, second, first, second"))
    )
    lines = ["sequence:", f"  steps: [{steps}]", f"  within: {draw(st.sampled_from(('60s', '1h', '5d')))}"]
    lines += [f"  ordered: {draw(st.sampled_from(('true', 'false')))}"] if draw(st.booleans()) else []
    where = draw(st.sampled_from(wheres))
    lines += [f"  by: [{draw(st.sampled_from(('model', 'api_key_id')))}]"] if draw(st.booleans()) else []
    return lines + ([f'  where: "{where}"'] if where else [])
