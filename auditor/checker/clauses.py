"""Which clauses of the terms speak of an incident's conducts, and for how many of its records."""

from collections.abc import Iterable, Sequence

from auditor.checker.findings import Applied, TermsCount
from auditor.digests import rfc3339
from auditor.policy.terms import Terms, TermsVersion


def clauses_for(counts: Iterable[TermsCount], conducts: Sequence[str], terms: Sequence[Terms]) -> tuple[Applied, ...]:
    """Return the clauses about the conducts in the versions that applied to the records, with their number.

    Sorted by document, version and clause. Empty when no document applied or none speaks of the conducts.
    """
    documents = {document.id: document for document in terms}
    found = [applied for count in counts for applied in _of_version(documents[count.terms], count, conducts)]
    return tuple(sorted(found, key=lambda applied: (applied.terms, applied.version, applied.clause, applied.conduct)))


def _of_version(document: Terms, count: TermsCount, conducts: Sequence[str]) -> list[Applied]:
    version = next(version for version in document.versions if version.version == count.version)
    return [
        Applied(
            terms=document.id,
            title=document.title,
            version=version.version,
            effective=_effective(version),
            clause=clause.id,
            text=clause.text,
            conduct=clause.conduct,
            stance=clause.stance,
            limit=clause.limit,
            exceptions=clause.exceptions,
            url=document.url,
            source_digest=version.source_digest,
            records=count.records,
        )
        for clause in version.clauses
        if clause.conduct in conducts
    ]


def _effective(version: TermsVersion) -> str:
    if version.span.start is None:
        return ""
    text = rfc3339(version.span.start)
    return text.removesuffix("T00:00:00Z")
