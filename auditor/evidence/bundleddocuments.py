"""The documents of a bundle as they are read again: to replay it, or to make an edition of it.

Whether the bundle is whole is for `verify` to say; here a document fits its model, or BundleError names the first field
that doesn't.
"""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from auditor.errors import BundleError
from auditor.evidence.documents import CaseDocument
from auditor.policy.conditions import Node

Document = TypeVar("Document", bound=Node)


def document_in(data: Path, name: str, model: type[Document]) -> Document:
    """Read a document by its name in a bundle's data folder. Raises BundleError."""
    try:
        text = (data / name).read_bytes()
    except OSError as error:
        raise BundleError.at(f"data/{name}", f"can't be read: {error.strerror}", "verify the bundle") from None
    return document_of(text, name, model)


def root_in(bundle: Path) -> str:
    """Return the root of the tree over the records of a bundle, which its editions keep. Raises BundleError."""
    return document_in(bundle / "data", "case.json", CaseDocument).commitments.root


def document_of(text: bytes, name: str, model: type[Document]) -> Document:
    """Return the document that bytes of a file, or a line of it, hold. Raises BundleError."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        message = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower().rstrip('.')}"
        raise BundleError.at(f"data/{name}", f"is not as expected: {message!a}", "verify the bundle") from None
