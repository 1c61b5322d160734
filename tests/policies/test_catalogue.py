"""The catalogue says what the files say, and every shipped rule keeps the house form."""

import re
from pathlib import Path
from typing import get_args

import pytest

from auditor.policy.load import load_pack
from auditor.policy.rule import CONDUCTS, Family, Rule
from tests.policies.catalogue import (
    POLICIES,
    SMALL_PACKS,
    conducts_defined,
    is_of_the_default_pack,
    rows_of_rules,
    rule_paths,
    section_of,
    shipped_pack,
)

PACK = shipped_pack()
RULES = {rule.name: rule for name in ("model-api", *SMALL_PACKS) for rule in load_pack(name).rules}
EACH_RULE = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
EACH_RULE_OF_THE_DEFAULT_PACK = pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.name)


def path_of(rule: Rule) -> str:
    """Return where a rule's file lies, relative to the policies."""
    (path,) = [path for path in rule_paths() if path.stem == rule.name]
    return path.relative_to(POLICIES).as_posix()


def clauses_for(rule: Rule, *documents: str) -> set[str]:
    """Return the clauses about a rule's conducts in the newest versions of documents of the default pack."""
    newest = [terms.versions[-1] for terms in PACK.terms if terms.id in documents]
    return {clause.id for version in newest for clause in version.clauses if clause.conduct in rule.conducts}


def test_the_default_pack_has_every_shipped_rule() -> None:
    files = {path.stem for path in rule_paths() if is_of_the_default_pack(path)}

    assert {rule.name for rule in PACK.rules} == files


def test_there_are_rules_of_all_six_families() -> None:
    families = [rule.family for rule in PACK.rules]

    assert set(families) == set(get_args(Family))
    assert len(families) >= 36


def test_the_catalogue_lists_exactly_the_shipped_rules() -> None:
    files = {path.relative_to(POLICIES).as_posix() for path in rule_paths()}

    assert set(rows_of_rules()) == files


@EACH_RULE
def test_the_catalogue_says_of_a_rule_what_its_file_says(rule: Rule) -> None:
    title, conducts, strength, level, _ = rows_of_rules()[path_of(rule)]

    said = (title, tuple(re.findall(r"`(.+?)`", conducts)), strength, level)

    assert (rule.title, rule.conducts, rule.strength, rule.level.value) == said


@EACH_RULE_OF_THE_DEFAULT_PACK
def test_the_catalogue_names_the_clauses_that_the_terms_in_force_have(rule: Rule) -> None:
    clauses = clauses_for(rule, "openai-services-agreement", "openai-usage-policies")
    clauses = clauses or clauses_for(rule, "openai-terms-of-use")

    said = rows_of_rules()[path_of(rule)][4]

    assert {*re.split(r"[,;] ", said)} == clauses if clauses else said.startswith("none")


@EACH_RULE
def test_the_catalogue_explains_threshold_and_look_alikes(rule: Rule) -> None:
    section = section_of(rule.title)

    parts = [line.split(".**")[0] for line in section.splitlines() if line.startswith("- **")]

    assert section.strip()[0] not in "-#"
    assert parts == ["- **Threshold and why", "- **Looks the same"]


@EACH_RULE
def test_a_rule_is_named_after_its_title(rule: Rule) -> None:
    kebab = re.sub(r"[^a-z0-9]+", "-", rule.title.lower()).strip("-")

    assert rule.name == kebab


@EACH_RULE_OF_THE_DEFAULT_PACK
def test_a_rule_lies_in_a_folder_of_its_family(rule: Rule) -> None:
    folder = Path(path_of(rule)).parent.name

    assert rule.family == folder


@EACH_RULE
def test_a_rule_cites_sources_and_names_its_false_positives(rule: Rule) -> None:
    urls = [reference for reference in rule.references if reference.startswith("https://")]

    assert urls
    assert len(rule.false_positives) >= 2
    assert rule.description
    assert rule.evidence.columns
    assert rule.evidence.note


def test_rule_ids_are_all_different() -> None:
    ids = [rule.id for rule in RULES.values()]

    assert len(ids) == len(set(ids))


def test_geography_and_failover_are_inferential() -> None:
    strengths = {RULES[name].strength for name in ("unsupported-country", "key-hopping-after-429", "impossible-travel")}

    assert strengths == {"inferential"}


def test_every_conduct_is_defined_in_the_catalogue() -> None:
    assert set(CONDUCTS) == set(conducts_defined())
