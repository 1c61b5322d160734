"""A bundle holds what it must, the same bytes anywhere, and never half of it."""

import base64
import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import bagit  # type: ignore[import-untyped]  # it ships no types
import pytest

from auditor.cases.model import Action, ActionName, Case, SpeaksFor
from auditor.errors import BundleError
from auditor.evidence.documents import CitedDocument
from auditor.evidence.verify import verify_bundle
from auditor.policy.rule import Level
from tests.evidence.arrange import World, make_case, sealed, source_file, world

ROOT = Path(__file__).parents[2]
BUILD_ELSEWHERE = """
import sys
from pathlib import Path
from auditor.evidence.zipped import write_zip
from tests.evidence.arrange import sealed, world
from tests.evidence.signers import ANNA, BERT, attest
folder = Path(sys.argv[1])
made = sealed(world(folder, calls=30, user_agent="caf\\u00e9 \\u202e"), folder / "bundle")
attest(made, [("proposal", ANNA), ("approval", BERT)])
write_zip(made, folder / "bundle.zip", root="C-0123456789ab")
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of thirty cited records."""
    folder = tmp_path_factory.mktemp("bundle")
    return sealed(world(folder, calls=30), folder / "C-1")


def cited(bundle: Path) -> list[dict[str, Any]]:
    """Read the cited records of a bundle."""
    return [json.loads(line) for line in (bundle / "data/records/cited.jsonl").read_bytes().splitlines()]


def test_sound_bundle_is_unproven_without_a_signature(bundle: Path) -> None:
    report = verify_bundle(bundle)

    assert (report.verdict, report.failures, report.exit_code, bool(report)) == ("unproven", (), 3, False)


def test_bagit_python_accepts_the_bag(bundle: Path) -> None:
    assert bagit.Bag(str(bundle)).validate()


def test_coreutils_read_both_manifests(bundle: Path) -> None:
    lines = [line for name in ("manifest", "tagmanifest") for line in (bundle / f"{name}-sha256.txt").open()]

    found = {line[66:-1]: hashlib.sha256((bundle / line[66:-1]).read_bytes()).hexdigest() for line in lines}

    assert lines == [f"{digest}  {name}\n" for name, digest in found.items()]


def test_every_cited_record_carries_the_exact_bytes_of_its_line(tmp_path: Path) -> None:
    built = world(tmp_path, calls=9, user_agent='say "café"\t')

    bundle = sealed(built, tmp_path / "C-1")

    lines = built.source.read_bytes().splitlines()
    assert lines == [item["source"]["text"].encode() for item in cited(bundle)]


def test_numbers_are_integers_or_text(bundle: Path) -> None:
    record = cited(bundle)[0]["record"]

    assert (record["temperature"], record["cost_usd"], record["status"]) == ("0.7", "0.0125", 429)


def test_cited_lines_are_what_their_schema_says(bundle: Path) -> None:
    lines = (bundle / "data/records/cited.jsonl").read_bytes().splitlines()

    documents = [CitedDocument.model_validate_json(line) for line in lines]

    assert len(documents) == 30


def test_bytes_that_are_not_utf_8_are_kept_as_base64(tmp_path: Path) -> None:
    built = world(tmp_path)
    place = replace_in_log(built, b'"DE"', b'"\xff\xfe"')

    bundle = sealed(place, tmp_path / "C-1")

    kept = [base64.b64decode(item["source"]["base64"]) for item in cited(bundle)]
    assert place.source.read_bytes().splitlines() == kept
    assert verify_bundle(bundle).verdict == "unproven"


def replace_in_log(built: World, old: bytes, new: bytes) -> World:
    """Change the log in place, as if it had been so when it was read; lengths stay."""
    assert len(old) == len(new)
    built.source.write_bytes(built.source.read_bytes().replace(old, new))
    source_id = built.receipt.sources[0].source_id
    sources = {"source_id": hashlib.sha256(built.source.read_bytes()).hexdigest()}
    built.activity.connection.execute("UPDATE stored_records SET source_id = ?", [sources["source_id"]])
    citations = built.runs / "run-1" / "citations.parquet"
    changed = built.activity.connection.read_parquet(str(citations)).project(
        "* REPLACE (replace(source_id, '" + source_id + "', '" + sources["source_id"] + "') AS source_id)"
    )
    changed.write_parquet(str(citations) + ".new")
    Path(str(citations) + ".new").replace(citations)
    read = built.receipt.sources[0].model_copy(update=sources)
    item = built.case.findings[0]
    finding = item.finding.model_copy(
        update={
            "sources": (sources["source_id"],),
            "first_record": item.finding.first_record.model_copy(update=sources),
        }
    )
    return dataclasses.replace(
        built,
        receipt=built.receipt.model_copy(update={"sources": (read,)}),
        case=built.case.model_copy(update={"findings": (item.model_copy(update={"finding": finding}),)}),
    )


def test_changed_source_gives_no_bytes_and_says_so(tmp_path: Path) -> None:
    built = world(tmp_path)
    built.source.write_bytes(built.source.read_bytes() + b"\n")

    bundle = sealed(built, tmp_path / "C-1")

    reasons = {item["source"]["without_bytes"] for item in cited(bundle)}
    stated = json.loads((bundle / "data/case.json").read_bytes())["completeness"]
    assert reasons == {"the original file has changed since it was read"} == set(stated["without_bytes"])
    assert (stated["records_with_bytes"], stated["records_cited"]) == (0, 6)
    assert verify_bundle(bundle).verdict == "unproven"


def test_run_ids_times_and_notes_stay_out(bundle: Path) -> None:
    texts = [path.read_text() for path in bundle.rglob("*") if path.is_file() and path.name != "verify.py"]

    assert not [word for word in ("run-1", "asked the customer", "2025-01-13") if any(word in text for text in texts)]


def test_policy_files_are_there_byte_for_byte(bundle: Path) -> None:
    index = json.loads((bundle / "data/policy/index.json").read_bytes())

    names = {entry["path"]: entry["file"] for entry in index["files"]}
    assert names["../terms/e.yml"] == "terms/e.yml"
    assert (bundle / "data/policy/terms/e.yml").read_text() == "terms: example-api\n"


def test_same_case_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    places = {
        "one": {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        "other": {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "77"},
    }

    for name, settings in places.items():
        folder = tmp_path / name
        folder.mkdir(mode=0o700)
        command = [sys.executable, "-c", BUILD_ELSEWHERE, str(folder)]
        umask = 0o077 if name == "one" else 0o022
        env = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=ROOT if name == "one" else folder, env=env, umask=umask, check=True, timeout=60)

    assert contents(tmp_path / "one" / "bundle") == contents(tmp_path / "other" / "bundle")
    assert (tmp_path / "one" / "bundle.zip").read_bytes() == (tmp_path / "other" / "bundle.zip").read_bytes()


def contents(folder: Path) -> dict[str, bytes]:
    """Read a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_building_again_replaces_the_bundle(tmp_path: Path) -> None:
    built = world(tmp_path)
    first = contents(sealed(built, tmp_path / "C-1"))

    again = contents(sealed(built, tmp_path / "C-1"))

    assert first == again


def test_folder_that_is_no_bundle_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")

    with pytest.raises(BundleError, match="no bundle"):
        sealed(world(tmp_path), tmp_path / "mine")

    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_odd_policy_names_are_kept_by_digest_and_lose_nothing(tmp_path: Path) -> None:
    built = world(tmp_path)
    odd = [
        "caf\u00e9.yml",
        "CON.yml",
        "a\nb.yml",
        "rules",
        "Rules/Limits/Key-hopping-after-429.yml",
        "index.json",
        "x/../y",
    ]
    extra = (
        *(source_file(path, f"text: {number}") for number, path in enumerate(odd)),
        source_file("\u202e", "text: 0"),
    )
    pack = built.pack.model_copy(update={"files": (*built.pack.files, *extra)})
    receipt = built.receipt.model_copy(
        update={"policy_files": tuple((file.path, file.digest) for file in pack.files), "pack_digest": pack.digest}
    )

    bundle = sealed(dataclasses.replace(built, pack=pack, receipt=receipt), tmp_path / "C-1")

    index = json.loads((bundle / "data/policy/index.json").read_bytes())
    kept = {entry["path"]: (bundle / "data/policy" / entry["file"]).read_text() for entry in index["files"]}
    assert {file.path: file.text for file in extra}.items() <= kept.items()
    assert verify_bundle(bundle).verdict == "unproven"


def test_text_that_is_no_text_stops_the_build_with_its_reason(tmp_path: Path) -> None:
    built = world(tmp_path)
    fact = SpeaksFor(account="acct-7", fact="half \ud800")

    with pytest.raises(BundleError, match="half a surrogate pair"):
        sealed(dataclasses.replace(built, case=built.case.model_copy(update={"speaks_for": (fact,)})), tmp_path / "C-1")


def test_missing_cited_record_stops_the_build_and_leaves_nothing(tmp_path: Path) -> None:
    built = world(tmp_path)
    built.activity.connection.execute("DELETE FROM stored_records WHERE source_line = 3")

    with pytest.raises(BundleError, match="cites 6 records, the store gave 5"):
        sealed(built, tmp_path / "bundles" / "C-1")

    assert list((tmp_path / "bundles").iterdir()) == []


@pytest.mark.parametrize("name", ["../C-1", "a/b", "con", "C 1", "C\n1", ".hidden"], ids=ascii)
def test_case_id_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    built = world(tmp_path)
    renamed: Case = make_case(built.case.findings[0].finding, account="acct-7", id=name)

    with pytest.raises(BundleError, match="can't name a bundle"):
        sealed(dataclasses.replace(built, case=renamed), tmp_path / "bundles" / "C-1")


def test_finding_that_no_longer_holds_needs_no_records(tmp_path: Path) -> None:
    built = world(tmp_path)
    stale = built.case.findings[0].model_copy(update={"status": "stale", "last_run": "gone"})
    idle = Action(account="acct-7", action=ActionName.NONE, because=("nothing holds",))
    changed = {
        "findings": (stale,),
        "actions": (idle,),
        "proposed_action": ActionName.NONE,
        "severity": Level.INFORMATIONAL,
    }
    kept = dataclasses.replace(built, case=built.case.model_copy(update=changed))

    bundle = sealed(kept, tmp_path / "C-1")

    assert verify_bundle(bundle).verdict == "unproven"
