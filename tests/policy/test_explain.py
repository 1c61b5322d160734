"""Rules in plain words: golden files, and the promise that nothing of a rule is left unsaid."""

from collections.abc import Callable

import pytest

from auditor.policy.condition_words import words_of_condition, words_of_seconds
from auditor.policy.explain import words_of
from auditor.policy.load import DEFAULT_PACK, load_pack
from tests.policy.examples import rule_of

EVERYTHING = """\
conduct: [distillation, limit-circumvention]
subject: account
by: [model]
description: Refused on one key, answered on another.
references: https://example.com/limits
when:
  refused: {event: completion, status: 429}
  answered:
    - {event: completion, status: 200, prompt|contains: [step, chain], client_ip|cidr: 10.0.0.0/8}
    - {plan: null, user_agent|re|i: 'curl|wget', country|fieldref|neq: billing_country, time|hour|gte: 22}
  raised: {event: limit_changed, model_age|lt: 48h, extra.trace|exists: true, "model": 'm?-*'}
sequence:
  steps: [refused, answered]
  by: [prompt_digest]
  within: 90s
  until: raised
  where: >-
    answered.api_key_id <> refused.api_key_id
    and (distance_km(refused, answered) > 5 or seconds_between(refused, answered) <= 1m)
measure:
  hops: count(sequence)
  keys: count(distinct api_key_id)
  tail: quantile(output_tokens, 0.95)
  spent: sum(cost_usd) / count()
  length: span()
  refusals: share(refused)
  dominant: top_share(model)
  disorder: entropy(model)
  balance: evenness(api_key_id)
  hours: active_hours()
  typical: median(per(end_user_id, count()))
  fifth: quantile(per(end_user_id, sum(output_tokens)), 0.2)
  users: count(per(end_user_id, max(cost_usd)))
within: 24h
violates: >-
  hops >= 20 and not (keys < 2) and tail > 1000 and spent > 0.5 and length <= 12h
  and refusals > 0.5 and dominant > 0.5 and disorder < 2 and balance > 0.9 and hours >= 20 and typical > 1
  and fifth > 5 and users > 3
against: answered
unless: [documented-failover]
falsepositives: [A failover that was not described to us.]
effective: {from: 2026-01-01, until: 2027-01-01}
"""

THREE_STEPS = (
    "when: {{a: {{event: login}}, b: {{event: key_created}}, c: {{event: completion}}}}\n"
    "sequence: {{steps: [a, b, c], within: 1h, ordered: {}, where: 'a.asn <> c.asn'}}"
)


def test_every_part_of_a_rule_is_said(golden: Callable[[str, str], None]) -> None:
    words = words_of(rule_of(EVERYTHING))

    golden("policy/explain-everything.txt", "\n".join(words) + "\n")


@pytest.mark.parametrize(
    "part",
    [
        "within: {tumbling: 1d}\nmissing: counts\nsubject: none",
        "within: {session: 30m}\nsubject: end_user",
        "within: {calendar: week}\nmeasure: {calls: count()}\nsubject: cluster",
        "novel: {fields: [asn, user_agent], history: 14d, lasts: 24h}",
        THREE_STEPS.format("true"),
        THREE_STEPS.format("false"),
        "measure: {calls: count()}\nwithin: 24h\nbaseline: {over: 30d, at_least: 7d}\n"
        "violates: calls > usual.calls + 6 * spread.calls",
        "when: {trial: {event: plan_changed}, renewal: {event: payment_added}}\n"
        "absent: {selection: renewal, within: 30d}",
        "measure: {calls: count()}\nwithin: {calendar: day}\nviolates: calls >= 5\nrepeat: {at_least: 3, within: 30d}",
        "measure: {calls: count()}\nwithin: {tumbling: 1d}\nbaseline: {over: 30d, of: peers}\n"
        "violates: calls > 3 * peers_p99.calls",
        "when: {x: {country|expand: '%unsupported_countries%'}}\nsubject: organization",
    ],
    ids=[
        "tumbling",
        "session",
        "calendar",
        "novel",
        "steps",
        "steps-in-any-order",
        "baseline",
        "absent",
        "repeat",
        "peers",
        "missing-list",
    ],
)
def test_other_windows_and_subjects_are_said(
    part: str, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    words = words_of(rule_of(part))

    golden(f"policy/explain-{request.node.callspec.id}.txt", "\n".join(words) + "\n")


def test_every_shipped_rule_is_said_with_all_its_columns_and_measures() -> None:
    for rule in load_pack(DEFAULT_PACK).rules:
        words = "\n".join(words_of(rule))

        missing = [column for column in rule.needed_columns() if f"`{column}`" not in words]
        missing += [measure.name for measure in rule.measures if f"“{measure.name}”" not in words]
        missing += [name for name, _ in rule.selections if f"“{name}”" not in words]
        assert missing == [], rule.name


def test_long_lists_are_cut_and_counted() -> None:
    values = ", ".join(f"v{number}" for number in range(1_500))
    rule = rule_of(f"when: {{x: {{plan: [{values}]}}}}")

    words = words_of_condition(rule.selected())

    assert words.endswith("“v11” and 1,488 more")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (90, "90 seconds"), (7_200, "2 hours"), (86_400, "1 day"), (1_209_600, "2 weeks")],
)
def test_a_length_is_said_in_its_largest_whole_unit(seconds: int, words: str) -> None:
    assert words == words_of_seconds(seconds)
