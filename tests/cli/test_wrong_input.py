"""Wrong input of every kind: one clear message, the documented exit code, no traceback, nothing lost."""

import gzip
import json
from pathlib import Path

import pytest

from auditor.records.workspace import open_workspace
from tests.cli.conftest import Ran, Run
from tests.cli.samples import RULE, write_log, write_pack


def assert_clear(ran: Ran, code: int, *words: str) -> None:
    assert ran.code == code, ran.err
    assert ran.err.count("error: ") == 1, ran.err
    assert ran.err.count("hint: ") == 1
    assert "Traceback" not in ran.err
    assert [word for word in words if word not in ran.err] == []


@pytest.mark.parametrize("command", [["ingest", "logs"], ["audit", "logs", "--pack", "pack"]])
def test_an_empty_folder_is_no_error_and_said(auditor: Run, command: list[str]) -> None:
    Path("logs").mkdir()
    write_pack(Path("pack"))

    ran = auditor(*command)

    assert ran.code == 0
    assert "warning: found no file to read" in ran.err


def test_a_copy_of_a_log_is_said_to_have_the_same_content(auditor: Run) -> None:
    log = write_log(Path("log.jsonl"))
    auditor("ingest", log)
    Path("copy.jsonl.gz").write_bytes(gzip.compress(Path(log).read_bytes()))

    ran = auditor("ingest", "copy.jsonl.gz")

    assert "same content as log.jsonl" in ran.out


def test_a_day_that_no_calendar_has_is_told_as_such(auditor: Run) -> None:
    assert_clear(auditor("audit", "--since", "2015-02-30"), 2, "which no calendar or clock has")


def test_a_dry_run_says_which_rules_can_run(auditor: Run) -> None:
    ran = auditor("ingest", write_log(Path("log.jsonl")), "--dry-run")

    assert "shipped rules they let run: " in ran.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        pytest.param(["ingest", "none.jsonl"], "none.jsonl", id="a log"),
        pytest.param(["audit", "none.jsonl"], "none.jsonl", id="a log to audit"),
        pytest.param(["audit", "log.jsonl", "--pack", "none.yml"], "none.yml", id="a pack file"),
        pytest.param(["audit", "log.jsonl", "--pack", "no-such-pack"], "no-such-pack", id="a shipped pack"),
        pytest.param(["audit", "log.jsonl", "--context", "none.yml"], "none.yml", id="a context"),
        pytest.param(["audit", "log.jsonl", "--approvals", "none.yml"], "none.yml", id="approvals"),
        pytest.param(["ingest", "log.jsonl", "--profile", "none.yml"], "none.yml", id="a profile file"),
        pytest.param(["ingest", "log.jsonl", "--profile", "no-such"], "no-such", id="a shipped profile"),
        pytest.param(["audit", "log.jsonl", "--cases-out", "none/c.jsonl"], "none", id="the folder of an output"),
        pytest.param(["policy", "explain", "no-such-rule"], "no-such-rule", id="a rule"),
        pytest.param(["policy", "schema", "no-such-kind"], "no-such-kind", id="a schema"),
        pytest.param(["policy", "sql", "key-hopping", "--dialect", "no-such"], "no-such", id="a dialect"),
    ],
)
def test_what_is_not_there_is_named(auditor: Run, arguments: list[str], word: str) -> None:
    write_log(Path("log.jsonl"))

    ran = auditor(*arguments)

    assert_clear(ran, 2, word)


@pytest.mark.parametrize("command", [["case", "show"], ["case", "export"], ["bundle", "build"]], ids=" ".join)
def test_an_unknown_case_is_named(auditor: Run, command: list[str]) -> None:
    auditor("audit", write_log(Path("log.jsonl")), "--pack", write_pack(Path("pack")))

    ran = auditor(*command, "C-0123456789ab")

    assert_clear(ran, 2, "C-0123456789ab")


def test_an_empty_file_is_no_error_and_said(auditor: Run) -> None:
    Path("empty.jsonl").touch()

    ran = auditor("ingest", "empty.jsonl")

    assert ran.code == 0
    assert "empty" in ran.out + ran.err


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("id: [1, 2\ntitle: x\n", id="YAML that is cut off"),
        pytest.param("\x00\x01", id="bytes that are no text"),
        pytest.param("[" * 100_000, id="a hundred thousand brackets"),
        pytest.param("a: &a [*a]\n", id="an alias of itself"),
        pytest.param("", id="an empty file"),
        pytest.param(RULE + "id: again\n", id="a key twice"),
        pytest.param(RULE.replace("status: 429", "stauts: 429"), id="an unknown column"),
        pytest.param(RULE.replace("level: medium", "level: sever"), id="an unknown level"),
        pytest.param(RULE.replace("refusals >= 5", "refusal >= 5"), id="an unknown measure"),
    ],
)
def test_a_bad_rule_is_told_with_its_place(auditor: Run, text: str) -> None:
    write_pack(Path("pack"), rule=text)

    ran = auditor("policy", "check", "pack")

    assert ran.code == 2
    assert "many-refusals.yml:" in ran.err
    assert "hint: " in ran.err and "Traceback" not in ran.err


def test_a_bad_policy_costs_no_ingest(auditor: Run) -> None:
    write_pack(Path("pack"), rule="[")

    ran = auditor("audit", write_log(Path("log.jsonl")), "--pack", "pack")

    assert ran.code == 2
    assert not Path("audit").exists()


def test_a_workspace_from_a_newer_version_is_left_alone(auditor: Run) -> None:
    log = write_log(Path("log.jsonl"))
    auditor("ingest", log)
    Path("audit/workspace.json").write_text(json.dumps({"format_version": 99}))

    ran = auditor("audit", log)

    assert_clear(ran, 4, "99")


@pytest.mark.parametrize("folder", ["log.jsonl", "log.jsonl/below"], ids=["as the workspace", "above the workspace"])
def test_a_file_in_the_way_is_named(auditor: Run, folder: str) -> None:
    log = write_log(Path("log.jsonl"))

    ran = auditor("ingest", log, "--workspace", folder)

    assert_clear(ran, 4, "log.jsonl")


def test_a_folder_of_something_else_is_no_workspace(auditor: Run) -> None:
    write_pack(Path("pack"))

    ran = auditor("ingest", write_log(Path("log.jsonl")), "--workspace", "pack")

    assert_clear(ran, 4, "pack")
    assert sorted(path.name for path in Path("pack").iterdir()) == ["rules", "terms"]


def test_a_workspace_that_is_not_there_is_not_made_by_reading(auditor: Run) -> None:
    ran = auditor("case", "list")

    assert_clear(ran, 4, "audit")
    assert not Path("audit").exists()


def test_a_second_writer_is_told_who_is_writing(auditor: Run) -> None:
    log = write_log(Path("log.jsonl"))
    pack = write_pack(Path("pack"))
    auditor("audit", log, "--pack", pack)

    with open_workspace(Path("audit"), create=False).lock():
        ran = auditor("audit", "--pack", pack)

    assert_clear(ran, 4, "process")
    assert auditor("audit", "--pack", pack).code == 0


def test_a_damaged_casebook_is_named_and_kept(auditor: Run) -> None:
    log = write_log(Path("log.jsonl"))
    pack = write_pack(Path("pack"))
    auditor("ingest", log)
    Path("audit/casebook.db").write_bytes(b"not a database" * 100)

    ran = auditor("audit", "--pack", pack)

    assert_clear(ran, 4, "casebook.db")
    assert Path("audit/casebook.db").read_bytes() == b"not a database" * 100


def test_a_log_with_bad_lines_loads_the_rest_and_strict_says_3(auditor: Run) -> None:
    log = write_log(Path("log.jsonl"))
    log.write_bytes(log.read_bytes() + b'{"time": "2026-03-02T10:00:00", "event"\n\xff\xfe\n')

    lenient = auditor("ingest", log, "--workspace", "one", "--json")
    strict = auditor("ingest", log, "--workspace", "two", "--strict", "--json")

    assert (lenient.code, strict.code) == (0, 3)
    assert json.loads(lenient.out)["quarantined"] == json.loads(strict.out)["quarantined"] == 2
    assert json.loads(lenient.out)["records"] == json.loads(strict.out)["records"] == 26


def test_a_file_that_cannot_be_read_at_all_is_named_and_the_others_load(auditor: Run) -> None:
    log = write_log(Path("log.jsonl"))
    Path("cut.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00cut off")

    ran = auditor("ingest", log, "cut.jsonl.gz", "--json")

    assert_clear(ran, 3, "cut.jsonl.gz")
    assert json.loads(ran.out)["records"] == 26
