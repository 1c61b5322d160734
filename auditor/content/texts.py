"""The tables that everything about content starts from: the different blanked texts, who sent them, in which prompts.

Texts are known by the number of their digest, so that no table but one holds any text. A prompt is known by its
`prompt_digest`; one digest that a source gave to different texts names none of them.
"""

from datetime import datetime

from sqlglot import exp

from auditor.content.blanking import with_text
from auditor.content.nodes import columns, equal, number_of, select
from auditor.records.activity import STORED, Activity
from auditor.records.asof import timestamp
from auditor.records.derived import make_table
from auditor.records.sql import all_of, identifier, is_not, is_null, literal, named, table, text_of

READ = "content_read"
TEXTS = "content_texts"
OWNED = "content_owned"
PROMPTS = "content_prompts"


def make_texts(activity: Activity, as_of: datetime | None) -> None:
    """Make the tables of texts, owners and prompts from the records up to a time (all, for None).

    TEXTS: text_key, text, first_time. OWNED: account_id, text_key, each pair once. PROMPTS: prompt_key, text_key.
    """
    make_table(activity, READ, _read(as_of))
    make_table(activity, TEXTS, _texts())
    make_table(activity, OWNED, _owned())
    make_table(activity, PROMPTS, _prompts())
    drop(activity, READ)


def drop(activity: Activity, *names: str) -> None:
    """Give the memory of tables back."""
    for name in names:
        activity.connection.execute(text_of(exp.Drop(tables=[table(name)], kind="TABLE", exists=True)))


def _read(as_of: datetime | None) -> exp.Select:
    known = [is_not(is_null(identifier(name))) for name in ("prompt", "prompt_digest")]
    if as_of is not None:
        known.append(exp.LTE(this=identifier("time"), expression=timestamp(as_of)))
    records = select(
        named(number_of(identifier("prompt_digest")), "prompt_key"), *columns("account_id", "time", "prompt"), of=STORED
    ).where(all_of(known))
    blanked = with_text(records, "prompt")
    kept = [*columns("prompt_key", "account_id", "time", "text"), named(number_of(identifier("text")), "text_key")]
    return select(*kept, of=blanked).where(exp.NEQ(this=identifier("text"), expression=literal("")))


def _texts() -> exp.Select:
    values = [
        identifier("text_key"),
        named(exp.Min(this=identifier("text")), "text"),
        named(exp.Min(this=identifier("time")), "first_time"),
    ]
    return select(*values, of=READ).group_by(identifier("text_key"))


def _owned() -> exp.Select:
    names = columns("account_id", "text_key")
    return select(*names, of=READ).where(is_not(is_null(identifier("account_id")))).distinct()


def _prompts() -> exp.Select:
    least, most = exp.Min(this=identifier("text_key")), exp.Max(this=identifier("text_key"))
    query = select(identifier("prompt_key"), named(least, "text_key"), of=READ).group_by(identifier("prompt_key"))
    return query.having(equal(least.copy(), most))
