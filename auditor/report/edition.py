"""The page of a redacted edition: what it shows and what it withholds, made of nothing but what the edition holds."""

from auditor.cases.model import Action, SpeaksFor
from auditor.checker.findings import Finding
from auditor.policy.conditions import Node
from auditor.report.alike import clauses_alike
from auditor.report.page import environment


class WithheldView(Node):
    """One group of fields that is withheld, why, and of how many records."""

    group: str
    fields: tuple[str, ...]
    reason: str
    has_pseudonyms: bool
    records: int


class EditionView(Node):
    """Everything that the page shows."""

    case_id: str
    pack: str
    title: str
    purpose: str
    recipient: str
    account: str | None
    derived_from: str
    root: str
    withheld: tuple[WithheldView, ...]
    records_withheld: int
    cited: int
    context: int
    accounts: tuple[str, ...]
    findings: tuple[Finding, ...]
    actions: tuple[Action, ...]
    speaks_for: tuple[SpeaksFor, ...]


def render_edition(view: EditionView) -> bytes:
    """Return the page of an edition as HTML in UTF-8."""
    text = (
        environment()
        .get_template("edition.html")
        .render(view=view, clauses=clauses_alike(list(enumerate(view.findings, start=1))))
    )
    return text.encode("utf-8", "backslashreplace")
