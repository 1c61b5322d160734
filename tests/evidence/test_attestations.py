"""What people sign of a bundle: who must, what they may say, and what outside programs think of it."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.cases.model import AccountAction, ActionName
from auditor.cli.verified import show_verified
from auditor.evidence.deciding import Signer
from auditor.evidence.keys import public_pem
from auditor.evidence.standalone.command import main
from auditor.evidence.standalone.envelopes import PAYLOAD_TYPE, envelope_bytes, envelope_in, signed_bytes
from auditor.evidence.verify import verify_bundle
from tests.evidence.arrange import sealed, world
from tests.evidence.signers import ACCOUNT, ANNA, BERT, CARA, CASE, attest, envelope, key_of, public_files, step
from tests.evidence.tampering import codes, faults

BOTH = [("proposal", ANNA), ("approval", BERT)]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle."""
    folder = tmp_path_factory.mktemp("sound")
    return sealed(world(folder), folder / CASE)


@pytest.fixture
def bundle(sound: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(sound, tmp_path / CASE))


@pytest.fixture
def keys(tmp_path: Path) -> list[Path]:
    """The public keys of three people, by another way than the bundle."""
    return public_files(tmp_path, ANNA, BERT, CARA)


def test_pre_authentication_encoding_is_that_of_the_protocol() -> None:
    assert signed_bytes("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_decision_that_two_trusted_people_signed_is_verified(bundle: Path, keys: list[Path]) -> None:
    attest(bundle, BOTH)

    report = verify_bundle(bundle, trust=keys)

    assert (report.verdict, report.stage) == ("verified", "approval")
    assert [(item.person, item.actions) for item in report.signatures] == [
        ("Anna Alm", {ACCOUNT: "suspend"}),
        ("Bert Bo", {ACCOUNT: "suspend"}),
    ]


def test_proposal_alone_is_verified_as_a_proposal(bundle: Path, keys: list[Path]) -> None:
    attest(bundle, BOTH[:1])

    report = verify_bundle(bundle, trust=keys)

    assert (report.verdict, report.stage) == ("verified", "proposal")


def test_appeal_that_a_third_person_heard_is_verified(bundle: Path, keys: list[Path]) -> None:
    attest(bundle, [*BOTH, ("appeal", CARA)])

    assert verify_bundle(bundle, trust=keys).exit_code == 0


@pytest.mark.parametrize("trusted", [[], [0], [1]], ids=["nobody", "the proposer", "the approver"])
def test_decision_is_unproven_unless_both_are_trusted(bundle: Path, keys: list[Path], trusted: list[int]) -> None:
    attest(bundle, BOTH)

    assert verify_bundle(bundle, trust=[keys[number] for number in trusted]).exit_code == 3


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(ANNA, id="the same person and key"),
        pytest.param(Signer("Bert Bo", ANNA.key), id="another name with the same key"),
        pytest.param(Signer(" anna  ALM", key_of(9)), id="the same name in another spelling with another key"),
    ],
)
def test_suspension_takes_two_people_with_two_keys(bundle: Path, second: Signer) -> None:
    attest(bundle, [("proposal", ANNA), ("approval", second)])

    assert ("attest-person", "attest/02-approval.dsse.json") in faults(bundle)


def test_milder_action_may_be_approved_by_the_proposer(bundle: Path, keys: list[Path]) -> None:
    attest(bundle, [("proposal", ANNA), ("approval", ANNA)], action=ActionName.THROTTLE)

    assert verify_bundle(bundle, trust=keys).exit_code == 0


@pytest.mark.parametrize("third", [ANNA, BERT], ids=["the proposer", "the approver"])
def test_appeal_takes_a_third_person(bundle: Path, third: Signer) -> None:
    attest(bundle, [*BOTH, ("appeal", third)])

    assert ("attest-person", "attest/03-appeal.dsse.json") in faults(bundle)


def forge(file: Path) -> None:
    """Make a signed statement say something else, as it never was signed."""
    document = json.loads(file.read_bytes())
    payload = base64.b64decode(document["payload"]).replace(b'"suspend"', b'"warn"')
    document["payload"] = base64.b64encode(payload).decode()
    file.write_text(json.dumps(document, separators=(",", ":")) + "\n")


def test_forged_approval_is_not_listed_as_signed(
    bundle: Path, keys: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    forge(attest(bundle, BOTH)[1])

    report = verify_bundle(bundle, trust=keys)
    show_verified(report, is_json=False)
    by_the_program = capsys.readouterr().out
    main([str(bundle)])
    by_the_verifier = capsys.readouterr().out

    assert (report.verdict, report.stage) == ("failed", "proposal")
    assert [item.person for item in report.signatures] == ["Anna Alm"]
    assert [(item.person, item.flaw) for item in report.not_signed] == [("Bert Bo", "the signature does not hold")]
    said = re.compile(r"^NOT signed \(the signature does not hold\): approval: warn for acct-7; Bert Bo", re.MULTILINE)
    for text in (by_the_program, by_the_verifier):
        assert said.search(text)
        assert not [line for line in text.splitlines() if line.startswith("signed") and "Bert Bo" in line]


def test_approval_of_another_bundle_is_not_listed_as_signed(sound: Path, bundle: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(sound, tmp_path / "other"))
    (other / "tagmanifest-sha256.txt").write_bytes(b"")
    attest(bundle, BOTH[:1])
    shutil.copy(attest(other, BOTH)[1], bundle / "attest")

    report = verify_bundle(bundle)

    assert [item.person for item in report.signatures] == ["Anna Alm"]
    assert [(item.step, item.flaw) for item in report.not_signed] == [("approval", "what was signed is another bundle")]


def test_going_beyond_the_evidence_takes_a_reason(bundle: Path, keys: list[Path]) -> None:
    attest(bundle, BOTH, action=ActionName.TERMINATE)

    assert "attest-action" in codes(bundle, keys)


def test_going_beyond_the_evidence_with_a_reason_is_shown(bundle: Path, keys: list[Path]) -> None:
    attest(bundle, BOTH, action=ActionName.TERMINATE, beyond="a court ordered it")

    report = verify_bundle(bundle, trust=keys)

    assert report.exit_code == 0
    assert [item.beyond for item in report.signatures] == ["a court ordered it"] * 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"case_id": "C-fffffffffff0"}, "attest-case", id="another case"),
        pytest.param({"reason": " "}, "attest-action", id="no reason"),
        pytest.param({"person": ""}, "attest-person", id="no name"),
        pytest.param({"actions": ()}, "attest-action", id="no account"),
        pytest.param({"step": "approval"}, "attest-order", id="another step than its name"),
        pytest.param(
            {"actions": (AccountAction(account="other", action=ActionName.WARN),)}, "attest-action", id="others"
        ),
    ],
)
def test_statement_must_fit_the_bundle(bundle: Path, keys: list[Path], fields: dict[str, Any], code: str) -> None:
    (bundle / "attest").mkdir()
    decision = step("proposal", ANNA, **fields)
    (bundle / "attest" / "01-proposal.dsse.json").write_bytes(envelope(decision, ANNA, bundle))

    assert codes(bundle, keys) == {code}


def test_statement_names_the_root_that_editions_keep(bundle: Path, keys: list[Path]) -> None:
    (file,) = attest(bundle, BOTH[:1])
    root = json.loads((bundle / "data" / "case.json").read_bytes())["commitments"]["root"]

    predicate = envelope_in(file.read_bytes()).predicate

    assert (len(root), predicate["root"]) == (64, root)
    assert verify_bundle(bundle, trust=keys).exit_code == 0


@pytest.mark.parametrize(("root", "found"), [("0" * 64, {"attest-root"}), ("", set())], ids=["another", "none"])
def test_root_that_a_statement_names_is_the_one_of_the_bundle(
    bundle: Path, keys: list[Path], root: str, found: set[str]
) -> None:
    (bundle / "attest").mkdir()
    made = envelope(step("proposal", ANNA), ANNA, bundle, root=root)
    (bundle / "attest" / "01-proposal.dsse.json").write_bytes(made)

    assert codes(bundle, keys) == found


def test_every_changed_byte_of_an_envelope_is_seen(bundle: Path, keys: list[Path]) -> None:
    file = attest(bundle, BOTH[:1])[0]
    data = file.read_bytes()
    unseen = []
    for place in range(0, len(data), 7):
        file.write_bytes(data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :])
        if not any(name == "attest/01-proposal.dsse.json" for _, name in faults(bundle, keys)):
            unseen.append(place)

    assert unseen == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace(",", ", "), id="white space"),
        pytest.param(lambda text: text.rstrip("\n"), id="no line feed"),
        pytest.param(lambda text: text.replace('"sig":', '"x":1,"sig":'), id="one more key"),
        pytest.param(lambda text: text.replace('"payload":', '"payload":"","payload":', 1), id="a key twice"),
        pytest.param(lambda _: "[]", id="no object"),
        pytest.param(lambda _: "", id="empty"),
        pytest.param(lambda text: text[:-40], id="cut off"),
        pytest.param(lambda text: text.replace('"signatures":[', '"signatures":[{"keyid":"","sig":""},'), id="two"),
    ],
)
def test_envelope_has_one_form(bundle: Path, keys: list[Path], change: Any) -> None:
    file = attest(bundle, BOTH[:1])[0]
    file.write_text(change(file.read_text()))

    assert "attest-form" in codes(bundle, keys)


@pytest.mark.parametrize("name", ["note.txt", "1-proposal.dsse.json", "01-proposal.json", "01-remark.dsse.json"])
def test_nothing_else_lies_in_attest(bundle: Path, name: str) -> None:
    attest(bundle, BOTH)
    (bundle / "attest" / name).write_text("{}")

    assert ("attest-file", f"attest/{name}") in faults(bundle)


def test_securesystemslib_verifies_the_envelopes_of_two_people(bundle: Path) -> None:
    dsse = pytest.importorskip("securesystemslib.dsse", reason="securesystemslib is not installed")
    signer = pytest.importorskip("securesystemslib.signer")
    accepted = set()
    for file, person in zip(attest(bundle, BOTH), (ANNA, BERT), strict=True):
        assert person.key
        read = dsse.Envelope.from_dict(_as_securesystemslib_reads(file.read_bytes()))
        public = person.key.private.public_key()
        key = signer.SSlibKey.from_crypto(public, keyid=person.key.key_id)
        accepted |= set(read.verify([key], threshold=1))

    assert len(accepted) == 2


def test_securesystemslib_verifies_the_envelopes_of_two_people_over_one_payload_at_threshold_two(bundle: Path) -> None:
    dsse = pytest.importorskip("securesystemslib.dsse", reason="securesystemslib is not installed")
    signer = pytest.importorskip("securesystemslib.signer")
    refused = pytest.importorskip("securesystemslib.exceptions").VerificationError
    people = [person.key for person in (ANNA, BERT) if person.key]
    payload = base64.b64decode(json.loads(attest(bundle, BOTH)[0].read_bytes())["payload"])
    made = [
        envelope_bytes(payload, key.key_id, key.private.sign(signed_bytes(PAYLOAD_TYPE, payload))) for key in people
    ]
    keys = [signer.SSlibKey.from_crypto(key.private.public_key(), keyid=key.key_id) for key in people]
    first, second = ([json.loads(data)["signatures"][0]] for data in made)

    def verified(signatures: list[Any], most: int = 2) -> Any:
        read = _as_securesystemslib_reads(made[0]) | {"signatures": [dict(item) for item in signatures]}
        return dsse.Envelope.from_dict(read).verify(keys[:most], threshold=2)

    assert made[0] == attest(bundle, BOTH)[0].read_bytes()
    assert set(verified(first + second)) == {key.key_id for key in people}
    for alone in (first, second, first * 2):
        with pytest.raises((refused, ValueError)):  # the latter for one key that is there twice
            verified(alone)
    with pytest.raises((refused, ValueError)):
        verified(first + second, most=1)


def _as_securesystemslib_reads(data: bytes) -> Any:
    return json.loads(data)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_verifies_a_signature_by_the_documented_lines(bundle: Path, tmp_path: Path) -> None:
    assert ANNA.key
    attest(bundle, BOTH)
    (tmp_path / "anna.pub").write_bytes(public_pem(ANNA.key.public))
    instructions = (bundle / "data" / "VERIFY.md").read_text().partition("Then for a signature")[2]
    script = "\n".join(line.strip() for line in instructions.splitlines() if line.startswith(" " * 7))

    ended = subprocess.run(
        ["sh", "-ec", script], cwd=bundle, env={"PATH": "/usr/bin:/bin", "KEY": str(tmp_path / "anna.pub")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.stdout.splitlines() == ["Signature Verified Successfully", "1"], ended.stderr
