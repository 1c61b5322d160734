"""Each difference from pySigma's SQLite backend that `differences.yml` explains is real, and on our side meant."""

from tests.sigma.alerts import our_alerts
from tests.sigma.differences import LISTED
from tests.sigma.some_correlations import BASE
from tests.sigma.sqlite_reference import reference_alerts
from tests.sigma.test_holds import CASES

OF_CORRELATIONS = {"names that a lower correlation only aliases", "sums are exact"}


def test_every_difference_in_meaning_has_a_test() -> None:
    named = {item["name"] for item in LISTED["meanings"]}

    assert named - OF_CORRELATIONS <= {case[0] for case in CASES}
    assert named >= OF_CORRELATIONS


def test_names_that_a_lower_correlation_only_aliases() -> None:
    rules = f"""{BASE}---
title: lower
name: lower
correlation:
  {{type: event_count, rules: [ra], timespan: 5s, condition: {{gte: 1}}, aliases: {{u: {{ra: w}}}}}}
---
title: upper
correlation: {{type: event_count, rules: [lower], group-by: [u], timespan: 5s, condition: {{gte: 1}}}}
"""
    log = [{"k": "a", "u": "eve", "w": "host", "t": 1}]

    assert [alert.group for alert in our_alerts(rules, log)["upper"]] == [("eve",)]
    assert reference_alerts(rules, log)["upper"] == []


def test_sums_are_exact() -> None:
    rules = f"""{BASE}---
title: three tenths
correlation: {{type: value_sum, rules: [ra], timespan: 5s, condition: {{eq: 0.3, field: n}}}}
"""
    log = [{"k": "a", "n": 0.1, "t": second} for second in range(3)]

    assert [alert.end for alert in our_alerts(rules, log)["three tenths"]] == [2.0]
    assert reference_alerts(rules, log)["three tenths"] == []
