"""What is new since the last run, and what this run was not given though an earlier one was."""

from collections.abc import Iterator

from auditor.cases.model import ProposalChange
from auditor.cli import console
from auditor.cli.journey import Journey
from auditor.cli.paths import shown_path

NAMED = 10
"""Cases that a line of news names; the index shows all of them."""

_CONSEQUENCES = {
    "approvals": "conducts that were approved are proposed against",
    "context": "rules that need it are not evaluated",
}


def news_of(made: Journey) -> str:
    """Say in one line what is new since the last run, or what the first one found; without a record, that first."""
    if not made.result.receipt.records:
        unread = f", {console.plural(made.quarantined, 'line')} in quarantine" if made.quarantined else ""
        nothing = f"nothing could be judged: 0 records{unread}"
        return f"{nothing}; {_news_of(made)}" if made.change.stale_findings else nothing
    return _news_of(made)


def _news_of(made: Journey) -> str:
    change = made.change
    since = "first run" if made.is_first else "new since the last run"
    if change.new_findings or change.changed_findings or change.stale_findings:
        parts = [f"{console.plural(len(change.new_findings), 'new finding')} in {_cases_of_news(made)}"]
        if change.changed_findings:
            parts.append(f"{len(change.changed_findings):,} changed")
        if change.stale_findings:
            parts.append(f"{len(change.stale_findings):,} no longer hold")
        return f"{since}: {', '.join(parts)}"
    if change.changed_proposals:
        return "new since the last run: no finding, but other proposals"
    if change.changed_cases:
        return f"new since the last run: no finding, but other standings or facts in {_cases_of_news(made)}"
    return "first run: no finding" if made.is_first else "nothing new since the last run"


def proposals_of(made: Journey) -> Iterator[str]:
    """Say which known cases have another proposal than after the last run."""
    changed = made.change.changed_proposals
    if not changed:
        return
    named = ", ".join(_in_words(item) for item in changed[:NAMED])
    more = f" and {console.plural(len(changed) - NAMED, 'more case')}" if len(changed) > NAMED else ""
    have = "has" if len(changed) == 1 else "have"
    yield f"{console.plural(len(changed), 'case')} {have} another proposal: {named}{more}"


def warn_of_what_is_missing(made: Journey) -> None:
    """Say loudly that this run lacks what an earlier run was given, and where that still lies."""
    for name, run in made.given_before.items():
        console.talk(
            f"warning: run {run} of this workspace was given `--{name}`, this run was not: {_CONSEQUENCES[name]}"
        )
        kept = sorted((made.workspace.runs / run / name).glob("*"))
        file = shown_path(kept[0]) if kept else "FILE"
        console.talk(f"  hint: run it again with `--{name} {file}`")


def _in_words(item: ProposalChange) -> str:
    if item.before != item.after:
        return f"{item.case_id} {item.before} → {item.after}"
    return f"{item.case_id} {item.after} (another one for {console.plural(len(item.accounts), 'account')})"


def _cases_of_news(made: Journey) -> str:
    touched = {*made.change.new_cases, *made.change.changed_cases}
    return console.plural(len(touched), "case")
