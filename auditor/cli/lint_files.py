"""What the policy commands write for build servers: problems as SARIF, results of rule cases as JUnit XML."""

import contextlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from auditor import __version__
from auditor.cli.policies import TestedCase
from auditor.errors import PolicyError, Problem
from auditor.records.workspace import write_atomically
from auditor.report.junit import junit_of
from auditor.report.sarif import sarif_of


@contextlib.contextmanager
def problems_kept(path: Path | None) -> Iterator[None]:
    """Write the problems of a pack that is refused to a SARIF file, if one was asked for, and let the error pass."""
    try:
        yield
    except PolicyError as error:
        write_sarif(path, error.problems, ())
        raise


def write_sarif(path: Path | None, problems: Sequence[Problem], untested: Sequence[Path]) -> None:
    """Write a SARIF file, if one was asked for."""
    if path is not None:
        write_atomically(path, sarif_of(problems, untested, folder=Path.cwd(), version=__version__))


def write_junit(path: Path | None, results: Sequence[TestedCase]) -> None:
    """Write a JUnit file, if one was asked for."""
    if path is not None:
        rules = [
            (rule, [item.result for item in cases]) for rule, cases in groupby(results, key=lambda item: item.rule)
        ]
        write_atomically(path, junit_of(rules))
