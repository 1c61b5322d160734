"""What documents of a bundle say of each other is compared, whatever its manifests say; none breaks the verifier."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.digests import canonical_json
from auditor.evidence.verify import verify_bundle
from tests.evidence.journeys import audited, row
from tests.evidence.tampering import edit, failures, files_of, made_again

CITED = "data/records/cited.jsonl"
FINDINGS = "data/findings.jsonl"
PROPOSAL = "data/proposal.json"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _forget_records(document: dict[str, Any]) -> None:
    document["records"] -= 1
    document["records_in_bundle"] -= 1


def _terminate(document: dict[str, Any]) -> None:
    document["proposed_action"] = document["actions"][0]["action"] = "terminate"


def _drop_bytes(document: dict[str, Any]) -> None:
    del document["source"]["text"]
    document["source"]["without_bytes"] = "gone"


def _say_something_else(document: dict[str, Any]) -> None:
    document["source"].update(text="x" * document["source"]["length"])


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        pytest.param(FINDINGS, lambda d: d.update(records=7), "records", id="a finding claims more records"),
        pytest.param(FINDINGS, _forget_records, "records_in_bundle", id="a finding forgets a record"),
        pytest.param(
            FINDINGS, lambda d: d.update(start="2025-01-01T00:00:00Z"), "start", id="a finding starts earlier"
        ),
        pytest.param(FINDINGS, lambda d: d.update(end="2025-02-01T00:00:00Z"), "end", id="a finding ends later"),
        pytest.param(FINDINGS, lambda d: d.update(accounts=["other"]), "accounts", id="another account is accused"),
        pytest.param(
            FINDINGS, lambda d: d.update(account_records=[["acct-7", 9]]), "account_records", id="its share grows"
        ),
        pytest.param(FINDINGS, lambda d: d.update(sources=[]), "sources", id="a source is forgotten"),
        pytest.param(FINDINGS, lambda d: d.update(rule_digest="0" * 64), "rule_digest", id="another rule made it"),
        pytest.param(FINDINGS, lambda d: d.update(id="other"), "data/case.json lists", id="another finding"),
        pytest.param(CITED, lambda d: d["source"].update(text="{}"), "leaf is not what", id="other bytes"),
        pytest.param(CITED, lambda d: d["source"].update(length=1), "source.length", id="another length"),
        pytest.param(CITED, lambda d: d["source"].update(text=None), "neither the bytes", id="no bytes and no reason"),
        pytest.param(CITED, lambda d: d["source"].update(id="0" * 64), "source.id", id="an unknown source"),
        pytest.param(
            CITED, lambda d: d["record"].update(time="2026-01-01T00:00:00Z"), "record order", id="another time"
        ),
        pytest.param(CITED, lambda d: d["record"].update(time="yesterday"), "record order", id="no time"),
        pytest.param(CITED, lambda d: d.update(findings=[]), "no finding cites", id="a record nobody cites"),
        pytest.param(CITED, lambda d: d.update(findings=[{"id": "x"}]), "does not hold", id="an unknown finding"),
        pytest.param(CITED, lambda d: d["record"].update(cost=0.1), "0.1", id="a floating-point number"),
        pytest.param("data/case.json", lambda d: d.update(cited=5), "counts 5", id="another count"),
        pytest.param(
            CITED, lambda d: d["record"].update(account_id="other"), "record.account_id", id="a column its bytes deny"
        ),
        pytest.param(CITED, lambda d: d["record"].pop("country"), "record.country", id="a column is left out"),
        pytest.param(CITED, _say_something_else, "something else in others", id="one line of a source is no JSON"),
        pytest.param(CITED, lambda d: d["source"].update(line=True), "record order", id="a line that is no number"),
        pytest.param(CITED, _drop_bytes, "records_with_bytes", id="bytes are dropped"),
        pytest.param(FINDINGS, lambda d: d.update(rule="other"), "rule_digest", id="a rule of another name"),
        pytest.param(FINDINGS, lambda d: d.update(rule_id="0" * 36), "rule_id", id="a rule of another id"),
        pytest.param(FINDINGS, lambda d: d.update(strength="inferential"), "strength", id="another strength"),
        pytest.param(FINDINGS, lambda d: d.update(level="critical"), "level", id="another level"),
        pytest.param(FINDINGS, lambda d: d.update(measures=[]), "thresholds", id="a threshold of no measure"),
        pytest.param(
            FINDINGS, lambda d: d["measures"][0].update(value="4"), "thresholds", id="a measure below its threshold"
        ),
        pytest.param(FINDINGS, lambda d: d["thresholds"][0].update(margin="9"), "thresholds", id="another margin"),
        pytest.param(
            FINDINGS, lambda d: d["thresholds"][0].update(value="1e999999999"), "thresholds", id="a hostile number"
        ),
        pytest.param(FINDINGS, lambda d: d.update(is_stale=True), "actions: acct-7", id="nothing holds any more"),
        pytest.param(PROPOSAL, _terminate, "terminate", id="the machine terminates"),
        pytest.param(PROPOSAL, lambda d: d["actions"][0].update(action="execute"), "execute", id="an unknown action"),
        pytest.param(
            PROPOSAL, lambda d: d["actions"][0].update(action=[{"x": 1}]), "actions", id="an action of the wrong kind"
        ),
        pytest.param(PROPOSAL, lambda d: d.update(proposed_action="warn"), "proposed_action", id="not the highest"),
        pytest.param("data/case.json", lambda d: d["case"].update(severity="critical"), "severity", id="graver"),
        pytest.param("data/case.json", lambda d: d["case"].update(pack="other"), "different packs", id="another pack"),
        pytest.param("data/case.json", lambda d: d.update(format_version=3), "format_version", id="a newer format"),
        pytest.param("data/case.json", lambda d: d["case"].update(id="C-2"), "External-Identifier", id="another case"),
        pytest.param("data/proposal.json", lambda d: d.update(actions=[]), "actions", id="no action proposed"),
        pytest.param("data/receipt.json", lambda d: d.update(policy_files=[]), "policy files", id="another policy"),
        pytest.param("data/policy/index.json", lambda d: d.update(files=[]), "policy", id="an empty index"),
        pytest.param("data/policy/index.json", lambda d: d.update(files=7), "policy", id="an index of the wrong kind"),
        pytest.param(
            "data/receipt.json", lambda d: d.update(sources=[[1]]), "source.id", id="a source of the wrong kind"
        ),
    ],
)
def test_change_that_is_covered_up_by_new_manifests_is_still_found(
    bundle: Path, name: str, change: Callable[[Any], Any], named: str
) -> None:
    edit(bundle, name, change)

    assert named in failures(bundle)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_document_whatever_its_shape_breaks_the_verifier(sound: Path, tmp_path: Path, data: st.DataObject) -> None:
    bundle = tmp_path / "fuzzed"
    shutil.rmtree(bundle, ignore_errors=True)
    shutil.copytree(sound, bundle)
    documents = [name for name in files_of(bundle) if name.endswith((".json", ".jsonl")) and "/schemas/" not in name]
    name = data.draw(st.sampled_from(documents))

    edit(bundle, name, lambda document: put_anywhere(document, data))

    assert verify_bundle(bundle).exit_code in (1, 3)


def put_anywhere(document: dict[str, Any], data: st.DataObject) -> None:
    """Put any value in any place of a document."""
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            place[key] = data.draw(ANY_JSON)
            return
        place = inner


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(FINDINGS, b"", id="no findings"),
        pytest.param(CITED, b"", id="no records"),
        pytest.param("data/case.json", b"[" * 100_000, id="nested brackets"),
        pytest.param("data/case.json", b'{"cited":1,"cited":6}', id="a key twice"),
        pytest.param("data/case.json", b"\xff\xfe", id="not UTF-8"),
        pytest.param("data/case.json", b"7", id="no object"),
        pytest.param("data/report/report.html", b"<script>alert(1)</script>", id="a script in the report"),
    ],
)
def test_hostile_document_is_named_and_harms_nothing(bundle: Path, name: str, data: bytes) -> None:
    (bundle / name).write_bytes(data)
    made_again(bundle)

    assert name in failures(bundle)


def test_cited_records_in_another_order_are_found(bundle: Path) -> None:
    lines = (bundle / CITED).read_bytes().splitlines(keepends=True)
    (bundle / CITED).write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    made_again(bundle)

    assert "record order" in failures(bundle)


def test_cited_record_there_twice_is_found(bundle: Path) -> None:
    lines = (bundle / CITED).read_bytes().splitlines(keepends=True)
    (bundle / CITED).write_bytes(b"".join([lines[0], *lines]))
    made_again(bundle)

    assert "there twice" in failures(bundle)


def test_changed_policy_file_is_found_behind_new_manifests(bundle: Path) -> None:
    (bundle / "data/policy/terms/e.yml").write_text("terms: other\n")
    made_again(bundle)

    assert "data/policy/terms/e.yml" in failures(bundle)


def test_name_of_a_source_is_the_one_of_the_receipt_and_nothing_else_says_so(bundle: Path) -> None:
    edit(bundle, CITED, lambda line: line["source"].update(name="../../etc/passwd\u202e"))

    said = [item for item in verify_bundle(bundle).failures if item.file == CITED]

    assert [(item.field, item.message) for item in said] == [
        ("line 1: source.name", "is not what data/receipt.json calls this source")
    ]


def test_source_that_is_json_is_quoted_as_json(tmp_path: Path) -> None:
    made = audited(tmp_path, [row(number) for number in range(7)])
    (bundle,) = made.bundles()
    lines = [json.loads(line) for line in (bundle / CITED).read_bytes().splitlines()]
    for line in lines:
        _say_something_else(line)
    (bundle / CITED).write_bytes(b"".join(canonical_json(line) + b"\n" for line in lines))

    fields = {item.field: item.message for item in verify_bundle(made_again(bundle)).failures}

    assert fields["line 1: source"] == "is no JSON object, which every line of this source is"
    assert "line 7: source" in fields
