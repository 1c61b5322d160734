"""Whatever is changed in a bundle is found, and its file is named; by this program and by the bundled verifier."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.evidence.assembly import assembled
from auditor.evidence.standalone.folder import walked
from auditor.evidence.standalone.manifests import BAG_RULES
from auditor.evidence.standalone.page import ATTRIBUTES, ELEMENTS
from auditor.evidence.verify import verify_bundle
from tests.evidence.arrange import sealed, world
from tests.evidence.signers import ANNA, attest, public_files
from tests.evidence.tampering import edit, files_of, made_again

CITED, FINDINGS, PROPOSAL = "data/records/cited.jsonl", "data/findings.jsonl", "data/proposal.json"
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle."""
    folder = tmp_path_factory.mktemp("sound")
    return sealed(world(folder, context=1), folder / "C-1")


@pytest.fixture
def bundle(sound: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(sound, tmp_path / "C-1"))


def failures(bundle: Path) -> str:
    """Return every failure as one text."""
    return "\n".join(f"{item.file} {item.field} {item.message}" for item in verify_bundle(bundle).failures)


def test_every_byte_of_every_tag_file_counts(bundle: Path) -> None:
    unseen = []
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        data = (bundle / name).read_bytes()
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 0x20 if place % 2 else 0x01
            (bundle / name).write_bytes(changed)
            if not any(True for rule in BAG_RULES for _ in rule.faults(walked(bundle)[0])):
                unseen.append((name, place))
        (bundle / name).write_bytes(data)

    assert unseen == []


def test_one_changed_byte_anywhere_in_the_payload_is_found(bundle: Path) -> None:
    unseen = []
    for name in files_of(bundle):
        data = (bundle / name).read_bytes()
        for place in sorted({0, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1}):
            changed = bytearray(data)
            changed[place] ^= 0x01
            (bundle / name).write_bytes(changed)
            if name not in failures(bundle):
                unseen.append((name, place))
        (bundle / name).write_bytes(data)

    assert unseen == []


@pytest.mark.parametrize("cut", [0, 1, 40], ids=["emptied", "one byte short", "forty bytes short"])
def test_truncated_file_is_named(bundle: Path, cut: int) -> None:
    unnamed = []
    for name in files_of(bundle):
        data = (bundle / name).read_bytes()
        (bundle / name).write_bytes(data[: len(data) - cut] if cut else b"")
        if name not in failures(bundle):
            unnamed.append(name)
        (bundle / name).write_bytes(data)

    assert unnamed == []


def test_removed_file_is_named(bundle: Path) -> None:
    unnamed = []
    for name in files_of(bundle):
        data = (bundle / name).read_bytes()
        (bundle / name).unlink()
        if name not in failures(bundle):
            unnamed.append(name)
        (bundle / name).write_bytes(data)

    assert unnamed == []


@pytest.mark.parametrize("name", ["extra.txt", "data/extra.txt", "data/policy/extra.yml", "meta/extra.txt"])
def test_unlisted_file_is_an_error(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_text("more")

    assert name in failures(bundle)


def test_file_in_attest_needs_no_listing(bundle: Path) -> None:
    attest(bundle, [("proposal", ANNA)])

    assert verify_bundle(bundle).verdict == "unproven"


def _link(bundle: Path) -> str:
    (bundle / "data/link.json").symlink_to("/etc/hostname")
    return "data/link.json"


def _link_in_place(bundle: Path) -> str:
    (bundle / "data/case.json").rename(bundle.parent / "case.json")
    (bundle / "data/case.json").symlink_to(bundle.parent / "case.json")
    return "data/case.json"


def _twin(bundle: Path) -> str:
    (bundle / "data/Case.json").write_text("{}")
    return "upper and lower case"


def _accent(bundle: Path) -> str:
    (bundle / "data/caf\u00e9.json").write_text("{}")
    return "caf\\xe9"


def _line_feed(bundle: Path) -> str:
    (bundle / "data/a\nb").write_text("{}")
    return "a\\nb"


def _device(bundle: Path) -> str:
    (bundle / "data/con.json").write_text("{}")
    return "con.json"


def _pipe(bundle: Path) -> str:
    os.mkfifo(bundle / "data/pipe")
    return "data/pipe"


@pytest.mark.parametrize("trick", [_link, _link_in_place, _twin, _accent, _line_feed, _device, _pipe])
def test_odd_file_is_refused(bundle: Path, trick: Callable[[Path], str]) -> None:
    named = trick(bundle)

    assert named in failures(bundle)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{digest}  ../outside.txt\n", id="a path that leaves the bundle"),
        pytest.param("{digest}  /etc/hostname\n", id="an absolute path"),
        pytest.param("{digest} data/case.json\n", id="one space"),
        pytest.param("{digest}  data/case.json\n", id="a file listed twice"),
        pytest.param("\n", id="an empty line"),
    ],
)
def test_odd_line_in_a_manifest_is_refused(bundle: Path, line: str) -> None:
    manifest = bundle / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text() + line.format(digest="0" * 64))

    assert "manifest-sha256.txt" in failures(bundle)


def test_no_bundle_is_never_green(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    reports = [verify_bundle(tmp_path / name) for name in ("empty", "nowhere")]

    assert [(item.verdict, item.exit_code, bool(item)) for item in reports] == [("failed", 1, False)] * 2


def test_trusting_a_key_proves_nothing_without_a_signature(bundle: Path, tmp_path: Path) -> None:
    assert verify_bundle(bundle, trust=public_files(tmp_path, ANNA)).exit_code == 3


def _forget_records(document: dict[str, Any]) -> None:
    document["records"] -= 1
    document["records_in_bundle"] -= 1


def _terminate(document: dict[str, Any]) -> None:
    document["proposed_action"] = document["actions"][0]["action"] = "terminate"


def _drop_bytes(document: dict[str, Any]) -> None:
    for name in ("text", "sha256"):
        del document["source"][name]
    document["source"]["without_bytes"] = "gone"


def _say_something_else(document: dict[str, Any]) -> None:
    data = b"x" * document["source"]["length"]
    document["source"].update(text=data.decode(), sha256=sha256(data).hexdigest())


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
        pytest.param(CITED, lambda d: d["source"].update(text="{}"), "source.sha256", id="other bytes"),
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
        pytest.param("data/case.json", lambda d: d.update(format_version=2), "format_version", id="a newer format"),
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


def test_text_of_a_hostile_bundle_reaches_no_terminal_as_it_is(bundle: Path) -> None:
    edit(bundle, FINDINGS, lambda document: document.update(id="\x1b[2J\u202e\ud800"))

    ended = run_standalone(bundle, str(bundle))

    assert ended.returncode == 1
    assert ended.stdout.replace("\n", "").isprintable()
    assert ended.stdout.isascii()
    assert verify_bundle(bundle).verdict == "failed"


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


def run_standalone(bundle: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the bundled verifier with nothing but the standard library."""
    command = [sys.executable, "-I", "-S", str(bundle / "data" / "verify.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_bundled_verifier_needs_the_standard_library_alone(bundle: Path) -> None:
    ended = run_standalone(bundle, str(bundle))

    assert (ended.returncode, ended.stderr) == (3, "")
    assert ended.stdout.splitlines()[-1].startswith("unproven")


def test_bundled_verifier_names_what_was_changed(bundle: Path) -> None:
    with (bundle / CITED).open("ab") as stream:
        stream.write(b" ")

    ended = run_standalone(bundle, str(bundle))

    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (1, "failed")
    assert CITED in ended.stdout


def test_bundled_verifier_leaves_the_bundle_as_it_is(bundle: Path) -> None:
    before = files_of(bundle)

    run_standalone(bundle, str(bundle))

    assert before == files_of(bundle)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["a", "b"]], ids=str)
def test_bundled_verifier_called_wrongly_says_how(bundle: Path, arguments: list[str]) -> None:
    ended = run_standalone(bundle, *arguments)

    assert ended.returncode == 2
    assert "Usage:" in ended.stderr


def test_bundled_verifier_is_the_one_of_this_program(bundle: Path) -> None:
    assert assembled() == (bundle / "data/verify.py").read_bytes()


@pytest.mark.parametrize("name", ["data/verify.py", "data/VERIFY.md", "data/schemas/case.json"])
def test_what_the_program_did_not_write_is_named_by_the_program(bundle: Path, name: str) -> None:
    (bundle / name).write_text("print('verified')\n")
    made_again(bundle)

    assert f"{name}  is not the one of this version" in failures(bundle)


def test_bundle_of_another_version_is_not_called_forged(bundle: Path) -> None:
    (bundle / "data/VERIFY.md").write_text("as it was then\n")
    edit(bundle, "data/receipt.json", lambda document: document.update(program="auditor 0.0.9"))

    report = verify_bundle(bundle)

    unproven = [check.file for check in report.checks if check.result == "unproven"]
    assert (report.verdict, "data/VERIFY.md" in unproven) == ("unproven", True)


@pytest.mark.parametrize(
    "name",
    ["manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt", "bagit.txt", "data/case.json", CITED,
     "data/report/report.html", "data/policy/terms/e.yml"],
)  # fmt: skip
def test_file_of_absurd_size_is_refused_at_once(bundle: Path, name: str) -> None:
    os.truncate(bundle / name, 200 << 30)
    started = time.monotonic()

    assert name in failures(bundle)

    assert time.monotonic() - started < 20


def test_manifest_of_very_many_lines_is_read_in_one_pass(bundle: Path) -> None:
    with (bundle / "manifest-sha256.txt").open("a") as stream:
        stream.writelines(f"{'0' * 64}  data/z{number:06d}\n" for number in range(120_000))
    started = time.monotonic()

    assert "there may be more" in failures(bundle)

    assert time.monotonic() - started < 20


@pytest.mark.parametrize("name", ["data/evil.exe", "data/schemas/extra.json", "data/policy/x.yml", "data/report/x.js"])
def test_file_that_rides_along_is_named(bundle: Path, name: str) -> None:
    (bundle / name).write_text("more")
    made_again(bundle)

    assert f"{name}  is no file of an evidence bundle" in failures(bundle)


HEAD = '<meta name="robots" content="noindex">'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("<p", "<img src=x onerror=alert(1)><p", id="an image that runs a program"),
        pytest.param("<p", '<img src="data:,x"><p', id="an image"),
        pytest.param("<p>", '<p onclick="alert(1)">', id="a handler"),
        pytest.param("<svg ", "<svg/onload=alert(1) ", id="a handler after a slash"),
        pytest.param("<svg ", '<svg onload="alert(1)" ', id="a handler in a drawing"),
        pytest.param('href="#', 'href="https://example.org/#', id="a link to elsewhere"),
        pytest.param('href="#', 'href="javascript:alert(1)//#', id="a link that runs"),
        pytest.param(HEAD, '<meta http-equiv="refresh" content="0;url=https://example.org/">', id="a redirection"),
        pytest.param(HEAD, '<base href="https://example.org/">', id="a base"),
        pytest.param("<style>", '<style>@import "//example.org";', id="an imported style"),
        pytest.param("<style>", "<style>p{background:url(//example.org)}", id="a style that loads"),
        pytest.param("<style>", "<style>p{background:u\\72l(//example.org)}", id="a style that loads in disguise"),
        pytest.param("<style>", "<style></style><style>", id="a second style"),
        pytest.param("</title>", "<b></title>", id="an element in a title"),
        pytest.param("<meta http", "<!-- <meta http", id="a policy in a comment"),
        pytest.param("<head>", '<head><meta name="a" content="b">', id="something before the policy"),
        pytest.param("<p", "<p><![CDATA[x]]", id="a section of raw text"),
        pytest.param("<p", "<SCRIPT>alert(1)</SCRIPT><p", id="a script in capitals"),
        pytest.param("<p", "< p", id="a tag that is none"),
        pytest.param("<p", "<math></math><p", id="an unknown element"),
        pytest.param("<p>", '<p style="position:fixed">', id="a style of its own"),
    ],
)
def test_report_that_does_more_than_speak_is_refused(bundle: Path, old: str, new: str) -> None:
    report = bundle / "data/report/report.html"
    page = report.read_text()
    assert old in page
    report.write_text(page.replace(old, new, 1))
    made_again(bundle)

    assert "data/report/report.html" in failures(bundle)


def test_finding_named_in_a_hidden_place_only_is_not_spoken_of(bundle: Path) -> None:
    report = bundle / "data/report/report.html"
    name = json.loads((bundle / FINDINGS).read_text())["id"]
    page = report.read_text().replace(name, "")
    report.write_text(page.replace("<body>", f'<body><p class="{name}"></p>'))
    made_again(bundle)

    assert f"does not speak of finding {name}" in failures(bundle)


@pytest.mark.parametrize(
    "name", ["templates/layout.html", "templates/case.html", "templates/finding.html", "charts.py"]
)
def test_every_element_and_attribute_that_a_page_may_hold_is_allowed(name: str) -> None:
    text = files("auditor.report").joinpath(name).read_text()

    elements = set(re.findall(r"</?([a-z][a-z0-9]*)[ >/]", text))
    attributes = {found.lower() for found in re.findall(r"[ \"]([a-zA-Z-]+)=\"", re.sub(r"{%.*?%}", " ", text))}

    assert elements - ELEMENTS == set()
    assert attributes - ATTRIBUTES == ({"http-equiv", "charset"} if "layout" in name else set())
