"""What a language needs to say a measure of a rule in words.

Rules name their measures as programs name variables; what a measure is follows from its expression. Phrases are noun
phrases that a colon and a number can follow: `different accounts: 12`. `{}` is what the phrase is about.
"""

from collections.abc import Mapping

from auditor.policy.conditions import Node

LANGUAGES = ("en", "de", "fr")
"""Languages that account holders are told in."""


class MeasurePhrases(Node):
    """One language's words for the aggregates of the grammar, for columns, and for what is compared with a measure."""

    language: str
    records: str
    """`count()`."""
    without_column: Mapping[str, str]
    """`span`, `active_hours`, `sequence`, and the two counts of a composite: `rules`, `families`."""
    different: Mapping[str, str]
    """`count(distinct x)`, by column: the different ones, in the plural."""
    other_different: str
    columns: Mapping[str, str]
    """A column as what a sum or a median is taken of."""
    other_column: str
    of_column: Mapping[str, str]
    """An aggregate over a column; `count` is `count(x)`."""
    quantile: str
    """`{fraction}` and `{}`."""
    share: str
    """`{}` is the name that the rule gives to the records in question."""
    each: Mapping[str, str]
    """A column after `for each`, in the singular."""
    other_each: str
    over_each: Mapping[str, str]
    """An aggregate over what each value of a column has: `{what}`, `{each}`, and `{fraction}` of a quantile."""
    usual: str
    spread: str
    peers: str
    """`{fraction}` and `{}`."""
    joined: Mapping[str, str]
    """The operators of arithmetic between two phrases."""
