"""The shipped packs share their rules; each judges by one provider's terms, and the answers differ."""

from datetime import UTC, datetime

import pytest

from auditor.policy.load import load_pack, shipped_packs
from auditor.policy.pack import Pack
from tests.policies.catalogue import CATALOGUE, SMALL_PACKS, rows_of_packs, shipped_pack

JUNE = datetime(2026, 6, 15, tzinfo=UTC)
LATER = datetime(2026, 10, 1, tzinfo=UTC)


MODEL_API = tuple(name for name in shipped_packs() if name not in SMALL_PACKS)


@pytest.mark.parametrize("name", MODEL_API)
def test_a_pack_has_the_rules_of_the_default_pack(name: str) -> None:
    pack = load_pack(name)

    rules = [rule.id for rule in pack.rules]

    assert rules == [rule.id for rule in shipped_pack().rules]


@pytest.mark.parametrize("name", shipped_packs())
def test_a_pack_judges_by_one_provider_and_is_in_the_catalogue(name: str) -> None:
    publishers = {terms.publisher for terms in load_pack(name).terms}

    assert len(publishers) == 1
    assert f"`{name}`" in CATALOGUE


@pytest.mark.parametrize(
    ("name", "conduct", "stances"),
    [
        ("model-api", "distillation", {"prohibits"}),
        ("model-api-anthropic", "distillation", {"prohibits"}),
        ("model-api-deepseek", "distillation", {"permits"}),
        ("model-api", "bulk-signup", set()),
        ("model-api-anthropic", "bulk-signup", {"prohibits"}),
        ("model-api-deepseek", "bulk-signup", {"prohibits"}),
        ("model-api", "limit-circumvention", {"prohibits"}),
        ("model-api-deepseek", "limit-circumvention", set()),
        ("model-api-openrouter", "coordinated-accounts", {"prohibits"}),
        ("model-api-openrouter", "distillation", set()),
        ("model-api-mistral", "distillation", {"prohibits"}),
    ],
)
def test_providers_answer_differently_about_one_conduct(name: str, conduct: str, stances: set[str]) -> None:
    pack = load_pack(name)

    found = stances_on(pack, conduct)

    assert found == stances


@pytest.mark.parametrize("name", MODEL_API)
def test_the_catalogue_says_what_a_pack_s_terms_say_of_training_on_output(name: str) -> None:
    pack = load_pack(name)

    said = rows_of_packs()[name]

    stances = stances_on(pack, "distillation", LATER)
    assert pack.terms[0].publisher in said[0]
    assert (said[1].split()[0] if said[1] != "nothing" else "") == "".join(stances)


def stances_on(pack: Pack, conduct: str, day: datetime = JUNE) -> set[str]:
    """Return what the pack's terms say about a conduct on a day."""
    versions = [version for terms in pack.terms if (version := terms.version_at(day))]
    return {clause.stance for version in versions for clause in version.clauses if clause.conduct == conduct}
