"""The policy commands on a small pack and on the shipped one."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.samples import CASES, RULE, write_log, write_pack


def test_a_sound_pack_is_counted(auditor: Run) -> None:
    checked = json.loads(auditor("policy", "check", write_pack(Path("pack")), "--json").out)

    assert (checked["rules"], checked["terms"]) == (["many-refusals"], ["house-terms"])


def test_the_pack_may_be_named_as_an_option_but_not_twice(auditor: Run) -> None:
    write_pack(Path("pack"))
    write_pack(Path("other"))

    assert auditor("policy", "check", "--pack", "pack").code == 0
    assert auditor("policy", "check", "pack", "--pack", "other").code == 2


def test_the_shipped_pack_is_sound(auditor: Run) -> None:
    assert auditor("policy", "check").code == 0


def test_cases_that_hold_pass(auditor: Run) -> None:
    ran = auditor("policy", "test", write_pack(Path("pack")), "--json")

    assert ran.code == 0
    assert (json.loads(ran.out)["passed"], json.loads(ran.out)["failed"]) == (2, 0)


def test_a_case_that_does_not_hold_is_named_and_exits_1(auditor: Run) -> None:
    ran = auditor("policy", "test", write_pack(Path("pack"), cases=CASES.replace("expect: no match", "expect: match")))

    assert ran.code == 1
    assert "one refusal is none: expected match, found no match" in ran.out


def test_coverage_names_what_is_missing(auditor: Run) -> None:
    auditor("ingest", write_log(Path("log.jsonl")))

    rules = json.loads(auditor("policy", "coverage", "--json").out)["rules"]

    assert any(row["missing"] and not row["can_run"] for row in rules)


def test_a_rule_about_clusters_can_run_where_accounts_are_known(auditor: Run) -> None:
    auditor("ingest", write_log(Path("log.jsonl")))
    pack = write_pack(Path("pack"), rule=RULE.replace("when:", "subject: cluster\nwhen:", 1))

    rules = json.loads(auditor("policy", "coverage", "--pack", pack, "--json").out)["rules"]

    assert [row["can_run"] for row in rules] == [True]


def test_a_rule_is_explained_in_words_columns_and_sql(auditor: Run) -> None:
    told = json.loads(auditor("policy", "explain", "many-refusals", "--pack", write_pack(Path("pack")), "--json").out)

    assert {"account_id", "status"} <= set(told["columns"])
    assert told["words"] and "SELECT" in told["sql"]


def test_words_come_first_and_the_sql_can_be_left_out(auditor: Run) -> None:
    pack = write_pack(Path("pack"))

    words = auditor("policy", "explain", "many-refusals", "--pack", pack, "--no-sql").out
    both = auditor("policy", "explain", "many-refusals", "--pack", pack).out

    assert "SELECT" not in words and "lines, left out by `--no-sql`" in words
    assert both.startswith(words.partition("its SQL")[0]) and "SELECT" in both


def test_a_copied_pack_is_one_of_its_own_without_the_terms(auditor: Run) -> None:
    pack = write_pack(Path("pack"))

    copied = auditor("policy", "copy", "ours", "--pack", pack)
    checked = json.loads(auditor("policy", "check", "ours", "--json").out)

    assert copied.code == 0
    assert (checked["rules"], checked["terms"]) == (["many-refusals"], [])


def test_nothing_is_copied_over_what_is_there(auditor: Run) -> None:
    pack = write_pack(Path("pack"))

    assert auditor("policy", "copy", pack, "--pack", pack).code == 2


def test_a_rule_file_is_explained_too(auditor: Run) -> None:
    pack = write_pack(Path("pack"))

    assert auditor("policy", "explain", pack / "rules" / "many-refusals.yml").code == 0


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "bigquery"])
def test_sql_is_printed_for_a_dialect(auditor: Run, dialect: str) -> None:
    ran = auditor("policy", "sql", "many-refusals", "--pack", write_pack(Path("pack")), "--dialect", dialect)

    assert ran.code == 0
    assert "SELECT" in ran.out


def test_a_schema_is_json_schema(auditor: Run) -> None:
    printed = json.loads(auditor("policy", "schema", "rule").out)
    auditor("policy", "schema", "rule", "--out", "rule.json")

    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(Path("rule.json").read_text()) == printed


def test_problems_are_written_as_sarif_and_still_exit_2(auditor: Run) -> None:
    pack = write_pack(Path("pack"), rule=RULE.replace("level: medium", "level: sever"))

    ran = auditor("policy", "check", pack, "--sarif", "found.sarif")

    (result,) = json.loads(Path("found.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (ran.code, result["level"], place["region"]["startLine"]) == (2, "error", 7)
    assert place["artifactLocation"]["uri"] == "pack/rules/many-refusals.yml"


def test_a_sound_pack_gives_a_sarif_log_without_results(auditor: Run) -> None:
    ran = auditor("policy", "check", write_pack(Path("pack")), "--sarif", "found.sarif")

    assert (ran.code, json.loads(Path("found.sarif").read_text())["runs"][0]["results"]) == (0, [])


def test_wrong_cases_of_every_rule_are_told_at_once(auditor: Run) -> None:
    pack = write_pack(Path("pack"), cases="- name: x\n")
    (pack / "rules" / "other.yml").write_text(RULE.replace("5d1c9a44", "5d1c9a45"))
    (pack / "rules" / "other.cases.yml").write_text("- name: y\n")

    ran = auditor("policy", "check", pack)

    assert ran.code == 2
    assert "many-refusals.cases.yml:1:3" in ran.err
    assert "other.cases.yml:1:3" in ran.err


def test_results_of_cases_are_written_as_junit(auditor: Run) -> None:
    pack = write_pack(Path("pack"), cases=CASES.replace("expect: no match", "expect: match"))

    ran = auditor("policy", "test", pack, "--junit", "results.xml")

    assert ran.code == 1
    assert 'tests="2" failures="1"' in Path("results.xml").read_text()


def test_a_rule_is_followed_for_an_account(auditor: Run) -> None:
    pack = write_pack(Path("pack"))
    auditor("ingest", write_log(Path("log.jsonl"), refusals=4))

    told = auditor("policy", "explain", "many-refusals", "--account", "acct-1", "--pack", pack)
    content = json.loads(
        auditor("policy", "explain", "many-refusals", "--account", "acct-1", "--pack", pack, "--json").out
    )

    assert "“refusals” is at least 5: no, 4 against 5, 1 short" in told.out
    assert (content["verdict"], content["selected"], content["nearest"]["records"]) == ("no match", 4, 4)


def test_an_earlier_day_is_followed_without_later_records(auditor: Run) -> None:
    pack = write_pack(Path("pack"))
    auditor("ingest", write_log(Path("log.jsonl")))
    asked = ("policy", "explain", "many-refusals", "--account", "acct-1", "--pack", pack, "--json")

    whole, earlier = (json.loads(auditor(*asked, *more).out) for more in ((), ("--as-of", "2026-03-02T09:21:00Z")))

    assert (whole["verdict"], earlier["verdict"], earlier["selected"]) == ("match", "no match", 2)


def test_an_account_without_records_is_wrong_usage(auditor: Run) -> None:
    pack = write_pack(Path("pack"))
    auditor("ingest", write_log(Path("log.jsonl")))

    ran = auditor("policy", "explain", "many-refusals", "--account", "nobody", "--pack", pack)

    assert (ran.code, "no record of account `nobody`" in ran.err) == (2, True)


def test_two_versions_are_compared_over_the_workspace(auditor: Run) -> None:
    old, new = write_pack(Path("old")), write_pack(Path("new"), rule=RULE.replace("refusals >= 5", "refusals >= 9"))
    auditor("ingest", write_log(Path("log.jsonl")))

    told = auditor("policy", "diff", old, new)
    (rule,) = json.loads(auditor("policy", "diff", old, new, "--json").out)["rules"]

    assert (told.code, "lost: acct-1: NEW: no match" in told.out, "it is 6 against 9, 3 short" in told.out) == (
        0,
        True,
        True,
    )
    assert (rule["kind"], rule["gained"], rule["lost"][0]["account"]) == ("changed", [], "acct-1")


def test_a_threshold_is_tried_at_other_values(auditor: Run) -> None:
    pack = write_pack(Path("pack"))
    auditor("ingest", write_log(Path("log.jsonl")))
    asked = ("policy", "diff", pack, "--sweep", "many-refusals.refusals=2,6,20")

    told = auditor(*asked)
    (sweep,) = json.loads(auditor(*asked, "--json").out)["sweeps"]

    assert "refusals >= 5 (now)" in told.out
    assert [(item["value"], item["accounts"]) for item in sweep["values"]] == [
        ("2", ["acct-1"]),
        ("5", ["acct-1"]),
        ("6", ["acct-1"]),
        ("20", []),
    ]


@pytest.mark.parametrize(
    "more",
    [(), ("--sweep", "many-refusals"), ("--sweep", "x.refusals=1"), ("--sweep", "many-refusals.refusals=1,x")],
    ids=["one pack alone", "no values", "no such rule", "no number"],
)
def test_a_comparison_asked_for_wrongly_is_wrong_usage(auditor: Run, more: tuple[str, ...]) -> None:
    auditor("ingest", write_log(Path("log.jsonl")))

    assert auditor("policy", "diff", write_pack(Path("pack")), *more).code == 2
