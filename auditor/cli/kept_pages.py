"""Case files as they were last written, so that only those are made again that would come out otherwise.

`cases/pages.json` names, for each case, what its page was made from and the digest of the page. A page that is gone,
changed by somebody, or cut short by a power failure has another digest and is made again; so is every page when the
list is gone or damaged.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from auditor.digests import digest_of, digest_of_file
from auditor.errors import WorkspaceError
from auditor.records.workspace import Workspace, disk_errors, temporary_name, write_atomically

LIST = "pages.json"


class KeptPage(BaseModel):
    """One page on the disk."""

    model_config = ConfigDict(frozen=True)

    made_from: str
    sha256: str


class KeptPages(BaseModel):
    """All pages on the disk, by case id."""

    model_config = ConfigDict(frozen=True)

    format_version: int = 1
    pages: dict[str, KeptPage] = {}


def page_of(workspace: Workspace, case_id: str) -> Path:
    """Return where the case file of a case lies."""
    return workspace.cases / f"{case_id}.html"


def outdated(workspace: Workspace, made_from: Mapping[str, str]) -> set[str]:
    """Return the ids of the cases whose page isn't there as it would be made from this."""
    known = _load(workspace).pages
    return {case_id for case_id, digest in made_from.items() if not _is_kept(workspace, case_id, digest, known)}


def keep_pages(workspace: Workspace, pages: Iterable[tuple[str, bytes]], made_from: Mapping[str, str]) -> None:
    """Write pages, given as (case id, page), and remember what they were made from. Raises WorkspaceError.

    Each page is replaced in one step. Only the list is flushed to the disk, and with it the folder: a page that a power
    failure cuts short is told by its digest.
    """
    refuse_link(workspace)
    written: dict[str, KeptPage] = {}
    for case_id, page in pages:
        _replace(page_of(workspace, case_id), page)
        written[case_id] = KeptPage(made_from=made_from[case_id], sha256=digest_of(page))
    if written:
        now = KeptPages(pages=dict(sorted({**_load(workspace).pages, **written}.items())))
        write_atomically(workspace.cases / LIST, now.model_dump_json(indent=1).encode() + b"\n")


def _load(workspace: Workspace) -> KeptPages:
    path = workspace.cases / LIST
    with disk_errors(path):
        if path.is_symlink() or not path.is_file():
            return KeptPages()
        data = path.read_bytes()
    try:
        return KeptPages.model_validate_json(data)
    except ValidationError:
        return KeptPages()  # every page is made again, and the list with them


def _is_kept(workspace: Workspace, case_id: str, made_from: str, known: Mapping[str, KeptPage]) -> bool:
    path, page = page_of(workspace, case_id), known.get(case_id)
    if page is None or page.made_from != made_from:
        return False
    with disk_errors(path):
        return path.is_file() and not path.is_symlink() and digest_of_file(path) == page.sha256


def refuse_link(workspace: Workspace) -> None:
    """Raise WorkspaceError when the folder of case files is a link: what it points to is not ours to replace."""
    if workspace.cases.is_symlink():
        message = "found a symbolic link, expected the workspace's own folder of case files"
        hint = "remove the link (not what it points to) and run the command again; a folder is made in its place"
        raise WorkspaceError.at(str(workspace.cases), message, hint)


def _replace(path: Path, page: bytes) -> None:
    temporary = temporary_name(path)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(page)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
