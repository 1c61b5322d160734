"""What the lines of a `when` block mean, as condition trees."""

import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from auditor.policy.conditions import (
    All,
    AnyOf,
    AnyText,
    Compare,
    Condition,
    Equals,
    Exists,
    InNetwork,
    Matches,
    Not,
    OneOf,
    Regex,
    SameAs,
    TimePart,
)
from auditor.policy.rule import ValueList
from tests.policy.examples import rule_of

ANY = AnyText()
LISTS = (
    ValueList(name="codes", title="", values=("a*", "b")),
    ValueList(name="numbers", title="", values=(Decimal(1), Decimal("2.5"))),
    ValueList(name="nets", title="", values=("10.0.0.0/8", "2001:db8::/32")),
    ValueList(name="empty", title="", values=()),
)
BASE = 0xFFFF_0000_0000


def text(value: str, *, cased: bool = False) -> Equals:
    return Equals(field="plan", value=value, cased=cased)


def plan(*parts: str | AnyText) -> Matches:
    return Matches(field="plan", parts=parts)


@pytest.mark.parametrize(
    ("line", "condition"),
    [
        ("plan: Pro", text("Pro")),
        ("plan: 'NO'", text("NO")),
        ("country: NO", Equals(field="country", value="NO")),
        ("plan|cased: Pro", text("Pro", cased=True)),
        ("account_id: A", Equals(field="account_id", value="A", cased=True)),
        ("payment_fingerprint: [A, B]", OneOf(field="payment_fingerprint", values=("A", "B"), cased=True)),
        ("extra.user_id: A", Equals(field="extra.user_id", value="A")),
        ("plan: [a, b, a]", OneOf(field="plan", values=("a", "b"))),
        ("plan: [a, 'b*']", AnyOf(parts=(text("a"), plan("b", ANY)))),
        ("plan: [a, null]", AnyOf(parts=(text("a"), Not(part=Exists(field="plan"))))),
        ("plan: null", Not(part=Exists(field="plan"))),
        ("plan|neq: null", Not(part=Not(part=Exists(field="plan")))),
        ("plan: ''", text("")),
        ("plan|neq: a", Not(part=text("a"))),
        ("plan|neq: [a, b]", Not(part=OneOf(field="plan", values=("a", "b")))),
        ("plan: 'a?b*'", plan("a", AnyText(single=True), "b", ANY)),
        (r"plan: 'a\*b'", text("a*b")),
        (r"plan: 'a\\*b'", plan("a\\", ANY, "b")),
        (r"plan: 'a\\\*b'", text("a\\*b")),
        (r"plan: 'C:\x'", text("C:\\x")),
        (r"plan: 'C:\\x'", text("C:\\x")),
        (r"plan: '\\\\x'", text("\\\\x")),
        ("plan: 'a**b'", plan("a", ANY, "b")),
        ("plan|contains: a", plan(ANY, "a", ANY)),
        ("plan|contains: '*a'", plan(ANY, "a", ANY)),
        ("plan|startswith: a", plan("a", ANY)),
        ("plan|endswith: a", plan(ANY, "a")),
        ("plan|contains|all: [a, b]", All(parts=(plan(ANY, "a", ANY), plan(ANY, "b", ANY)))),
        ("plan|exists: true", Exists(field="plan")),
        ("plan|exists: false", Not(part=Exists(field="plan"))),
        ("plan|re: 'a.b'", Regex(field="plan", pattern="a.b")),
        ("plan|re|i|s: 'a.b'", Regex(field="plan", pattern="a.b", flags="is")),
        ("plan|re: 123", Regex(field="plan", pattern="123")),
        ("plan|expand: '%codes%'", AnyOf(parts=(OneOf(field="plan", values=("a*", "b")),))),
        ("plan|expand|contains: '%codes%'", AnyOf(parts=(plan(ANY, "a*", ANY), plan(ANY, "b", ANY)))),
        ("plan|expand: 'x-%codes%*'", AnyOf(parts=(plan("x-a*", ANY), plan("x-b", ANY)))),
        ("plan|expand: '%empty%'", OneOf(field="plan", values=())),
        ("plan|expand: '%unsupported_countries%'", OneOf(field="plan", values=())),
        ("status|expand: '%numbers%'", OneOf(field="status", values=(Decimal(1), Decimal("2.5")))),
        ("status: 200", Equals(field="status", value=Decimal(200))),
        ("status: [200, 201]", OneOf(field="status", values=(Decimal(200), Decimal(201)))),
        ("temperature: 0.70", Equals(field="temperature", value=Decimal("0.70"))),
        ("status|gte: 400", Compare(field="status", operator=">=", value=Decimal(400))),
        ("model_age|lt: 7d", Compare(field="model_age", operator="<", value=Decimal(604_800))),
        ("latency_ms|gt: 2s", Compare(field="latency_ms", operator=">", value=Decimal(2_000))),
        ("time|lt: 2026-01-01", Compare(field="time", operator="<", value=datetime(2026, 1, 1, tzinfo=UTC))),
        (
            "time: '2026-01-01T01:00:00+01:00'",
            Equals(field="time", value=datetime(2026, 1, 1, tzinfo=UTC)),
        ),
        ("time|hour: 3", TimePart(field="time", part="hour", operator="=", value=3)),
        ("time|month|lte: 6", TimePart(field="time", part="month", operator="<=", value=6)),
        ("stream: true", Equals(field="stream", value=True)),
        ("extra.flag: true", Equals(field="extra.flag", value="true")),
        ("extra.n|gt: 5", Compare(field="extra.n", operator=">", value=Decimal(5))),
        (
            "extra.n: 5",
            All(
                parts=(
                    Compare(field="extra.n", operator="<=", value=Decimal(5)),
                    Compare(field="extra.n", operator=">=", value=Decimal(5)),
                )
            ),
        ),
        (
            "client_ip|cidr: 10.0.0.0/8",
            InNetwork(network="10.0.0.0/8", first=BASE + 0x0A000000, last=BASE + 0x0AFFFFFF),
        ),
        (
            "client_ip|cidr|expand: '%nets%'",
            AnyOf(
                parts=(
                    InNetwork(network="10.0.0.0/8", first=BASE + 0x0A000000, last=BASE + 0x0AFFFFFF),
                    InNetwork(network="2001:db8::/32", first=0x20010DB8 << 96, last=(0x20010DB9 << 96) - 1),
                )
            ),
        ),
        ("country|fieldref: billing_country", SameAs(field="country", other="billing_country")),
        (
            "country|fieldref|neq: billing_country",
            Not(part=SameAs(field="country", other="billing_country")),
        ),
        (
            "user_agent|fieldref|startswith: device_id",
            SameAs(field="user_agent", other="device_id", position="start", cased=True),
        ),
        ("plan|base64: foo", text("Zm9v")),
        (
            "plan|base64offset|contains: foobar",
            AnyOf(parts=(plan(ANY, "Zm9vYmFy", ANY), plan(ANY, "Zvb2Jhc", ANY), plan(ANY, "mb29iYX", ANY))),
        ),
        ("plan|wide|base64: fo", text("ZgBvAA==")),
        ("plan|windash: a-b", text("a-b")),
        ("plan: '%windir%'", text("%windir%")),
        (
            "plan|contains|windash: ' -x'",
            AnyOf(parts=tuple(plan(ANY, f" {dash}x", ANY) for dash in "-/–—―")),
        ),
        ("plan|windash: ' -x'", OneOf(field="plan", values=(" -x", " /x", " –x", " —x", " ―x"))),
        ("tags: a", Equals(field="tags", value="a")),
    ],
)
def test_a_line_becomes_a_condition(line: str, condition: Condition) -> None:
    rule = rule_of(f"when:\n  asked:\n    {line}\n", LISTS)

    expected = condition.parts[0] if isinstance(condition, AnyOf) and len(condition.parts) == 1 else condition
    assert expected == rule.selected()


def test_a_map_is_and_a_list_of_maps_is_or() -> None:
    rule = rule_of("when:\n  x:\n    - {plan: a, status: 1}\n    - {plan: b}\n")

    both = All(parts=(text("a"), Equals(field="status", value=Decimal(1))))
    assert AnyOf(parts=(both, text("b"))) == rule.selected()


def test_a_list_that_only_the_context_gives_is_noted_as_missing() -> None:
    rule = rule_of("when: {x: {country|expand: '%unsupported_countries%'}}")

    assert rule.missing_lists == ("unsupported_countries",)


def test_a_list_that_is_there_is_not_missing() -> None:
    lists = (ValueList(name="unsupported_countries", title="", values=("KP",)),)

    rule = rule_of("when: {x: {country|expand: '%unsupported_countries%'}}", lists)

    assert rule.missing_lists == ()
    assert Equals(field="country", value="KP") == rule.selected()


def test_every_offset_of_base64_is_found_in_an_encoded_text() -> None:
    rule = rule_of("when: {x: {prompt|base64offset|contains: ignore all rules}}")
    condition = rule.selected()

    assert isinstance(condition, AnyOf)
    pieces = [part.parts[1] for part in condition.parts if isinstance(part, Matches)]
    for prefix in ("", "x", "xy", "xyz"):
        encoded = base64.b64encode(f"{prefix}ignore all rules, please".encode()).decode()
        assert any(isinstance(piece, str) and piece in encoded for piece in pieces), prefix
