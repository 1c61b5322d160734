"""What the findings of a run rest on that is nobody's own: figures over others, and where the log ends.

A run leaves it in `population.json`; a bundle carries the part that its findings need, takes it as given, and names it
as what can't be worked out again from the bundle.
"""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Literal

from auditor.digests import canonical_json
from auditor.errors import WorkspaceError
from auditor.policy.conditions import Node
from auditor.records.workspace import disk_errors, write_atomically

POPULATION = "population.json"
MOST_GAPS = 100


class PeersSeen(Node):
    """What one window of a finding was compared with: a name such as `peers_p99.calls`, its double as shortest text.

    `bucket` counts windows of the rule's length since 1970.
    """

    finding: str
    bucket: int
    name: str
    value: str


class Gap(Node):
    """A stretch of a day or more without any record of anybody: the last hour before it, the first after it."""

    start: datetime
    end: datetime


class Population(Node):
    """Figures over others.

    `log_end` is the time of the last record of the audit. `strangers` counts, by finding, the records that its rule
    also looked at, of accounts that it doesn't cite; their records are no part of a bundle.
    """

    format_version: Literal[1] = 1
    log_end: datetime | None = None
    strangers: tuple[tuple[str, int], ...] = ()
    peers: tuple[PeersSeen, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """The longest gaps of the log, at most `MOST_GAPS`, in order of time."""

    def of(self, findings: Collection[str]) -> "Population":
        """Return the part that some findings need."""
        return self.model_copy(
            update={
                "strangers": tuple(pair for pair in self.strangers if pair[0] in findings),
                "peers": tuple(seen for seen in self.peers if seen.finding in findings),
            }
        )


def write_population(folder: Path, population: Population) -> None:
    """Write `population.json` into a run's folder. Raises WorkspaceError when the disk refuses."""
    write_atomically(folder / POPULATION, canonical_json(population.model_dump()) + b"\n")


def read_population(folder: Path) -> Population:
    """Return the population of a run; one that wrote none has nothing to say.

    Raises WorkspaceError when the file is damaged.
    """
    path = folder / POPULATION
    if not path.is_file():
        return Population()
    with disk_errors(path):
        data = path.read_bytes()
    try:
        return Population.model_validate_json(data)
    except ValueError:
        message = "found a damaged population file, expected JSON as it was written"
        raise WorkspaceError.at(str(path), message, "run `auditor audit` again") from None
