"""Names below `extra`, and what sources of one kind provide together."""

from dataclasses import replace

from auditor.records.activity import SourceSummary, one_kind
from auditor.records.extras import with_extra_names
from auditor.records.memory import activity_of

ROW = {"time": "2026-01-01T00:00:00Z", "event": "web_request"}


def source(name: str, profile: str, *provides: str, extra: frozenset[str] | None = None) -> SourceSummary:
    """Return a source of one record."""
    return SourceSummary(name, name, profile, 1, frozenset(provides), extra)


def test_files_of_one_profile_provide_what_any_of_them_fills() -> None:
    sources = [source("a", "cloudtrail", "error_code"), source("b", "cloudtrail", "model"), source("c", "litellm")]

    first, second, other = one_kind(sources)

    assert first.provides == second.provides == {"error_code", "model"}
    assert other.provides == frozenset()


def test_a_name_that_never_occurs_is_not_provided() -> None:
    activity = activity_of([{**ROW, "extra": {"bytes": 7, "user": {"kind": "root"}}}])

    (surveyed,) = with_extra_names(activity, ["extra.bytes", "extra.size", "extra.user.kind", "status"]).sources

    assert tuple(surveyed.has(name) for name in ("extra.bytes", "extra.size", "extra.user.kind")) == (True, False, True)


def test_without_a_question_any_name_counts_as_there() -> None:
    (asked_nothing,) = with_extra_names(activity_of([{**ROW, "extra": {"bytes": 7}}]), ["status"]).sources

    there = asked_nothing.has("extra.size")

    assert there
    assert not replace(asked_nothing, provides=frozenset()).has("extra.size")
