"""What `auditor policy import` does and prints: Sigma rules read, native rules written, refusals named."""

from pathlib import Path

from auditor.cli import console
from auditor.cli.paths import shown_path
from auditor.cli.sigma_words import refused_json
from auditor.errors import PolicyError, UsageError
from auditor.policy.fields import nearest
from auditor.policy.rule import CONDUCTS
from auditor.records.workspace import write_atomically
from auditor.sigma.columns import columns_of
from auditor.sigma.load import load_rules
from auditor.sigma.native import Choices, Imported, import_rules


def imported(
    rules: Path, profile: str, map_file: Path | None, *, conducts: tuple[str, ...], family: str, is_cased: bool
) -> Imported:
    """Return the native rules and the refusals. Raises UsageError, and PolicyError when not one rule can be read."""
    for word in conducts:
        if word not in CONDUCTS:
            found = f"found `{' '.join(word.split())[:40]}`, expected a conduct"
            raise UsageError.at("--conduct", found, nearest(word, CONDUCTS, f"the conducts are {', '.join(CONDUCTS)}"))
    loaded = load_rules([rules])
    if loaded.refused and not loaded.detections and not loaded.correlations:
        raise PolicyError(refusal.problem for refusal in loaded.refused)
    return import_rules(loaded, columns_of(profile, map_file), Choices(conducts, family, is_cased))


def write(done: Imported, folder: Path) -> None:
    """Write the rules. Raises UsageError, before anything is written, when a file is there already."""
    targets = {folder / f"{rule.name}.yml": rule.text for rule in done.rules}
    for path in targets:
        if path.exists():
            raise UsageError.at(str(path), "the file exists, expected a free name", "name another folder with `--out`")
    for path, text in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())


def print_json(done: Imported, folder: Path) -> None:
    """Print everything as one JSON object."""
    console.json_object(
        rules=[{"title": rule.title, "file": str(folder / f"{rule.name}.yml")} for rule in done.rules],
        refused=refused_json(done.refused),
    )


def show(done: Imported, folder: Path) -> None:
    """Print each file that was written, and the counts."""
    for rule in done.rules:
        console.result(shown_path(folder / f"{rule.name}.yml"))
    console.result(f"{console.plural(len(done.rules), 'rule')} written, {len(done.refused)} refused")
