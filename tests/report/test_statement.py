"""Statements of reasons, their notices in three languages, and the record for the public database."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from auditor.cases.model import Action, ActionName, Case, CaseFinding, SpeaksFor
from auditor.cases.rules_told import RuleTold
from auditor.cases.standing import judged
from auditor.checker.findings import Finding, Measured, Threshold
from auditor.errors import BundleError
from auditor.policy.rule import CONDUCTS, Level
from auditor.report.dsa import personal_data_in, record_of
from auditor.report.notice import LANGUAGES, PHRASES, notice_of, notice_text, render_notice
from auditor.report.phrases.model import Language
from auditor.report.quantities import quantity
from auditor.report.statement import AccountDecision, Statement, statement_of, statements_of
from tests.cases.factories import START, finding, part_of_finding

SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "evidence" / "dsa-sor.schema.json").read_bytes())
DAY = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def case_of(*findings: Finding, actions: Sequence[Action], speaks_for: Sequence[SpeaksFor] = ()) -> Case:
    accounts = tuple(sorted({account for item in findings for account in item.accounts}))
    return Case(
        id="C-1", pack="p", accounts=accounts, severity=Level.HIGH, status="open",
        proposed_action=max((item.action for item in actions), key=lambda action: action.rank),
        actions=tuple(actions), findings=tuple(map(kept, findings)), speaks_for=tuple(speaks_for),
        opened=START, updated=START, last_run="run-1",
    )  # fmt: skip


def kept(item: Finding) -> CaseFinding:
    parts = [part_of_finding(item, account, approvals=[], total=None) for account in item.accounts]
    return judged(item, parts, status="held", first_run="run-1", last_run="run-1")


def proposed(account: str, action: ActionName, protect: Sequence[str] = ()) -> Action:
    return Action(account=account, action=action, because=("because",), protect=tuple(protect))


def decided(action: ActionName = ActionName.SUSPEND, reason: str = "Twice in a month.", **more: str) -> AccountDecision:
    return AccountDecision(
        action=action, reason=reason, by="M. Okafor", time=DAY, **{"approved_by": "J. Silva", **more}
    )


def told(decision: AccountDecision | None = None, *findings: Finding) -> Statement:
    found = findings or (finding("acct_one", thresholds=[THRESHOLD]),)
    statement = statement_of(case_of(*found, actions=[proposed("acct_one", ActionName.VERIFY)]), "acct_one", decision)
    assert statement is not None
    return statement


def measured(expression: str, value: str, *limits: Threshold) -> Finding:
    """Return a finding of one measure, held against `limits`, at least 10 where none is given."""
    given = limits or (Threshold(measure="exchanges", operator=">=", value="10", margin="1"),)
    measure = Measured(name="exchanges", value=value, expression=expression)
    return finding("acct_one", thresholds=given).model_copy(update={"measures": (measure,)})


THRESHOLD = Threshold(measure="exchanges", operator=">=", value="1150", margin="8850")


def test_nothing_is_said_where_nothing_is_proposed() -> None:
    case = case_of(finding("a", "b"), actions=[proposed("a", ActionName.NONE), proposed("b", ActionName.VERIFY)])

    assert [statement.account for statement in statements_of(case)] == ["b"]


def test_a_victim_is_told_without_a_reproach() -> None:
    theft = finding("a", conducts=["credential-theft"], clauses=[])
    case = case_of(theft, actions=[proposed("a", ActionName.NONE, ["freeze_key", "notify"])])
    statement = statement_of(case, "a")
    assert statement is not None

    text = notice_text(notice_of(statement, "en"))

    assert "Nothing is held against you" in text
    assert "proposed to suspend" not in text


def test_a_victim_is_told_of_no_decision_and_invited_to_no_complaint() -> None:
    theft = finding("a", conducts=["credential-theft"])
    case = case_of(theft, actions=[proposed("a", ActionName.NONE, ["freeze_key", "notify"])])
    statement = statement_of(case, "a", decided(ActionName.NONE))
    assert statement is not None

    notice = notice_of(statement, "en")

    assert notice.title == PHRASES["en"].safety_title
    headings = [section.heading for section in notice.sections]
    assert PHRASES["en"].protection_title in headings
    assert not {PHRASES["en"].redress, PHRASES["en"].ground, PHRASES["en"].what_was_decided} & set(headings)


@pytest.mark.parametrize(
    ("language", "periods"),
    [
        ("en", ("5 January 2026", "within six months from the day on which you received this notice")),
        (
            "de",
            ("5. Januar 2026", "ab dem Tag, an dem Sie diese Mitteilung erhalten haben"),
        ),
        ("fr", ("5 janvier 2026", "dans les six mois à compter du jour où vous avez reçu cet avis")),
    ],
)
def test_a_notice_names_facts_ground_machine_and_redress_with_its_date(
    language: Language, periods: tuple[str, ...]
) -> None:
    text = notice_text(notice_of(told(decided()), language))

    plain = text.replace("\N{NO-BREAK SPACE}", " ")
    for fact in ("C-1", "acct_one", "You must not do this.", "2022/2065", "Twice in a month.", *periods):
        assert fact in plain
    assert PHRASES[language].detected_by_rules in text
    assert PHRASES[language].decided_by_two in text


@pytest.mark.parametrize(
    ("language", "number"), [("en", "1,150"), ("de", "1.150"), ("fr", "1\N{NARROW NO-BREAK SPACE}150")]
)
def test_numbers_are_written_as_the_language_does(language: Language, number: str) -> None:
    assert number in notice_text(notice_of(told(decided()), language))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ("1209600", "14 days"), ("7200", "2 hours"), ("90", "90 seconds"), ("0.5", "0.5 seconds"), ("0", "0 seconds"),
        ("1", "1 second"), ("2078280", "24 days 1 hour 18 minutes"), ("86400", "1 day"),
        ("86401.5", "1 day 1.5 seconds"),
    ],
)  # fmt: skip
def test_a_long_time_is_told_in_days_and_hours_with_nothing_left_out(seconds: str, said: str) -> None:
    assert said == quantity(seconds, "seconds", PHRASES["en"])


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "1 record of"), ("de", "1 Aufzeichnung dieses"), ("fr", "1 enregistrement de")],
)
def test_one_record_is_told_in_the_singular(language: Language, said: str) -> None:
    text = notice_text(notice_of(told(None, finding("acct_one", records=1)), language))

    assert said in text.replace("\N{NO-BREAK SPACE}", " ")


RULE = {"bulk-output": RuleTold(description="Long answers by the thousand.", others=("A shop", "A translator"))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_says_what_the_rule_looks_for_and_what_else_looks_like_it(language: Language) -> None:
    case = case_of(finding("acct_one"), actions=[proposed("acct_one", ActionName.VERIFY)])
    statement = statement_of(case, "acct_one", told=RULE)
    assert statement is not None

    notice = notice_of(statement, language)

    [seen] = [section for section in notice.sections if section.heading == PHRASES[language].what_was_seen]
    [speaks] = [section for section in notice.sections if section.heading == PHRASES[language].speaks_for]
    assert "Long answers by the thousand." in seen.paragraphs[0].points[0]
    assert speaks.paragraphs[0].text == PHRASES[language].other_explanations
    assert "A shop; A translator" in speaks.paragraphs[0].points[0]


def test_times_of_a_group_are_not_told_as_those_of_the_account() -> None:
    text = notice_text(notice_of(told(None, finding("acct_one", "acct_two", end=5)), "en"))

    assert "10 records of this account, found by the rule “Bulk output” among those of several accounts." in text
    assert "did together lasted from 5\N{NO-BREAK SPACE}January" in text


def test_the_record_tells_one_record_of_one_day_of_a_group_as_such() -> None:
    record = record_of(told(decided(), finding("acct_one", "acct_two", conducts=["bulk-signup"], records=1)))

    assert record is not None
    assert record["decision_facts"] == (
        "On 2026-01-05, a rule that looks for conduct of this kind: opening accounts in great number, found 1 record of"
        " the account's activity, among those of several accounts, and what it found is consistent with it."
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Records for each account (median): 12.3457 (the rule asks for at least 10)."),
        ("de", "Aufzeichnungen je Konto (Median): 12,3457 (die Regel verlangt mindestens 10)."),
        ("fr", "Enregistrements par compte (médiane) : 12,3457 (la règle demande au moins 10)."),
    ],
)
def test_a_measure_is_told_in_words_and_to_four_decimals(language: Language, said: str) -> None:
    text = notice_text(notice_of(told(None, measured("median(per(account_id, count()))", "12.345678901")), language))

    assert said in text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_share_is_told_in_per_cent() -> None:
    limit = Threshold(measure="exchanges", operator=">", value="0.25", margin="0.5")

    text = notice_text(notice_of(told(None, measured("share(_long)", "0.75", limit)), "en"))

    assert "the rule calls “long”: 75% (the rule asks for more than 25%)" in text


def test_a_value_is_told_exactly_where_rounding_would_put_it_on_its_threshold() -> None:
    limit = Threshold(measure="exchanges", operator=">", value="0.9", margin="0.000000001")

    text = notice_text(notice_of(told(None, measured("evenness(account_id)", "0.900000001", limit)), "en"))

    assert "0.900000001 (the rule asks for more than 0.9)" in text


def test_of_two_thresholds_on_one_measure_the_one_passed_by_least_is_told() -> None:
    limits = [Threshold(measure="exchanges", operator=">=", value=value, margin=str(12 - int(value))) for value in "38"]

    text = notice_text(notice_of(told(None, measured("count()", "12", *limits)), "en"))

    assert "at least 8" in text
    assert "at least 3" not in text


def test_what_accounts_did_together_is_said_to_be_measured_together() -> None:
    together = finding("acct_one", "acct_two", thresholds=[THRESHOLD])

    text = notice_text(notice_of(told(None, together), "en"))

    assert PHRASES["en"].seen_together in text
    assert PHRASES["en"].together in text


def test_findings_of_one_conduct_share_a_paragraph_and_say_once_what_they_cannot_show() -> None:
    findings = [finding("acct_one", rule=rule, start=start) for rule, start in (("first", 0), ("second", 5))]

    (seen,) = [item for item in notice_of(told(None, *findings), "en").sections if item.heading == "What was seen"]

    assert [len(paragraph.points) for paragraph in seen.paragraphs] == [2, 0]
    assert seen.paragraphs[1].text == PHRASES["en"].inferential


def test_a_draft_speaks_of_nobody_who_has_decided() -> None:
    case = case_of(
        finding("a"),
        actions=[proposed("a", ActionName.VERIFY)],
        speaks_for=[SpeaksFor(account="a", fact="ordinary traffic")],
    )
    statement = statement_of(case, "a")
    assert statement is not None

    text = notice_text(notice_of(statement, "en"))

    assert PHRASES["en"].draft_speaks_for_intro in text
    assert PHRASES["en"].speaks_for_intro not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_conduct_action_and_step_has_words(language: Language) -> None:
    words = PHRASES[language]

    assert set(CONDUCTS) == set(words.conducts)
    assert (
        {action for action in ActionName if action is not ActionName.NONE} == set(words.decided) == set(words.proposed)
    )


def test_languages_differ_in_every_phrase_that_holds_words() -> None:
    english, german, french = (PHRASES[language].model_dump() for language in LANGUAGES)

    same = [
        name
        for name in english
        if english[name] in (german[name], french[name]) and name not in ("decimal", "colon", "day", "first_day")
    ]

    assert same == []


def test_a_draft_tells_what_a_person_proposes_once_one_has() -> None:
    case = case_of(finding("a"), actions=[proposed("a", ActionName.VERIFY)], speaks_for=[])

    statement = statement_of(case, "a", waiting=ActionName.SUSPEND)

    assert statement is not None
    text = notice_text(notice_of(statement, "en"))
    assert PHRASES["en"].proposed["suspend"] in text and PHRASES["en"].nobody_approved in text
    assert PHRASES["en"].nobody_decided not in text


def test_french_has_no_break_spaces_and_shows_no_token_for_them() -> None:
    statement = told(decided())

    for text in (notice_text(notice_of(statement, "fr")), render_notice(notice_of(statement, "fr")).decode()):
        assert "\\u{" not in text
        assert re.search("[^\N{NO-BREAK SPACE}](»|[:;?!](?= [^/]))", text.partition("<body")[2] or text) is None


def test_a_draft_says_so_and_gives_no_record() -> None:
    statement = told()

    assert "must not be sent" in notice_text(notice_of(statement, "en"))
    assert record_of(statement) is None


def test_no_other_account_is_named() -> None:
    shared = finding("acct_one", "acct_two", thresholds=[THRESHOLD])
    actions = [proposed("acct_one", ActionName.THROTTLE), proposed("acct_two", ActionName.THROTTLE)]
    facts = [SpeaksFor(account="acct_two", fact="paid by acct_two"), SpeaksFor(account="acct_one", fact="few calls")]
    statement = statement_of(case_of(shared, actions=actions, speaks_for=facts), "acct_one", decided())
    assert statement is not None

    pages = [render_notice(notice_of(statement, language)).decode() for language in LANGUAGES]

    assert all("acct_two" not in page and "few calls" in page for page in pages)


@pytest.mark.parametrize(
    ("other", "fact"),
    [
        ("acct_two", "approved: shared with acct_two"),
        ("acct_two", "approved: as agreed with acct_two."),
        ("org:two", "approved: the test of `org:two`"),
        ("Team (2)", "approved: asked for by Team (2)"),
        ("one", "approved: paid by one"),
    ],
    ids=["at the end", "before a full stop", "an id with a colon", "an id with spaces", "a part of the own id"],
)
def test_a_fact_that_names_another_account_is_left_out(other: str, fact: str) -> None:
    facts = [SpeaksFor(account="acct-one", fact=text) for text in (fact, "few calls of acct-one")]
    case = case_of(finding("acct-one", other), actions=[proposed("acct-one", ActionName.VERIFY)], speaks_for=facts)

    statement = statement_of(case, "acct-one")

    assert statement is not None
    assert statement.speaks_for == ("few calls of acct-one",)


@pytest.mark.parametrize("action", [ActionName.THROTTLE, ActionName.SUSPEND, ActionName.TERMINATE])
def test_the_record_is_valid_by_the_schema(action: ActionName) -> None:
    record = record_of(told(decided(action)))

    assert record is not None
    Draft202012Validator(SCHEMA).validate(record)
    assert (record["automated_detection"], record["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_PARTIALLY")


def test_the_record_of_an_extraction_claims_no_infringement_of_a_right() -> None:
    record = record_of(told(decided(), finding("acct_one", conducts=("distillation", "model-extraction"))))

    assert record is not None
    Draft202012Validator(SCHEMA).validate(record)
    assert record["category_specification"] == ["KEYWORD_OTHER"]
    assert record["category_specification_other"] == "breach of terms of service"


@pytest.mark.parametrize("action", [ActionName.NONE, ActionName.WARN, ActionName.VERIFY])
def test_what_restricts_nobody_gives_no_record(action: ActionName) -> None:
    statement = statement_of(
        case_of(finding("a"), actions=[proposed("a", ActionName.VERIFY, ["notify"])]), "a", decided(action)
    )

    assert statement is not None
    assert record_of(statement) is None


def test_a_decision_without_any_finding_is_said_not_to_be_automated() -> None:
    alone = case_of(finding("b"), actions=[proposed("a", ActionName.VERIFY), proposed("b", ActionName.VERIFY)])
    statement = statement_of(alone, "a", decided())
    assert statement is not None

    record = record_of(statement)

    assert record is not None
    assert (record["automated_detection"], record["automated_decision"]) == ("No", "AUTOMATED_DECISION_NOT_AUTOMATED")


@pytest.mark.parametrize(
    "text",
    ["write to ann@example.com", "from 192.0.2.7 on", "2001:db8::1 called", "call +49 30 1234567", "no. 123456789012",
     "acct_one did it", "ACCT_ONE did it"],
)  # fmt: skip
def test_personal_data_is_noticed(text: str) -> None:
    assert personal_data_in(text, ["acct_one"])


@pytest.mark.parametrize("text", ["version 1.2.3 of 2026-01-05", "10,000 records", "clause 3.3(e)", "at 10:30 UTC"])
def test_dates_numbers_and_clauses_are_no_personal_data(text: str) -> None:
    assert personal_data_in(text, ["acct_one"]) == ()


def test_a_record_with_personal_data_is_refused_by_field() -> None:
    clause = finding("acct_one").clauses[0].model_copy(update={"text": "as acct_one agreed"})

    with pytest.raises(BundleError, match="incompatible_content_explanation"):
        record_of(told(decided(), finding("acct_one", clauses=[clause])))


def test_hostile_text_is_shown_and_does_nothing() -> None:
    nasty = decided(reason="<script>alert(1)</script>\u202e\x1b[31m\njavascript:")

    page, text = (render_notice(notice_of(told(nasty), "en")).decode(), notice_text(notice_of(told(nasty), "en")))

    assert "<script>" not in page
    assert not set("\u202e\x1b") & set(page + text)
