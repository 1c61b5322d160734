"""Verify an evidence bundle with nothing but Python's standard library.

Usage: python3 -I verify.py BUNDLE    (BUNDLE is the folder that holds bagit.txt; never run it from a bundle unless
the SHA-256 of this file is the released one)

The bundle is a BagIt 1.0 bag (RFC 8493). Every check is made and listed, also after one has failed. Exit code:
0 verified, 1 failed, 2 called wrongly, 3 nothing wrong was found but nothing is proven, since no signature by a
trusted key covers the bundle. Whoever can write to a bundle can make its manifests again: only a signature, or a
digest that reached you by another way, shows that it is the one that was sealed.
"""

import base64
import hashlib
import json
import re
import stat
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple  # JSON values have no closed type

FORMAT_VERSION = 1
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PAYLOAD_MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
TAG_FILES = ("bag-info.txt", "bagit.txt", PAYLOAD_MANIFEST)
REQUIRED = (
    "data/VERIFY.md", "data/case.json", "data/findings.jsonl", "data/policy/index.json", "data/proposal.json",
    "data/receipt.json", "data/records/cited.jsonl", "data/report/report.html", "data/schemas/case.json",
    "data/schemas/cited.json", "data/schemas/finding.json", "data/schemas/policy.json", "data/schemas/proposal.json",
    "data/schemas/receipt.json", "data/verify.py",
)  # fmt: skip
POLICY = (
    '<meta http-equiv="Content-Security-Policy"'
    " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?<!\.)\Z")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)
LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)\n")
TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z\Z", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LARGEST_DOCUMENT = 256 * 1024 * 1024
"""Bytes of a document that is read whole; cited records are read line by line."""
LARGEST_LINE = 256 * 1024 * 1024


class Check(NamedTuple):
    """One check: what must hold, its result (`ok`, `failed`, `unproven`), and where it failed."""

    name: str
    result: str
    file: str = ""
    field: str = ""
    message: str = ""


class Fault(NamedTuple):
    """Something that doesn't hold."""

    file: str
    field: str
    message: str


class UnreadableError(Exception):
    """A document can't be read; its message says why."""


Files = dict[str, Path]


def checks_of(folder: Path) -> tuple[Check, ...]:
    """Return every check over a bundle with its result; nothing is written, and nothing of the bundle is run."""
    if folder.is_symlink() or not folder.is_dir():
        message = "found no folder, expected an evidence bundle"
        return (Check("the bundle is a folder", "failed", str(folder), "", message),)
    try:
        files, odd = _walk(folder)
    except OSError as error:
        message = f"can't be read: {error.strerror}"
        return (Check("the bundle is a folder", "failed", str(error.filename or folder), "", message),)
    checks = [*_listed("the bundle holds plain files with plain names only", iter(odd))]
    for name, rule in RULES:
        checks += _listed(name, rule(files))
    attestations = sorted(name for name in files if name.startswith("attest/"))
    message = "the bundle carries no signature, so its origin is not proven"
    if attestations:
        message = f"{len(attestations)} files in attest/ are not checked by this version, so the origin is not proven"
    checks.append(Check("a trusted key signed the bundle", "unproven", "attest/", "", message))
    return tuple(checks)


def exit_code_of(checks: tuple[Check, ...]) -> int:
    """Return 1 when a check failed, 3 when nothing failed but something isn't proven, else 0."""
    results = {check.result for check in checks}
    return 1 if "failed" in results or not results else 3 if "unproven" in results else 0


def _listed(name: str, faults: Iterator[Fault]) -> list[Check]:
    failed = []
    try:
        failed += [Check(name, "failed", *(_inert(part) for part in fault)) for fault in faults]
    except OSError as error:
        failed.append(Check(name, "failed", str(error.filename or ""), "", f"can't be read: {error.strerror}"))
    return failed or [Check(name, "ok")]


def _inert(text: str) -> str:
    """Return a text of the bundle so that no terminal obeys it: ASCII without controls."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text.encode("ascii", "backslashreplace").decode())


def _walk(folder: Path) -> tuple[Files, list[Fault]]:
    """Return every regular file by its path in the bundle, and what must not be in a bundle at all."""
    files: Files = {}
    odd: list[Fault] = []
    twins: dict[str, str] = {}
    pending = [folder]
    while pending:
        for path in sorted(pending.pop().iterdir()):
            name = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            if not NAME.match(path.name) or DEVICE.match(path.name):
                odd.append(Fault(ascii(name), "", "the name is not plain ASCII letters, digits, dots, dashes"))
            elif name.lower() in twins:
                odd.append(Fault(name, "", f"differs from {twins[name.lower()]} in upper and lower case only"))
            elif stat.S_ISDIR(mode):
                pending.append(path)
            elif stat.S_ISREG(mode):
                files[name] = path
            else:
                odd.append(Fault(name, "", "is a link or a device, expected a regular file"))
            twins.setdefault(name.lower(), name)
    return files, odd


def _declaration(files: Files) -> Iterator[Fault]:
    if "bagit.txt" not in files or files["bagit.txt"].read_bytes()[: len(DECLARATION) + 1] != DECLARATION:
        yield Fault("bagit.txt", "", "is missing or does not declare BagIt 1.0 in UTF-8")


def _complete(files: Files) -> Iterator[Fault]:
    for name in (*REQUIRED, *TAG_FILES, TAG_MANIFEST):
        if name not in files:
            yield Fault(name, "", "is missing")


def _payload(files: Files) -> Iterator[Fault]:
    yield from _manifest(files, PAYLOAD_MANIFEST, {name for name in files if name.startswith("data/")})


def _tags(files: Files) -> Iterator[Fault]:
    yield from _manifest(files, TAG_MANIFEST, set(TAG_FILES))
    for name in sorted(files):
        if not name.startswith(("data/", "attest/")) and name not in (*TAG_FILES, TAG_MANIFEST):
            yield Fault(name, "", "is listed nowhere, expected only data/, attest/ and the tag files")


def _manifest(files: Files, manifest: str, expected: set[str]) -> Iterator[Fault]:
    """Compare a manifest with the files it should list: RFC 8493 section 2.1.3, two spaces, sorted, nothing else."""
    listed: dict[str, str] = {}
    if manifest in files:
        for number, line in enumerate(files[manifest].read_bytes().decode("latin-1").splitlines(keepends=True), 1):
            parts = LINE.fullmatch(line)
            if not parts:
                yield Fault(manifest, f"line {number}", f"found {line[:90]!a}, expected a digest, two spaces, a path")
            elif listed and parts[2] <= list(listed)[-1]:
                yield Fault(manifest, f"line {number}", f"{parts[2]} is out of order or listed twice")
            else:
                listed[parts[2]] = parts[1]
    for name in sorted(expected - listed.keys()):
        yield Fault(name, "", f"is not listed in {manifest}")
    for name, digest in listed.items():
        if name not in expected or name not in files:
            yield Fault(name, "", f"is listed in {manifest} but is missing")
        elif _digest_of_file(files[name]) != digest:
            yield Fault(name, "", f"its SHA-256 is not the one listed in {manifest}: one of the two was changed")


def _bag_info(files: Files) -> Iterator[Fault]:
    """RFC 8493 section 2.2.2: what the bag says of itself is so."""
    if "bag-info.txt" not in files:
        return
    text = files["bag-info.txt"].read_bytes().decode("utf-8", "replace")
    info = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    payload = [path for name, path in files.items() if name.startswith("data/")]
    oxum = f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"
    if info.get("Payload-Oxum") != oxum:
        yield Fault("bag-info.txt", "Payload-Oxum", f"found {info.get('Payload-Oxum')}, counted {oxum}")
    case, faults = _document(files, "data/case.json")
    if not faults and info.get("External-Identifier") != _get(case, "case", "id"):
        yield Fault("bag-info.txt", "External-Identifier", "is not the id in data/case.json")


def _documents(files: Files) -> Iterator[Fault]:
    """Every JSON document can be read and says a format version that this verifier knows."""
    for name in sorted(name for name in files if name.startswith("data/") and name.endswith(".json")):
        document, faults = _document(files, name)
        yield from faults
        version = _get(document, "format_version")
        if not faults and not name.startswith("data/schemas/") and version != FORMAT_VERSION:
            yield Fault(name, "format_version", f"found {ascii(version)[:40]}, expected {FORMAT_VERSION}")


def _findings(files: Files) -> Iterator[Fault]:
    """The findings are those of the case, and every one of their records is there: number, order, accounts, bytes."""
    findings: dict[str, Any] = {}
    for number, found, faults in _lines(files, "data/findings.jsonl"):
        yield from faults
        name = _get(found, "id")
        if isinstance(name, str) and name not in findings:
            findings[name] = found
        elif not faults:
            yield Fault("data/findings.jsonl", f"line {number}: id", "is missing or there twice")
    if not findings:
        yield Fault("data/findings.jsonl", "", "holds no finding; an empty bundle shows nothing")
    case, _ = _document(files, "data/case.json")
    if _get(case, "findings") != list(findings):
        yield Fault("data/findings.jsonl", "id", "the findings are not those that data/case.json lists, in its order")
    tallies = {name: Tally() for name in findings}
    total = yield from _cited(files, tallies)
    if (counted := _get(case, "cited")) != total:
        yield Fault("data/records/cited.jsonl", "", f"holds {total} records, data/case.json counts {counted}")
    for name, tally in tallies.items():
        yield from _finding_must_rest_on(findings[name], tally)


class Tally:
    """What the cited records say of one finding."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.records = 0
        self.accounts: dict[str, int] = {}
        self.first: Any = None
        self.last_time: Any = None
        self.sources: set[str] = set()

    def add(self, cited: Any, is_against: bool) -> None:
        """Count one cited record; they come in record order."""
        self.records += 1
        self.first = self.first or cited
        self.last_time = _get(cited, "record", "time")
        self.sources.add(str(_get(cited, "source", "id")))
        account = _get(cited, "record", "account_id")
        if is_against and isinstance(account, str):
            self.accounts[account] = self.accounts.get(account, 0) + 1


def _cited(files: Files, tallies: dict[str, Tally]) -> Generator[Fault, None, int]:
    """Check each cited record and count it for its findings; returns how many there are."""
    receipt, _ = _document(files, "data/receipt.json")
    sources = {str(_get(source, "source_id")) for source in _list(receipt, "sources")}
    place, before, total = "data/records/cited.jsonl", (-1, "", -1), 0
    for number, cited, faults in _lines(files, place):
        total += 1
        yield from faults
        if faults:
            continue
        line = _get(cited, "source", "line")
        order = (_micros(_get(cited, "record", "time")), str(_get(cited, "source", "id")), line)
        if order[0] < 0 or not isinstance(line, int) or order <= before:
            yield Fault(place, f"line {number}: record.time", "is not in record order, or the record is there twice")
        else:
            before = order
        if order[1] not in sources:
            yield Fault(place, f"line {number}: source.id", "is no source of data/receipt.json")
        yield from _bytes_must_be_those(place, number, _get(cited, "source"))
        named = _list(cited, "findings")
        if not named:
            yield Fault(place, f"line {number}: findings", "no finding cites this record")
            continue
        for item in named:
            tally = tallies.get(str(_get(item, "id")))
            if tally is None:
                yield Fault(place, f"line {number}: findings", "names a finding that data/findings.jsonl does not hold")
            else:
                tally.add(cited, _get(item, "is_against") is True)
    return total


def _bytes_must_be_those(place: str, number: int, source: Any) -> Iterator[Fault]:
    text, encoded = _get(source, "text"), _get(source, "base64")
    if text is None and encoded is None:
        if not _get(source, "without_bytes"):
            yield Fault(place, f"line {number}: source", "has neither the bytes of the record nor a reason why not")
        return
    try:
        data = text.encode() if isinstance(text, str) else base64.b64decode(str(encoded), validate=True)
    except ValueError:
        yield Fault(place, f"line {number}: source", "its bytes can't be decoded")
        return
    if hashlib.sha256(data).hexdigest() != _get(source, "sha256"):
        yield Fault(place, f"line {number}: source.sha256", "is not the digest of the bytes beside it")
    if len(data) != _get(source, "length"):
        yield Fault(place, f"line {number}: source.length", f"is not {len(data)}, the number of the bytes beside it")


def _finding_must_rest_on(finding: Any, tally: Tally) -> Iterator[Fault]:
    place, name = "data/findings.jsonl", str(_get(finding, "id"))
    if _get(finding, "records_in_bundle") != tally.records:
        found = _get(finding, "records_in_bundle")
        yield Fault(place, f"{name}: records_in_bundle", f"says {found}, the bundle holds {tally.records}")
    if _get(finding, "is_stale") is True and tally.records == 0:
        return
    expected = {
        "records": tally.records,
        "start": _get(tally.first, "record", "time"),
        "end": tally.last_time,
        "first_record.record_id": _get(tally.first, "record", "record_id"),
        "first_record.source_line": _get(tally.first, "source", "line"),
        "account_records": [[account, tally.accounts[account]] for account in sorted(tally.accounts)],
        "accounts": sorted(tally.accounts),
        "sources": sorted(tally.sources),
    }
    for field, value in expected.items():
        found = _get(finding, *field.split("."))
        if isinstance(found, list) and field != "account_records":
            found = sorted(str(item) for item in found)
        if found != value:
            message = f"found {ascii(found)[:120]}, its cited records give {ascii(value)[:120]}"
            yield Fault(place, f"{name}: {field}", message)


def _policy(files: Files) -> Iterator[Fault]:
    """The policy files are those the receipt names, and every finding's rule is among them."""
    index, _ = _document(files, "data/policy/index.json")
    receipt, _ = _document(files, "data/receipt.json")
    place, digests = "data/policy/index.json", []
    listed = {"data/policy/index.json", "data/policy/approvals.json"}
    for number, entry in enumerate(_list(index, "files"), start=1):
        name = f"data/policy/{_get(entry, 'file')}"
        listed.add(name)
        if name not in files:
            yield Fault(name, "", f"is named in {place} but is missing")
        elif _digest_of_file(files[name]) != _get(entry, "sha256"):
            yield Fault(name, "", f"its SHA-256 is not the one in {place}")
        if _get(entry, "role") == "pack":
            digests.append([str(_get(entry, "path")), str(_get(entry, "sha256"))])
        elif _get(entry, "role") != "context":
            yield Fault(place, f"files[{number}].role", "expected pack or context")
    for name in sorted(name for name in files if name.startswith("data/policy/") and name not in listed):
        yield Fault(name, "", f"is not named in {place}")
    if not digests or sorted(digests, key=ascii) != sorted(_list(receipt, "policy_files"), key=ascii):
        yield Fault(place, "files", "the policy files are not those that data/receipt.json names")
    known = {digest for _, digest in digests}
    for _, finding, faults in _lines(files, "data/findings.jsonl"):
        if not faults and _get(finding, "is_stale") is not True and str(_get(finding, "rule_digest")) not in known:
            yield Fault("data/findings.jsonl", f"{_get(finding, 'id')}: rule_digest", "no bundled policy file has it")


def _proposal(files: Files) -> Iterator[Fault]:
    case, _ = _document(files, "data/case.json")
    proposal, _ = _document(files, "data/proposal.json")
    accounts = [_get(action, "account") for action in _list(proposal, "actions")]
    if sorted(map(str, accounts)) != sorted(map(str, _list(case, "case", "accounts"))):
        yield Fault("data/proposal.json", "actions", "does not speak of exactly the accounts of the case, each once")


def _report(files: Files) -> Iterator[Fault]:
    if "data/report/report.html" not in files:
        return
    text = files["data/report/report.html"].read_bytes().decode("utf-8", "replace")
    if POLICY not in text:
        yield Fault("data/report/report.html", "", "lacks its content security policy")
    if re.search(r"<\s*(script|iframe|object|embed|link|base|form)\b", text, re.IGNORECASE):
        yield Fault("data/report/report.html", "", "holds an element that loads or runs something")
    for _, finding, faults in _lines(files, "data/findings.jsonl"):
        if not faults and str(_get(finding, "id")) not in text:
            yield Fault("data/report/report.html", "", f"does not speak of finding {_get(finding, 'id')}")


RULES: tuple[tuple[str, Callable[[Files], Iterator[Fault]]], ...] = (
    ("the bundle is a BagIt 1.0 bag", _declaration),
    ("every required file is there", _complete),
    ("every payload file has the digest that its manifest lists", _payload),
    ("every tag file has the digest that its manifest lists, and no file is unlisted", _tags),
    ("the bag says of itself what is so", _bag_info),
    ("every document can be read", _documents),
    ("every finding rests on the cited records", _findings),
    ("the policy files are those the run was judged by", _policy),
    ("the proposal speaks of the accounts of the case", _proposal),
    ("the report is inert and speaks of every finding", _report),
)


def _document(files: Files, name: str) -> tuple[Any, list[Fault]]:
    if name not in files:
        return None, [Fault(name, "", "is missing")]
    if files[name].stat().st_size > LARGEST_DOCUMENT:
        return None, [Fault(name, "", "is too large for a document")]
    try:
        return _parsed(files[name].read_bytes()), []
    except UnreadableError as error:
        return None, [Fault(name, "", str(error))]


def _lines(files: Files, name: str) -> Iterator[tuple[int, Any, list[Fault]]]:
    """Yield each line of a JSON Lines file with its number; a missing last line feed shows that it was cut."""
    if name not in files:
        return
    with files[name].open("rb") as stream:
        number = 0
        while line := stream.readline(LARGEST_LINE):
            number += 1
            try:
                if not line.endswith(b"\n"):
                    raise UnreadableError("the line does not end, so the file was cut or the line is too long")
                yield number, _parsed(line), []
            except UnreadableError as error:
                yield number, None, [Fault(name, f"line {number}", str(error))]


def _parsed(data: bytes) -> Any:
    """Return a JSON value; a key that is there twice, a floating-point number or a constant such as NaN is refused."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_float=_refused, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"can't be read as JSON: {ascii(str(error))[:160]}") from None
    if not isinstance(value, dict):
        raise UnreadableError("expected a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _refused(text: str) -> Any:
    raise ValueError(f"found the number {text}, expected integers and decimals written as text")


def _get(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _list(value: Any, *path: str) -> list[Any]:
    found = _get(value, *path)
    return found if isinstance(found, list) else []


def _micros(text: Any) -> int:
    """Return a UTC time as a number that sorts as the time does, -1 for no such time."""
    parts = TIME.match(text) if isinstance(text, str) else None
    return int(re.sub(r"\D", "", parts[1]) + (parts[2] or "").ljust(6, "0")) if parts else -1


def _digest_of_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def main(arguments: list[str]) -> int:
    """Verify the bundle named on the command line, list every check, and return the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    checks = checks_of(Path(arguments[0]))
    for check in checks:
        place = " ".join(part for part in (check.file, check.field) if part)
        detail = f": {place}: {check.message}" if check.message else ""
        sys.stdout.write(f"{check.result:<9} {check.name}{_inert(detail)}\n")
    code = exit_code_of(checks)
    verdict = {0: "verified", 1: "failed", 3: "unproven: nothing is wrong, but no trusted signature proves the origin"}
    sys.stdout.write(f"{verdict[code]}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
