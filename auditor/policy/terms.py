"""Terms of service as dated clauses: which document applies to a record, and what it says about a conduct."""

from datetime import datetime
from typing import Literal

from auditor.policy.conditions import Condition, Node
from auditor.policy.rule import Span

Stance = Literal["prohibits", "permits", "limits"]


class Clause(Node):
    """A short quotation of one clause about one conduct."""

    id: str
    text: str
    conduct: str
    stance: Stance
    limit: str = ""
    exceptions: tuple[str, ...] = ()


class TermsVersion(Node):
    """One version of a document, in force in `span`; `source_digest` is the SHA-256 of the whole recorded text."""

    version: str
    span: Span
    source_digest: str = ""
    clauses: tuple[Clause, ...]


class Terms(Node):
    """One document: who published it, whom it applies to, and its versions, oldest first."""

    id: str
    title: str
    publisher: str
    url: str
    applies: Condition | None = None
    versions: tuple[TermsVersion, ...]
    digest: str

    def version_at(self, time: datetime) -> TermsVersion | None:
        """Return the version in force at a time, or None."""
        return next((version for version in self.versions if version.span.covers(time)), None)
