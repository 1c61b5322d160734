"""Composites over small record sets: what meets, whose records count, and what stays out."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # a row holds values of every column type

import pytest
from sqlglot import exp

import auditor.checker.engines.duckdb as engine
from auditor.cases.independence import independent_pair
from auditor.checker.agreement import differences
from auditor.checker.asked import Question
from auditor.checker.audit import AuditResult, run_audit
from auditor.checker.circumstances import Circumstances
from auditor.checker.comparing import Version, compared
from auditor.checker.compile.nodes import select
from auditor.checker.compile.plan import plan_for
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.findings import RuleOutcome
from auditor.checker.following import followed
from auditor.checker.rulecases import run_cases
from auditor.checker.sweeping import sweep_of, swept
from auditor.policy.composite import verdict_of
from auditor.policy.conditions import Equals, SelectionRef
from auditor.policy.load import load_pack
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Composite, Exemption, ExemptionEntry, Rule, Span
from auditor.records.memory import activity_of
from auditor.records.sql import open_connection, table
from auditor.report.trace_words import differing, lines_of
from tests.checker.factories import a_record, a_rule
from tests.policy.examples import rule_text

LOGIN, SIGNUP = Equals(field="event", value="login"), Equals(field="event", value="signup")
NOW = datetime(2026, 2, 1, tzinfo=UTC)


def named(name: str, event: str, **fields: Any) -> Rule:
    """Return a rule of which any record of an event makes a finding for its model."""
    given: dict[str, Any] = {"name": name, "id": f"11111111-1111-4111-8111-{name:0>12}", "by": ("model",)}
    return a_rule(Equals(field="event", value=event), **(given | fields))


ONE, TWO = named("one", "login"), named("two", "signup", family="content")
THREE = named("three", "enforcement")


def meeting(*parts: Rule, at_least: int = 2, within: int = 60, **fields: Any) -> Rule:
    """Return a composite of parts."""
    composite = Composite(of=tuple(part.name for part in parts), at_least=at_least, within=within, parts=parts)
    given: dict[str, Any] = {
        "name": "both",
        "selections": (),
        "condition": SelectionRef(name=""),
        "composite": composite,
    }
    return a_rule(**(given | {"violates": verdict_of(composite)} | fields))


def at(seconds: float, event: str, account: str | None = "a", model: str = "m") -> dict[str, Any]:
    """Return a record of an event."""
    return a_record(seconds, account, event=event, model=model)


def outcome_of(rule: Rule, rows: list[dict[str, Any]], **circumstances: Any) -> RuleOutcome:
    """Return what the plan says, once the evaluator says the same."""
    activity = activity_of(rows)
    given = {"context": Context(), **circumstances}
    result = engine.execute(plan_for([rule], sources=activity.sources, **given), activity)
    judge = evaluate(rule, list(activity.rows()), activity.sources, **given)
    assert not result.errors
    (outcome,) = result.outcomes
    cited = {
        item.number: tuple(result.of(rule.name, item.number)) for item in (*outcome.incidents, *outcome.suppressed)
    }
    assert not differences(outcome, judge.outcome, cited.__getitem__, judge.citations.__getitem__)
    return outcome


@pytest.mark.parametrize(("gap", "found"), [(60, 1), (60.000001, 0)])
def test_incidents_meet_up_to_the_last_microsecond_of_the_time(gap: float, found: int) -> None:
    outcome = outcome_of(meeting(ONE, TWO), [at(0, "login"), at(gap, "signup")])

    assert len(outcome.incidents) == found


def test_the_gap_is_from_the_end_of_one_to_the_start_of_the_other() -> None:
    rows = [at(0, "login"), at(5000, "login"), at(5060, "signup"), at(9000, "signup")]

    (incident,) = outcome_of(meeting(ONE, TWO), rows).incidents

    assert (incident.records, incident.windows, incident.measures) == (4, 1, (("rules", 2),))
    assert [(part.rule, part.records) for part in incident.parts] == [("one", 2), ("two", 2)]


def test_two_findings_of_one_rule_are_one_rule() -> None:
    rows = [at(0, "login"), at(1, "login", model="n")]

    assert not outcome_of(meeting(ONE, TWO), rows).incidents


def test_two_rules_of_one_family_are_one_family() -> None:
    composite = Composite(families=("limits", "content"), at_least=2, within=60, parts=(ONE, THREE, TWO))
    rule = meeting(ONE, TWO, composite=composite, violates=verdict_of(composite))

    assert not outcome_of(rule, [at(0, "login"), at(1, "enforcement")]).incidents
    (incident,) = outcome_of(rule, [at(0, "login"), at(1, "signup")]).incidents
    assert incident.measures == (("families", 2),)


def test_stretches_that_share_a_finding_are_one_incident() -> None:
    first = [at(0, "signup", model="n"), at(10, "login"), at(200, "login"), at(210, "signup")]
    rows = [*first, at(900, "signup", model="o"), at(905, "login", model="o")]

    incidents = outcome_of(meeting(ONE, TWO), rows).incidents

    assert [(item.records, item.windows) for item in incidents] == [(4, 2), (2, 1)]


def test_of_a_finding_about_many_accounts_only_the_own_records_count() -> None:
    pooled = named("one", "login", subject="none", by=())
    rows = [at(0, "login"), at(1, "login", "b"), at(2, "signup"), at(3, "login", None)]

    outcome = outcome_of(meeting(pooled, TWO), rows)

    (incident,) = outcome.incidents
    assert (incident.subject, incident.accounts, incident.records) == (("a",), (("a", 2),), 2)
    assert (outcome.selected, outcome.without_subject) == (4, 1)


def test_a_finding_that_is_not_about_the_subject_does_not_count() -> None:
    context = a_rule(
        Equals(field="event", value="login"), name="one", subject="none", against="bad",
        selections=(("chosen", LOGIN), ("bad", Equals(field="model", value="bad"))),
    )  # fmt: skip
    rows = [at(0, "login"), at(1, "login", "b", model="bad"), at(2, "signup"), at(2, "signup", "b")]

    (incident,) = outcome_of(meeting(context, TWO), rows).incidents

    assert incident.subject == ("b",)


def test_what_a_part_suppresses_does_not_count() -> None:
    exemption = Exemption(
        name="ok", owner="o", reason="r", entries=(ExemptionEntry(match=(("model", "m"),), reason="r"),)
    )
    rows = [at(0, "login"), at(1, "signup")]

    assert not outcome_of(meeting(named("one", "login", unless=("ok",)), TWO), rows, exemptions=(exemption,)).incidents
    assert outcome_of(meeting(ONE, TWO, unless=("ok",)), rows, exemptions=(exemption,)).suppressed


def test_a_part_outside_the_effective_span_does_not_count() -> None:
    rows = [at(0, "login"), at(10, "login"), at(11, "signup")]
    start = datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC)

    assert not outcome_of(meeting(ONE, TWO, effective=Span(start=start)), rows).incidents


def test_since_looks_back_at_what_its_parts_found_before() -> None:
    rows = [at(0, "login"), at(50, "signup"), at(900, "login", "b")]
    since = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)

    outcome = outcome_of(meeting(ONE, TWO), rows, since=since)

    assert [(item.subject, item.records) for item in outcome.incidents] == [(("a",), 2)]
    assert not outcome_of(meeting(ONE, TWO), rows, until=since).incidents


def test_too_few_parts_that_can_be_evaluated_is_not_evaluated() -> None:
    lacking = named("one", "login", by=("device_id",))
    more = meeting(lacking, TWO, THREE)
    rows = [at(0, "login"), at(1, "signup"), at(2, "enforcement")]

    outcome = outcome_of(meeting(lacking, TWO), rows)

    assert (outcome.is_evaluated, outcome.missing) == (False, ("device_id",))
    assert len(outcome_of(more, rows).incidents) == 1


def test_a_subject_whose_records_too_few_parts_can_use_is_not_evaluated() -> None:
    ending = named("one", "login", by=("finish_reason",))
    first = {**at(0, "login"), "finish_reason": "stop", "source_id": "s1"}
    second = {**at(0, "signup", "b"), "source_id": "s2"}

    outcome = outcome_of(meeting(ending, TWO), [first, second])

    assert (outcome.is_evaluated, outcome.not_evaluated_subjects, outcome.left_out) == (True, 1, 0)


def test_a_part_that_fails_leaves_the_composite_without_an_outcome() -> None:
    activity = activity_of([at(0, "login"), at(1, "signup")])
    plan = plan_for([meeting(ONE, TWO)], sources=activity.sources, context=Context())
    nowhere = select([exp.Star()], table("nowhere"))
    broken = [
        replace(item, statements=(replace(item.statements[0], query=nowhere),)) if item.rule.name == "one" else item
        for item in plan.rules
    ]

    result = engine.execute(replace(plan, rules=tuple(broken)), activity)

    assert result.outcomes == ()
    assert result.errors == {"both": "it rests on one, which could not be run to the end"}


def audited(folder: Path, *rules: Rule, as_of: datetime | None = None) -> AuditResult:
    rows = [at(0, "login"), at(1, "signup")]
    return run_audit(
        activity_of(rows, connection=open_connection(folders=(folder,))), Pack(name="p", title="P", rules=rules),
        context=Context(), approvals=(), since=None, until=None, as_of=as_of, run_id="run", started=NOW, program="x",
        folder=folder / "run",
    )  # fmt: skip


def test_its_finding_cites_the_union_and_names_what_met(tmp_path: Path) -> None:
    result = audited(tmp_path, meeting(ONE, TWO), ONE, TWO)

    finding = next(item for item in result.findings if item.rule == "both")
    assert [part.rule for part in finding.parts] == ["one", "two"]
    assert (finding.records, finding.needed_columns) == (2, ("account_id", "model"))
    assert [(item.measure, item.operator, item.value) for item in finding.thresholds] == [("rules", ">=", "2")]
    receipt = json.loads((tmp_path / "run" / "receipt.json").read_bytes())
    assert [run["findings"] for run in receipt["rules"]] == [1, 1, 1]


def test_it_is_no_second_family_beside_its_parts(tmp_path: Path) -> None:
    keyed = named("one", "login", by=(), family="access")
    other = named("two", "signup", by=(), family="access")

    findings = audited(tmp_path, meeting(keyed, other), keyed, other).findings

    assert {finding.family for finding in findings} == {"access", "limits"}
    assert independent_pair(findings) is None


def test_it_is_in_force_once_enough_of_its_parts_are(tmp_path: Path) -> None:
    later = named("two", "signup", effective=Span(start=datetime(2026, 1, 5, tzinfo=UTC)))

    result = audited(tmp_path, meeting(ONE, later), as_of=datetime(2026, 1, 2, tzinfo=UTC))

    assert result.receipt.rules == ()


@pytest.mark.parametrize(("seconds", "verdict", "many"), [(30, "match", 2), (300, "no match", 1)])
def test_following_shows_what_met_and_what_lacks(seconds: float, verdict: str, many: int) -> None:
    rule = meeting(ONE, TWO)
    activity = activity_of([at(0, "login"), at(seconds, "signup")])
    circumstances = Circumstances(Pack(name="p", title="p", rules=(rule,)), Context())

    trace = followed(Question(rule, "a", circumstances), activity)

    assert (trace.verdict, len(trace.met)) == (verdict, many)
    assert [(part.rule, part.verdict) for part in trace.parts] == [("one", "match"), ("two", "match")]
    words = " ".join((*lines_of(rule, trace), *differing(rule, trace)))
    assert f"At most {many} of the rules meet within 1 minute; 2 are asked for." in words


def test_a_changed_part_changes_the_composite() -> None:
    activity = activity_of([at(0, "login"), at(1, "signup")])
    stricter = named("two", "signup", by=("user_agent",))
    versions = [Version(Pack(name="p", title="p", rules=(meeting(ONE, two),)), Context()) for two in (TWO, stricter)]

    (change,) = compared(activity, *versions, as_of=None)

    assert (change.kind, [item.account for item in change.lost]) == ("changed", ["a"])


def test_a_sweep_tries_how_many_must_meet() -> None:
    rule = meeting(ONE, TWO, THREE)
    activity = activity_of([at(0, "login"), at(1, "signup")])
    pack = Pack(name="p", title="p", rules=(rule,))

    found = swept(activity, sweep_of((rule,), "both", "rules", (3,)), Version(pack, Context()), as_of=None)  # type: ignore[arg-type]  # whole numbers are exact

    assert [(value.value, len(value.accounts)) for value in found.values] == [("2", 1), ("3", 0)]


def test_its_cases_run_the_rules_that_it_names(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    head = "id: 0c6f0f0e-6f0b-4a57-9a53-00000000000"
    (rules / "one.yml").write_text(rule_text(f"{head}1\nwhen: {{a: {{event: login}}}}"))
    (rules / "two.yml").write_text(rule_text(f"{head}2\nwhen: {{a: {{event: signup, model|exists: true}}}}"))
    (rules / "both.yml").write_text(rule_text(f"{head}3\ncomposite: {{of: [one, two], at_least: 2, within: 1h}}"))
    login, signup = "{time: 2026-06-01T08:00:00Z, account_id: a, event: login", "}, {event: signup, model: m"
    more = "time: 2026-06-01T08:00:01Z, account_id: a}"
    (rules / "both.cases.yml").write_text(
        f"- {{name: met, records: [{login}{signup}, {more}], expect: match}}\n"
        f"- {{name: one, records: [{login}, model: m}}], expect: no match}}\n"
        f"- {{name: lacks, records: [{login}}}], expect: not evaluated}}\n"
    )

    results = run_cases(rules / "both.yml", pack=load_pack(str(tmp_path)))

    assert [(item.found, item.disagreements) for item in results] == [
        ("match", ()), ("no match", ()), ("not evaluated", ()),
    ]  # fmt: skip


def test_the_plan_prints_its_parts_before_it() -> None:
    activity = activity_of([at(0, "login")])

    text = plan_for([meeting(ONE, TWO)], sources=activity.sources, context=Context()).sql("spark")

    assert text.index("`rule1_members`") < text.index("`rule0_cited`")
