from datetime import UTC, datetime

from auditor.checker.provided import coverage_of
from auditor.policy.conditions import Compare, Equals
from auditor.policy.pack import Context
from auditor.records.activity import SourceSummary
from tests.checker.factories import a_rule


def a_source(name: str, *columns: str, records: int = 1) -> SourceSummary:
    return SourceSummary(name, name, "canonical", records, frozenset({"time", "event", *columns}))


def test_sources_without_a_needed_column_are_left_out() -> None:
    rule = a_rule(Equals(field="country", value="KP"))

    (coverage,) = coverage_of([rule], [a_source("b", "account_id"), a_source("a", "account_id", "country")], Context())

    assert (coverage.is_evaluable, coverage.sources_used, coverage.sources_left_out) == (True, ("a",), ("b",))


def test_what_sources_left_out_lack_is_named_with_their_number() -> None:
    rule = a_rule(Equals(field="country", value="KP"), by=("asn",))
    sources = [
        a_source("a", "account_id", "asn", "country"),
        a_source("b", "account_id"),
        a_source("c", "account_id", "asn"),
    ]

    (coverage,) = coverage_of([rule], sources, Context())

    assert (coverage.sources_left_out, coverage.lacking) == (("b", "c"), (("asn", 1), ("country", 2)))


def test_a_fact_of_one_source_is_provided_in_all() -> None:
    rule = a_rule(Equals(field="plan", value="pro"))

    (coverage,) = coverage_of([rule], [a_source("a", "account_id"), a_source("b", "account_id", "plan")], Context())

    assert coverage.sources_used == ("a", "b")


def test_columns_that_no_source_provides_are_missing() -> None:
    rule = a_rule(Equals(field="country", value="KP"), by=("asn",))

    (coverage,) = coverage_of([rule], [a_source("a", "account_id")], Context())

    assert (coverage.is_evaluable, coverage.missing) == (False, ("asn", "country"))


def test_when_no_source_has_all_the_nearest_source_says_what_is_missing() -> None:
    rule = a_rule(Equals(field="country", value="KP"), by=("asn",))
    sources = [a_source("a", "asn"), a_source("b", "account_id", "asn"), a_source("c", "account_id", "country")]

    (coverage,) = coverage_of([rule], sources, Context())

    assert coverage.missing == ("country",)


def test_a_missing_list_is_named_even_when_all_columns_are_there() -> None:
    rule = a_rule(Equals(field="country", value="KP"), missing_lists=("unsupported_countries",))

    (coverage,) = coverage_of([rule], [a_source("a", "account_id", "country")], Context())

    assert (coverage.is_evaluable, coverage.missing) == (False, ("%unsupported_countries%",))


def test_sources_without_records_do_not_count() -> None:
    rule = a_rule(Equals(field="country", value="KP"))

    (coverage,) = coverage_of([rule], [a_source("a", "account_id", "country", records=0)], Context())

    assert (coverage.is_evaluable, coverage.missing) == (False, ("account_id", "country"))


def test_the_age_of_a_model_needs_its_release() -> None:
    rule = a_rule(Compare(field="model_age", operator="<", value=3600))
    source = a_source("a", "account_id", "model")
    released = Context(model_releases=(("m", datetime(2026, 1, 1, tzinfo=UTC)),))

    without, given = (coverage_of([rule], [source], context)[0] for context in (Context(), released))

    assert (without.missing, given.is_evaluable) == (("model_age",), True)
