"""The clauses of the shipped packs are word for word in the recorded texts, and cover the simulated month."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.digests import digest_of_file
from auditor.policy.load import load_pack, shipped_packs
from auditor.policy.terms import Clause, Terms, TermsVersion
from auditor.simulate.folder import DAYS, START

TERMS = sorted({terms for name in shipped_packs() for terms in load_pack(name).terms}, key=lambda terms: terms.id)
VERSIONS = [(terms.id, version) for terms in TERMS for version in terms.versions]
IDS = [f"{terms} {version.version}" for terms, version in VERSIONS]
REFERENCE = "AUDITOR_REFERENCE_DATA"


@pytest.fixture(scope="module")
def recorded() -> dict[str, str]:
    """Return the recorded texts by digest, from the reference data."""
    folder = os.environ.get(REFERENCE, "")
    if not folder:
        pytest.skip(f"set {REFERENCE} to the folder of reference data to compare quotations with the recorded texts")
    return {digest_of_file(path): path.read_text(encoding="utf-8") for path in (Path(folder) / "terms").rglob("*.md")}


@pytest.mark.parametrize(("terms", "version"), VERSIONS, ids=IDS)
def test_every_quotation_is_in_the_recorded_text(recorded: dict[str, str], terms: str, version: TermsVersion) -> None:
    text = recorded[version.source_digest]

    absent = [quote for clause in version.clauses for quote in quotes_of(clause) if quote not in text]

    assert absent == [], terms


@pytest.mark.parametrize(("terms", "version"), VERSIONS, ids=IDS)
def test_quotations_are_short_and_dated(terms: str, version: TermsVersion) -> None:
    lengths = [len(quote.split()) for clause in version.clauses for quote in quotes_of(clause)]

    assert max(lengths) <= 40, terms
    assert version.span.start is not None
    assert len(version.source_digest) == 64


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: terms.id)
def test_one_version_is_in_force_throughout_the_simulated_month(terms: Terms) -> None:
    in_force = {terms.version_at(START + timedelta(days=day)) for day in range(DAYS + 1)}

    assert len(in_force) == 1
    assert None not in in_force


def quotes_of(clause: Clause) -> tuple[str, ...]:
    """Return what a clause quotes: its text and its exceptions."""
    return (clause.text, *clause.exceptions)
