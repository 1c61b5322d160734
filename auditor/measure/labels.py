"""The truth about accounts, as a file: one JSON object a line, an account each (docs/measuring.md).

Unknown keys are kept. All that is wrong with a file is said at once, with its lines.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from auditor.errors import Place, Problem, UsageError

MOST_PROBLEMS = 20
LARGEST = 1 << 30
"""Bytes of a labels file; a larger one is none."""


class Label(BaseModel):
    """The truth about one account; keys that aren't known here are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    account_id: str
    kind: str
    is_abusive: StrictBool
    campaign: str | None = None
    """The coordinated group that an abusive account belongs to."""
    variant: str | None = None
    """How hard that group tries not to be found, such as `plain` or `adaptive`."""
    lookalike: str | None = None
    """What an innocent account is easily mistaken for."""
    is_victim: StrictBool = False
    party: str | None = None
    """The group that an innocent account rightly belongs to: a household, a firm, an agency's clients."""
    unit: str | None = None
    """What stands or falls together when figures are resampled; the campaign, else the account itself, if not given."""

    @property
    def group(self) -> str:
        """The group that the account truly belongs to; its own, if to none."""
        return self.campaign or self.party or self.account_id

    @property
    def resampled_as(self) -> str:
        """What stands or falls together with this account."""
        return self.unit or self.campaign or self.account_id


def read_labels(path: Path) -> tuple[Label, ...]:
    """Read a file of labels, sorted by account.

    Raises UsageError, naming every line that is wrong, when there is no such file, or a line is no label, or two
    lines are about one account.
    """
    try:
        size = path.stat().st_size
        lines = path.read_bytes().splitlines() if size <= LARGEST else []
    except OSError as error:
        message = f"the labels can't be read ({(error.strerror or str(error)).lower()})"
        raise UsageError.at(str(path), message, "name the file that says what each account truly is") from error
    if size > LARGEST:
        message = f"found {size:,} bytes, expected labels of at most {LARGEST:,}"
        raise UsageError.at(str(path), message, "one line an account is enough")
    found: dict[str, tuple[int, Label]] = {}
    problems = list(_problems(path, lines, found))
    if problems:
        raise UsageError(problems[:MOST_PROBLEMS])
    if not found:
        message = "found no label, expected one JSON object a line"
        raise UsageError.at(
            str(path), message, 'a line looks like {"account_id": "a-1", "kind": "...", "is_abusive": true}'
        )
    return tuple(label for _, (_, label) in sorted(found.items()))


def _problems(path: Path, lines: list[bytes], found: dict[str, tuple[int, Label]]) -> Iterator[Problem]:
    """Put the labels into `found` and yield what is wrong."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label = _label(line)
        if isinstance(label, str):
            hint = "a label has `account_id`, `kind`, `is_abusive` (true or false), and more if known"
            yield Problem(Place(str(path), number), label, hint)
        elif label.account_id in found:
            first = found[label.account_id][0]
            message = f"found a second label of an account, the first is in line {first}"
            yield Problem(Place(str(path), number), message, "say once what an account is")
        else:
            found[label.account_id] = (number, label)


def _label(line: bytes) -> Label | str:
    """Return the label that a line states, or what is wrong with it."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return "found no JSON, expected an object"
    if not isinstance(value, Mapping):
        return "found JSON of another kind, expected an object"
    try:
        return Label.model_validate(dict(value))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"`{where}`: {first['msg'][:1].lower()}{first['msg'][1:].rstrip('.')}"
