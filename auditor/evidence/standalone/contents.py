"""Only what a bundle is made of is in it, and each document can be read."""

from collections.abc import Iterator

from auditor.evidence.standalone.layout import FORMAT_VERSION, OPTIONAL, REQUIRED
from auditor.evidence.standalone.reading import Files, document_of, field_of, list_of
from auditor.evidence.standalone.results import Fault


def name_faults(files: Files) -> Iterator[Fault]:
    """Only what a bundle is made of is in it: nothing rides along."""
    policy = _policy_files(files)
    for name in sorted(files):
        if name.startswith("data/") and name not in policy.union(REQUIRED, OPTIONAL):
            yield Fault(
                name, "", "is no file of an evidence bundle, nor a policy file that data/policy/index.json names"
            )


def document_faults(files: Files) -> Iterator[Fault]:
    """Every JSON document can be read and says a format version that this verifier knows.

    Files of the policy, a context in JSON among them, are the platform's own: their digests are checked, no more.
    """
    names = {name for name in files if name.startswith("data/") and name.endswith(".json")}
    for name in sorted(names - _policy_files(files)):
        document, faults = document_of(files, name)
        yield from faults
        version = field_of(document, "format_version")
        if not faults and not name.startswith("data/schemas/") and version != FORMAT_VERSION:
            yield Fault(name, "format_version", f"found {ascii(version)[:40]}, expected {FORMAT_VERSION}")


def _policy_files(files: Files) -> set[str]:
    """Return the files of the policy that the index names, without those that every bundle may have."""
    index, _ = document_of(files, "data/policy/index.json")
    named = {f"data/policy/{field_of(entry, 'file')}" for entry in list_of(index, "files")}
    return named.difference(REQUIRED, OPTIONAL)
