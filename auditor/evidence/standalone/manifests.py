"""What BagIt asks of a bundle (RFC 8493), and more strictly: sorted manifests, two spaces, nothing unlisted."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from auditor.evidence.standalone.layout import DECLARATION, PAYLOAD_MANIFEST, REQUIRED, TAG_FILES, TAG_MANIFEST
from auditor.evidence.standalone.reading import LARGEST_DOCUMENT, Files, digest_of_file, document_of, field_of
from auditor.evidence.standalone.results import Fault

LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)\n")


def declaration_faults(files: Files) -> Iterator[Fault]:
    """RFC 8493 section 2.1.1: the declaration is there, byte for byte."""
    if "bagit.txt" not in files or files["bagit.txt"].read()[: len(DECLARATION) + 1] != DECLARATION:
        yield Fault("bagit.txt", "", "is missing or does not declare BagIt 1.0 in UTF-8")


def completeness_faults(files: Files) -> Iterator[Fault]:
    """No file is missing that every bundle has."""
    for name in (*REQUIRED, *TAG_FILES, TAG_MANIFEST):
        if name not in files:
            yield Fault(name, "", "is missing")


def payload_faults(files: Files) -> Iterator[Fault]:
    """Each payload file has the digest that the manifest lists, and each is listed."""
    read, is_so = dict(files), _info(files).get("Payload-Oxum") == _oxum(files)
    for name, file in files.items():
        if not is_so and file.size > LARGEST_DOCUMENT:
            yield Fault(name, "", "is large and not read, since Payload-Oxum in bag-info.txt is wrong")
            del read[name]
    yield from _manifest(read, PAYLOAD_MANIFEST, {name for name in read if name.startswith("data/")})


def tag_faults(files: Files) -> Iterator[Fault]:
    """Each tag file has the digest that the tag manifest lists; nothing but these lies beside data/ and attest/."""
    yield from _manifest(files, TAG_MANIFEST, set(TAG_FILES))
    for name in sorted(files):
        if not name.startswith(("data/", "attest/")) and name not in (*TAG_FILES, TAG_MANIFEST):
            yield Fault(name, "", "is listed nowhere, expected only data/, attest/ and the tag files", "unlisted")


def _manifest(files: Files, manifest: str, expected: set[str]) -> Iterator[Fault]:
    """Compare a manifest with the files it should list: RFC 8493 section 2.1.3, two spaces, sorted, nothing else."""
    listed: dict[str, str] = {}
    last = ""
    if manifest in files:
        for number, line in enumerate(_manifest_lines(files, manifest), 1):
            parts = LINE.fullmatch(line)
            if not parts:
                yield Fault(
                    manifest,
                    f"line {number}",
                    f"found {line[:90]!a}, expected a digest, two spaces, a path",
                    "manifest-line",
                )
            elif parts[2] <= last:
                yield Fault(manifest, f"line {number}", f"{parts[2]} is out of order or listed twice", "manifest-order")
            else:
                last = parts[2]
                listed[last] = parts[1]
    for name in sorted(expected - listed.keys()):
        yield Fault(name, "", f"is not listed in {manifest}", "unlisted")
    for name, digest in listed.items():
        if name not in expected or name not in files:
            yield Fault(name, "", f"is listed in {manifest} but is missing", "missing")
        elif digest_of_file(files[name]) != digest:
            message = f"its SHA-256 is not the one listed in {manifest}: one of the two was changed"
            yield Fault(name, "", message, "digest")


def _manifest_lines(files: Files, manifest: str) -> list[str]:
    return files[manifest].read().decode("latin-1").splitlines(keepends=True)


def bag_info_faults(files: Files) -> Iterator[Fault]:
    """RFC 8493 section 2.2.2: what the bag says of itself is so."""
    if "bag-info.txt" not in files:
        return
    info, oxum = _info(files), _oxum(files)
    if info.get("Payload-Oxum") != oxum:
        yield Fault("bag-info.txt", "Payload-Oxum", f"found {info.get('Payload-Oxum')}, counted {oxum}")
    case, faults = document_of(files, "data/case.json")
    if not faults and info.get("External-Identifier") != field_of(case, "case", "id"):
        yield Fault("bag-info.txt", "External-Identifier", "is not the id in data/case.json")


def _info(files: Files) -> dict[str, str]:
    text = files["bag-info.txt"].read().decode("utf-8", "replace") if "bag-info.txt" in files else ""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def _oxum(files: Files) -> str:
    sizes = [file.size for name, file in files.items() if name.startswith("data/")]
    return f"{sum(sizes)}.{len(sizes)}"


class Rule(NamedTuple):
    """A check that is made over the files of a bundle: its code, its sentence, and what finds what breaks it."""

    code: str
    name: str
    faults: Callable[[Files], Iterator[Fault]]


BAG_RULES: tuple[Rule, ...] = (
    Rule("bagit", "the bundle is a BagIt 1.0 bag", declaration_faults),
    Rule("required", "every required file is there", completeness_faults),
    Rule("bag-info", "the bag says of itself what is so", bag_info_faults),
    Rule("payload", "every payload file has the digest that its manifest lists", payload_faults),
    Rule("tag", "every tag file has the digest that its manifest lists, and no file is unlisted", tag_faults),
)
