"""Profiles: how the fields of a source become the columns of a record.

A profile is a YAML file: `profile` (its name), `title`, `formats`, `recognise` (fields that tell its records),
`columns` (column: SQL expression over the fields) and, where needed, `records` (the key that wraps an array), `pattern`
(a regular expression with named groups for lines of text) and `zone` (of times that carry none). Fields mapped as they
stand are used up; all others, also those that go through an expression, are kept in `extra`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlglot import exp

from auditor.errors import Place, PolicyError, Problem, UsageError
from auditor.records.expressions import fields_of, parse_expression
from auditor.records.marked import Marked, load_marked
from auditor.records.patterns import pattern_fault
from auditor.records.schema import COLUMNS

AUTO = "auto"
SHIPPED = ("canonical", "cloudtrail", "litellm", "access-log")
"""Profiles that come with the program, in the order in which `auto` tries them."""

JSON_LINES, JSON_ARRAY, CSV, PARQUET, TEXT_LOG = "jsonlines", "jsonarray", "csv", "parquet", "textlog"
FORMATS = (JSON_LINES, JSON_ARRAY, CSV, PARQUET, TEXT_LOG)
_KEYS = ("profile", "title", "formats", "recognise", "records", "pattern", "zone", "columns")


@dataclass(frozen=True, eq=False)
class Profile:
    """One mapping, equal to itself only; `columns` holds an expression tree for each column that can be filled."""

    name: str
    title: str
    formats: tuple[str, ...]
    recognise: tuple[str, ...]
    columns: Mapping[str, exp.Expression]
    records: str = ""
    pattern: str = ""
    zone: str = ""
    used_up: frozenset[str] = field(default=frozenset())

    @property
    def fields(self) -> tuple[str, ...]:
        """Return every source field that the columns read."""
        return tuple(dict.fromkeys(name for tree in self.columns.values() for name in fields_of(tree)))


def load_profile(name: str | Path) -> Profile:
    """Load a shipped profile by name, or a user's own by path.

    Raises UsageError when there is no such profile, PolicyError listing everything wrong with the file.
    """
    if str(name) in SHIPPED:
        return _shipped(str(name))
    path = Path(name)
    if not path.is_file():
        hint = f"use one of {', '.join((AUTO, *SHIPPED))} or the path of a profile file"
        raise UsageError.at(str(name), "no such profile", hint)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError.at(str(name), f"can't be read: {error.strerror or 'unknown'}".lower(), "check it") from error
    return profile_of(data, str(name))


@cache
def _shipped(name: str) -> Profile:
    if name == "canonical":
        columns = {column: exp.column(exp.to_identifier(column, quoted=True)) for column in COLUMNS}
        formats = (JSON_LINES, JSON_ARRAY, CSV, PARQUET)
        title = "Records that already have the contract's columns"
        return Profile(name, title, formats, ("time", "event"), columns, used_up=frozenset(COLUMNS))
    data = files("auditor.records").joinpath("profiles", f"{name}.yml").read_bytes()
    return profile_of(data, f"{name}.yml")


def profile_of(data: bytes, file: str) -> Profile:
    """Return the profile that a YAML text describes. Raises PolicyError listing everything wrong with it."""
    document = load_marked(data, file)
    if not isinstance(document.value, Mapping):
        raise PolicyError.at(document.place, "found no mapping, expected `profile`, `columns`", "see the documentation")
    problems: list[Problem] = []
    keys = document.value
    for key in keys:
        if key not in _KEYS:
            _note(problems, keys[key].place, f"`{key}` is no key of a profile", f"use {', '.join(_KEYS)}")
    columns = _columns(keys.get("columns"), document.place, problems)
    profile = Profile(
        name=_text(keys, "profile", problems) or Path(file).stem,
        title=_text(keys, "title", problems),
        formats=_formats(keys, problems),
        recognise=_texts(keys, "recognise", problems),
        columns=columns,
        records=_text(keys, "records", problems),
        pattern=_pattern(keys, problems),
        zone=_zone(keys, problems),
        used_up=frozenset(tree.name for tree in columns.values() if isinstance(tree, exp.Column)),
    )
    if problems:
        raise PolicyError(sorted(problems, key=lambda problem: (problem.place or document.place, problem.message)))
    return profile


def _columns(found: Marked | None, place: Place, problems: list[Problem]) -> dict[str, exp.Expression]:
    if found is None or not isinstance(found.value, Mapping):
        hint = "add a mapping of column: expression, with at least `time` and `event`"
        _note(problems, found.place if found else place, "found no `columns`, expected a mapping", hint)
        return {}
    columns: dict[str, exp.Expression] = {}
    for name, item in found.value.items():
        if name not in COLUMNS:
            _note(problems, item.place, f"`{name[:60]}` is no column", "use the names of the record contract")
        elif not isinstance(item.value, str):
            _note(problems, item.place, f"`{name}` is no text, expected an SQL expression", "write it on one line")
        else:
            tree = parse_expression(item.value, item.place)
            if isinstance(tree, Problem):
                problems.append(tree)
            else:
                columns[name] = tree
    for name in ("time", "event"):
        if name not in found.value:
            _note(problems, found.place, f"found no expression for `{name}`", "every record needs `time` and `event`")
    return columns


def _formats(keys: Mapping[str, Marked], problems: list[Problem]) -> tuple[str, ...]:
    named = _texts(keys, "formats", problems)
    for name in named:
        if name not in FORMATS:
            _note(problems, keys["formats"].place, f"`{name}` is no format", f"use {', '.join(FORMATS)}")
    if TEXT_LOG in named and "pattern" not in keys:
        _note(problems, keys["formats"].place, "`textlog` needs a `pattern`", "add a pattern with named groups")
    return named or (TEXT_LOG,) if "pattern" in keys else named or (JSON_LINES, JSON_ARRAY, CSV, PARQUET)


def _pattern(keys: Mapping[str, Marked], problems: list[Problem]) -> str:
    text = _text(keys, "pattern", problems)
    fault = pattern_fault(text) if text else None
    if fault:
        hint = (
            "use what RE2 and Python both know, with named groups: `(?P<field>...)`; not look-around, back references"
        )
        _note(problems, keys["pattern"].place, f"found {fault.rstrip('.')}", hint)
        return ""
    return text


def _zone(keys: Mapping[str, Marked], problems: list[Problem]) -> str:
    text = _text(keys, "zone", problems)
    if text:
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            _note(problems, keys["zone"].place, f"`{text[:60]}` is no time zone", "use a name such as `Europe/Berlin`")
    return text


def _text(keys: Mapping[str, Marked], key: str, problems: list[Problem]) -> str:
    found = keys.get(key)
    if found is None:
        return ""
    if not isinstance(found.value, str):
        _note(problems, found.place, f"`{key}` is no text", "write plain text")
        return ""
    return found.value


def _texts(keys: Mapping[str, Marked], key: str, problems: list[Problem]) -> tuple[str, ...]:
    found = keys.get(key)
    if found is None:
        return ()
    items = found.value if isinstance(found.value, tuple) else (found,)
    texts = tuple(item.value for item in items if isinstance(item.value, str))
    if len(texts) != len(items):
        _note(problems, found.place, f"`{key}` is no list of words", "write `[one, two]`")
    return texts


def _note(problems: list[Problem], place: Place, message: str, hint: str) -> None:
    problems.append(Problem(place, message, hint))
