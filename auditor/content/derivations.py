"""The columns that content gives to records, and how each record finds its value: by the digest of its prompt."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlglot import exp

from auditor.content.groups import GROUPS, make_groups
from auditor.content.nodes import equal, number_of
from auditor.content.openings import FORMS, make_forms
from auditor.content.seeds import PROMPT_SEEDS, SIMILARITY, make_similarities
from auditor.content.templates import PROMPT_TEMPLATES, TEMPLATES, forget_texts, make_templates
from auditor.content.texts import OWNED, PROMPTS, TEXTS, drop, make_texts
from auditor.records.activity import Activity
from auditor.records.derived import ROW, Derivation
from auditor.records.schema import DERIVED_FROM
from auditor.records.sql import identifier

CONTENT_COLUMNS = ("template_id", "template_group", "seed_similarity")


def content_derivations(
    activity: Activity, names: Collection[str], *, seeds: Sequence[str] = (), as_of: datetime | None = None
) -> tuple[Derivation, ...]:
    """Work out those of the content columns that are asked for, and return how a record finds its value.

    `seeds` are the texts of public instructions; `as_of` leaves later records out of sight.
    """
    wanted = [name for name in CONTENT_COLUMNS if name in names]
    if not wanted:
        return ()
    make_texts(activity, as_of)
    if "seed_similarity" in wanted:
        make_similarities(activity, seeds)
    if "template_id" in wanted or "template_group" in wanted:
        make_forms(activity)
        make_templates(activity)
        if "template_group" in wanted:
            make_groups(activity)
        forget_texts(activity)
    drop(activity, TEXTS, OWNED, PROMPTS, FORMS)
    known = {"template_id": _template_id, "template_group": _template_group, "seed_similarity": _seed_similarity}
    return tuple(known[name]() for name in wanted)


def _template_id() -> Derivation:
    given = identifier("template_id", ROW)
    value = exp.Coalesce(this=given, expressions=[identifier("template_id", TEMPLATES)])
    return Derivation("template_id", value, _to_templates(), DERIVED_FROM["template_id"])


def _template_group() -> Derivation:
    group = equal(identifier("template_key", GROUPS), identifier("template_key", PROMPT_TEMPLATES))
    joins = (_of_prompt(PROMPT_TEMPLATES), (GROUPS, group))
    return Derivation("template_group", identifier("template_group", GROUPS), joins, DERIVED_FROM["template_group"])


def _seed_similarity() -> Derivation:
    value = identifier(SIMILARITY, PROMPT_SEEDS)
    return Derivation("seed_similarity", value, (_of_prompt(PROMPT_SEEDS),), DERIVED_FROM["seed_similarity"])


def _to_templates() -> tuple[tuple[str, exp.Expression], ...]:
    template = equal(identifier("template_key", TEMPLATES), identifier("template_key", PROMPT_TEMPLATES))
    return (_of_prompt(PROMPT_TEMPLATES), (TEMPLATES, template))


def _of_prompt(name: str) -> tuple[str, exp.Expression]:
    return name, equal(identifier("prompt_key", name), number_of(identifier("prompt_digest", ROW)))
