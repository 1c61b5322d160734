"""Redacted editions verify by themselves, keep the root, and say nothing of what they withhold."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from auditor.checker.findings import ClusterSeen
from auditor.errors import AuditorError, BundleError, PolicyError, UsageError
from auditor.evidence.edition import load_edition, shipped_editions
from auditor.evidence.pseudonyms import Pseudonyms, key_for
from auditor.evidence.redact import redact
from auditor.evidence.redacted import shown_cluster
from auditor.evidence.redaction import Redactor
from auditor.evidence.replay import replay
from auditor.evidence.verify import verify_bundle
from tests.evidence.journeys import audited, row, some_rows
from tests.evidence.tampering import edit

SECRETS = {
    "account_id": "acct-zebra", "organization_id": "org-zebra", "api_key_id": "key-zebra", "client_ip": "198.51.100.77",
    "device_id": "dev-zebra", "user_agent": "agent-zebra", "prompt": "prompt zebra", "record_id": "id-zebra",
    "end_user_id": "user-zebra", "country": "KI",
}  # fmt: skip
PARTNER_HIDES = ("acct-zebra", "org-zebra", "key-zebra", "198.51.100.77", "dev-zebra", "prompt zebra", "id-zebra-0",
                 "user-zebra", "card-zebra", "zebra.example", "log.jsonl")  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full bundle of a case of two accounts that share a card."""
    facts = {"payment_fingerprint": "card-zebra", "email_domain": "zebra.example", "plan": "pro"}
    rows = [row(0, account="acct-zebra", event="signup", status=None, **facts)]
    rows += [row(0, account="acct-lion", event="signup", status=None, **facts)]
    for number in range(8):
        unique = {name: value for name, value in SECRETS.items() if name not in ("account_id", "record_id")}
        rows.append(row(100 + number, account="acct-zebra", record_id=f"id-zebra-{number}", **unique))
    rows += [
        row(110, account="acct-lion", prompt="a lion's words", client_ip="203.0.113.5", organization_id="org-lion")
    ]
    return audited(tmp_path_factory.mktemp("redact"), rows).bundles()[0]


def edition_of(
    full: Path, target: Path, name: str = "partner", *, to: str = "Other", account: str | None = None
) -> Path:
    """Make an edition."""
    return redact(full, load_edition(name), recipient=to, account=account, target=target)


def text_of(bundle: Path) -> str:
    """Return all that a bundle says, what every bundle carries aside."""
    carried = ("verify.py", "VERIFY.md")
    paths = [path for path in bundle.rglob("*") if path.is_file() and path.name not in carried]
    return "\n".join(path.read_text() for path in paths if "schemas" not in path.parts)


def lines(bundle: Path, name: str) -> list[dict[str, Any]]:
    """Read JSON Lines of a bundle."""
    return [json.loads(line) for line in (bundle / "data" / name).read_bytes().splitlines()]


@pytest.mark.parametrize("name", ["partner", "regulator", "court", "account-holder"])
def test_edition_verifies_and_keeps_the_root(full: Path, tmp_path: Path, name: str) -> None:
    made = edition_of(full, tmp_path / name, name, account="acct-zebra" if name == "account-holder" else None)

    report = verify_bundle(made)

    roots = [json.loads((bundle / "data/case.json").read_bytes())["commitments"]["root"] for bundle in (full, made)]
    assert (report.verdict, report.failures) == ("unproven", ())
    assert roots[0] == roots[1]


def test_bundled_verifier_accepts_an_edition_with_the_standard_library_alone(full: Path, tmp_path: Path) -> None:
    made = edition_of(full, tmp_path / "made")

    done = subprocess.run([sys.executable, "-I", made / "data/verify.py", made], capture_output=True, check=False)

    assert (done.returncode, b"failed" in done.stdout) == (3, False)


def test_shipped_editions_are_those_of_the_design() -> None:
    assert shipped_editions() == ("account-holder", "court", "partner", "regulator")


def test_nothing_that_is_withheld_stands_anywhere_in_the_edition(full: Path, tmp_path: Path) -> None:
    said = text_of(edition_of(full, tmp_path / "made"))

    assert [word for word in PARTNER_HIDES if word in said] == []


def test_full_bundle_does_say_it(full: Path) -> None:
    said = text_of(full)

    assert [word for word in PARTNER_HIDES if word not in said] == []


def test_edition_holds_no_salt_of_what_it_withholds(full: Path, tmp_path: Path) -> None:
    made = edition_of(full, tmp_path / "made")

    keys = {line["key"] for line in lines(full, "commitments.jsonl")}
    own = lines(made, "commitments.jsonl")
    assert not [key for key in keys if key in text_of(made)]
    assert not [line for line in own if set(line.get("salts", {})) & set(line.get("withheld", {}))]
    assert any("account" in line["withheld"] for line in own if "withheld" in line)


def test_own_edition_holds_nothing_of_anybody_else(full: Path, tmp_path: Path) -> None:
    made = edition_of(full, tmp_path / "own", "account-holder", account="acct-zebra")

    said = text_of(made)
    assert [word for word in ("acct-lion", "org-lion", "lion's", "203.0.113.5") if word in said] == []
    assert {item["record"]["account_id"] for item in lines(made, "records/cited.jsonl")} == {"acct-zebra"}
    assert "prompt zebra" in said


@pytest.mark.parametrize("name", ["account-holder", "court"])
def test_edition_leaves_decisions_to_the_ledger_and_says_so(full: Path, tmp_path: Path, name: str) -> None:
    account = "acct-zebra" if name == "account-holder" else None

    edition = edition_of(full, tmp_path / "made", name, account=account)

    assert (full / "data/statement/notices.jsonl").is_file()
    assert not (edition / "data/statement").exists()
    page = (edition / "data/report/report.html").read_text()
    assert "What people decided, before this edition was made or after, is no part of it" in page


def test_shared_value_is_shown_to_no_holder(full: Path, tmp_path: Path) -> None:
    made = edition_of(full, tmp_path / "own", "account-holder", account="acct-zebra")

    shared = next(item for item in lines(made, "findings.jsonl") if item["rule"] == "one-card")
    assert shared["by"][0][0] == "payment_fingerprint"
    assert shared["by"][0][1].startswith("payment-")
    [measure] = shared["measures"]
    assert (measure["name"], measure["value"], measure["expression"]) == ("accounts", "2", "count(distinct account_id)")


def test_pseudonyms_are_the_same_within_and_others_for_others(full: Path, tmp_path: Path) -> None:
    ours, theirs = (edition_of(full, tmp_path / to, to=to) for to in ("Ours", "Theirs"))

    names = [
        [{item["pseudonyms"]["account_id"] for item in lines(made, "records/cited.jsonl")} for made in (ours, theirs)],
        [{pair[0] for item in lines(made, "findings.jsonl") for pair in item["account_records"]}
         for made in (ours, theirs)],
    ]  # fmt: skip
    assert names[0] == names[1]
    assert not names[0][0] & names[0][1]


def test_same_edition_for_the_same_recipient_has_the_same_bytes(full: Path, tmp_path: Path) -> None:
    one, other = (edition_of(full, tmp_path / name) for name in ("one", "other"))

    digests = [sha256((made / "tagmanifest-sha256.txt").read_bytes()).hexdigest() for made in (one, other)]
    assert digests[0] == digests[1]


def test_edition_says_what_it_withholds_and_why(full: Path, tmp_path: Path) -> None:
    edition = json.loads((edition_of(full, tmp_path / "made") / "data/edition.json").read_bytes())

    said = {item["group"]: (item["reason"], item["has_pseudonyms"], item["records"]) for item in edition["withheld"]}
    assert (said["account"], said["content"]) == (("personal-data", True, 9), ("customer-content", False, 9))
    assert edition["derived_from"] == sha256((full / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "edit", "named"),
    [
        ("records/cited.jsonl", lambda line: line["record"].update(country="DE"), "commitments.jsonl"),
        ("records/cited.jsonl", lambda line: line["record"].pop("country"), "commitments.jsonl"),
        ("records/cited.jsonl", lambda line: line["record"].update(prompt="put in their mouth"), "commitments.jsonl"),
        ("commitments.jsonl", lambda line: line["withheld"].update(account="0" * 64), "commitments.jsonl"),
        ("commitments.jsonl", lambda line: line["withheld"].pop("account"), "commitments.jsonl"),
        ("commitments.jsonl", lambda line: line["salts"].update(rest="0" * 64), "commitments.jsonl"),
        ("commitments.jsonl", lambda line: line.update(leaf="0" * 64), "case.json"),
        ("edition.json", lambda line: line.update(records_withheld=1), "edition.json"),
        ("edition.json", lambda line: line["withheld"].pop(), "edition.json"),
    ],
    ids=[
        "a shown value is changed", "a shown value is taken away", "a withheld value is made up",
        "a commitment is changed", "a commitment is taken away", "a salt is changed", "a leaf is changed",
        "the number of withheld records is changed", "a withheld group is not told",
    ],
)  # fmt: skip
def test_change_of_an_edition_is_found(
    full: Path, tmp_path: Path, name: str, edit: Callable[[dict[str, Any]], Any], named: str
) -> None:
    made = edition_of(full, tmp_path / "made")
    documents = lines(made, name)
    edit(documents[0])
    (made / "data" / name).write_text("".join(json.dumps(item) + "\n" for item in documents))

    assert [item for item in verify_bundle(made).failures if named in item.file and item.code != "payload"]


def test_full_bundle_may_not_withhold_anything(full: Path, tmp_path: Path) -> None:
    made = edition_of(full, tmp_path / "made")
    (made / "data/edition.json").unlink()

    messages = [item.message for item in verify_bundle(made).failures]

    assert any("only a redacted edition may leave out" in message for message in messages)


def test_edition_of_an_edition_is_refused(full: Path, tmp_path: Path) -> None:
    made = edition_of(full, tmp_path / "made")

    with pytest.raises(UsageError, match="no full bundle"):
        edition_of(made, tmp_path / "again")


@pytest.mark.parametrize("name", ["case.json", "proposal.json", "population.json", "policy/index.json"])
def test_bundle_that_lacks_a_document_is_refused_with_its_name(full: Path, tmp_path: Path, name: str) -> None:
    damaged = shutil.copytree(full, tmp_path / "damaged")
    (damaged / "data" / name).unlink()

    with pytest.raises(BundleError, match=f"data/{name}: `required`: is missing"):
        edition_of(damaged, tmp_path / "made")


def test_edition_can_not_be_judged_again(full: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="redacted edition"):
        replay(edition_of(full, tmp_path / "made"))


@pytest.mark.parametrize(("account", "named"), [(None, "none is named"), ("acct-nobody", "not in case")])
def test_own_edition_needs_an_account_of_the_case(full: Path, tmp_path: Path, account: str | None, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        edition_of(full, tmp_path / "made", "account-holder", account=account)

    assert not (tmp_path / "made").exists()


EDITION = "edition: mine\ntitle: T\npurpose: P\nrecords: all\nwithhold:\n"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (EDITION + "  - {groups: [account], reason: x}\n", "`source` is not"),
        (EDITION + "  - {groups: [time, source], reason: x}\n", "`time` can't be withheld alone"),
        (EDITION + "  - {groups: [latitude, source], reason: x}\n", "withhold the group `location` as a whole"),
        (EDITION + "  - {groups: [source], reason: Because I say so}\n", "expected small letters"),
        (EDITION + "  - {groups: [], reason: x}\n", "without groups"),
        (EDITION.replace("all", "some") + "  - {groups: [source], reason: x}\n", "expected one of all, own"),
        (EDITION + "  - {groups: [source], reason: x}\nextra: 1\n", "unknown key"),
    ],
    ids=["bytes would tell", "not alone", "half a group", "no code", "nothing", "which records", "unknown key"],
)
def test_edition_that_would_not_work_is_refused(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "mine.yml").write_text(text)

    with pytest.raises(PolicyError) as caught:
        load_edition(str(tmp_path / "mine.yml"))

    assert named in str(caught.value)


def test_edition_of_ones_own_names_groups_or_single_columns(full: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text(EDITION + "  - {groups: [client_ip, source], reason: secret, pseudonym: true}\n")

    made = edition_of(full, tmp_path / "made", str(tmp_path / "mine.yml"))

    assert "198.51.100.77" not in text_of(made)
    assert verify_bundle(made).failures == ()


def test_unknown_edition_is_refused() -> None:
    with pytest.raises(AuditorError, match="unknown edition `parner`"):
        load_edition("parner")


def test_texts_beside_the_records_are_cleared() -> None:
    redactor = Redactor(load_edition("partner"), None, Pseudonyms(key_for(["k"], "r")))
    redactor.hide("account_id", ["acct-7", "odd name, Ltd"])
    redactor.hide("client_ip", ["192.0.2.7"])
    name = redactor.mask("account_id", "acct-7")

    said = [redactor.text(text) for text in (
        "acct-7: its card is held by acct-7's owner (acct-7)", "from 192.0.2.7.", "for odd name, Ltd", "nothing of it",
    )]  # fmt: skip

    assert said[0] == f"{name}: its card is held by {name}'s owner ({name})"
    assert said[1] == "withheld in this edition"
    assert said[2] == f"for {redactor.mask('account_id', 'odd name, Ltd')}"
    assert said[3] == "nothing of it"


def test_edition_of_hostile_names_is_inert_and_whole(tmp_path: Path) -> None:
    odd = [
        "%s",
        "a\nb",
        "\u202eevil",
        "e\u0301",
        "\u00e9",
        "con",
        "=cmd()",
        "<script>alert(1)</script>",
        "../../x",
        "null",
    ]
    rows = [
        {**item, "account_id": f"{name}{item['account_id']}", "prompt": name, "user_agent": name}
        for name in odd
        for item in some_rows()[-4:]
    ]
    rules = {"one-model": ONE_FOR_ALL}
    bundle = audited(tmp_path, rows, rules).bundles()[0]

    for edition in ("court", "partner"):
        made = edition_of(bundle, tmp_path / edition, edition, to="\u202e<b>Ltd</b>\n")
        page = (made / "data/report/report.html").read_text()
        assert verify_bundle(made).failures == ()
        assert "<script" not in page
    assert replay(bundle)


def test_linked_accounts_are_named_to_no_holder() -> None:
    redactor = Redactor(load_edition("account-holder"), "acct-7", Pseudonyms(key_for(["k"], "r")))
    cluster = ClusterSeen(id="L-0123", formerly=("acct-8",), members=("acct-7", "acct-8"), signals=("same-card",))

    shown = shown_cluster(cluster, redactor)

    assert shown is not None
    assert shown.members == ("acct-7",)
    assert shown.signals == ("same-card",)
    assert "acct-8" not in shown.model_dump_json()


ONE_FOR_ALL = """
id: 7d3f1c52-9a3e-4f43-8a40-7a1f0a4d9b09
title: Everybody together
status: test
conduct: automated-access
strength: inferential
family: limits
level: medium
subject: none
when:
  call: {event: completion}
  condition: call
measure:
  calls: count()
violates: calls >= 5
"""


def test_link_out_of_the_bundle_is_not_followed(full: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(full, tmp_path / "copy"))
    index = bundle / "data/policy/index.json"
    index.unlink()
    index.symlink_to(full / "data/policy/index.json")

    with pytest.raises(BundleError, match=r"data/policy/index\.json: `file-name`: is a link or a device"):
        edition_of(bundle, tmp_path / "edition")

    assert not (tmp_path / "edition").exists()


def test_path_out_of_the_policy_is_not_followed(full: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(full, tmp_path / "copy"))
    (tmp_path / "private.yml").write_text("terms: of the reader\n")
    edit(bundle, "data/policy/index.json", lambda index: index["files"][0].update(file="../../../private.yml"))

    with pytest.raises(BundleError, match="`policy`"):
        edition_of(bundle, tmp_path / "edition")

    assert not (tmp_path / "edition").exists()


def test_changed_bundle_gets_no_edition_that_verifies(full: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(full, tmp_path / "copy"))
    proposal = bundle / "data/proposal.json"
    proposal.write_bytes(proposal.read_bytes().replace(b'"verify"', b'"suspend"').replace(b'"warn"', b'"suspend"'))

    with pytest.raises(BundleError, match=r"data/proposal\.json: `(payload|digest)`"):
        edition_of(bundle, tmp_path / "edition")

    assert not (tmp_path / "edition").exists()


def test_edition_is_not_written_into_its_bundle(full: Path, tmp_path: Path) -> None:
    bundle = Path(shutil.copytree(full, tmp_path / "copy"))

    with pytest.raises(UsageError, match="a bundle never changes"):
        edition_of(bundle, bundle / "data/edition")

    assert verify_bundle(bundle).verdict == "unproven"


@pytest.mark.parametrize("recipient", ["", " ", "half a pair \udc80"], ids=["none", "blank", "no text"])
def test_recipient_has_a_name_that_can_be_written(full: Path, tmp_path: Path, recipient: str) -> None:
    with pytest.raises(UsageError, match="the name of a recipient"):
        edition_of(full, tmp_path / "edition", to=recipient)

    assert not (tmp_path / "edition").exists()
