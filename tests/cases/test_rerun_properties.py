"""Whatever findings come and in whatever order runs see them, a casebook neither duplicates nor loses anything."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from auditor.cases.casebook import open_casebook
from auditor.cases.notes import add_note, list_cases
from auditor.checker.findings import Finding
from auditor.linking.model import Links
from tests.cases.factories import at, cluster, finding, on_cluster, run

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


def clusters_of(drawn: Sequence[int]) -> Links:
    """Put the accounts a to d into clusters by the numbers drawn; 0 is nobody's."""
    groups = {number: [name for name, it in zip("abcd", drawn, strict=True) if it == number] for number in set(drawn)}
    return Links(
        clusters=tuple(cluster(f"L-{n}", *names) for n, names in sorted(groups.items()) if n and len(names) > 1)
    )


def on_clusters(findings: Sequence[Finding], links: Links) -> list[Finding]:
    """Make findings of the first rule be about the cluster of their first account, of the second about everybody."""
    found = []
    for item in findings:
        own = links.cluster_of(item.accounts[0])
        if own and item.rule == "bulk-output" and set(item.accounts) <= set(own.accounts):
            item = on_cluster(item, own)
        elif item.rule == "other-rule":
            item = item.model_copy(update={"subject_kind": "none", "subject": (), "by": (("asn", item.accounts[0]),)})
        found.append(item)
    return found


LINKED = st.tuples(FINDINGS, st.lists(st.integers(0, 2), min_size=4, max_size=4).map(clusters_of))


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate], derandomize=True)
@given(runs=st.lists(LINKED, min_size=1, max_size=4))
def test_reruns_with_clusters_keep_one_place_for_every_account(runs: list[tuple[list[Finding], Links]]) -> None:
    with TemporaryDirectory() as folder, open_casebook(Path(folder) / "casebook.db") as casebook:
        for number, (findings, links) in enumerate(runs):
            run(casebook, f"r{number}", on_clusters(findings, links), links=links, hour=100 + number)
        before = list_cases(casebook)
        findings, links = runs[-1]
        found = on_clusters(findings, links)

        again = run(casebook, "again", found, links=links, hour=300)
        after = list_cases(casebook)

    assert not again.new_cases + again.changed_cases + again.new_findings + again.changed_findings
    assert [(c.id, c.accounts, c.actions) for c in before] == [(c.id, c.accounts, c.actions) for c in after]
    accounts = [account for case in after for account in case.accounts]
    assert len(accounts) == len(set(accounts))
    places = [(case.id, item.finding.id) for case in after for item in case.findings]
    assert len(places) == len(set(places))
    held = [(item.cited_as, part.account) for case in after for item in case.findings if item.status != "stale"
            for part in item.parts]  # fmt: skip
    assert sorted(held) == sorted((item.id, account) for item in found for account in item.accounts)
    home = {account: case.id for case in after for account in case.accounts}
    for own in links.clusters:
        assert len({home[account] for account in own.accounts if account in home}) <= 1
