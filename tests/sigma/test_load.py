"""Rules that can't be evaluated exactly are refused by name, with place and reason; the others are kept."""

from pathlib import Path

import pytest

from auditor.errors import UsageError
from auditor.sigma.load import load_rules, rules_of

GOOD = "title: Good\nname: good\nlogsource: {category: c}\ndetection: {s: {a: x}, condition: s}\n"


def correlation(body: str) -> str:
    """Return a good rule and a correlation with some content."""
    return f"{GOOD}---\ntitle: Bad\nname: bad\ncorrelation: {{{body}}}\n"


REFUSED = [
    ("title: Bad\nlogsource: {category: c}\ndetection: {s: {a|re: 'x(?=y)'}, condition: s}", "invalid"),
    ("title: Bad\nlogsource: {category: c}\ndetection: {s: {a|expand: '%who%'}, condition: s}", "placeholder `%who%`"),
    ("title: Bad\nlogsource: {category: c}\ndetection: {s: {a|nope: x}, condition: s}", "nope"),
    ("title: Bad\nlogsource: {category: c}\ndetection: {s: {a: x}, condition: s and t}", "'t' not defined"),
    ("title: Bad\nlogsource: {category: c}\ndetection: {s: {a: x}, condition: s | count() > 5}", "pipe syntax"),
    ("title: Bad\nlogsource: {category: c}\ndetection: {s: {a: &x 1}, condition: s}", "anchor"),
    ("title: Bad\naction: global\nlogsource: {category: c}\ndetection: {}", "`action`"),
    ("title: Bad\nlogsource: {category: c}", "neither `detection` nor"),
    ("title: Bad\nlogsource: {category: c}\ndetection: {s: {a: x}, condition: 5}", "another kind than Sigma's"),
    (correlation("type: temporal, rules: [good], timespan: 1m, group-by: [u], aliases: {u: {good: [a]}}"), "an alias"),
    ("- a list", "no map of keys"),
    ("title: [", "not YAML"),
    (correlation("type: event_count, rules: [nobody], timespan: 1m, condition: {gte: 1}"), "`nobody` to 0 rules"),
    (correlation("type: event_count, rules: [bad], timespan: 1m, condition: {gte: 1}"), "a circle of references"),
    (correlation("type: event_count, rules: [good], timespan: 1 week, condition: {gte: 1}"), "imespan"),
    (correlation("type: event_count, rules: [good], timespan: 1m, condition: {gte: many}"), "many"),
    (correlation("type: value_count, rules: [good], timespan: 1m, condition: {gte: 1}"), "field"),
    (correlation("type: value_count, rules: [good], timespan: 1m, condition: {gte: 1, field: [a, b]}"), "a list of 2"),
    (correlation("type: value_percentile, rules: [good], timespan: 1m, condition: {gte: 1, field: a, percentile: 101}"),
     "percentile 101"),
    (correlation("type: median, rules: [good], timespan: 1m, condition: {gte: 1}"), "median"),
    (correlation(f"type: temporal_ordered, timespan: 1m, rules: [{', '.join(['good'] * 20)}], condition: {{gte: 10}}"),
     "choices of rules"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_a_rule_without_an_exact_meaning_is_refused(text: str, reason: str) -> None:
    loaded = rules_of(text)

    assert [reason in refusal.problem.message for refusal in loaded.refused] == [True]
    assert all(refusal.problem.place and refusal.problem.place.line >= 1 for refusal in loaded.refused)
    assert loaded.correlations == {}


def test_a_refused_rule_does_not_take_others_with_it() -> None:
    loaded = rules_of(f"title: Bad\n---\n{GOOD}---\n")

    assert [item.heading.name for item in loaded.detections.values()] == ["good"]
    assert len(loaded.refused) == 1


def test_a_correlation_over_a_refused_rule_is_refused_too() -> None:
    bad = GOOD.replace("{a: x}", "{a|re: '('}")

    loaded = rules_of(f"{bad}---\ntitle: T\ncorrelation: {{type: temporal, rules: [good], timespan: 1m}}")

    assert len(loaded.refused) == 2


def test_a_name_that_two_rules_have_names_neither() -> None:
    loaded = rules_of(f"{GOOD}---\n{GOOD}---\ntitle: T\ncorrelation: {{type: temporal, rules: [good], timespan: 1m}}")

    assert "`good` to 2 rules" in loaded.refused[0].problem.message
    assert len(loaded.detections) == 2


def test_rules_of_correlations_are_reported_only_when_asked_for() -> None:
    quiet = correlation("type: event_count, rules: [good], timespan: 1m, condition: {gte: 1}")
    loud = correlation("type: event_count, rules: [good], generate: true, timespan: 1m, condition: {gte: 1}")

    assert [rule.is_reported for rule in rules_of(quiet).detections.values()] == [False]
    assert [rule.is_reported for rule in rules_of(loud).detections.values()] == [True]


def test_dates_and_tags_that_are_wrong_make_no_rule_unusable() -> None:
    loaded = rules_of(GOOD + "date: soon\ntags: [nonsense]\nlevel: bad\nstatus: new\n")

    assert loaded.refused == ()


def test_a_filter_that_filters_nothing_is_named() -> None:
    text = "title: F\nlogsource: {category: z}\nfilter: {rules: any, s: {a: x}, condition: not s}"

    assert rules_of(f"{GOOD}---\n{text}").unused_filters == ("F",)


def test_a_folder_is_read_whole_and_an_empty_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    (tmp_path / "rules" / "deep" / "one.yml").write_text(GOOD)
    (tmp_path / "rules" / "two.yaml").write_text(GOOD.replace("good", "other"))
    (tmp_path / "empty").mkdir()

    assert len(load_rules([tmp_path / "rules"]).detections) == 2
    with pytest.raises(UsageError):
        load_rules([tmp_path / "empty"])
