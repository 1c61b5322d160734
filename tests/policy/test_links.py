"""The links file: what it may say, and how it is refused."""

from decimal import Decimal

import pytest

from auditor.errors import PolicyError
from auditor.policy.fields import Problems
from auditor.policy.links import LinkRules
from auditor.policy.links_reader import read_links
from auditor.policy.yaml import read_yaml

SIGNAL = "{name: card, kind: card, family: payment, seen: facts, columns: [payment_fingerprint], source: s}"
PROGRAM = "{name: program, kind: program, family: software, seen: calls, columns: [user_agent], source: s}"


def read(text: str) -> LinkRules:
    """Return the links of a text, or raise with its problems."""
    problems = Problems()
    rules = read_links(read_yaml(text.encode(), "links.yml"), "d", problems)
    problems.check()
    assert rules is not None
    return rules


def test_a_file_says_signals_combinations_and_bars() -> None:
    rules = read(
        f"alone: 3\ncorroborated: 0.75\nlift: 2\nsignals: [{SIGNAL}, {PROGRAM}]\n"
        "combinations: [{name: both, of: [card, program], at_least: 3, common: true, source: s}]"
    )

    assert (rules.alone, str(rules.corroborated), rules.specific, rules.lift) == (3, "0.75", Decimal("0.3"), Decimal(2))
    assert rules.needed_columns() == {"payment_fingerprint", "user_agent"}
    assert rules.signal("card").columns == ("payment_fingerprint",)
    (both,) = rules.combinations
    assert (both.signals, both.at_least, both.common, both.same_network) == (("card", "program"), 3, True, False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("signals: []", "no signals"),
        (f"signals: [{SIGNAL}, {SIGNAL}]", "`card` 2 times"),
        (f"signals: [{SIGNAL.replace('payment_fingerprint', 'card_number')}]", "unknown column"),
        (f"signals: [{SIGNAL.replace('[payment_fingerprint]', '[]')}]", "without `columns`"),
        (f"signals: [{SIGNAL.replace('source: s', 'within: 1h, source: s')}]", "shorter than a day"),
        (f"signals: [{SIGNAL.replace('source: s', 'days: 0, source: s')}]", "`days` is 0"),
        (f"signals: [{SIGNAL.replace('source: s', 'networks: [cloud], source: s')}]", "unknown kind of network"),
        (f"signals: [{SIGNAL.replace(', source: s', '')}]", "has no `source`"),
        (f"signals: [{SIGNAL}]\ncorroborated: 2", "expected a share above 0"),
        (f"signals: [{SIGNAL}]\nlift: 0.5", "expected a number from 1 on"),
        (f"signals: [{SIGNAL}]\ncombinations: [{{name: c, of: [card], source: s}}]", "at least two signals"),
        (f"signals: [{SIGNAL}]\ncombinations: [{{name: c, of: [card, tls], source: s}}]", "unknown signal"),
        (
            f"signals: [{PROGRAM}, {PROGRAM.replace('program, kind', 'tls, kind')}]\n"
            "combinations: [{name: c, of: [program, tls], source: s}]",
            "two signals of one family",
        ),
        (
            f"signals: [{SIGNAL.replace('seen', 'strength: strong, seen')}, {PROGRAM}]\n"
            "combinations: [{name: c, of: [card, program], source: s}]",
            "expected weak signals",
        ),
    ],
    ids=lambda value: value if len(value) < 40 else "",
)
def test_what_cannot_be_meant_is_refused(text: str, found: str) -> None:
    with pytest.raises(PolicyError, match=found):
        read(text)
