"""Each document of a bundle says its version; files of the policy are the platform's own and need none."""

import json
from functools import partial
from io import BytesIO

from auditor.evidence.standalone.contents import document_faults
from auditor.evidence.standalone.reading import BundleFile, Files


def bundle(index: object) -> Files:
    """Return a bundle of an index and a context in JSON, as a platform keeps it."""
    documents = {"data/policy/index.json": index, "data/policy/context.json": {"requests_per_minute": {"free": 20}}}
    written = {name: json.dumps(document).encode() for name, document in documents.items()}
    return {name: BundleFile(len(data), partial(BytesIO, data)) for name, data in written.items()}


def test_context_in_json_that_the_index_names_needs_no_version() -> None:
    index = {"format_version": 2, "files": [{"file": "context.json"}]}

    assert list(document_faults(bundle(index))) == []


def test_document_that_the_index_does_not_name_needs_one_and_so_does_the_index() -> None:
    index = {"files": [{"file": "index.json"}]}

    faults = list(document_faults(bundle(index)))

    assert [fault.file for fault in faults] == ["data/policy/context.json", "data/policy/index.json"]
