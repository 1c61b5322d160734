"""Withhold parts of records: what is shown keeps its salts, what is withheld keeps its commitment, the tree its root.

Works on the lines of a bundle, one by one. What was withheld is remembered, so that no text beside the records says it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple  # JSON values have no closed type

from auditor.digests import canonical_json
from auditor.evidence.edition import Edition
from auditor.evidence.pseudonyms import Pseudonyms
from auditor.evidence.standalone.disclosure import BYTES, GROUP_FIELDS, GROUP_OF, commitment_to, said_by_group, salt_of
from auditor.evidence.standalone.layout import WITHHELD

WORDY = frozenset({"content", "digest", "extra", "source"})
"""Groups whose values are no names that a text beside the records could say."""

FEW = 500
"""So many accounts and organizations are looked for everywhere in a text; of more of them, whole words only."""

_WORD = re.compile(r"\S+")
_PIECE = re.compile(r"[\w@+-](?:[\w@+.:/-]*[\w@+/-])?")
_EDGES = ".,;:!?'\"()[]{}<>`"


class RedactedLine(NamedTuple):
    """One record as an edition has it: its line (None where the whole record is withheld), and what commits to it."""

    line: bytes | None
    commitment: bytes


class Redactor:
    """Redacts records and the texts beside them for one edition and one recipient."""

    def __init__(self, edition: Edition, account: str | None, pseudonyms: Pseudonyms) -> None:
        """With an `account`, only that account's records are shown."""
        self.edition = edition
        self.account = account
        self.pseudonyms = pseudonyms
        self.withheld: Counter[str] = Counter()
        """How many shown records have each group withheld."""
        self.records_withheld = 0
        self.findings: set[str] = set()
        """Findings that a shown record is cited or needed by."""
        self._hidden: set[str] = set()

    def records(
        self, lines: Iterable[tuple[dict[str, Any], dict[str, Any]]], *, is_shown: bool
    ) -> Iterator[RedactedLine]:
        """Yield each record, given with its commitment, as the edition has it."""
        for line, commitment in lines:
            if is_shown and self._is_own(line["record"]):
                yield self._shown(line, commitment)
            else:
                self._hide_all(line)
                self.records_withheld += 1
                yield RedactedLine(None, canonical_json({"leaf": commitment["leaf"]}) + b"\n")

    def mask(self, column: str, value: str) -> str:
        """Return a value of a column as the edition shows it outside the records."""
        group = GROUP_OF.get(column) or GROUP_OF.get(f"derived.{column}", "")
        if self.account is not None:
            is_own = value == self.account or group not in GROUP_FIELDS
            return value if is_own else self.pseudonyms.of(group, value)
        if group not in self.edition.groups:
            return value
        return self.pseudonyms.of(group, value) if group in self.edition.pseudonymous else WITHHELD

    def hide(self, column: str, values: Iterable[str]) -> None:
        """Remember values that no text may say, as far as the edition withholds the column."""
        for value in values:
            if self.mask(column, value) != value:
                self._hidden.add(value)

    def text(self, said: str) -> str:
        """Return a free text with pseudonyms for what has one, and nothing of it if it says more that is withheld."""
        names = self.pseudonyms.by_value
        found = _WORD.sub(lambda word: _PIECE.sub(lambda piece: names.get(piece[0], piece[0]), word[0]), said)
        for value in self._odd_or_few(names):
            found = found.replace(value, names[value])
        words = {piece for word in _WORD.findall(found) for piece in (word, word.strip(_EDGES), *_PIECE.findall(word))}
        is_told = not words.isdisjoint(self._hidden) or any(value in found for value in self._hidden if _is_odd(value))
        return WITHHELD if is_told else found

    def _odd_or_few(self, names: Mapping[str, str]) -> list[str]:
        """Return, longest first, what is looked for inside words too: odd values, and those of few accounts."""
        few = [value for group, value in self.pseudonyms.given if group in ("account", "organization")]
        looked_for = {value for value in names if _is_odd(value)} | (set(few) if len(few) <= FEW else set())
        return sorted((value for value in looked_for if len(value) > 2), key=len, reverse=True)

    def _is_own(self, record: Mapping[str, Any]) -> bool:
        return self.account is None or record.get("account_id") == self.account

    def _shown(self, line: dict[str, Any], commitment: dict[str, Any]) -> RedactedLine:
        groups, key = self.edition.groups, commitment["key"]
        salts: dict[str, str] = {}
        withheld: dict[str, str] = {}
        for group, data in said_by_group(line).items():
            salt = salt_of(key, group)
            if group in groups:
                withheld[group] = commitment_to(salt, data).hex()
                self.withheld[group] += 1
            else:
                salts[group] = salt
        self.findings.update(item["id"] if isinstance(item, dict) else item for item in line["findings"])
        shown = canonical_json({"leaf": commitment["leaf"], "salts": salts, "withheld": withheld}) + b"\n"
        return RedactedLine(canonical_json(self._line(line)) + b"\n", shown)

    def _line(self, line: dict[str, Any]) -> dict[str, Any]:
        groups, record = self.edition.groups, line["record"]
        gone = {name: value for name, value in record.items() if GROUP_OF.get(name) in groups}
        pseudonyms = {
            name: self.pseudonyms.of(GROUP_OF[name], str(value))
            for name, value in gone.items()
            if GROUP_OF[name] in self.edition.pseudonymous
        }
        self._hidden.update(str(value) for name, value in gone.items() if GROUP_OF[name] not in WORDY)
        made = {
            "findings": line["findings"],
            "record": {name: value for name, value in record.items() if name not in gone},
            "source": self._source(line["source"]),
        }
        derived = {
            name: value
            for name, value in line.get("derived", {}).items()
            if GROUP_OF.get(f"derived.{name}") not in groups
        }
        return made | ({"derived": derived} if derived else {}) | ({"pseudonyms": pseudonyms} if pseudonyms else {})

    def _source(self, source: dict[str, Any]) -> dict[str, Any]:
        place = source | {"name": ""} if self.hides_sources else dict(source)
        if BYTES not in self.edition.groups:
            return place
        kept = {name: value for name, value in place.items() if name not in ("base64", "text")}
        return {"without_bytes": WITHHELD} | kept

    @property
    def hides_sources(self) -> bool:
        """Whether names of source files are withheld: they may name anyone."""
        return BYTES in self.edition.groups or self.account is not None

    def _hide_all(self, line: dict[str, Any]) -> None:
        """Remember the names in a record that is withheld whole, where they are not the account's own as well."""
        for name, value in line["record"].items():
            group = GROUP_OF.get(name)
            is_name = group is not None and group not in WORDY and value != self.account
            if is_name and (self.account is not None or group in self.edition.groups):
                self._hidden.add(str(value))


def _is_odd(value: str) -> bool:
    """Say whether a value is not one piece of a text, so that it has to be looked for as it stands."""
    return _PIECE.fullmatch(value) is None
