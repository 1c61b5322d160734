"""Findings gathered into cases: one case a person or group, whatever rules it took to see them.

An `api_key` or `end_user` finding belongs to its account, an `organization` finding to the accounts it is about, a
`cluster` finding to all linked accounts, cited or not. Accounts of one cluster share a case; so do accounts that share
a finding, unless it pools everybody (`none`): then linked accounts stay with their own, and the finding is in each of
their cases, for what happened in the same hour makes nobody a group. A finding without any account (an access log knows
none) is grouped by its subject, or by the values that divide it: all that rules saw of one address is one case.
Accounts that once were in one open case stay together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.cases.matching import Matched
from auditor.cases.ties import NO_TIES, Ties
from auditor.checker.findings import Finding
from auditor.digests import canonical_json, digest_of

CLUSTER = "cluster of accounts"
"""The kind of member that stands for a cluster; a finding without accounts may have `cluster` for its subject."""

Member = tuple[str, ...]
"""What is joined: ("account", id), ("cluster", id), ("case", id), or the subject of a finding without accounts."""


@dataclass(frozen=True)
class Group:
    """Findings and open cases that belong together; `members` are sorted, cases and clusters left out."""

    members: tuple[Member, ...]
    cases: tuple[str, ...]
    findings: tuple[Matched, ...]


def members_of(finding: Finding) -> tuple[Member, ...]:
    """Return what a finding joins; never empty."""
    if finding.cluster:
        clusters = (finding.cluster.id, *finding.cluster.formerly)
        accounts = sorted({*finding.cluster.members, *finding.accounts})
        return (*(("account", account) for account in accounts), *((CLUSTER, name) for name in clusters))
    if finding.accounts:
        return tuple(("account", account) for account in finding.accounts)
    if finding.subject_kind != "none":
        return ((finding.subject_kind, *finding.subject),)
    divided = tuple(f"{column}={value}" for column, value in finding.by)
    return (("none", *(divided or (finding.rule_id,))),)


def grouped(
    findings: Sequence[Matched], open_cases: Mapping[str, Iterable[Member]], ties: Ties = NO_TIES
) -> tuple[Group, ...]:
    """Join findings and open cases (by id, with their members) that have a member in common, or a cluster.

    A finding that continues an earlier one belongs to the case of that one. Groups come in order of their members.
    """
    forest: dict[Member, Member] = {}
    for case_id, members in open_cases.items():
        _join(forest, [("case", case_id), *members])
    for item in findings:
        known = [("case", item.earlier.case_id)] if item.earlier else []
        if is_divided(item.finding, ties):
            _join(forest, _unlinked(item.finding, ties))
        else:
            _join(forest, [*members_of(item.finding), *known])
    for account in {account for item in findings for account in item.finding.accounts} | _accounts_in(forest):
        if cluster := ties.cluster_of(account):
            _join(forest, [("account", account), (CLUSTER, cluster)])
    return _groups(forest, findings)


def is_divided(finding: Finding, ties: Ties) -> bool:
    """Say whether a finding that pools everybody holds accounts of different clusters: it then joins none of them."""
    if finding.subject_kind != "none":
        return False
    return len({ties.cluster_of(account) for account in finding.accounts}) > 1


def _unlinked(finding: Finding, ties: Ties) -> list[Member]:
    return [("account", account) for account in finding.accounts if ties.cluster_of(account) is None]


def _accounts_in(forest: Mapping[Member, Member]) -> set[str]:
    return {member[1] for member in forest if member[0] == "account"}


def case_id_of(pack: str, first: Member, refers_to: str = "") -> str:
    """Return the id of a new case: from the pack, its first member, and the decided case it refers to."""
    return f"C-{digest_of(canonical_json([pack, list(first), refers_to]))[:12]}"


def _groups(forest: dict[Member, Member], findings: Sequence[Matched]) -> tuple[Group, ...]:
    members: dict[Member, list[Member]] = {}
    for member in sorted(forest):
        members.setdefault(_root(forest, member), []).append(member)
    held: dict[Member, list[Matched]] = {}
    for item in findings:
        for root in dict.fromkeys(_root(forest, member) for member in members_of(item.finding)):
            held.setdefault(root, []).append(item)
    groups = [
        Group(
            members=tuple(member for member in together if member[0] not in ("case", CLUSTER)),
            cases=tuple(member[1] for member in together if member[0] == "case"),
            findings=tuple(held.get(root, ())),
        )
        for root, together in members.items()
    ]
    return tuple(sorted(groups, key=lambda group: (group.members, group.cases)))


def _join(forest: dict[Member, Member], members: Sequence[Member]) -> None:
    if not members:
        return
    first = _root(forest, members[0])
    for member in members[1:]:
        forest[_root(forest, member)] = first


def _root(forest: dict[Member, Member], member: Member) -> Member:
    """Return the representative of a member's group, shortening the way to it."""
    root = forest.setdefault(member, member)
    while forest[root] != root:
        root = forest[root]
    while forest[member] != root:
        forest[member], member = root, forest[member]
    return root
