"""Warnings about names that nothing answers to: a list that no rule asks for, an approval for nobody who is there.

A stretch of time without a record is told too. All are legitimate in a file that serves several packs or logs, so they
stop nothing; a misspelt one would be silent.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from auditor.cli import console
from auditor.digests import rfc3339
from auditor.policy.pack import Approval, Context, Pack
from auditor.policy.rule import Span
from auditor.policy.unused import unused_lists
from auditor.records.activity import Activity
from auditor.records.manifest import Source
from auditor.records.totals import names_on_record
from auditor.records.values import shown

_INSTANT = timedelta(microseconds=1)
NAMED = 10
"""Names that a warning gives; of more, their number."""


def warn_of_unused_lists(pack: Pack, context: Context) -> None:
    """Say which lists of the context nothing in the pack uses, with what was probably meant."""
    for name, hint in unused_lists(pack, context):
        console.talk(f"warning: list `{name}` of the context is used by nothing in pack {pack.name}\n  hint: {hint}")


def warn_of_approvals_for_nobody(approvals: Sequence[Approval], activity: Activity) -> None:
    """Say which approvals name an account or organization without any record."""
    accounts = {item.account_id for item in approvals if item.account_id}
    organizations = {item.organization_id for item in approvals if item.organization_id and not item.account_id}
    _warn("an account", accounts - names_on_record(activity, "account_id", accounts))
    _warn("an organization", organizations - names_on_record(activity, "organization_id", organizations))


def warn_of_window_without_records(context: Context, sources: Sequence[Source]) -> None:
    """Say that the stretch which the context calls complete lies before or after every record of the log."""
    firsts = [source.first_time for source in sources if source.first_time]
    lasts = [source.last_time for source in sources if source.last_time]
    if not firsts or not lasts or context.window.meets(Span(start=min(firsts), until=max(lasts) + _INSTANT)):
        return
    start, until = (rfc3339(time) if time else "…" for time in (context.window.start, context.window.until))
    console.talk(
        f"warning: not one record is within `window` of the context, {start} to {until}, where the log is complete; "
        f"the records are of {rfc3339(min(firsts))} to {rfc3339(max(lasts))}"
    )
    console.talk("  hint: correct the two times; what lies before `window` counts as a roster of facts only")


def _warn(kind: str, strange: Collection[str]) -> None:
    if not strange:
        return
    named = ", ".join(map(shown, sorted(strange)[:NAMED]))
    more = f" and {len(strange) - NAMED:,} more" if len(strange) > NAMED else ""
    console.talk(f"warning: approvals name {kind} without any record, so they approve nothing: {named}{more}")
    console.talk("  hint: check how it is spelt; a name counts letter by letter")
