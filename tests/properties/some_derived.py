"""Random links, and simple derivations of every derivable column, in the place of what works them out from content."""

from functools import cache

from hypothesis import strategies as st
from sqlglot import exp

from auditor.linking.derivations import link_derivations
from auditor.linking.model import Links, Stretch
from auditor.policy.pack import Context
from auditor.records.activity import Activity
from auditor.records.derived import ROW, Derivation, with_derived
from auditor.records.schema import DERIVED_FROM
from auditor.records.sql import call, cast, identifier, literal
from tests.properties.some_records import Grid


@cache
def links(grid: Grid) -> st.SearchStrategy[Links]:
    """Return links of few accounts: they join clusters, change them, or stay alone."""
    one = st.builds(
        Stretch, account=st.sampled_from(("a", "A", "b")), start=grid.moments(), cluster=st.sampled_from(("L-1", "L-2"))
    )
    stretches = st.lists(one, max_size=4, unique_by=lambda item: (item.account, item.start))
    ordered = stretches.map(lambda found: tuple(sorted(found, key=lambda item: (item.account, item.start))))
    return st.builds(Links, stretches=ordered)


def with_all_derived(activity: Activity, linked: Links) -> Activity:
    """Return the activity with every derivable column in its view."""
    linked_columns = link_derivations(activity, linked, ["cluster_id"], context=Context(), as_of=None)
    return with_derived(activity, [*linked_columns, *_others()])


def _others() -> list[Derivation]:
    prompt, given = identifier("prompt", ROW), identifier("template_id", ROW)
    letters = call("length", prompt)
    group = call("left", prompt.copy(), literal(2))
    values: dict[str, exp.Expression] = {
        "template_id": exp.Coalesce(this=given, expressions=[prompt.copy()]),
        "template_group": group,
        "seed_similarity": exp.Mul(this=letters, expression=cast(literal("0.125"), "DECIMAL(4,3)")),
        "network_newcomers": call("length", identifier("client_ip", ROW)),
    }
    return [Derivation(name, value, needs=DERIVED_FROM[name]) for name, value in values.items()]
