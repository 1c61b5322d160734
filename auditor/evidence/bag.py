"""A BagIt 1.0 bag (RFC 8493) written to a new place and renamed when it is whole.

Names are plain ASCII, manifests are sorted and have two spaces, so that `sha256sum -c` reads them; the digest of
each file is taken while it is written.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO  # JSON values have no closed type

from auditor.errors import BundleError
from auditor.evidence.standalone.layout import DECLARATION, DEVICE, NAME, PAYLOAD_MANIFEST, TAG_MANIFEST
from auditor.records.workspace import disk_errors, replace_folder, temporary_name


class Bag:
    """A bag that is being written. `add` payload files in any order; closing writes the tag files."""

    def __init__(self, folder: Path) -> None:
        """Write into an existing, empty folder."""
        self._folder = folder
        self._digests: dict[str, str] = {}
        self._bytes = 0
        self.digest = ""
        """The SHA-256 of the tag manifest, which stands for the whole bag; empty until it is closed."""

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write one payload file, `name` relative to `data/`, from its bytes in order."""
        with self.opened(name) as file:
            for piece in pieces:
                file.write(piece)

    def lines_of(self, name: str) -> Iterator[Any]:
        """Yield the documents of a JSON Lines file that was written, `name` relative to `data/`."""
        with (self._folder / "data" / name).open("rb") as stream:
            yield from map(json.loads, stream)

    @contextmanager
    def opened(self, name: str) -> Iterator["PayloadFile"]:
        """Open one payload file for writing, `name` relative to `data/`; several may be open at once."""
        path = f"data/{name}"
        assert is_plain(path), f"no plain name: {path!r}"
        if path.lower() in {known.lower() for known in self._digests}:
            raise BundleError.at(path, "two files of the bundle have this name", "give the policy files distinct names")
        self._digests[path] = ""
        (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (self._folder / path).open("xb") as stream:
            file = PayloadFile(stream)
            yield file
            self._digests[path] = file.digest()
            self._bytes += stream.tell()

    def close(self, info: Mapping[str, str]) -> None:
        """Write the tag files; `info` goes into bag-info.txt after what the bag knows itself."""
        known = {"Payload-Oxum": f"{self._bytes}.{len(self._digests)}"}
        lines = [f"{name}: {value}\n" for name, value in (known | dict(info)).items()]
        tags = {
            "bag-info.txt": "".join(lines).encode(),
            "bagit.txt": DECLARATION,
            PAYLOAD_MANIFEST: _manifest(self._digests),
        }
        digests = {name: self._written(name, data) for name, data in tags.items()}
        self.digest = self._written(TAG_MANIFEST, _manifest(digests))

    def attest(self, files: Mapping[str, bytes]) -> None:
        """Add what people signed of the closed bag: files of `attest/`, which its manifests don't list."""
        for name, data in files.items():
            assert self.digest and is_plain(name) and name.startswith("attest/"), f"no attestation: {name!r}"
            self._written(name, data)

    def _written(self, name: str, data: bytes) -> str:
        (self._folder / name).parent.mkdir(exist_ok=True)
        (self._folder / name).write_bytes(data)
        return hashlib.sha256(data).hexdigest()


class PayloadFile:
    """A payload file that is being written; its digest is taken on the way."""

    def __init__(self, stream: BinaryIO) -> None:
        """Write to an open file."""
        self._stream, self._digest = stream, hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self._digest.update(data)
        self._stream.write(data)

    def digest(self) -> str:
        """Return the SHA-256 of what was written."""
        return self._digest.hexdigest()


@contextmanager
def new_bag(target: Path) -> Iterator[Bag]:
    """Write a bag beside `target` and put it in its place when the block ends well; a bag that is there is replaced.

    Raises BundleError when something else is there, WorkspaceError when the disk refuses.
    """
    if target.exists() and not (target / "bagit.txt").is_file():
        message = "found something that is no bundle, expected a bundle or nothing"
        raise BundleError.at(str(target), message, "choose another `--out`")
    folder = temporary_name(target)
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield Bag(folder)
            replace_folder(folder, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def is_plain(path: str) -> bool:
    """Say whether every part of a path is a name that a bundle may hold: ASCII, no device name, no dot at its end."""
    return all(NAME.match(part) and not DEVICE.match(part) for part in path.split("/"))


def _manifest(digests: Mapping[str, str]) -> bytes:
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()
