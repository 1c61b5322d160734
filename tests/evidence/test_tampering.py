"""The tamper matrix: whatever is done to a signed bundle, it is seen, by a code of its own, with the file named."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from auditor.cases.model import ActionName
from auditor.digests import canonical_json
from auditor.evidence.deciding import Signer
from auditor.evidence.standalone.attestations import attestation_faults
from auditor.evidence.standalone.manifests import BAG_RULES
from auditor.evidence.standalone.reading import BundleFile
from auditor.evidence.verify import verify_bundle
from tests.evidence.arrange import sealed, world
from tests.evidence.signers import ANNA, BERT, CARA, CASE, attest, key_of, public_files
from tests.evidence.tampering import edit, faults, files_of, made_again

FULL_SWEEP = "AUDITOR_FULL_SWEEP"
"""Environment variable that asks for every byte instead of every so many."""

NAMED_INSTEAD = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt", "attest/01-proposal.dsse.json")
"""A changed digest in the tag manifest names the file whose digest it is; every change of it breaks the signatures."""

BOTH = [("proposal", ANNA), ("approval", BERT)]
CITED, FINDINGS, TAGS = "data/records/cited.jsonl", "data/findings.jsonl", "tagmanifest-sha256.txt"
CASE_FILE, COMMITMENTS, TABLE = "data/case.json", "data/commitments.jsonl", "data/records/cited.csv"
RULE = "data/policy/rules/limits/key-hopping-after-429.yml"
ANNAS_OTHER_KEY = Signer("Anna Alm", key_of(66))
PROPOSAL, APPROVAL = "attest/01-proposal.dsse.json", "attest/02-approval.dsse.json"


class Bundles(NamedTuple):
    """A signed bundle that a test may change, and another case's beside it."""

    own: Path
    other: Path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """Two signed bundles of different cases."""
    folder = tmp_path_factory.mktemp("sound")
    made = []
    for name, calls in (("own", 6), ("other", 9)):
        (folder / name).mkdir()
        made.append(sealed(world(folder / name, calls=calls), folder / name / CASE))
        attest(made[-1], BOTH)
    return Bundles(*made)


@pytest.fixture
def bundles(sound: Bundles, tmp_path: Path) -> Bundles:
    """Copies of both."""
    return Bundles(*(Path(shutil.copytree(path, tmp_path / path.parent.name / CASE)) for path in sound))


@pytest.fixture
def keys(tmp_path: Path) -> list[Path]:
    """The public keys of everybody who may sign."""
    return public_files(tmp_path, ANNA, BERT, CARA)


def changed(name: str) -> Callable[[Bundles], Any]:
    """Change one byte in the middle of a file."""

    def change(bundles: Bundles) -> None:
        data = bytearray((bundles.own / name).read_bytes())
        data[len(data) // 2] ^= 1
        (bundles.own / name).write_bytes(data)

    return change


def misspelt(name: str, word: bytes) -> Callable[[Bundles], Any]:
    """Change the last letter of a word in a file."""

    def change(bundles: Bundles) -> None:
        data = (bundles.own / name).read_bytes()
        assert word in data
        (bundles.own / name).write_bytes(data.replace(word, word[:-1] + b"_"))

    return change


def removed(name: str) -> Callable[[Bundles], Any]:
    """Remove a file."""
    return lambda bundles: (bundles.own / name).unlink()


def added(name: str) -> Callable[[Bundles], Any]:
    """Add a file."""

    def change(bundles: Bundles) -> None:
        (bundles.own / name).parent.mkdir(parents=True, exist_ok=True)
        (bundles.own / name).write_text("{}\n")

    return change


def shortened(name: str) -> Callable[[Bundles], Any]:
    """Cut a file off in its last line."""
    return lambda bundles: (bundles.own / name).write_bytes((bundles.own / name).read_bytes()[:-9])


def reordered(name: str) -> Callable[[Bundles], Any]:
    """Turn the lines of a file round."""

    def change(bundles: Bundles) -> None:
        lines = (bundles.own / name).read_bytes().splitlines(keepends=True)
        (bundles.own / name).write_bytes(b"".join(reversed(lines)))

    return change


def swapped(name: str) -> Callable[[Bundles], Any]:
    """Put another bundle's file in the place of this one's."""
    return lambda bundles: shutil.copy(bundles.other / name, bundles.own / name)


def signed_anew(steps: list[tuple[str, Signer]], **fields: Any) -> Callable[[Bundles], Any]:
    """Take the signatures away and sign anew."""

    def change(bundles: Bundles) -> None:
        shutil.rmtree(bundles.own / "attest")
        attest(bundles.own, steps, **fields)

    return change


def replayed(bundles: Bundles) -> None:
    """Let an approval of an earlier, milder proposal stand for a new one."""
    shutil.rmtree(bundles.own / "attest")
    old = attest(bundles.own, BOTH, action=ActionName.WARN)[1].read_bytes()
    attest(bundles.own, BOTH[:1])
    (bundles.own / APPROVAL).write_bytes(old)


def all_made_again(bundles: Bundles) -> None:
    """Change a number that nothing else in the bundle tells of, and make all manifests again."""
    edit(bundles.own, "data/case.json", lambda case: case["completeness"].update(suppressed_findings=99))


def reordered_throughout(bundles: Bundles) -> None:
    """Turn the records round and make all manifests again."""
    reordered(CITED)(bundles)
    made_again(bundles.own)


def emptied(bundles: Bundles) -> None:
    """Leave an empty folder."""
    shutil.rmtree(bundles.own)
    bundles.own.mkdir()


def with_other_rule(bundles: Bundles) -> None:
    """Put another rule in the place of the one that the case was judged by."""
    text = (bundles.own / RULE).read_text()
    (bundles.own / RULE).write_text(text.replace("high", "low"))
    assert (bundles.own / RULE).read_text() != text


def exchanged(bundles: Bundles) -> None:
    """Let two steps change places."""
    first, second = bundles.own / PROPOSAL, bundles.own / APPROVAL
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)


MATRIX = [
    pytest.param(changed(CITED), ("digest", CITED), id="change a record"),
    pytest.param(changed("data/policy/index.json"), ("digest", "data/policy/index.json"), id="change the policy"),
    pytest.param(changed("manifest-sha256.txt"), ("digest", "manifest-sha256.txt"), id="change the manifest"),
    pytest.param(changed(TAGS), ("attest-subject", PROPOSAL), id="change the tag manifest"),
    pytest.param(changed("bag-info.txt"), ("digest", "bag-info.txt"), id="change the bag's own words"),
    pytest.param(misspelt(PROPOSAL, b"payloadType"), ("attest-form", PROPOSAL), id="change a statement"),
    pytest.param(removed(CITED), ("missing", CITED), id="remove a file"),
    pytest.param(removed("data/verify.py"), ("required", "data/verify.py"), id="remove the verifier"),
    pytest.param(removed(TAGS), ("required", TAGS), id="remove the tag manifest"),
    pytest.param(removed(PROPOSAL), ("attest-order", APPROVAL), id="remove the proposal"),
    pytest.param(added("data/more.json"), ("unlisted", "data/more.json"), id="add to the payload"),
    pytest.param(added("more.txt"), ("unlisted", "more.txt"), id="add beside the payload"),
    pytest.param(added("attest/more.txt"), ("attest-file", "attest/more.txt"), id="add to the attestations"),
    pytest.param(added("data/Case.json"), ("file-name", "data/case.json"), id="add a case twin"),
    pytest.param(reordered(CITED), ("digest", CITED), id="reorder records"),
    pytest.param(reordered_throughout, ("finding", CITED), id="reorder, manifests again"),
    pytest.param(reordered("manifest-sha256.txt"), ("manifest-order", "manifest-sha256.txt"), id="reorder a manifest"),
    pytest.param(exchanged, ("attest-order", PROPOSAL), id="reorder the steps"),
    pytest.param(shortened(CITED), ("digest", CITED), id="truncate records"),
    pytest.param(shortened("manifest-sha256.txt"), ("manifest-line", "manifest-sha256.txt"), id="truncate a manifest"),
    pytest.param(shortened(APPROVAL), ("attest-form", APPROVAL), id="truncate a statement"),
    pytest.param(signed_anew([("proposal", ANNAS_OTHER_KEY), BOTH[1]]), ("untrusted", PROPOSAL), id="swap a key"),
    pytest.param(signed_anew([("proposal", ANNA), ("approval", ANNA)]), ("attest-person", APPROVAL), id="sign twice"),
    pytest.param(with_other_rule, ("digest", RULE), id="swap a policy"),
    pytest.param(swapped("data/receipt.json"), ("digest", "data/receipt.json"), id="swap the receipt"),
    pytest.param(swapped(PROPOSAL), ("attest-subject", PROPOSAL), id="swap an envelope between bundles"),
    pytest.param(swapped(APPROVAL), ("attest-subject", APPROVAL), id="swap an approval between bundles"),
    pytest.param(replayed, ("attest-order", APPROVAL), id="replay an old approval"),
    pytest.param(all_made_again, ("attest-subject", PROPOSAL), id="make all manifests again"),
    pytest.param(lambda b: shutil.rmtree(b.own / "attest"), ("unsigned", "attest/"), id="take all signatures away"),
    pytest.param(lambda b: shutil.rmtree(b.own / "data"), ("required", "data/case.json"), id="empty the payload"),
    pytest.param(emptied, ("required", TAGS), id="empty the bundle"),
]  # fmt: skip
"""What is done, and the code and file of what has to be seen."""

UNPROVEN = ("untrusted", "unsigned")
"""Codes of what isn't wrong, but proves nothing."""


@pytest.mark.parametrize(("tamper", "expected"), MATRIX)
def test_each_way_of_tampering_is_seen_by_its_code(
    bundles: Bundles, keys: list[Path], tamper: Callable[[Bundles], Any], expected: tuple[str, str]
) -> None:
    assert faults(bundles.own, keys) == set()
    tamper(bundles)

    report = verify_bundle(bundles.own, trust=keys)

    assert expected in {(check.code, check.file) for check in report.checks if check.result != "ok"}
    assert report.exit_code == (3 if expected[0] in UNPROVEN else 1)


def lines_changed(name: str, change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Bundles], Any]:
    """Change the lines of a file."""

    def done(bundles: Bundles) -> None:
        lines = (bundles.own / name).read_bytes().splitlines(keepends=True)
        (bundles.own / name).write_bytes(b"".join(change(lines)))

    return done


def with_country(lines: list[bytes]) -> list[bytes]:
    """Change one column of the first record, in it and in its own bytes alike, so that the two agree."""
    line = json.loads(lines[0])
    text = line["source"]["text"].replace('"DE"', '"FR"')
    assert text != line["source"]["text"]
    line["record"]["country"] = "FR"
    line["source"] |= {"text": text}
    return [canonical_json(line) + b"\n", *lines[1:]]


COVERED_UP = [
    pytest.param(lines_changed(CITED, with_country), {("finding", COMMITMENTS)}, id="change a record"),
    pytest.param(
        lines_changed(CITED, lambda lines: lines[1:]),
        {("finding", CASE_FILE), ("finding", CITED), ("finding", COMMITMENTS), ("finding", FINDINGS), ("table", TABLE)},
        id="remove a record",
    ),
    pytest.param(
        lines_changed(CITED, lambda lines: [*lines, lines[-1]]),
        {("finding", CASE_FILE), ("finding", CITED), ("finding", COMMITMENTS), ("finding", FINDINGS), ("table", TABLE)},
        id="add a record",
    ),
    pytest.param(
        lines_changed(CITED, lambda lines: [lines[1], lines[0], *lines[2:]]),
        {("finding", CITED), ("finding", COMMITMENTS), ("finding", FINDINGS), ("table", TABLE)},
        id="reorder two records",
    ),
    pytest.param(
        lines_changed(COMMITMENTS, lambda lines: [lines[1], lines[0], *lines[2:]]),
        {("finding", COMMITMENTS), ("finding", CASE_FILE)},
        id="reorder commitments",
    ),
    pytest.param(
        lines_changed(COMMITMENTS, lambda lines: lines[:-1]),
        {("finding", COMMITMENTS), ("finding", CASE_FILE)},
        id="truncate the commitments",
    ),
    pytest.param(lines_changed(TABLE, lambda lines: lines[:-1]), {("table", TABLE)}, id="truncate a table"),
    pytest.param(with_other_rule, {("policy", RULE), ("policy", FINDINGS)}, id="swap a policy"),
    pytest.param(
        added("data/more.json"),
        {("content", "data/more.json"), ("document", "data/more.json")},
        id="add to the payload",
    ),
]
"""What is done by someone who makes all manifests again, and every code and file that is seen beside the signatures."""


@pytest.mark.parametrize(("tamper", "expected"), COVERED_UP)
def test_what_new_manifests_cover_up_is_seen_by_what_the_documents_say(
    bundles: Bundles, keys: list[Path], tamper: Callable[[Bundles], Any], expected: set[tuple[str, str]]
) -> None:
    shutil.rmtree(bundles.own / "attest")
    tamper(bundles)
    made_again(bundles.own)

    assert faults(bundles.own, keys) - {("unsigned", "attest/")} == expected


def test_bundle_whose_manifests_were_made_again_fails_by_the_signatures_alone(
    bundles: Bundles, keys: list[Path]
) -> None:
    all_made_again(bundles)

    assert faults(bundles.own, keys) == {("attest-subject", PROPOSAL), ("attest-subject", APPROVAL)}


def test_a_swapped_policy_is_seen_even_when_all_manifests_are_made_again(bundles: Bundles, keys: list[Path]) -> None:
    file = bundles.own / RULE
    file.write_text(file.read_text().replace("high", "low"))
    made_again(bundles.own)

    assert {code for code, _ in faults(bundles.own, keys)} >= {"policy", "attest-subject"}


def test_every_changed_byte_is_seen_and_its_file_named(bundles: Bundles) -> None:
    files = {name: (bundles.own / name).read_bytes() for name in files_of(bundles.own)}
    is_full, unseen = bool(os.environ.get(FULL_SWEEP)), []
    for name, data in files.items():
        for place in range(0, len(data), 1 if is_full else max(1, len(data) // 25)):
            odd = data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :]
            if not named_in(files | {name: odd}) & {name, *(NAMED_INSTEAD if name == TAGS else ())}:
                unseen.append((name, place))

    assert named_in(files) == set()
    assert unseen == []


def test_changed_bytes_fail_the_whole_verification(bundles: Bundles, keys: list[Path]) -> None:
    for name in files_of(bundles.own):
        data = (bundles.own / name).read_bytes()
        for place in sorted({0, len(data) * 2 // 3}) if data else ():
            (bundles.own / name).write_bytes(data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :])
            assert verify_bundle(bundles.own, trust=keys).exit_code == 1, (name, place)
        (bundles.own / name).write_bytes(data)

    assert verify_bundle(bundles.own, trust=keys).exit_code == 0


def named_in(files: Mapping[str, bytes]) -> set[str]:
    """Return the files that the checks of manifests name, else those of signatures; both are a part of all checks."""
    held = {name: BundleFile(len(data), partial(BytesIO, data)) for name, data in files.items()}
    by_manifests = {fault.file for rule in BAG_RULES for fault in rule.faults(held)}
    return by_manifests or {fault.file for fault in attestation_faults(held)}
