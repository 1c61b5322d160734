"""The templates of a log: which text is of which, each with its id and when it was first seen."""

from sqlglot import exp

from auditor.content.nodes import columns, joined, number_of, select
from auditor.content.openings import FORMS
from auditor.content.texts import PROMPTS, TEXTS
from auditor.records.activity import Activity
from auditor.records.derived import make_table
from auditor.records.sql import call, identifier, literal, named

TEMPLATES = "content_templates"
PROMPT_TEMPLATES = "content_prompt_templates"
DIGITS = 32
"""Hexadecimal digits of the SHA-256 of a template's text that are its id."""


def make_templates(activity: Activity) -> None:
    """Make the tables of templates and of the template of each prompt, from texts and forms.

    TEMPLATES: template_key, template, template_id, first_time. PROMPT_TEMPLATES: prompt_key, template_key.
    """
    make_table(activity, TEMPLATES, _templates())
    make_table(activity, PROMPT_TEMPLATES, _prompt_templates())


def forget_texts(activity: Activity) -> None:
    """Keep of the templates what records need: half of their room is text that nobody reads any more."""
    make_table(activity, TEMPLATES, select(*columns("template_key", "template_id"), of=TEMPLATES))


def _texts_with_template() -> exp.Select:
    template = exp.Coalesce(this=identifier("template"), expressions=[identifier("text")])
    return joined(
        select(*columns("text_key", "first_time"), named(template, "template"), of=TEXTS), FORMS, "text_key", left=True
    )


def _templates() -> exp.Select:
    template, digest = identifier("template"), call("sha256", identifier("template"))
    found = select(template, named(exp.Min(this=identifier("first_time")), "first_time"), of=_texts_with_template())
    found = found.group_by(identifier("template"))
    values = [
        named(number_of(template.copy()), "template_key"),
        template.copy(),
        named(call("left", digest, literal(DIGITS)), "template_id"),
        identifier("first_time"),
    ]
    return select(*values, of=found)


def _prompt_templates() -> exp.Select:
    key = named(number_of(identifier("template")), "template_key")
    texts = select(identifier("text_key"), key, of=_texts_with_template())
    return joined(select(*columns("prompt_key", "template_key"), of=PROMPTS), texts, "text_key")
