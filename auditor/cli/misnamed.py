"""Warnings about names that nothing answers to: a list that no rule asks for, an approval for nobody who is there.

Both are legitimate in a file that serves several packs or logs, so they stop nothing; a misspelt one would be silent.
"""

from collections.abc import Collection, Sequence

from auditor.cli import console
from auditor.policy.pack import Approval, Context, Pack
from auditor.policy.unused import unused_lists
from auditor.records.activity import Activity
from auditor.records.totals import names_on_record
from auditor.records.values import shown

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


def _warn(kind: str, strange: Collection[str]) -> None:
    if not strange:
        return
    named = ", ".join(map(shown, sorted(strange)[:NAMED]))
    more = f" and {len(strange) - NAMED:,} more" if len(strange) > NAMED else ""
    console.talk(f"warning: approvals name {kind} without any record, so they approve nothing: {named}{more}")
    console.talk("  hint: check how it is spelt; a name counts letter by letter")
