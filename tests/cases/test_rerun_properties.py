"""Whatever findings come and in whatever order runs see them, a casebook neither duplicates nor loses anything."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.cases.casebook import open_casebook
from auditor.cases.notes import add_note, list_cases
from auditor.checker.findings import Finding
from tests.cases.factories import at, finding, run

Drawn = tuple[str, tuple[str, ...], int, int]


def made(drawn: Sequence[Drawn]) -> list[Finding]:
    """Make findings as a checker would: incidents of one rule and subject never overlap."""
    kept: dict[tuple[str, str], list[Finding]] = {}
    for rule, accounts, start, length in sorted(drawn):
        item = finding(*accounts, rule=rule, start=start, end=start + length, records=1 + length)
        others = kept.setdefault((rule, item.subject[0]), [])
        if all(item.start > other.end or other.start > item.end for other in others):
            others.append(item)
    return [item for items in kept.values() for item in items]


FINDINGS = st.lists(
    st.tuples(
        st.sampled_from(["bulk-output", "other-rule"]),
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True).map(lambda names: tuple(sorted(names))),
        st.integers(0, 12),
        st.integers(0, 6),
    ),
    max_size=6,
).map(made)


@settings(max_examples=60, deadline=None)
@given(runs=st.lists(FINDINGS, min_size=1, max_size=4))
def test_reruns_keep_one_place_for_everything(runs: list[list[Finding]]) -> None:
    with TemporaryDirectory() as folder, open_casebook(Path(folder) / "casebook.db") as casebook:
        ids: set[str] = set()
        for number, findings in enumerate(runs):
            run(casebook, f"r{number}", findings, hour=100 + number)
            for case in list_cases(casebook):
                add_note(casebook, case.id, author="Ada", text=f"note of r{number} on {case.id}", now=at(200 + number))
            ids |= {item.finding.id for case in list_cases(casebook) for item in case.findings}
        before = list_cases(casebook)

        again = run(casebook, "again", runs[-1], hour=300)
        after = list_cases(casebook)

    assert not again.new_cases + again.changed_cases + again.new_findings + again.changed_findings
    assert [(c.id, c.accounts, c.actions, c.notes) for c in before] == [
        (c.id, c.accounts, c.actions, c.notes) for c in after
    ]
    accounts = [account for case in after for account in case.accounts]
    assert len(accounts) == len(set(accounts))
    kept = [item.finding.id for case in after for item in case.findings]
    assert len(kept) == len(set(kept))
    assert ids == set(kept)
    notes = [note.text for case in after for note in case.notes]
    assert len(notes) == len(set(notes))
    holding = {item.cited_as for case in after for item in case.findings if item.status != "stale"}
    assert holding == {item.id for item in runs[-1]}


@settings(max_examples=40, deadline=None)
@given(first=FINDINGS, second=FINDINGS)
def test_the_last_run_alone_decides_proposals(first: list[Finding], second: list[Finding]) -> None:
    proposals = []
    for runs in ([first, second], [second]):
        with TemporaryDirectory() as folder, open_casebook(Path(folder) / "casebook.db") as casebook:
            for number, findings in enumerate(runs):
                run(casebook, f"r{number}", findings)
            actions = [action for case in list_cases(casebook) for action in case.actions]
        proposals.append({action.account: action.action for action in actions if action.action.rank > 0})

    assert proposals[0] == proposals[1]
