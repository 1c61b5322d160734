"""A pack file or folder, read with everything it names."""

import os
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from auditor.errors import AuditorError, Place
from auditor.policy.composite import all_with_parts
from auditor.policy.fields import Fields, Problems, kind_of
from auditor.policy.files import PackFiles
from auditor.policy.ladder_reader import read_ladder
from auditor.policy.links_reader import read_links
from auditor.policy.list_reader import read_list_file
from auditor.policy.lists import Lists
from auditor.policy.pack import Context, Ladder, Pack
from auditor.policy.rule import Exemption, Rule, ValueList
from auditor.policy.rule_reader import read_rule
from auditor.policy.terms import Terms
from auditor.policy.terms_reader import read_terms
from auditor.policy.yaml import LARGEST, LARGEST_LIST, ScalarNode, SequenceNode, YamlNode
from auditor.records.values import shown

Model = TypeVar("Model")
KEYS = ("pack", "title", "terms", "rules", "lists", "links", "ladder", "timezone")


@dataclass
class PackPaths:
    """The files of a pack by what they hold, in the order they are read."""

    terms: list[Path] = field(default_factory=list)
    rules: list[Path] = field(default_factory=list)
    lists: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    ladder: list[Path] = field(default_factory=list)


def read_pack_file(path: Path, context: Context) -> Pack:
    """Return the pack that a file describes. Raises PolicyError with every problem."""
    problems = Problems()
    path = path.absolute()
    files = PackFiles(path.parent)
    node, _ = files.tree(path)
    fields = Fields(node, "the pack file", problems)
    fields.allow(KEYS)
    name, title = fields.text("pack"), fields.text("title", "")
    timezone = _timezone(fields)
    paths = PackPaths(
        terms=_named(fields, "terms", files),
        rules=_named(fields, "rules", files),
        lists=_named(fields, "lists", files),
        links=_named(fields, "links", files),
        ladder=_named(fields, "ladder", files),
    )
    if fields.required("rules") is not None and not paths.rules and not problems.found:
        problems.add(fields.key_place("rules"), "a pack without rules, expected at least one", "add a rule file")
    return _PackReader(files, context, problems).pack(name, title or name, timezone, paths)


def read_pack_folder(folder: Path, context: Context) -> Pack:
    """Return the pack that a folder of `terms/ rules/ lists/ links.yml ladder.yml` makes. Raises PolicyError."""
    problems = Problems()
    folder = folder.absolute()
    files = PackFiles(folder)
    paths = PackPaths(**{key: _found_in(folder, key, files, problems) for key in ("terms", "rules", "lists")})
    paths.links = _found_in(folder, "links.yml", files, problems)
    paths.ladder = _found_in(folder, "ladder.yml", files, problems)
    if not paths.rules:
        found = "a folder without `rules/*.yml`, expected a folder of policies"
        problems.add(Place(str(folder)), found, "put rule files into a folder `rules`, or name a pack file")
    return _PackReader(files, context, problems).pack(folder.name, folder.name, "UTC", paths)


def _found_in(folder: Path, name: str, files: PackFiles, problems: Problems) -> list[Path]:
    """Return the files of a folder's entry, none when it isn't there; a link is a problem."""
    if not os.path.lexists(folder / name):
        return []
    path = files.named(name, Place(str(folder)), problems)
    return [] if path is None else files.below(path, problems)


def _named(fields: Fields, key: str, files: PackFiles) -> list[Path]:
    node = fields.node(key)
    if node is None:
        return []
    is_single = key in {"links", "ladder"}
    if is_single and not isinstance(node, ScalarNode):
        fields.problems.add(node.place, f"`{key}` is {kind_of(node)}, expected one file", f"write `{key}: FILE`")
        return []
    items = node.items if isinstance(node, SequenceNode) else (node,)
    paths: dict[Path, None] = {}
    for item in items:
        text = fields.text_of(item, f"an item of `{key}`")
        path = files.named(text, item.place, fields.problems) if text else None
        if path is not None:
            paths.update(dict.fromkeys(files.below(path, fields.problems)))
    return list(paths)


def _timezone(fields: Fields) -> str:
    name = fields.text("timezone", "UTC")
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        found = f"unknown time zone {shown(name)}, expected a name such as `Europe/Berlin`"
        fields.problems.add(fields.key_place("timezone"), found, "names are those of the IANA time zone database")
        return "UTC"
    return name


class _PackReader:
    """Reads the files of a pack in the order in which they depend on each other: lists, ladder, terms, rules."""

    def __init__(self, files: PackFiles, context: Context, problems: Problems) -> None:
        self.files = files
        self.context = context
        self.problems = problems

    def pack(self, name: str, title: str, timezone: str, paths: PackPaths) -> Pack:
        values, exemptions = self._lists(paths.lists)
        lists = Lists([*values, *self.context.lists])
        ladders = self._each(paths.ladder, lambda node, digest, _: read_ladder(node, digest, self.problems))
        terms = self._terms(paths.terms, lists)
        rules = self._rules(paths.rules, lists, exemptions)
        links = self._each(paths.links, lambda node, digest, _: read_links(node, digest, self.problems))
        self.problems.check()
        return Pack(
            name=name, title=title, terms=tuple(terms), rules=tuple(rules), lists=tuple(values),
            exemptions=tuple(exemptions), ladder=next(iter(ladders), Ladder()), timezone=timezone,
            links=next(iter(links), None), notes=_notes(bool(terms)), files=self.files.snapshot(),
            root=str(self.files.root()),
        )  # fmt: skip

    def _each(
        self, paths: list[Path], read: Callable[[YamlNode, str, Path], Model | None], largest: int = LARGEST
    ) -> list[Model]:
        models = []
        for path in paths:
            try:
                node, digest = self.files.tree(path, largest=largest)
            except AuditorError as error:
                self.problems.found.extend(error.problems)
                continue
            model = read(node, digest, path)
            if model is not None:
                models.append(model)
        return models

    def _lists(self, paths: list[Path]) -> tuple[list[ValueList], list[Exemption]]:
        places: dict[Path, ValueList | Exemption] = {}

        def read(node: YamlNode, _: str, path: Path) -> ValueList | Exemption | None:
            item = read_list_file(node, self.problems)
            if item is not None:
                places[path] = item
            return item

        self._each(paths, read, LARGEST_LIST)
        self._refuse_repeated({path: (type(item).__name__, item.name) for path, item in places.items()}, "name")
        items = sorted(places.values(), key=lambda item: item.name)
        return [i for i in items if isinstance(i, ValueList)], [i for i in items if isinstance(i, Exemption)]

    def _terms(self, paths: list[Path], lists: Lists) -> list[Terms]:
        places: dict[Path, Terms] = {}

        def read(node: YamlNode, digest: str, path: Path) -> Terms | None:
            terms = read_terms(node, digest=digest, lists=lists, problems=self.problems)
            if terms is not None:
                places[path] = terms
            return terms

        terms = self._each(paths, read)
        self._refuse_repeated({path: ("terms", item.id) for path, item in places.items()}, "id")
        return sorted(terms, key=lambda item: item.id)

    def _rules(self, paths: list[Path], lists: Lists, exemptions: list[Exemption]) -> list[Rule]:
        places: dict[Path, Rule] = {}
        nodes: dict[str, YamlNode] = {}
        names = [exemption.name for exemption in exemptions]

        def read(node: YamlNode, digest: str, path: Path) -> Rule | None:
            rule = read_rule(node, name=path.stem, digest=digest, lists=lists, exemptions=names, problems=self.problems)
            if rule is not None:
                places[path], nodes[rule.name] = rule, node
            return rule

        rules = self._each(paths, read)
        self._refuse_repeated({path: ("rule", rule.id) for path, rule in places.items()}, "id")
        self._refuse_repeated({path: ("rule", rule.name) for path, rule in places.items()}, "file name")
        known, found = {path.stem for path in paths}, [(rule, nodes[rule.name]) for rule in rules]
        return sorted(all_with_parts(found, known=known, problems=self.problems), key=lambda rule: rule.name)

    def _refuse_repeated(self, keys: dict[Path, tuple[str, str]], what: str) -> None:
        first: dict[tuple[str, str], Path] = {}
        for path, key in sorted(keys.items()):
            if key in first:
                found = f"{what} {shown(key[1])} is taken by {shown(first[key].name)}, expected one of its own"
                self.problems.add(Place(str(path)), found, f"give it another {what}")
            first.setdefault(key, path)


def _notes(has_terms: bool) -> tuple[str, ...]:
    notes = []
    if not has_terms:
        notes.append("the pack has no terms: conduct is observed and judged by no clause")
    return tuple(notes)
