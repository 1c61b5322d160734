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
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import islice
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
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?<!\.)\Z")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)
LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)\n")
INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}(?::?\d{2})?)\Z", re.ASCII)
TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z\Z", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LARGEST_DOCUMENT = 256 * 1024 * 1024
"""Bytes of a document that is read whole; the lines of JSON Lines are read one by one."""
LARGEST_LINE = 256 * 1024 * 1024
LARGEST_TAG = {"bagit.txt": 1 << 10, "bag-info.txt": 1 << 20, PAYLOAD_MANIFEST: 1 << 26, TAG_MANIFEST: 1 << 20}
"""Bytes of a tag file, which is read whole as well."""
DEEPEST = 100
MOST_FAULTS = 500
"""Faults of one check that are listed; a hostile bundle could have millions."""

ACTIONS = ("none", "warn", "verify", "throttle", "suspend")
"""What a machine may propose, mildest first; to terminate is for people alone."""
LEVELS = ("informational", "low", "medium", "high", "critical")
RULE_WORD = re.compile(
    r"^(strength|family|level): *[\"']?([a-z]+(?:-[a-z]+)?)[\"']? *(?:#.*)?$", re.MULTILINE | re.ASCII
)
PLAIN_NUMBER = re.compile(r"-?[0-9]{1,500}(?:\.[0-9]{1,500})?\Z")
EXACT = Context(prec=1100)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


INTEGERS = _words(
    "input_tokens cached_input_tokens output_tokens reasoning_tokens max_output_tokens candidate_count top_logprobs"
    " status asn"
)
REALS = _words("temperature latency_ms latitude longitude")
TEXTS = _words(
    "record_id event account_id organization_id project_id api_key_id end_user_id session_id pathway endpoint model"
    " model_served finish_reason error_code prompt system_prompt response prompt_digest template_id client_ip"
    " network_kind country user_agent tls_fingerprint device_id payment_fingerprint email_domain phone_digest"
    " billing_country owner_country plan programme service device_owner data_category action"
)
PLAIN_COLUMNS = TEXTS | INTEGERS
COLUMNS = PLAIN_COLUMNS | REALS | {"time", "cost_usd", "logit_bias", "stream", "tags", "extra"}
"""The columns of a record; a test of the program holds them to its schema."""

PAGE_START = re.compile(
    r'<!doctype html>\s*<html lang="en" dir="ltr">\s*<head>\s*<meta charset="utf-8">\s*'
    r"""<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; """
    r"""img-src data:">"""
)
"""How the report begins: nothing comes before its content security policy but the encoding."""
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+=\"[^\"<>]*\")*)\s*/?>")
ATTRIBUTE = re.compile(r"([a-zA-Z-]+)=\"([^\"]*)\"")
ELEMENTS = _words(
    "a bdi blockquote body br caption code dd desc details div dl dt em figcaption figure footer h1 h2 h3 h4 h5 head"
    " header html li main meta nav ol p pre rect section small span strong style summary svg table tbody td tfoot th"
    " thead time title tr ul"
)
ATTRIBUTES = _words(
    "aria-label aria-labelledby class colspan content data-label datetime height href id lang dir name"
    " preserveaspectratio role rowspan scope start style viewbox width x y"
)
TEXT_ONLY = ("desc", "style", "title")
HOSTILE_STYLE = re.compile(
    r"\\|@import|@font-face|@namespace|expression|image-set|image\(|src\(|url\((?!\s*[\"']?data:)", re.IGNORECASE
)


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
    files, large = _within_limits(files)
    checks = _listed("the bundle holds plain files with plain names only", iter(odd))
    checks += _listed("no file is larger than its kind may be", iter(large))
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
        failed += [
            Check(name, "failed", *(_inert(part[:400]) for part in fault)) for fault in islice(faults, MOST_FAULTS)
        ]
        if len(failed) == MOST_FAULTS:
            failed.append(Check(name, "failed", "", "", f"there may be more; the first {MOST_FAULTS} are listed"))
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


def _within_limits(files: Files) -> tuple[Files, list[Fault]]:
    """Leave out files that are too large to be read, by their sizes alone: a sparse file costs its maker nothing."""
    kept, large = dict(files), []
    for name, path in files.items():
        most = LARGEST_TAG.get(name, LARGEST_DOCUMENT)
        if path.stat().st_size > most and not name.endswith(".jsonl"):
            large.append(Fault(name, "", f"has {path.stat().st_size} bytes, expected at most {most}, so it isn't read"))
            del kept[name]
    return kept, large


def _declaration(files: Files) -> Iterator[Fault]:
    if "bagit.txt" not in files or files["bagit.txt"].read_bytes()[: len(DECLARATION) + 1] != DECLARATION:
        yield Fault("bagit.txt", "", "is missing or does not declare BagIt 1.0 in UTF-8")


def _complete(files: Files) -> Iterator[Fault]:
    for name in (*REQUIRED, *TAG_FILES, TAG_MANIFEST):
        if name not in files:
            yield Fault(name, "", "is missing")


def _payload(files: Files) -> Iterator[Fault]:
    read, is_so = dict(files), _info(files).get("Payload-Oxum") == _oxum(files)
    for name, path in files.items():
        if not is_so and path.stat().st_size > LARGEST_DOCUMENT:
            yield Fault(name, "", "is large and not read, since Payload-Oxum in bag-info.txt is wrong")
            del read[name]
    yield from _manifest(read, PAYLOAD_MANIFEST, {name for name in read if name.startswith("data/")})


def _tags(files: Files) -> Iterator[Fault]:
    yield from _manifest(files, TAG_MANIFEST, set(TAG_FILES))
    for name in sorted(files):
        if not name.startswith(("data/", "attest/")) and name not in (*TAG_FILES, TAG_MANIFEST):
            yield Fault(name, "", "is listed nowhere, expected only data/, attest/ and the tag files")


def _manifest(files: Files, manifest: str, expected: set[str]) -> Iterator[Fault]:
    """Compare a manifest with the files it should list: RFC 8493 section 2.1.3, two spaces, sorted, nothing else."""
    listed: dict[str, str] = {}
    last = ""
    if manifest in files:
        for number, line in enumerate(files[manifest].read_bytes().decode("latin-1").splitlines(keepends=True), 1):
            parts = LINE.fullmatch(line)
            if not parts:
                yield Fault(manifest, f"line {number}", f"found {line[:90]!a}, expected a digest, two spaces, a path")
            elif parts[2] <= last:
                yield Fault(manifest, f"line {number}", f"{parts[2]} is out of order or listed twice")
            else:
                last = parts[2]
                listed[last] = parts[1]
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
    info, oxum = _info(files), _oxum(files)
    if info.get("Payload-Oxum") != oxum:
        yield Fault("bag-info.txt", "Payload-Oxum", f"found {info.get('Payload-Oxum')}, counted {oxum}")
    case, faults = _document(files, "data/case.json")
    if not faults and info.get("External-Identifier") != _get(case, "case", "id"):
        yield Fault("bag-info.txt", "External-Identifier", "is not the id in data/case.json")


def _info(files: Files) -> dict[str, str]:
    text = files["bag-info.txt"].read_bytes().decode("utf-8", "replace") if "bag-info.txt" in files else ""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def _oxum(files: Files) -> str:
    payload = [path for name, path in files.items() if name.startswith("data/")]
    return f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"


def _names(files: Files) -> Iterator[Fault]:
    """Only what a bundle is made of is in it: nothing rides along."""
    index, _ = _document(files, "data/policy/index.json")
    policy = {f"data/policy/{_get(entry, 'file')}" for entry in _list(index, "files")}
    for name in sorted(files):
        if name.startswith("data/") and name not in policy.union(REQUIRED, ("data/policy/approvals.json",)):
            yield Fault(
                name, "", "is no file of an evidence bundle, nor a policy file that data/policy/index.json names"
            )


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
    total, without = yield from _cited(files, tallies)
    if (counted := _get(case, "cited")) != total:
        yield Fault("data/records/cited.jsonl", "", f"holds {total} records, data/case.json counts {counted}")
    stated = _get(case, "completeness")
    for field, expected in (
        ("records_cited", total),
        ("records_with_bytes", total - sum(without.values())),
        ("without_bytes", without),
    ):
        if _get(stated, field) != expected:
            yield Fault("data/case.json", f"completeness.{field}", f"is not {expected}, what the cited records give")
    for name, tally in tallies.items():
        yield from _finding_must_rest_on(findings[name], tally)
        yield from _thresholds_must_hold(findings[name])


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


def _cited(files: Files, tallies: dict[str, Tally]) -> Generator[Fault, None, tuple[int, dict[str, int]]]:
    """Check each cited record and count it for its findings; returns how many there are, and those without bytes."""
    receipt, _ = _document(files, "data/receipt.json")
    profiles = {str(_get(source, "source_id")): _get(source, "profile") for source in _list(receipt, "sources")}
    place, before, total = "data/records/cited.jsonl", (-1, "", -1), 0
    without: Counter[str] = Counter()
    is_object: dict[str, bool] = {}
    for number, cited, faults in _lines(files, place):
        total += 1
        yield from faults
        if faults:
            continue
        line, source_id = _get(cited, "source", "line"), str(_get(cited, "source", "id"))
        order = (_micros(_get(cited, "record", "time")), source_id, line)
        if order[0] < 0 or type(line) is not int or order <= before:
            yield Fault(place, f"line {number}: record.time", "is not in record order, or the record is there twice")
        else:
            before = order
        if source_id not in profiles:
            yield Fault(place, f"line {number}: source.id", "is no source of data/receipt.json")
        data, odd = _bytes_of(_get(cited, "source"))
        if data is None and not odd:
            without[str(_get(cited, "source", "without_bytes"))] += 1
        if data is not None and profiles.get(source_id) == "canonical":
            parsed = record_in(data)
            odd += differences(_get(cited, "record"), parsed, f"{source_id}:{line}") if parsed is not None else []
            if is_object.setdefault(source_id, parsed is not None) != (parsed is not None):
                odd.append(("source", "is JSON in some lines of this source and something else in others"))
        yield from (Fault(place, f"line {number}: {field}", message) for field, message in odd)
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
    return total, dict(without)


def _bytes_of(source: Any) -> tuple[bytes | None, list[tuple[str, str]]]:
    """Return the exact bytes of a cited record, None where it has none, and what is wrong with them."""
    text, encoded = _get(source, "text"), _get(source, "base64")
    if text is None and encoded is None:
        has_reason = isinstance(_get(source, "without_bytes"), str) and _get(source, "without_bytes")
        return None, [] if has_reason else [("source", "has neither the bytes of the record nor a reason why not")]
    try:
        data = text.encode() if isinstance(text, str) else base64.b64decode(str(encoded), validate=True)
    except ValueError:
        return None, [("source", "its bytes can't be decoded")]
    odd = []
    if hashlib.sha256(data).hexdigest() != _get(source, "sha256"):
        odd.append(("source.sha256", "is not the digest of the bytes beside it"))
    if len(data) != _get(source, "length"):
        odd.append(("source.length", f"is not {len(data)}, the number of the bytes beside it"))
    return data, odd


def record_in(data: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a line is, None where it is none, as a line of CSV; an unclear one is empty."""
    repeats = [False]

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        repeats[0] = len(dict(pairs)) != len(pairs)  # the record itself is closed last
        return dict(pairs)

    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=made, parse_float=Decimal, parse_int=_whole)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    return {} if repeats[0] or _is_deep(value) else value


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) < 4000 else Decimal(text)


def differences(record: Any, line: dict[str, Any], own_id: str) -> list[tuple[str, str]]:
    """Return where the columns of a record are not what its canonical line says, as (column, message).

    `record` holds the columns as a bundle does, `own_id` is the record's id where the line names none.
    """
    kept = record if isinstance(record, dict) else {}
    said = {name: value for name, value in line.items() if name in COLUMNS and name != "extra"}
    if said.get("record_id") in (None, ""):
        said["record_id"] = own_id
    if said.get("prompt_digest") in (None, "") and isinstance(kept.get("prompt"), str) and kept["prompt"]:
        said["prompt_digest"] = hashlib.sha256(kept["prompt"].encode("utf-8", "replace")).hexdigest()
    said["extra"] = _merged(_object(line.get("extra")), {name: line[name] for name in line.keys() - COLUMNS})
    return [
        (f"record.{name}", f"says {ascii(kept.get(name))[:80]}, its own bytes say {ascii(said.get(name))[:80]}")
        for name in sorted(kept.keys() | said.keys())
        if not _agree(name, kept.get(name), said.get(name))
    ]


def _agree(name: str, kept: Any, said: Any) -> bool:
    """Say whether a column's value in the bundle is what a line's field gives: the rules of docs/records.md."""
    if kept and type(kept) is type(said) and kept == said and name in PLAIN_COLUMNS:
        return True
    is_nothing = said is None or (
        said == "" and (name not in TEXTS or name.endswith(("_id", "_fingerprint", "_digest")))
    )
    try:
        match name:
            case "extra":
                return _same(_pruned(_object(kept)), _pruned(said))
            case _ if is_nothing or (said == "" and name == "client_ip"):
                return kept is None
            case "time":
                return _micros(kept) >= 0 and _micros(kept) == _instant(said)
            case "logit_bias" | "stream":
                return isinstance(kept, bool) and str(kept).lower() == str(said).lower()
            case "tags":
                texts = json.loads(said) if isinstance(said, str) else said
                return len(kept) == len(texts) and all(map(_is_text_of, kept, texts))
            case "cost_usd":
                nano = Decimal("0.000000001")
                return Decimal(kept) == Decimal(str(said)).quantize(nano, ROUND_HALF_UP)
            case _ if name in INTEGERS:
                return type(kept) is int and not isinstance(said, Decimal | bool) and kept == int(said)
            case _ if name in REALS:
                return float(kept) == float(said)
            case _:
                return name in TEXTS and _is_text_of(kept, said)
    except (ValueError, TypeError, ArithmeticError):
        return False


def _is_text_of(kept: Any, said: Any) -> bool:
    if isinstance(said, str) or said is None or kept is None:
        return bool(kept == said)
    if isinstance(said, dict | list):
        return _same(json.loads(kept, parse_float=Decimal), said)
    if isinstance(said, bool):
        return bool(kept == str(said).lower())
    is_exact = isinstance(said, int) and abs(said) < 1 << 63
    return Decimal(kept) == said or (not is_exact and float(kept) == float(said))


def _instant(text: Any) -> int:
    """Return a time with any zone as `_micros` does; finer digits are cut off, as they are when it is read."""
    parts = INSTANT.match(text) if isinstance(text, str) else None
    if not parts:
        return -1
    day, clock, fraction, zone = parts.groups()
    time = datetime.fromisoformat(f"{day}T{clock}{(fraction or '.0')[:7]:0<7}{zone}").astimezone(UTC)
    return int(f"{time:%Y%m%d%H%M%S}{time.microsecond:06}")


def _object(value: Any) -> dict[str, Any]:
    """Return what `extra` holds, whether as an object or as its text; what is no object agrees with nothing."""
    try:
        found = json.loads(value, parse_float=Decimal, parse_int=_whole) if isinstance(value, str) and value else value
    except (ValueError, ArithmeticError, RecursionError):
        return {"": value}
    if found in (None, ""):
        return {}
    return found if isinstance(found, dict) and not _is_deep(found) else {"": str(value)}


def _merged(target: Any, patch: Any) -> Any:
    """Merge as RFC 7396 says: what a record holds in `extra` and what it holds beside its columns."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        made[name] = _merged(made.get(name), value)
    return {name: value for name, value in made.items() if value is not None}


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _pruned(item) for name, item in value.items() if item is not None}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def _same(one: Any, other: Any) -> bool:
    """Compare JSON values; numbers as doubles, since an engine that keeps them may write them another way."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str) or isinstance(other, str):
        return type(one) is type(other) and bool(one == other)
    return one is other if one is None or other is None else float(one) == float(other)


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


def _thresholds_must_hold(finding: Any) -> Iterator[Fault]:
    """A finding that says it passed a line has a measure that did, by the margin it gives."""
    place, name = "data/findings.jsonl", str(_get(finding, "id"))
    peaks = {str(_get(item, "name")): _get(item, "value") for item in _list(finding, "measures")}
    for line in _list(finding, "thresholds"):
        measure, operator = str(_get(line, "measure")), _get(line, "operator")
        numbers = [_number(text) for text in (peaks.get(measure), _get(line, "value"), _get(line, "margin"))]
        if measure not in peaks or None in numbers or operator not in ("<", "<=", ">", ">=", "=", "<>"):
            yield Fault(place, f"{name}: thresholds", f"{measure} is not measured, or its line is no line")
            continue
        peak, value, margin = (number for number in numbers if number is not None)
        beyond = EXACT.subtract(value, peak) if operator in ("<", "<=") else EXACT.subtract(peak, value)
        beyond = abs(beyond) if operator == "<>" else beyond
        if beyond < 0 or beyond != margin or (operator == "=" and beyond):
            yield Fault(place, f"{name}: thresholds", f"{measure} does not pass its line by the margin given")


def _number(text: Any) -> Decimal | None:
    return Decimal(text) if isinstance(text, str) and PLAIN_NUMBER.match(text) else None


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
    rules = {
        (path.rpartition("/")[2].rpartition(".")[0], digest): files.get(f"data/policy/{_get(entry, 'file')}")
        for entry in _list(index, "files")
        for path, digest in [(str(_get(entry, "path")), _get(entry, "sha256"))]
        if _get(entry, "role") == "pack" and isinstance(digest, str)
    }
    for _, finding, faults in _lines(files, "data/findings.jsonl"):
        if not faults and _get(finding, "is_stale") is not True:
            yield from _rule_must_be_that(finding, rules)
    case, _ = _document(files, "data/case.json")
    if not _get(case, "case", "pack") == _get(receipt, "pack") == _get(index, "pack"):
        yield Fault(place, "pack", "the case, the receipt and the index name different packs")


def _rule_must_be_that(finding: Any, rules: dict[tuple[str, str], Path | None]) -> Iterator[Fault]:
    """The file that made a finding is the one of its rule: name, id, and the words that say how grave it is."""
    place, name = "data/findings.jsonl", str(_get(finding, "id"))
    path = rules.get((str(_get(finding, "rule")), str(_get(finding, "rule_digest"))))
    if path is None:
        yield Fault(place, f"{name}: rule_digest", "no bundled policy file of the rule's name has it")
        return
    text, rule_id = path.read_bytes().decode("utf-8", "replace"), _get(finding, "rule_id")
    if not isinstance(rule_id, str) or len(rule_id) < 8 or rule_id.lower() not in text.lower():
        yield Fault(place, f"{name}: rule_id", "is not in the rule's file")
    for word, value in RULE_WORD.findall(text):
        if _get(finding, word) != value:
            yield Fault(place, f"{name}: {word}", f"is {ascii(_get(finding, word))[:40]}, the rule's file says {value}")


def _proposal(files: Files) -> Iterator[Fault]:
    """What is proposed is on the ladder, speaks of each account once, and rests on that account's own records."""
    case, _ = _document(files, "data/case.json")
    proposal, _ = _document(files, "data/proposal.json")
    place = "data/proposal.json"
    actions = [(str(_get(item, "account")), _get(item, "action")) for item in _list(proposal, "actions")]
    if sorted(account for account, _ in actions) != sorted(map(str, _list(case, "case", "accounts"))):
        yield Fault(place, "actions", "does not speak of exactly the accounts of the case, each once")
    holding = [
        found for _, found, faults in _lines(files, "data/findings.jsonl")
        if not faults and _get(found, "is_stale") is not True
    ]  # fmt: skip
    cited = {str(pair[0]) for found in holding for pair in _list(found, "account_records") if _is_share(pair)}
    for account, action in actions:
        if action not in ACTIONS:
            yield Fault(
                place, f"actions: {account}", f"proposes {ascii(action)[:40]}, expected one of {', '.join(ACTIONS)}"
            )
        elif action != "none" and account not in cited:
            yield Fault(place, f"actions: {account}", f"proposes {action}, but no finding that holds cites its records")
    proposed = [str(action) for _, action in actions if action in ACTIONS]
    highest = max(proposed, key=ACTIONS.index, default="none")
    if _get(proposal, "proposed_action") != highest:
        yield Fault(place, "proposed_action", f"is not {highest}, the highest of its actions")
    levels = [LEVELS.index(level) for found in holding if (level := _get(found, "level")) in LEVELS]
    severity = _get(case, "case", "severity")
    if severity not in LEVELS or LEVELS.index(severity) > max(levels, default=0):
        yield Fault("data/case.json", "case.severity", "is graver than every finding that holds")


def _is_share(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and type(pair[1]) is int and pair[1] > 0


def _report(files: Files) -> Iterator[Fault]:
    """The report is built of plain tags from a closed list, so that every browser reads it as this verifier does."""
    place = "data/report/report.html"
    if place not in files:
        return
    try:
        page = files[place].read_bytes().decode()
    except UnicodeDecodeError:
        yield Fault(place, "", "is not UTF-8")
        return
    start = PAGE_START.match(page)
    if not start:
        yield Fault(place, "", "does not begin with its encoding and its content security policy")
    words: list[str] = []
    yield from (Fault(place, "", message) for message in _page_faults(page, start.end() if start else 0, words))
    text = "".join(words)
    for _, finding, faults in _lines(files, "data/findings.jsonl"):
        if not faults and str(_get(finding, "id")) not in text:
            yield Fault(place, "", f"does not speak of finding {_get(finding, 'id')}")


def _page_faults(page: str, at: int, words: list[str]) -> Iterator[str]:
    """Read a page tag by tag, say what is in it that a report never holds, and add what it says to `words`."""
    inside, is_styled = "", False
    while (opening := page.find("<", at)) >= 0:
        piece = page[at:opening]
        if inside == "style" and HOSTILE_STYLE.search(piece):
            yield "its style sheet loads something or hides what it does"
        elif inside != "style":
            words.append(piece)
        tag = TAG.match(page, opening)
        if not tag:
            yield f"holds {page[opening : opening + 40]!a}, which is no plain tag"
            return
        closing, name, attributes = tag.groups()
        if inside and (name, closing) != (inside, "/"):
            yield f"holds <{name}> within <{inside}>, which holds text only"
        inside = name if name in TEXT_ONLY and not closing else ""
        if name == "style" and not closing:
            if is_styled or "<body" in page[:opening]:
                yield "holds a style sheet that is not the one of its head"
            is_styled = True
        if name not in ELEMENTS:
            yield f"holds the element <{name}>"
        yield from _attribute_faults(name, attributes)
        at = tag.end()
    words.append(page[at:])


def _attribute_faults(element: str, attributes: str) -> Iterator[str]:
    for name, value in ATTRIBUTE.findall(attributes):
        is_plain = name.lower() in ATTRIBUTES
        match name.lower():
            case "href":
                is_plain = element == "a" and re.fullmatch(r"#[A-Za-z0-9_-]+", value) is not None
            case "style":
                is_plain = re.fullmatch(r"width: [0-9.]+%", value) is not None
            case "name" | "content":
                is_plain = element == "meta"
        if not is_plain:
            yield f"holds the attribute {name}={value[:60]!a} in <{element}>"


Rule = tuple[str, Callable[[Files], Iterator[Fault]]]
BAG_RULES: tuple[Rule, ...] = (
    ("the bundle is a BagIt 1.0 bag", _declaration),
    ("every required file is there", _complete),
    ("the bag says of itself what is so", _bag_info),
    ("every payload file has the digest that its manifest lists", _payload),
    ("every tag file has the digest that its manifest lists, and no file is unlisted", _tags),
)
RULES: tuple[Rule, ...] = (
    *BAG_RULES,
    ("nothing else is in the bundle", _names),
    ("every document can be read", _documents),
    ("every finding rests on the cited records", _findings),
    ("the policy files are those the run was judged by", _policy),
    ("the proposal is one that the findings carry", _proposal),
    ("the report is inert and speaks of every finding", _report),
)


def _document(files: Files, name: str) -> tuple[Any, list[Fault]]:
    if name not in files:
        return None, [Fault(name, "", "is missing")]
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
            if not line.endswith(b"\n"):
                return  # what follows may be as long as the disk


def _parsed(data: bytes) -> Any:
    """Return a JSON value; a key that is there twice, a floating-point number or a constant such as NaN is refused."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_float=_refused, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"can't be read as JSON: {ascii(str(error))[:160]}") from None
    if not isinstance(value, dict):
        raise UnreadableError("expected a JSON object")
    if _is_deep(value):
        raise UnreadableError(f"is nested more than {DEEPEST} levels deep")
    return value


def _is_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        held = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level, depth = [item for items in held for item in items], depth + 1
    return bool(level)


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
