"""The case file says what it must, runs nothing, loads nothing, and survives hostile logs."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cases.dossier import Dossier, gather
from auditor.cases.model import Action, ActionName, CasebookChange, ProposalChange, SpeaksFor
from auditor.cases.runs import PackRun
from auditor.checker.findings import Receipt, Threshold
from auditor.policy.rule import Level
from auditor.report.page import RECORDS_OPEN, render_case, render_index, running_head
from tests.evidence.arrange import World, applied, approval, world
from tests.report.reading import hostile_strings, page_of, untokened

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One case, built once."""
    return world(tmp_path_factory.mktemp("world"), calls=40)


@pytest.fixture(scope="module")
def dossier(small: World) -> Dossier:
    """Its dossier."""
    return small.dossier()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("acct-7", id="the account"),
        pytest.param("org-1", id="its organization"),
        pytest.param("You may not bypass any rate limits", id="the clause, quoted"),
        pytest.param("Example API Terms, clause 3.2, version 2024-11, in force from 2024-11-14", id="where it stands"),
        pytest.param("prohibits", id="its stance"),
        pytest.param("hops: 12 at the highest; the rule asks for at least 5, so the margin is 7", id="the measure"),
        pytest.param("The first 25 of 40 records", id="how many records are shown"),
        pytest.param("[1] line 25", id="source and line of a record"),
        pytest.param("logprob-harvest", id="a rule that was not evaluated"),
        pytest.param("top_logprobs", id="the column it lacks"),
        pytest.param("900 of its 906 records are ordinary traffic", id="what speaks for the account"),
        pytest.param("A failover between two services", id="what else can look like this"),
        pytest.param("a joint study", id="the approval on file"),
        pytest.param("[1]gateway.jsonl (canonical)", id="the source of that number"),
        pytest.param("To see [1] line 1: sed -n 1p FILE", id="the command that shows a record"),
        pytest.param("no context file, no approvals", id="what the audit must be given to give this again"),
        pytest.param("suspension", id="the proposed action"),
        pytest.param("a bright-line finding of its own", id="its reason"),
        pytest.param("A person decides", id="who decides"),
        pytest.param("It is not a violation", id="what a finding is not"),
        pytest.param("Limits of proof", id="the limits of proof"),
        pytest.param("auditor bundle verify", id="how to check it"),
        pytest.param("asked the customer", id="the notes"),
    ],
)
def test_case_file_tells(dossier: Dossier, words: str) -> None:
    page = page_of(render_case(dossier))

    assert words in " ".join(page.text.split())


def test_finding_is_never_said_to_be_proved(dossier: Dossier) -> None:
    text = page_of(render_case(dossier)).text.lower()

    assert not re.search(r"\b(proved|proven|guilty of|violated|violator)\b", text)


def test_records_beyond_the_first_are_folded_away_and_counted(dossier: Dossier) -> None:
    first = dossier.evidence[0]
    many = first.model_copy(update={"shown": first.shown[:1] * 20, "total": 20})

    html = render_case(dossier.model_copy(update={"evidence": (many, *dossier.evidence[1:])})).decode()

    assert f"<summary>{20 - RECORDS_OPEN} more of them</summary>" in html
    assert "more stand on the page itself" in html


def test_other_numbers_asked_of_one_measure_stand_beside_the_nearest(dossier: Dossier) -> None:
    first, *others = dossier.case.findings
    limits = tuple(Threshold(measure="hops", operator=">=", value=text, margin=str(12 - int(text))) for text in "358")
    wide = first.model_copy(update={"finding": first.finding.model_copy(update={"thresholds": limits})})
    case = dossier.case.model_copy(update={"findings": (wide, *others)})

    text = " ".join(page_of(render_case(dossier.model_copy(update={"case": case}))).text.split())

    assert (
        "the rule asks for at least 8, so the margin is 4. In other ways of breaking the rule: at least 5, at least 3."
        in text
    )


def test_a_clause_is_quoted_once_and_named_with_each_finding(small: World) -> None:
    html = render_case(with_findings(small, 3)).decode()

    clause = small.case.findings[0].finding.clauses[0]
    assert html.count(clause.text) == 1
    assert html.count('href="#clause-1"') == 1 + 3


def test_the_head_of_printed_pages_takes_plain_characters_only() -> None:
    assert running_head('Case C-1"; } body { x') == (
        '@page { @top-left { content: "Case C-1  body  x"; font: 8pt sans-serif; color: #666; } }'
    )


def test_page_runs_nothing_and_loads_nothing(dossier: Dossier) -> None:
    page = page_of(render_case(dossier))

    outside = [address for address in page.addresses if not address.startswith("#")]
    assert (outside, page.handlers, page.tags & {"script", "link", "img", "iframe", "form"}) == ([], [], set())


def test_page_carries_its_security_policy(dossier: Dossier) -> None:
    assert f'http-equiv="Content-Security-Policy" content="{POLICY}"'.encode() in render_case(dossier)


def test_elements_nest_and_ids_are_unique(dossier: Dossier) -> None:
    page = page_of(render_case(dossier))

    assert (page.unclosed, len(page.ids)) == ([], len(set(page.ids)))


def test_links_lead_to_a_place_on_the_page(dossier: Dossier) -> None:
    page = page_of(render_case(dossier))

    assert {address.removeprefix("#") for address in page.addresses} <= set(page.ids)


def test_every_drawing_has_a_title_and_a_description(dossier: Dossier) -> None:
    html = render_case(dossier).decode()

    drawings = re.findall(r"<svg .*?</svg>", html, re.DOTALL)
    assert len(drawings) == 3
    assert all('role="img"' in drawing and "<title" in drawing and "<desc" in drawing for drawing in drawings)


def test_sealed_page_leaves_out_what_belongs_to_one_run(dossier: Dossier) -> None:
    text = page_of(render_case(dossier.sealed())).text

    assert not [word for word in ("run-1", "asked the customer", "opened", "2025-01-13") if word in text]


def test_naughty_strings_in_every_text_stay_inert_and_whole(tmp_path: Path) -> None:
    naughty = hostile_strings()
    hostile = world(tmp_path, calls=20, account=naughty[200], user_agent=naughty[120])
    dossier = with_texts(hostile.dossier(), naughty)

    page = page_of(render_case(dossier))

    seen = "".join(untokened(page.text).split())
    lost = [text for text in naughty if "".join(untokened(text).split()) not in seen]
    outside = [address for address in page.addresses if not address.startswith("#")]
    assert (lost, outside, page.handlers, page.tags & {"script", "img", "iframe"}) == ([], [], [], set())


def test_names_of_accounts_and_values_come_out_as_text(tmp_path: Path) -> None:
    account = "<img src=x onerror=alert(1)>\u202e=HYPERLINK(1)"
    hostile = world(tmp_path, account=account, user_agent="javascript:alert(1)")

    page = page_of(render_case(hostile.dossier()))

    assert "img" not in page.tags
    assert account in untokened(page.text)


def test_index_links_to_each_case_and_says_what_is_new(small: World) -> None:
    change = CasebookChange(new_cases=(small.case.id,), new_findings=("x",))

    page = page_of(render_index([small.case], small.receipt, change))

    assert [f"{small.case.id}.html"] == page.addresses
    assert "new" in page.text
    assert "top_logprobs" in page.text


def test_index_says_what_was_proposed_before(small: World) -> None:
    other = ProposalChange(case_id=small.case.id, before=ActionName.NONE, after=ActionName.VERIFY)
    change = CasebookChange(changed_cases=(small.case.id,), changed_proposals=(other,))

    page = page_of(render_index([small.case], small.receipt, change))

    assert "none → verify" in page.text
    assert "1 case has another proposal than before" in page.text


def test_index_has_a_section_for_each_pack(small: World) -> None:
    other = small.receipt.model_copy(update={"pack": "web-scraping", "run_id": "run-0"})
    case = small.case.model_copy(update={"id": "C-ba9876543210", "pack": "web-scraping"})

    page = page_of(render_index([small.case], small.receipt, CasebookChange(), [PackRun(other, (case,))]))

    assert [f"{small.case.id}.html", "C-ba9876543210.html"] == page.addresses
    assert "2 cases of 2 packs" in page.text
    assert "Pack web-scraping" in page.text


def test_index_says_which_stretch_was_judged_and_which_cases_lie_outside(small: World) -> None:
    narrow = before_everything(small.receipt)

    text = " ".join(page_of(render_index([small.case], narrow, CasebookChange())).text.split())

    assert "that run took only incidents that end before 2025-01-01 00:00:00 UTC" in text
    assert "1 case below has no finding within that" in text
    assert "not judged" in text


def test_finding_outside_the_stretch_of_the_run_is_marked(dossier: Dossier) -> None:
    narrow = dossier.model_copy(update={"receipt": before_everything(dossier.receipt)})

    texts = [" ".join(page_of(render_case(item)).text.split()) for item in (dossier, narrow, narrow.sealed())]

    assert ["Not judged by this audit" in text for text in texts] == [False, True, True]
    assert ["1 finding below reaches beyond that" in text for text in texts] == [False, True, True]


def test_name_of_a_source_is_whole_and_told_apart_except_where_it_is_sealed(dossier: Dossier) -> None:
    name = f"123456789012_CloudTrail_us-east-1_{'x' * 90}.json.gz"
    (source,) = dossier.sources
    named = dossier.model_copy(update={"sources": (source.model_copy(update={"name": name, "where": f"eu/{name}"}),)})

    texts = [page_of(render_case(item)).text for item in (named, named.sealed())]

    assert [f"eu/{name}" in texts[0], f"eu/{name}" in texts[1], name in texts[1]] == [True, False, True]


def test_ids_of_accounts_are_whole(tmp_path: Path) -> None:
    role = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Reader_0123456789abcdef/someone@example.org"
    built = world(tmp_path, account=role)

    pages = [render_case(built.dossier()), render_index([built.case], built.receipt, CasebookChange())]

    assert all("cut here" not in page_of(page).text and role in page_of(page).text for page in pages)


def test_case_without_accounts_says_what_it_is_about(dossier: Dossier) -> None:
    item = dossier.case.findings[0]
    about = {"accounts": (), "account_records": (), "subject": (), "subject_kind": "none"}
    finding = item.finding.model_copy(update=about | {"by": (("client_ip", "86.76.247.183"),)})
    case = dossier.case.model_copy(
        update={"accounts": (), "actions": (), "findings": (item.model_copy(update={"finding": finding}),)}
    )

    pages = [
        render_case(dossier.model_copy(update={"case": case, "organizations": ()})),
        render_index([case], dossier.receipt, CasebookChange()),
    ]

    assert all("no account (client_ip 86.76.247.183)" in page_of(page).text for page in pages)


def test_ground_does_not_repeat_the_action(dossier: Dossier) -> None:
    actions = tuple(
        Action(account=f"acct-{number}", action=ActionName.SUSPEND, because=("suspend: its own records show it",))
        for number in range(5)
    )
    many = dossier.case.model_copy(update={"accounts": tuple(item.account for item in actions), "actions": actions})

    text = page_of(render_case(dossier.model_copy(update={"case": many}))).text

    assert "Why this and no more: its own records show it." in text


def test_digits_of_a_number_are_kept_on_one_line(dossier: Dossier) -> None:
    assert (
        "td.number, th.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }"
        in render_case(dossier).decode()
    )


def test_index_without_cases_says_so(small: World) -> None:
    page = page_of(render_index([], small.receipt, CasebookChange()))

    assert "found nothing to look into" in page.text


def before_everything(receipt: Receipt) -> Receipt:
    """Return the receipt of a later run that took only incidents before all records."""
    return receipt.model_copy(update={"run_id": "run-2", "until": datetime(2025, 1, 1, tzinfo=UTC)})


def with_texts(dossier: Dossier, texts: list[str]) -> Dossier:
    """Put every text into facts, reasons, clauses and titles of a dossier."""
    case, item = dossier.case, dossier.case.findings[0]
    account = case.accounts[0]
    finding = item.finding.model_copy(
        update={"title": texts[0], "clauses": tuple(applied(1, text=text, clause=text[:20]) for text in texts)}
    )
    actions = (Action(account=account, action=ActionName.WARN, because=tuple(texts)),)
    changed = case.model_copy(
        update={
            "findings": (item.model_copy(update={"finding": finding, "supersedes": tuple(texts)}),),
            "actions": actions,
            "speaks_for": tuple(SpeaksFor(account=account, fact=text) for text in texts),
        }
    )
    return dossier.model_copy(update={"case": changed})


def with_findings(small: World, count: int) -> Dossier:
    """Return the dossier of a case with so many findings, of which the last is the gravest."""
    first = small.case.findings[0]
    items = [
        first.model_copy(
            update={
                "cited_as": first.finding.id,
                "finding": first.finding.model_copy(
                    update={
                        "id": f"F-{number:04}",
                        "start": first.finding.start + timedelta(seconds=number),
                        "end": first.finding.end + timedelta(seconds=number),
                        "level": Level.CRITICAL if number == count - 1 else first.finding.level,
                    }
                ),
            }
        )
        for number in range(count)
    ]
    reasons = tuple(f"reason {number}" for number in range(count))
    action = small.case.actions[0].model_copy(update={"because": reasons})
    case = small.case.model_copy(update={"findings": tuple(items), "actions": (action,)})
    return replace(small, case=case).dossier()


def test_beyond_fifty_findings_the_gravest_are_shown_in_full_and_the_others_in_short(small: World) -> None:
    page = page_of(render_case(with_findings(small, 53)))

    text = " ".join(page.text.split())
    assert [f"Finding {number}:" in text for number in (1, 50, 51)] == [True, True, False]
    assert "The 50 gravest findings stand above in full" in text
    assert "3 more findings, in short" in text and "auditor case export" in text
    assert [f"finding-{number}" for number in range(1, 54)] == [
        name for name in page.ids if re.match(r"finding-\d+$", name)
    ]
    assert "critical" in text.split("Finding 2:")[0].split("Finding 1:")[1]


def test_a_row_in_short_names_rule_time_and_measure(small: World) -> None:
    html = render_case(with_findings(small, 51)).decode()

    row = " ".join(page_of(html.split('<tr id="finding-51">')[1].split("</tr>")[0]).text.split())
    finding = small.case.findings[0].finding
    assert finding.title in row and f"rule {finding.rule}" in row
    assert "2025-01-10 08:00:49to 2025-01-10 08:20:19" in row
    assert "hops: 12 (asked for: at least 5); keys: 2 keys" in row


def test_fifty_findings_are_all_shown_in_full(small: World) -> None:
    text = " ".join(page_of(render_case(with_findings(small, 50))).text.split())

    assert "Finding 50:" in text and "in short" not in text


def test_reasons_that_are_left_out_are_counted(small: World) -> None:
    text = " ".join(page_of(render_case(with_findings(small, 53))).text.split())

    assert "reason 49" in text and "reason 50" not in text
    assert "The 50 sternest of 53 reasons are listed" in text


def test_a_page_of_two_thousand_findings_stays_small(small: World) -> None:
    assert len(render_case(with_findings(small, 2000))) < 2_500_000


def test_an_approval_that_names_another_account_of_the_organization_is_not_shown(small: World) -> None:
    other = approval().model_copy(update={"account_id": "acct-of-somebody-else", "reason": "not for this one"})
    [made] = gather(
        [small.case],
        receipt=small.receipt,
        pack=small.pack,
        activity=small.activity,
        runs=small.runs,
        approvals=(approval(), other),
    )

    assert made.approvals == (approval(),)
