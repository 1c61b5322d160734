"""Composites: the rules that they name are found in the pack, and what can never match is refused with its place."""

from pathlib import Path

import pytest

from auditor.errors import PolicyError
from auditor.policy.explain import words_of
from auditor.policy.load import load_pack, load_rule
from auditor.policy.rule import Rule
from tests.policy.examples import message_of, rule_text

ID = "0c6f0f0e-6f0b-4a57-9a53-00000000000"


def a_folder(folder: Path, composite: str, **rules: str) -> Path:
    """Write a pack of rules `one` (content), `two` (limits) and the composite `both`; `rules` are more keys of each."""
    parts = {"one": "family: content", "two": "family: limits", "both": composite} | rules
    (folder / "rules").mkdir()
    for place, (name, part) in enumerate(parts.items()):
        (folder / "rules" / f"{name}.yml").write_text(rule_text(f"id: {ID}{place}\n{part}"))
    return folder


def composite_of(folder: Path, composite: str, **rules: str) -> Rule:
    """Return the composite `both` of such a pack."""
    pack = load_pack(str(a_folder(folder, composite, **rules)))
    return next(rule for rule in pack.rules if rule.name == "both")


def problems_of(folder: Path, composite: str, **rules: str) -> list[str]:
    """Return what loading such a pack finds, without the folder's name."""
    with pytest.raises(PolicyError) as caught:
        load_pack(str(a_folder(folder, composite, **rules)))
    return [line.removeprefix(f"{folder}/rules/") for line in message_of(caught.value).splitlines()]


def test_a_composite_holds_the_rules_that_it_names(tmp_path: Path) -> None:
    rule = composite_of(tmp_path, "composite: {of: [two, one], at_least: 2, within: 1d}", one="when: {a: {model: m}}")

    assert rule.composite is not None
    assert [part.name for part in rule.composite.parts] == ["one", "two"]
    assert rule.needed_columns() == {"account_id", "model"}


def test_families_stand_for_the_other_rules_of_the_pack(tmp_path: Path) -> None:
    rule = composite_of(
        tmp_path, "composite: {families: [content, limits], at_least: 2, within: 1d}\nfamily: content",
        three="family: access", four="family: limits",
    )  # fmt: skip

    assert rule.composite is not None
    assert [part.name for part in rule.composite.parts] == ["four", "one", "two"]
    assert rule.composite.different(["two", "four"]) == 1


@pytest.mark.parametrize(
    ("composite", "problem"),
    [
        ("{of: [one, tow], at_least: 2, within: 1d}", "2:13: unknown rule `tow` in `of`, expected a rule of the pack"),
        ("{of: [one, both], at_least: 2, within: 1d}", "2:13: `of` names the rule itself, expected other rules"),
        (
            "{of: [one, other], at_least: 2, within: 1d}",
            "2:13: `of` names `other`, which is a composite, expected a rule that looks at records",
        ),
        (
            "{of: [one, two], at_least: 3, within: 1d}",
            "2:29: `at_least` is 3, expected at most 2: no more rules can meet",
        ),
        (
            "{families: [content, access], at_least: 2, within: 1d}",
            "2:13: `families` names access, expected a family of which the pack has a rule",
        ),
        (
            "{families: [content, limits], at_least: 3, within: 1d}",
            "2:42: `at_least` is 3, expected at most 2: no more families can meet",
        ),
    ],
)
def test_what_can_never_match_is_refused(tmp_path: Path, composite: str, problem: str) -> None:
    other = "composite: {of: [one, two], at_least: 2, within: 1d}"

    assert problems_of(tmp_path, f"composite: {composite}", other=other) == [f"both.yml:{problem}"]


def test_rules_that_are_never_in_force_together_cannot_meet(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path, "composite: {of: [one, two], at_least: 2, within: 1d}\neffective: {from: 2026-01-01}",
        one="effective: {until: 2026-01-01}",
    )  # fmt: skip

    assert found == ["both.yml:2:29: `at_least` is 2, expected at most 1: no more rules can meet"]


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"two": "strength: bright-line"}, "one is inferential"),
        (
            {"one": "strength: bright-line\nsubject: none", "two": "strength: bright-line"},
            "one measures the subject none",
        ),
    ],
)
def test_a_composite_is_no_stronger_than_its_parts(tmp_path: Path, parts: dict[str, str], why: str) -> None:
    composite = "strength: bright-line\ncomposite: {of: [one, two], at_least: 2, within: 1d}"

    found = problems_of(tmp_path, composite, **parts)

    assert found == [f"both.yml:2:1: `strength` is bright-line, expected inferential: {why}"]


def test_a_rule_that_cannot_be_read_is_no_unknown_rule(tmp_path: Path) -> None:
    found = problems_of(tmp_path, "composite: {of: [one, two], at_least: 2, within: 1d}", one="level: sever")

    assert [line.split(":")[0] for line in found] == ["one.yml"]


def test_a_file_finds_its_parts_beside_it_and_in_the_pack(tmp_path: Path) -> None:
    pack = load_pack(str(a_folder(tmp_path, "composite: {of: [one, two], at_least: 2, within: 1d}")))
    (tmp_path / "one.yml").write_text(rule_text(f"id: {ID}8\nlevel: high"))
    (tmp_path / "mine.yml").write_text(rule_text(f"id: {ID}9\ncomposite: {{of: [one, two], at_least: 2, within: 1d}}"))

    rule = load_rule(tmp_path / "mine.yml", pack=pack)

    assert rule.composite is not None
    assert [(part.name, part.level) for part in rule.composite.parts] == [("one", "high"), ("two", "medium")]


def test_its_words_name_the_rules_and_the_time(tmp_path: Path) -> None:
    words = " ".join(words_of(composite_of(tmp_path, "composite: {of: [one, two], at_least: 2, within: 30d}")))

    assert "“one”: A rule (content, inferential)." in words
    assert "at least 2 different rules lie within 30 days of each other" in words
