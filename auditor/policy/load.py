"""Loading packs, rules and their lists, with all problems of a pack in one error.

`load_pack` takes the name of a shipped pack, a pack file, or a folder with `terms/ rules/ lists/ links.yml
ladder.yml`. Everything that it returns is complete and checked: nothing downstream doubts a name, a type or a unit.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

import auditor
from auditor.digests import digest_of
from auditor.errors import PolicyError, UsageError
from auditor.policy.composite import with_parts
from auditor.policy.fields import Problems, nearest
from auditor.policy.files import read_bytes
from auditor.policy.lists import Lists
from auditor.policy.pack import Context, Pack
from auditor.policy.pack_reader import read_pack_file, read_pack_folder
from auditor.policy.rule import Composite, Rule, ValueList
from auditor.policy.rule_reader import read_rule
from auditor.policy.yaml import LARGEST, YamlNode, read_yaml

DEFAULT_PACK = "model-api"
_PACK_FILES = ("pack.yml", "pack.yaml")


def shipped_policies() -> Path:
    """Return the folder of the policies that come with the program."""
    package = Path(auditor.__file__).resolve().parent
    installed = package / "_policies"
    return installed if installed.is_dir() else package.parent / "policies"


def shipped_packs() -> tuple[str, ...]:
    """Return the names of the shipped packs."""
    return tuple(sorted(path.stem for path in (shipped_policies() / "packs").glob("*.yml")))


def load_pack(pack: str, *, context: Context | None = None) -> Pack:
    """Load a pack by shipped NAME, FILE or FOLDER; lists of the context replace lists of the same name.

    Raises PolicyError with every problem of the pack, sorted by place, and UsageError when there is no such pack.
    """
    platform = context or Context()
    if pack in shipped_packs():
        return read_pack_file(shipped_policies() / "packs" / f"{pack}.yml", platform)
    path = Path(pack)
    if path.is_dir():
        inner = next((path / name for name in _PACK_FILES if (path / name).is_file()), None)
        return read_pack_file(inner, platform) if inner else read_pack_folder(path, platform)
    if path.is_file():
        return read_pack_file(path, platform)
    if re.fullmatch(r"[A-Za-z0-9_-]+", pack):
        found = f"unknown pack `{pack}`, expected one of {', '.join(shipped_packs())}, a file or a folder"
        raise UsageError.at(None, found, nearest(pack, shipped_packs(), "name a pack file or a folder of policies"))
    raise UsageError.at(pack, "no such pack file or folder", "check the path")


def load_rule(
    path: Path,
    *,
    lists: Iterable[ValueList] = (),
    exemptions: Collection[str] | None = None,
    pack: Pack | None = None,
) -> Rule:
    """Load a single rule file; `exemptions` are the names for `unless` (None: unchecked). Raises PolicyError.

    The rules that a composite names are read with the same lists, from beside the file, else from `pack`; without a
    pack a composite has no parts.
    """
    values, data = tuple(lists), read_bytes(path, LARGEST)
    rule, node = _rule_of(data, str(path), path.stem, values, exemptions)
    if rule.composite is None or pack is None:
        return rule
    files = _files_of_parts(path, rule.composite, pack)
    parts = [load_rule(file, lists=values, exemptions=exemptions) for file in files]
    known = {rule.name, *(part.name for part in parts)}
    problems = Problems()
    whole = with_parts(rule, node, parts, known=known, problems=problems)
    problems.check()
    return whole


def load_rule_text(text: str, *, name: str = "rule", lists: Iterable[ValueList] = ()) -> Rule:
    """Load a rule from its text; problems name it `NAME.yml`, and what `unless` names is not checked.

    Raises PolicyError.
    """
    return _rule_of(text.encode(), f"{name}.yml", name, tuple(lists), None)[0]


def _rule_of(
    data: bytes, file: str, name: str, lists: tuple[ValueList, ...], exemptions: Collection[str] | None
) -> tuple[Rule, YamlNode]:
    problems = Problems()
    node = read_yaml(data, file)
    rule = read_rule(
        node, name=name, digest=digest_of(data), lists=Lists(lists), exemptions=exemptions, problems=problems
    )
    problems.check()
    if rule is None:
        raise PolicyError.at(file, "no rule, expected one", "write a rule")
    return rule, node


def _files_of_parts(path: Path, composite: Composite, pack: Pack) -> list[Path]:
    """Return the files of the rules that a composite in a file may mean, by name."""
    files = {name: Path(pack.root) / place for name, place in pack.rule_paths().items()}
    if composite.families:
        of = {rule.name for rule in pack.rules if rule.family in composite.families}
        return [file for name, file in sorted(files.items()) if name in of]
    beside = {name: path.with_name(f"{name}{path.suffix}") for name in composite.of}
    files |= {name: file for name, file in beside.items() if file.is_file() and file != path}
    return [file for name, file in sorted(files.items()) if name in composite.of]
