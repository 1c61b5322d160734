"""How a bundle is tampered with in tests, and what the verifier says of it."""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from auditor.evidence.verify import verify_bundle

TAGS = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")


def files_of(bundle: Path) -> list[str]:
    """Name every file of a bundle."""
    return sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())


def made_again(bundle: Path) -> Path:
    """Make all manifests again, as someone would who changed a bundle and knows the format."""
    payload = [name for name in files_of(bundle) if name.startswith("data/")]
    size = sum((bundle / name).stat().st_size for name in payload)
    info = (bundle / "bag-info.txt").read_text().splitlines(keepends=True)
    (bundle / "bag-info.txt").write_text(f"Payload-Oxum: {size}.{len(payload)}\n" + "".join(info[1:]))
    for manifest, names in (("manifest-sha256.txt", payload), ("tagmanifest-sha256.txt", TAGS)):
        lines = [f"{sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names)]
        (bundle / manifest).write_text("".join(lines))
    return bundle


def edit(bundle: Path, name: str, change: Callable[[Any], Any]) -> Path:
    """Change one JSON document, or the first line of a JSON Lines file, then make the manifests again."""
    head, *rest = (bundle / name).read_bytes().splitlines(keepends=True)
    document = json.loads(head)
    change(document)
    (bundle / name).write_bytes(json.dumps(document).encode() + b"\n" + b"".join(rest))
    return made_again(bundle)


def faults(bundle: Path, trust: Sequence[Path] = ()) -> set[tuple[str, str]]:
    """Return the code and the file of everything that doesn't hold, proven or not."""
    return {(check.code, check.file) for check in verify_bundle(bundle, trust=trust).checks if check.result != "ok"}


def codes(bundle: Path, trust: Sequence[Path] = ()) -> set[str]:
    """Return the codes of everything that doesn't hold, proven or not."""
    return {code for code, _ in faults(bundle, trust)}


def failures(bundle: Path) -> str:
    """Return every failure as one text."""
    return "\n".join(f"{item.file} {item.field} {item.message}" for item in verify_bundle(bundle).failures)
