"""JSON Schemas (draft 2020-12) of the policy files, for editors: completion, hints and a first check while typing.

A schema is looser than the loader: it knows keys, words and shapes, not columns against types, units or names. What
a schema accepts may still be refused by `auditor policy check`; what the loader accepts, a schema accepts.
"""

from collections.abc import Callable, Collection
from typing import Any, get_args  # JSON Schema is JSON

from auditor.errors import UsageError
from auditor.policy import (
    baseline,
    composite,
    ladder_reader,
    links_reader,
    list_reader,
    modifiers,
    pack_reader,
    platform,
    repeat,
    rule_reader,
    rulecases,
    steps,
    terms_reader,
)
from auditor.policy.case_records import MOST_REPEATS
from auditor.policy.fields import nearest
from auditor.policy.literals import DURATION_PATTERN
from auditor.policy.measure_phrases import LANGUAGES
from auditor.policy.rule import CONDUCTS, SUBJECT_COLUMNS, Family, Level, Status, Strength
from auditor.policy.terms import Stance
from auditor.records.schema import COLUMNS, NETWORK_KINDS, READABLE_COLUMNS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_TEXT_OR_TEXTS: Schema = {"anyOf": [_TEXT, _TEXTS]}
_DURATION: Schema = {"type": "string", "pattern": f"^{DURATION_PATTERN}$", "examples": ["30m", "24h"]}
_TIME: Schema = {"type": ["string", "null"], "examples": ["2026-01-31", "2026-01-31T08:00:00Z"]}
_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_VALUES: Schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}]}


def json_schema(kind: str) -> Schema:
    """Return the JSON Schema of a kind of policy file (`KINDS`). Raises UsageError on another word."""
    if kind not in _SCHEMAS:
        found = f"unknown kind of file `{kind}`, expected one of {', '.join(KINDS)}"
        raise UsageError.at(None, found, nearest(kind, KINDS, "choose one of them"))
    return {"$schema": DIALECT, "title": f"auditor {kind} file", **_SCHEMAS[kind]()}


def _object(properties: Schema, keys: Collection[str], required: Collection[str] = ()) -> Schema:
    """Return the schema of a map; `keys` is what the loader knows, so that the two can't drift apart."""
    assert set(properties) == set(keys), f"schema and loader differ: {set(properties) ^ set(keys)}"
    shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**shape, "required": list(required)} if required else shape


def _enum(options: Collection[str]) -> Schema:
    return {"enum": [str(option) for option in options]}


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _line_pattern() -> str:
    columns = "|".join(READABLE_COLUMNS)
    return rf"^({columns}|extra\..+)(\|({'|'.join(modifiers.MODIFIERS)}))*$"


def _selection() -> Schema:
    lines: Schema = {"type": "object", "patternProperties": {_line_pattern(): _VALUES}, "additionalProperties": False}
    return {"anyOf": [{**lines, "minProperties": 1}, {"type": "array", "items": lines, "minItems": 1}]}


def _column() -> Schema:
    return {"type": "string", "pattern": f"^({'|'.join(READABLE_COLUMNS)}|extra\\..+)$"}


def _window() -> Schema:
    kinds = {"tumbling": _DURATION, "session": _DURATION, "calendar": _enum(rule_reader.CALENDAR_UNITS)}
    one = {"type": "object", "properties": kinds, "additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    return {"anyOf": [_DURATION, one]}


def _sequence() -> Schema:
    names = {"type": "array", "items": _TEXT, "minItems": steps.FEWEST, "maxItems": steps.MOST}
    properties = {"steps": names, "by": _list_of(_column()), "within": _DURATION, "until": _TEXT, "where": _TEXT,
                  "ordered": {"type": "boolean"}}  # fmt: skip
    return _object(properties, steps.KEYS, ("steps", "within"))


def _baseline() -> Schema:
    properties = {"over": _DURATION, "of": _enum(baseline.OF), "at_least": _DURATION}
    return _object(properties, baseline.KEYS, ("over",))


def _repeat() -> Schema:
    at_least = {"type": "integer", "minimum": repeat.LEAST}
    properties = {"at_least": at_least, "distinct": _enum(repeat.DISTINCT), "within": _DURATION}
    return _object(properties, repeat.KEYS, ("at_least", "within"))


def _composite() -> Schema:
    of = {"type": "array", "items": _TEXT, "minItems": composite.LEAST}
    families = {"type": "array", "items": _enum(get_args(Family)), "minItems": composite.LEAST}
    at_least = {"type": "integer", "minimum": composite.LEAST}
    properties = {"of": of, "families": families, "at_least": at_least, "within": _DURATION}
    return _object(properties, composite.KEYS, ("at_least", "within"))


def _rule() -> Schema:
    conduct = _enum(CONDUCTS)
    novel = {"fields": _list_of(_column()), "history": _DURATION, "lasts": _DURATION}
    told = _object(dict.fromkeys(LANGUAGES, _TEXT), LANGUAGES)
    words = {"type": "object", "additionalProperties": told, "description": "what a measure is, by language"}
    evidence = {"columns": _list_of(_column()), "note": _TEXT, "words": words}
    when = {"type": "object", "properties": {"condition": _TEXT}, "additionalProperties": _selection()}
    properties = {
        "id": {"type": "string", "format": "uuid", "description": "a UUID, never used again"},
        "title": _TEXT,
        "status": _enum(get_args(Status)),
        "conduct": {"anyOf": [conduct, {**_list_of(conduct), "minItems": 1}]},
        "strength": _enum(get_args(Strength)),
        "family": _enum(get_args(Family)),
        "level": _enum(list(Level)),
        "subject": _enum(tuple(SUBJECT_COLUMNS)),
        "by": _list_of(_column()),
        "description": _TEXT,
        "references": {**_TEXT_OR_TEXTS, "description": "the published source of every threshold"},
        "author": _TEXT,
        "date": _TEXT,
        "modified": _TEXT,
        "when": when,
        "missing": _enum(("undetermined", "counts")),
        "measure": {"type": "object", "additionalProperties": _TEXT, "minProperties": 1},
        "within": _window(),
        "violates": _TEXT,
        "novel": _object(novel, novel, ("fields", "history")),
        "sequence": _sequence(),
        "absent": _object({"selection": _TEXT, "within": _DURATION}, rule_reader.ABSENT_KEYS, rule_reader.ABSENT_KEYS),
        "baseline": _baseline(),
        "repeat": _repeat(),
        "against": _TEXT,
        "composite": _composite(),
        "unless": _TEXT_OR_TEXTS,
        "evidence": _object(evidence, evidence),
        "falsepositives": _TEXT_OR_TEXTS,
        "effective": _object({"from": _TIME, "until": _TIME}, ("from", "until")),
    }
    looks = [{"required": ["when"]}, {"required": ["composite"]}]
    return {**_object(properties, rule_reader.KEYS, ("id", "title", "conduct", "strength", "family")), "oneOf": looks}


def _terms() -> Schema:
    clause = {"id": _TEXT, "text": _TEXT, "conduct": _enum(CONDUCTS), "stance": _enum(get_args(Stance)),
              "limit": {"type": ["string", "number"]}, "exceptions": _TEXT_OR_TEXTS}  # fmt: skip
    clauses = _list_of(_object(clause, terms_reader.CLAUSE_KEYS, ("id", "text", "conduct", "stance")))
    version = {"version": {"type": ["string", "number"]}, "effective": _TIME, "until": _TIME, "clauses": clauses,
               "source_digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}  # fmt: skip
    versions = _list_of(_object(version, terms_reader.VERSION_KEYS, ("version", "effective", "clauses")))
    properties = {"terms": _TEXT, "title": _TEXT, "publisher": _TEXT, "url": _TEXT, "applies": _selection(),
                  "versions": {**versions, "minItems": 1}}  # fmt: skip
    return _object(properties, terms_reader.KEYS, ("terms", "title", "publisher", "versions"))


def _value_list() -> Schema:
    values = _list_of({"type": ["string", "number"]})
    properties = {"list": _TEXT, "title": _TEXT, "source": _TEXT, "values": values}
    return _object(properties, list_reader.LIST_KEYS, ("list", "values"))


def _exemption() -> Schema:
    entry = {"type": "object", "properties": {"reason": _TEXT, "from": _TIME, "expires": _TIME}, "minProperties": 3,
             "patternProperties": {_column()["pattern"]: _SCALAR}, "additionalProperties": False,
             "required": ["reason", "expires"]}  # fmt: skip
    properties = {"exemption": _TEXT, "owner": _TEXT, "reason": _TEXT, "entries": _list_of(entry)}
    return _object(properties, list_reader.EXEMPTION_KEYS, ("exemption", "owner", "reason"))


def _links() -> Schema:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    count = {"type": "integer", "minimum": 0}
    signal = {"name": _TEXT, "kind": _TEXT, "family": _TEXT, "seen": _enum(links_reader.SEEN),
              "columns": _TEXT_OR_TEXTS, "also": _TEXT_OR_TEXTS, "strength": _enum(links_reader.STRENGTHS),
              "only_supports": {"type": "boolean"}, "networks": _list_of(_enum(NETWORK_KINDS)),
              "within": _DURATION, "days": count, "at_least": count, "at_most": count, "not_through": _TEXT_OR_TEXTS,
              "not_from": _list_of(_enum(NETWORK_KINDS)), "without": _TEXT_OR_TEXTS,
              "source": _TEXT}  # fmt: skip
    combination = {"name": _TEXT, "of": _list_of(_TEXT), "at_least": count, "same_network": {"type": "boolean"},
                   "common": {"type": "boolean"}, "exclusive": {"type": "boolean"}, "spread_over": _TEXT,
                   "source": _TEXT}  # fmt: skip
    signals = _list_of(_object(signal, links_reader.SIGNAL_KEYS, ("name", "kind", "family", "seen", "source")))
    combinations = _list_of(_object(combination, links_reader.COMBINATION_KEYS, ("name", "of", "source")))
    properties = {"alone": count, "corroborated": share, "specific": share,
                  "lift": {"type": "number", "minimum": 1}, "exclusive": share,
                  "signals": {**signals, "minItems": 1}, "combinations": combinations}  # fmt: skip
    return _object(properties, links_reader.KEYS, ("signals",))


def _ladder() -> Schema:
    caps = {name: _enum(ladder_reader.ACTIONS) for name in ladder_reader.CAPS}
    others = {"strike_days": {"type": "integer", "minimum": 0}, "victim_conducts": _list_of(_enum(CONDUCTS))}
    return _object({**caps, **others}, ladder_reader.KEYS)


def _pack() -> Schema:
    properties = {"pack": _TEXT, "title": _TEXT, "terms": _TEXT_OR_TEXTS, "rules": _TEXT_OR_TEXTS,
                  "lists": _TEXT_OR_TEXTS, "links": _TEXT, "ladder": _TEXT, "timezone": _TEXT}  # fmt: skip
    return _object(properties, pack_reader.KEYS, ("pack", "rules"))


def _context() -> Schema:
    properties = {
        "requests_per_minute": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
        "model_releases": {"type": "object", "additionalProperties": _TIME},
        "unsupported_countries": _list_of({"type": "string", "pattern": "^[A-Za-z]{2}$"}),
        "network_kinds": _object({kind: _list_of(_TEXT) for kind in NETWORK_KINDS}, NETWORK_KINDS),
        "window": {"type": "array", "items": _TIME, "minItems": 2, "maxItems": 2},
    }
    other_lists = _list_of({"type": ["string", "number"]})
    return {**_object(properties, platform.CONTEXT_KEYS), "additionalProperties": other_lists}


def _approvals() -> Schema:
    properties = {"account_id": _TEXT, "organization_id": _TEXT, "conduct": _enum(CONDUCTS), "reason": _TEXT,
                  "approved_by": _TEXT, "from": _TIME, "expires": _TIME}  # fmt: skip
    return _list_of(_object(properties, platform.APPROVAL_KEYS, ("conduct", "reason", "approved_by")))


def _cases() -> Schema:
    values: Schema = {name: {} for name in COLUMNS}
    many = {"repeat": {"type": "integer", "minimum": 1, "maximum": MOST_REPEATS}, "every": _DURATION}
    record = {"type": "object", "properties": {**values, **many}}
    properties = {"name": _TEXT, "records": _list_of(record), "facts": _list_of(record), "context": _context(),
                  "subject": _TEXT_OR_TEXTS, "expect": _enum(rulecases.EXPECTATIONS)}  # fmt: skip
    return _list_of(_object(properties, rulecases.KEYS, ("name", "records", "expect")))


_SCHEMAS: dict[str, Callable[[], Schema]] = {
    "rule": _rule, "cases": _cases, "terms": _terms, "list": _value_list, "exemption": _exemption,
    "ladder": _ladder,
    "links": _links, "pack": _pack, "context": _context, "approvals": _approvals,
}  # fmt: skip
KINDS = tuple(_SCHEMAS)
