"""Who a case is about, and what was seen, in one line: said the same way in the table, the index and the case file."""

from auditor.cases.model import Case

SHOWN = 120
"""Characters of a longer id that are shown: those at its middle are left out, since ids differ at their ends."""


def who(case: Case, shown: int = 1) -> str:
    """Name the first `shown` accounts of a case and count the others.

    A case without accounts is about the subjects of its findings and what their rules divided the records by:
    `no account (client_ip 192.0.2.7)`.
    """
    if not case.accounts:
        others = _others(case)
        return f"no account ({_counted(others, max(shown, 1))})" if others else "no account"
    return _counted(case.accounts, shown)


def titles_of(case: Case) -> list[str]:
    """Return the titles of a case's findings, each once, gravest first, those that no longer hold last."""
    ordered = sorted(case.findings, key=lambda item: (item.status == "stale", -item.finding.level.rank))
    return list(dict.fromkeys(item.finding.title for item in ordered))


def _counted(names: tuple[str, ...], shown: int) -> str:
    named = ", ".join(in_full(name) for name in names[:shown])
    return f"{named} and {len(names) - shown:,} more" if len(names) > shown else named


def in_full(name: str) -> str:
    """Return an id whole, or without its middle when it is longer than any service makes them."""
    return name if len(name) <= SHOWN else f"{name[: SHOWN // 2]}…{name[-SHOWN // 2 :]}"


def _others(case: Case) -> tuple[str, ...]:
    """Return what a case without accounts is about, each once, in the order of its findings."""
    named = []
    for item in case.findings:
        kind = item.finding.subject_kind
        subject = [(kind.replace("_", " "), part) for part in item.finding.subject] if kind != "none" else []
        parts = [f"{name} {value}" for name, value in (*subject, *item.finding.by)]
        named += [", ".join(parts)] if parts else []
    return tuple(dict.fromkeys(named))
