from datetime import UTC, datetime

from auditor.checker.clauses import clauses_for
from auditor.checker.findings import TermsCount
from auditor.policy.rule import Span
from auditor.policy.terms import Clause, Terms, TermsVersion


def a_document(identity: str) -> Terms:
    resale = Clause(
        id="2", text="no resale", conduct="resale", stance="prohibits", limit="none", exceptions=("partners",)
    )
    sharing = Clause(id="1", text="no sharing", conduct="account-sharing", stance="limits")
    span = Span(start=datetime(2025, 3, 1, tzinfo=UTC))
    version = TermsVersion(version="v1", span=span, source_digest="d", clauses=(resale, sharing))
    return Terms(id=identity, title="Terms", publisher="p", url="u", versions=(version,), digest="0")


def a_count(identity: str) -> TermsCount:
    return TermsCount(terms=identity, version="v1", records=3)


def test_only_clauses_about_the_conducts_apply() -> None:
    (applied,) = clauses_for([a_count("t")], ("resale",), [a_document("t")])

    assert (applied.clause, applied.effective, applied.records) == ("2", "2025-03-01", 3)
    assert (applied.limit, applied.exceptions, applied.source_digest) == ("none", ("partners",), "d")


def test_alternatives_are_each_judged_by_their_own_clause() -> None:
    found = clauses_for([a_count("t")], ("resale", "account-sharing"), [a_document("t")])

    assert [(item.clause, item.conduct) for item in found] == [("1", "account-sharing"), ("2", "resale")]


def test_clauses_are_sorted_by_document() -> None:
    found = clauses_for([a_count("b"), a_count("a")], ("resale",), [a_document("a"), a_document("b")])

    assert [item.terms for item in found] == ["a", "b"]
