"""What every bundle carries of the program itself: the verifier, how to use it, and the documents' schemas."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from auditor.evidence.assembly import assembled
from auditor.evidence.documents import SCHEMAS


@cache
def carried() -> Mapping[str, bytes]:
    """Return the files by their name in the payload."""
    package = files("auditor.evidence")
    schemas = {f"schemas/{name}.json": package.joinpath("schemas", f"{name}.json").read_bytes() for name in SCHEMAS}
    return schemas | {
        "VERIFY.md": package.joinpath("VERIFY.md").read_bytes(),
        "verify.py": assembled(),
    }
