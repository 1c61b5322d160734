"""The links of a run: what findings say of the cluster that they are about, and the file that keeps all clusters.

`links.jsonl` has a cluster a line, those of two or more members, by id. A run that needed no links writes none.
"""

from collections.abc import Mapping
from pathlib import Path

from auditor.checker.findings import ClusterSeen
from auditor.checker.trace import LinkedSeen
from auditor.digests import canonical_json, digest_of
from auditor.errors import WorkspaceError
from auditor.linking.model import Cluster, Links
from auditor.records.workspace import disk_errors, write_atomically

LINKS = "links.jsonl"


def clusters_seen(links: Links | None) -> Mapping[str, ClusterSeen]:
    """Return what findings say of each cluster, by its id and by every id that went into it."""
    found: dict[str, ClusterSeen] = {}
    for cluster in links.clusters if links else ():
        seen = ClusterSeen(
            id=cluster.id,
            formerly=cluster.formerly,
            members=cluster.accounts,
            signals=cluster.signals,
            columns=cluster.columns,
        )
        found |= dict.fromkeys((cluster.id, *cluster.formerly), seen)
    return found


def linked_seen(links: Links | None, account: str) -> LinkedSeen | None:
    """Return what ties an account to its cluster, None for one that is linked to nobody."""
    cluster = links.cluster_of(account) if links else None
    if cluster is None:
        return None
    ordered = sorted(cluster.members, key=lambda member: (member.since, member.account))
    other = next(member.account for member in ordered if member.account != account)
    return LinkedSeen(
        cluster=cluster.id,
        formerly=cluster.formerly,
        accounts=len(cluster.members),
        since=next(member.since for member in cluster.members if member.account == account),
        path=cluster.path(account, other),
    )


def write_links(folder: Path, links: Links | None) -> str:
    """Write the clusters of a run into its folder and return the digest of the file; none without links.

    Raises WorkspaceError when the disk refuses.
    """
    if links is None:
        return ""
    clusters = sorted(links.clusters, key=lambda cluster: cluster.id)
    content = b"".join(canonical_json(cluster.model_dump(mode="python")) + b"\n" for cluster in clusters)
    write_atomically(folder / LINKS, content)
    return digest_of(content)


def read_links(folder: Path) -> tuple[Cluster, ...]:
    """Return the clusters that a run kept, by id; none where it kept no file.

    Raises WorkspaceError when the file can't be read.
    """
    path = folder / LINKS
    if not path.is_file():
        return ()
    with disk_errors(path):
        lines = path.read_bytes().splitlines()
    try:
        return tuple(Cluster.model_validate_json(line) for line in lines)
    except ValueError as error:
        raise WorkspaceError.at(str(path), "the run's links can't be read", "run the audit again") from error
