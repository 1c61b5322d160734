"""The statement of reasons as a record for the public database of Regulation (EU) 2022/2065 (Article 24(5)).

Fields and limits are those of the database's public interface (schema of 1 July 2025). Whether a provider has to submit
records there is a legal question; the form is used because regulators know it. A record is made for restrictions only
(throttling, suspension, termination), and holds no personal data: `personal_data_in` looks for it, and a record in
which it finds any is refused. What the account holder can do is in the notice: the database has no field for it.
"""

import re
from collections.abc import Iterable, Mapping

from auditor.cases.model import ActionName
from auditor.digests import digest_of_parts
from auditor.errors import BundleError
from auditor.policy.condition_words import counted
from auditor.report.phrases.en import ENGLISH
from auditor.report.statement import StatedFinding, Statement

RESTRICTIONS: Mapping[ActionName, Mapping[str, str]] = {
    ActionName.THROTTLE: {"decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION"},
    ActionName.SUSPEND: {"decision_account": "DECISION_ACCOUNT_SUSPENDED"},
    ActionName.TERMINATE: {"decision_account": "DECISION_ACCOUNT_TERMINATED"},
}
KEYWORDS = {
    "coordinated-accounts": "KEYWORD_INAUTHENTIC_ACCOUNTS",
    "bulk-signup": "KEYWORD_INAUTHENTIC_ACCOUNTS",
    "ban-evasion": "KEYWORD_INAUTHENTIC_ACCOUNTS",
    "unsupported-region": "KEYWORD_GEOGRAPHICAL_REQUIREMENTS",
}
"""Of conducts that a keyword describes. None says what the law calls an act: extracting a model may infringe a trade
secret, but neither a rule nor a clause of the terms finds that, so it is told as a breach of the terms.
"""
LONGEST = {"decision_facts": 5000, "incompatible_content_ground": 500, "incompatible_content_explanation": 2000}
"""Characters that the database takes."""

_PERSONAL = {
    "an e-mail address": re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[a-zA-Z]{2,}"),
    "an IPv4 address": re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
    "an IPv6 address": re.compile(
        r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{0,4}|[0-9a-fA-F]{1,4}::[0-9a-fA-F:]+"
    ),
    "a telephone number": re.compile(r"(?<![\w-])\+\d[\d ()/-]{6,}\d"),
    "a long number": re.compile(r"(?<![\w.-])\d{9,}(?![\w.-])"),
}


def record_of(statement: Statement, identifiers: Iterable[str] = ()) -> dict[str, object] | None:
    """Return the database record of a decision; None for a draft and for what restricts nobody.

    `identifiers` are names and ids that must not stand in it (accounts, organizations, keys, the people who decided);
    those of the statement itself are always looked for.

    Raises BundleError when a text holds personal data.
    """
    decision = statement.decision
    restriction = RESTRICTIONS.get(statement.action)
    if decision is None or restriction is None:
        return None
    keyword = sorted(
        {KEYWORDS[name] for finding in statement.findings for name in finding.conducts if name in KEYWORDS}
    )
    record: dict[str, object] = {
        **restriction,
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _cut("incompatible_content_ground", _ground(statement)),
        "incompatible_content_explanation": _cut("incompatible_content_explanation", _explanation(statement)),
        "content_type": ["CONTENT_TYPE_OTHER"],
        "content_type_other": "use of a service by its account holder",
        "category": "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        "category_specification": keyword or ["KEYWORD_OTHER"],
        "content_date": _first_day(statement),
        "application_date": decision.time.strftime("%Y-%m-%d"),
        "decision_facts": _cut("decision_facts", _facts(statement)),
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes" if statement.is_detected_by_machine else "No",
        "automated_decision": statement.automated_decision,
        "puid": puid_of(statement),
    }
    if not keyword:
        record["category_specification_other"] = "breach of terms of service"
    if url := next((clause.url for item in statement.findings for clause in item.clauses if clause.url), ""):
        record["decision_ground_reference_url"] = url[:500]
    _must_be_impersonal(record, {statement.account, decision.by, decision.approved_by, *identifiers})
    return record


def puid_of(statement: Statement) -> str:
    """Return the record's own id: the same for the same decision, and nothing can be read from it."""
    assert statement.decision is not None
    parts = [statement.case, statement.account, statement.action, statement.decision.time.isoformat()]
    return digest_of_parts(parts)[:32]


def personal_data_in(text: str, identifiers: Iterable[str]) -> tuple[str, ...]:
    """Return what kinds of personal data a text holds; identifiers are found as they are, in any case."""
    found = [kind for kind, pattern in _PERSONAL.items() if pattern.search(text)]
    folded = text.casefold()
    known = (item for item in identifiers if len(item) > 2 and item.casefold() in folded)
    return (*found, *sorted(f"the identifier {item!a}" for item in known))


def _must_be_impersonal(record: Mapping[str, object], identifiers: set[str]) -> None:
    for field, value in record.items():
        found = personal_data_in(value, identifiers) if isinstance(value, str) and field != "puid" else ()
        if found:
            message = f"`{field}` of the statement of reasons holds {', '.join(found)}, expected no personal data"
            raise BundleError.at(None, message, "rename the rule or clause that brings it in, or reword the reason")


def _facts(statement: Statement) -> str:
    sentences = []
    for finding in statement.findings:
        conducts = " or ".join(ENGLISH.conducts.get(name, name) for name in finding.conducts)
        strength = "shows the conduct itself" if finding.is_bright_line else "is consistent with it"
        records = counted(finding.records, "record of the account's activity", "records of the account's activity")
        group = ", among those of several accounts," if finding.is_together else ""
        sentences.append(
            f"{_days(finding)}, a rule that looks for conduct of this kind: {conducts}, found {records}{group} and what"
            f" it found {strength}."
        )
    return " ".join(dict.fromkeys(sentences)) or "The decision rests on no finding of a rule."


def _days(finding: StatedFinding) -> str:
    first, last = f"{finding.start:%Y-%m-%d}", f"{finding.end:%Y-%m-%d}"
    return f"On {first}" if first == last else f"From {first} to {last}"


def _ground(statement: Statement) -> str:
    clauses = {f"{clause.title}, {clause.clause}" for finding in statement.findings for clause in finding.clauses}
    return "; ".join(sorted(clauses)) or "terms of service"


def _explanation(statement: Statement) -> str:
    quoted = {clause.text for finding in statement.findings for clause in finding.clauses}
    return " / ".join(sorted(quoted)) or "No clause of the terms names the conduct."


def _first_day(statement: Statement) -> str:
    times = [finding.start for finding in statement.findings]
    assert statement.decision is not None
    return min(times, default=statement.decision.time).strftime("%Y-%m-%d")


def _cut(field: str, text: str) -> str:
    limit = LONGEST[field]
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
