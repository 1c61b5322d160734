"""docs/rules.md is the reference of the grammar: every example of it loads, and every word of the grammar is in it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.policy import rule_reader, schema
from auditor.policy.expression_parser import LINKED
from auditor.policy.expressions import AGGREGATES, PAIR_FUNCTIONS
from auditor.policy.load import load_pack, load_rule_text
from auditor.policy.modifiers import MODIFIERS
from auditor.policy.platform import load_approvals, load_context
from auditor.policy.rule import CONDUCTS
from auditor.policy.rulecases import load_cases
from tests.policy.examples import BASE, rule_of

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
EXAMPLES = re.findall(r"^```yaml (\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def _load_in_pack(folder: Path, kind: str, text: str) -> None:
    """Load an example as a file of a pack around it."""
    files = {
        "terms": "terms/x.yml", "list": "lists/x.yml", "exemption": "lists/x.yml", "ladder": "ladder.yml",
        "links": "links.yml", "pack": "pack.yml", "rule": "rules/x.yml",
    }  # fmt: skip
    for name in ("terms", "rules", "lists", "more"):
        (folder / name).mkdir()
    (folder / "rules" / "base.yml").write_text("\n".join(BASE.values()))
    (folder / "more" / "extra-rule.yml").write_text("\n".join(BASE.values()).replace("0c6f0f0e", "0c6f0f0f"))
    (folder / "ladder.yml").write_text("strike_days: 1")
    (folder / files[kind]).write_text(text)
    load_pack(str(folder))


def _load_cases(folder: Path, text: str) -> None:
    (folder / "x.cases.yml").write_text(text)
    assert load_cases(folder / "x.yml")


def _load_file(load: Callable[[Path], object], folder: Path, text: str) -> None:
    (folder / "x.yml").write_text(text)
    assert load(folder / "x.yml")


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[f"{i}-{kind}" for i, (kind, _) in enumerate(EXAMPLES)])
def test_every_example_of_the_page_loads(kind: str, text: str, tmp_path: Path) -> None:
    match kind:
        case "part":
            rule_of(text)
        case "cases":
            _load_cases(tmp_path, text)
        case "context":
            _load_file(load_context, tmp_path, text)
        case "approvals":
            _load_file(load_approvals, tmp_path, text)
        case _:
            _load_in_pack(tmp_path, kind, text)


def test_every_kind_of_file_has_an_example() -> None:
    assert {*schema.KINDS, "part"} == {kind for kind, _ in EXAMPLES}


@pytest.mark.parametrize(
    "word",
    [*rule_reader.KEYS, *MODIFIERS, *AGGREGATES, *PAIR_FUNCTIONS, LINKED, *CONDUCTS],
)
def test_every_word_of_the_grammar_is_on_the_page(word: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", PAGE)


def test_the_rule_example_needs_what_it_reads() -> None:
    text = next(text for kind, text in EXAMPLES if kind == "rule")

    rule = load_rule_text(text)

    assert frozenset({"account_id", "status", "output_tokens", "prompt_digest"}) == rule.needed_columns()
