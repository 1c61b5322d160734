"""Read a BagIt bag of any kind and version, as RFC 8493 and its drafts since 0.93 say: is it complete and valid?

Evidence bundles are judged far more strictly (`standalone.manifests`); this tells somebody who verifies another bag
what they have. Paths that lead out of a bag on any system are refused on every one; what is unwise is a warning.
"""

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

LARGEST_TAG_FILE = 1 << 26
_ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
_DECLARATION = re.compile(
    r"BagIt-Version: (\d+)\.(\d+)\r?\nTag-File-Character-Encoding: ([A-Za-z0-9._-]+)(?:\r?\n)?", re.ASCII
)
_MANIFEST = re.compile(r"(tag)?manifest-([a-z0-9]+)\.txt")
_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+(\*?)(.+)")
_FETCH = re.compile(r"\S+[ \t]+(?:\d+|-)[ \t]+(.+)")
_LEADS_OUT = re.compile(r"[/~\\]|[A-Za-z]:|%[^%/]+%|.*(?:^|/)\.\.(?:/|$)|.*\\")
_ENCODED = {"%0A": "\n", "%0a": "\n", "%0D": "\r", "%0d": "\r", "%25": "%"}


@dataclass
class BagVerdict:
    """What is wrong with a bag, and what is unwise; one without problems is complete and valid."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True)
class _Bag:
    folder: Path
    version: tuple[int, int]
    encoding: str
    files: dict[str, Path]

    def found(self, name: str, verdict: BagVerdict) -> Path | None:
        """Return a file by its listed name; another spelling of the same name is taken, with a warning."""
        if name in self.files:
            return self.files[name]
        for other, path in self.files.items():
            if _spelling(other) == _spelling(name):
                verdict.warnings.append(f"{name!a} is there as {other!a} only")
                return path
        return None


def verdict_on(folder: Path) -> BagVerdict:
    """Judge a bag in a folder. Raises OSError when a file can't be read."""
    verdict = BagVerdict()
    bag = _declared(folder, verdict)
    if bag is None:
        return verdict
    listed: dict[str, dict[str, str]] = {}
    for name in sorted(name for name in bag.files if _MANIFEST.fullmatch(name)):
        listed[name] = _listed_in(bag, name, verdict)
        _digests_must_hold(bag, name, listed[name], verdict)
    payload = [entries for name, entries in listed.items() if not name.startswith("tag")]
    if not payload:
        verdict.problems.append("holds no payload manifest")
    _payload_must_be_listed(bag, payload, verdict)
    _fetch_must_stay_within(bag, verdict)
    _oxum_must_hold(bag, verdict)
    return verdict


def _declared(folder: Path, verdict: BagVerdict) -> _Bag | None:
    """Read bagit.txt, RFC 8493 section 2.1.1, and find the files."""
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            verdict.problems.append(f"{name!a} is a link")
        elif path.is_file():
            files[name] = path
    data = _tag_bytes(files.get("bagit.txt"), verdict)
    found = _DECLARATION.fullmatch(data.decode("utf-8", "replace"))
    if not found:
        verdict.problems.append("bagit.txt is missing or isn't the declaration of a version and an encoding")
        return None
    try:
        encoding = codecs.lookup(found[3]).name
    except LookupError:
        verdict.problems.append(f"the encoding {found[3]} is not known")
        return None
    return _Bag(folder, (int(found[1]), int(found[2])), encoding, files)


def _listed_in(bag: _Bag, name: str, verdict: BagVerdict) -> dict[str, str]:
    """Return the digests of a manifest by path, RFC 8493 section 2.1.3."""
    entries: dict[str, str] = {}
    for line in _lines(bag, name, verdict):
        parts = _LINE.fullmatch(line)
        if not parts:
            verdict.problems.append(f"{name}: {line[:80]!a} is no digest with a path")
            continue
        path, digest = _path(bag, parts[3]), parts[1].lower()
        if parts[2] or path.startswith("./"):
            verdict.warnings.append(f"{name}: {line[:80]!a} has `*` or `./` before its path")
        path = path.removeprefix("./")
        if _LEADS_OUT.match(path) or (not name.startswith("tag") and not path.startswith("data/")):
            verdict.problems.append(f"{name}: {path!a} leads out of the bag or its payload")
        elif path in entries and (entries[path] != digest or bag.version >= (1, 0)):
            verdict.problems.append(f"{name}: {path!a} is listed twice")
        elif path in entries:
            verdict.warnings.append(f"{name}: {path!a} is listed twice")
        else:
            entries[path] = digest
    return entries


def _digests_must_hold(bag: _Bag, name: str, entries: dict[str, str], verdict: BagVerdict) -> None:
    algorithm = _MANIFEST.fullmatch(name)
    assert algorithm, "only manifests are asked about"
    if algorithm[2] not in _ALGORITHMS:
        verdict.problems.append(f"{name}: the algorithm is not known")
        return
    for path, digest in entries.items():
        file = bag.found(path, verdict)
        if file is None:
            verdict.problems.append(f"{path!a} is listed in {name} but is missing")
        else:
            with file.open("rb") as stream:
                if hashlib.file_digest(stream, algorithm[2]).hexdigest() != digest:
                    verdict.problems.append(f"{path!a} has another digest than {name} lists")


def _payload_must_be_listed(bag: _Bag, manifests: list[dict[str, str]], verdict: BagVerdict) -> None:
    """Since 1.0 every payload manifest lists every payload file, before that one of them was enough."""
    enough = all if bag.version >= (1, 0) else any
    spelled = [{_spelling(path) for path in entries} for entries in manifests]
    for name in bag.files:
        if name.startswith("data/") and not enough(_spelling(name) in entries for entries in spelled):
            verdict.problems.append(f"{name!a} is not listed")


def _fetch_must_stay_within(bag: _Bag, verdict: BagVerdict) -> None:
    """RFC 8493 section 2.2.3: what would be fetched has its place in the payload, and must be there to be valid."""
    for line in _lines(bag, "fetch.txt", verdict):
        parts = _FETCH.fullmatch(line)
        path = _path(bag, parts[1]) if parts else ""
        if not path.startswith("data/") or _LEADS_OUT.match(path):
            verdict.problems.append(f"fetch.txt: {line[:80]!a} leads out of the payload")
        elif bag.found(path, verdict) is None:
            verdict.problems.append(f"{path!a} was not fetched yet")


def _oxum_must_hold(bag: _Bag, verdict: BagVerdict) -> None:
    sizes = [path.stat().st_size for name, path in bag.files.items() if name.startswith("data/")]
    for name in ("bag-info.txt", "package-info.txt"):
        for line in _lines(bag, name, verdict):
            label, _, value = line.partition(":")
            if label.strip().lower() == "payload-oxum" and value.strip() != f"{sum(sizes)}.{len(sizes)}":
                verdict.problems.append(f"{name}: Payload-Oxum is {value.strip()!a}, counted {sum(sizes)}.{len(sizes)}")


def _lines(bag: _Bag, name: str, verdict: BagVerdict) -> Iterator[str]:
    if name not in bag.files:
        return
    try:
        text = _tag_bytes(bag.files[name], verdict).decode(bag.encoding)
    except UnicodeDecodeError:
        verdict.problems.append(f"{name} is not in the encoding that bagit.txt names")
        return
    yield from (line for line in re.split(r"\r\n|\n|\r", text) if line)


def _tag_bytes(path: Path | None, verdict: BagVerdict) -> bytes:
    if path is None:
        return b""
    if path.stat().st_size > LARGEST_TAG_FILE:
        verdict.problems.append(f"{path.name} is larger than a tag file may be")
        return b""
    return path.read_bytes()


def _path(bag: _Bag, text: str) -> str:
    """Since 1.0 line ends and `%` are written as such, RFC 8493 section 2.1.3."""
    return (
        re.sub(r"%(?:0A|0D|25)", lambda found: _ENCODED[found[0]], text, flags=re.I) if bag.version >= (1, 0) else text
    )


def _spelling(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def problems_in_words(problems: Iterable[str], most: int = 5) -> str:
    """Return the first few problems as one text."""
    kept = list(problems)
    return "; ".join(kept[:most]) + (f"; and {len(kept) - most} more" if len(kept) > most else "")
