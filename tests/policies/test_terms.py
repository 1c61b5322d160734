"""The clauses of the shipped terms are word for word in the recorded texts, and cover the simulated month."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.digests import digest_of_file
from auditor.policy.load import load_pack, shipped_packs
from auditor.policy.terms import Clause, Terms, TermsVersion
from auditor.simulate.folder import DAYS, START
from tests.policies.catalogue import shipped_terms

TERMS = shipped_terms()
VERSIONS = [(terms.id, version) for terms in TERMS for version in terms.versions]
RECORDED = [(terms, version) for terms, version in VERSIONS if version.source_digest]
UNRECORDED = {
    "gemini-api-additional-terms", "mistral-commercial-terms", "mistral-commercial-terms-image-output",
    "openai-terms-of-use", "registration-limit-of-2025", "workplace-ban-of-2025",
}  # fmt: skip
"""Documents some version of which was not recorded; their files say where the words were read."""

SIMULATED = ("model-api", "model-api-anthropic", "model-api-deepseek")
REFERENCE = "AUDITOR_REFERENCE_DATA"


def ids_of(versions: list[tuple[str, TermsVersion]]) -> list[str]:
    """Return a name for each version."""
    return [f"{terms} {version.version}" for terms, version in versions]


@pytest.fixture(scope="module")
def recorded() -> dict[str, str]:
    """Return the recorded texts by digest, from the reference data."""
    folder = os.environ.get(REFERENCE, "")
    if not folder:
        pytest.skip(f"set {REFERENCE} to the folder of reference data to compare quotations with the recorded texts")
    return {digest_of_file(path): path.read_text(encoding="utf-8") for path in (Path(folder) / "terms").rglob("*.md")}


@pytest.mark.parametrize(("terms", "version"), RECORDED, ids=ids_of(RECORDED))
def test_every_quotation_is_in_the_recorded_text(recorded: dict[str, str], terms: str, version: TermsVersion) -> None:
    text = recorded[version.source_digest]

    absent = [quote for clause in version.clauses for quote in quotes_of(clause) if quote not in text]

    assert absent == [], terms


def test_only_named_documents_lack_a_recorded_text() -> None:
    without = {terms for terms, version in VERSIONS if not version.source_digest}

    assert without == UNRECORDED


@pytest.mark.parametrize(("terms", "version"), VERSIONS, ids=ids_of(VERSIONS))
def test_quotations_are_short_and_dated(terms: str, version: TermsVersion) -> None:
    lengths = [len(quote.split()) for clause in version.clauses for quote in quotes_of(clause)]

    assert max(lengths) <= 40, terms
    assert version.span.start is not None
    assert len(version.source_digest) in (0, 64)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: terms.id)
def test_a_document_says_where_it_is_published(terms: Terms) -> None:
    assert terms.url.startswith("https://")
    assert terms.publisher


@pytest.mark.parametrize("name", SIMULATED)
def test_one_version_of_a_provider_s_terms_is_in_force_throughout_the_simulated_month(name: str) -> None:
    days = [START + timedelta(days=day) for day in range(DAYS + 1)]

    in_force = {terms.id: {terms.version_at(day) for day in days} for terms in load_pack(name).terms}

    assert all(len(versions) == 1 for versions in in_force.values())
    assert any(None not in versions for versions in in_force.values())


def test_every_document_of_a_pack_is_among_the_shipped_terms() -> None:
    named = {terms.id for name in shipped_packs() for terms in load_pack(name).terms}

    assert named <= {terms.id for terms in TERMS}


def quotes_of(clause: Clause) -> tuple[str, ...]:
    """Return what a clause quotes: its text and its exceptions."""
    return (clause.text, *clause.exceptions)
