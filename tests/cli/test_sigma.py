"""`auditor policy sigma` and `auditor policy import`, as a person runs them."""

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import ROOT, Run

RULES = """\
title: Refused
name: refused
level: low
logsource: {category: api}
detection: {s: {status: 403}, condition: s}
---
title: Many refusals
level: high
correlation:
  {type: event_count, rules: [refused], generate: true, group-by: [account_id], timespan: 1m, condition: {gte: 2}}
"""
BAD = "---\ntitle: Impossible\nlogsource: {category: api}\ndetection: {s: {a|re: 'x(?=y)'}, condition: s}\n"
LOG = """\
{"timestamp": "2026-06-01T00:00:00Z", "status": 403, "account_id": "eve"}
{"timestamp": "2026-06-01T00:00:30Z", "status": 403, "account_id": "eve"}
{"timestamp": "2026-06-01T00:00:31Z", "status": 200, "account_id": "eve"}
{"timestamp": "2026-06-01T00:00:32Z", "status": 403}
"""


def written(rules: str = RULES, log: str = LOG) -> tuple[Path, Path]:
    """Write rules and a log into the present folder."""
    Path("rules.yml").write_text(rules)
    Path("log.jsonl").write_text(log)
    return Path("rules.yml"), Path("log.jsonl")


def test_matches_and_incidents_are_shown(auditor: Run) -> None:
    ran = auditor("policy", "sigma", *written())

    assert ran.code == 0
    assert "Refused  low          3  log.jsonl:1, log.jsonl:2, log.jsonl:4" in ran.out
    assert "Many refusals: account_id eve: 2026-06-01T00:00:00Z to 2026-06-01T00:00:30Z, 2 records" in ran.out
    assert "1 match without a value to group by left out" in ran.err


def test_json_has_every_record_and_incident(auditor: Run) -> None:
    told = json.loads(auditor("policy", "sigma", *written(), "--json").out)

    (correlation,) = told["correlations"]
    assert (told["records"], told["rules"][0]["matches"], told["refused"]) == (4, 3, [])
    assert [incident["group"] for incident in correlation["incidents"]] == [{"account_id": "eve"}]
    assert [record["line"] for record in correlation["incidents"][0]["records"]] == [1, 2]
    assert correlation["without_group"] == 1


def test_a_refused_rule_is_named_and_exits_3(auditor: Run) -> None:
    ran = auditor("policy", "sigma", *written(RULES + BAD))

    assert ran.code == 3
    assert "refused: Impossible" in ran.err
    assert "Many refusals: account_id eve" in ran.out


def test_not_one_usable_rule_exits_2(auditor: Run) -> None:
    assert auditor("policy", "sigma", *written(BAD)).code == 2


def test_a_bad_line_is_counted_and_strict_makes_it_an_exit_code(auditor: Run) -> None:
    rules, log = written(log=LOG + "oops\n")

    lenient = auditor("policy", "sigma", rules, log)
    strict = auditor("policy", "sigma", rules, log, "--strict")

    assert (lenient.code, strict.code) == (0, 3)
    assert "log.jsonl:5: not JSON" in lenient.err


def test_the_time_field_may_be_named(auditor: Run) -> None:
    rules, log = written(log=LOG.replace('"timestamp"', '"when it was"'))

    unnamed = json.loads(auditor("policy", "sigma", rules, log, "--json").out)
    named = json.loads(auditor("policy", "sigma", rules, log, "--json", "--time-field", "when it was").out)

    assert (unnamed["correlations"][0]["without_time"], unnamed["correlations"][0]["alerts"]) == (3, 0)
    assert named["correlations"][0]["alerts"] == 1


def test_what_is_no_file_exits_2(auditor: Run) -> None:
    rules, log = written()

    assert auditor("policy", "sigma", "gone.yml", log).code == 2
    assert auditor("policy", "sigma", rules, "gone.jsonl").code == 2


def test_control_characters_of_a_log_are_made_visible(auditor: Run) -> None:
    ran = auditor("policy", "sigma", *written(log=LOG.replace('"eve"', '"\\u001b[31meve"')))

    assert "\x1b" not in ran.out + ran.err


def test_rules_are_written_for_a_pack_and_the_others_are_named(auditor: Run) -> None:
    rules, _ = written()

    ran = auditor("policy", "import", rules, "--out", "pack/rules", "--conduct", "limit-circumvention")

    assert ran.code == 3
    assert [path.name for path in Path("pack/rules").iterdir()] == ["refused.yml"]
    assert "refused: Many refusals" in ran.err
    assert auditor("policy", "check", "pack").code == 0


def test_case_of_groups_may_be_accepted_and_fields_mapped(auditor: Run) -> None:
    rules, _ = written(RULES.replace("account_id", "Who").replace("status", "Code"))
    Path("map.yml").write_text("Who: account_id\nCode: status\n")
    options = ("--conduct", "limit-circumvention", "--map", "map.yml", "--cased-groups", "--json")

    ran = auditor("policy", "import", rules, "--out", "pack/rules", *options)

    assert ran.code == 0
    assert [item["title"] for item in json.loads(ran.out)["rules"]] == ["Refused", "Many refusals"]
    assert auditor("policy", "check", "pack").code == 0


def test_nothing_is_overwritten(auditor: Run) -> None:
    rules, _ = written()
    options = ("--out", "pack", "--conduct", "resale", "--cased-groups")

    first, second = auditor("policy", "import", rules, *options), auditor("policy", "import", rules, *options)

    assert (first.code, second.code) == (0, 2)


def test_an_unknown_conduct_or_column_exits_2(auditor: Run) -> None:
    rules, _ = written()
    Path("map.yml").write_text("Who: nobody\n")

    assert auditor("policy", "import", rules, "--out", "pack", "--conduct", "rudeness").code == 2
    assert auditor("policy", "import", rules, "--out", "pack", "--conduct", "resale", "--map", "map.yml").code == 2


def test_without_pysigma_the_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(LOG)
    code = (
        "import sys; sys.modules['sigma'] = None\n"
        "from auditor.cli.app import run; sys.exit(run(['policy', 'sigma', sys.argv[1], sys.argv[1]]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log.jsonl")], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "pip install 'auditor[sigma]'" in done.stderr
