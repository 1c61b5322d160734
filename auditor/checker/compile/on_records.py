"""The plan of a rule that looks at records: its rows, windows, incidents and their members, each a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from auditor.checker.compile.absent import absent_counts, followed, unfollowed_rows
from auditor.checker.compile.baseline import (
    compared_measures,
    compared_violations,
    compared_windows,
    numbered_opens,
    past_values,
    unjudged_subjects,
    usual_values,
)
from auditor.checker.compile.candidates import candidates, sizes
from auditor.checker.compile.history import known_windows, most_past_windows, sliced_windows
from auditor.checker.compile.incidents import incidents, incidents_ending, members, members_of, numbered_windows
from auditor.checker.compile.kept import where_values
from auditor.checker.compile.likely import Likely, has_likely
from auditor.checker.compile.nodes import select
from auditor.checker.compile.peers import peers_of_windows, values_of_peers, windows_with_peers
from auditor.checker.compile.pruning import near_rows
from auditor.checker.compile.reaching import looks_back, reaching
from auditor.checker.compile.repeat import repeated_windows, runs
from auditor.checker.compile.results import (
    TermsColumn,
    account_query,
    incident_query,
    is_of_its_account,
    source_query,
)
from auditor.checker.compile.rows import (
    Shape,
    bucketed,
    novel_counts,
    occurrences_without_by,
    rows_of_occurrences,
    rows_of_records,
)
from auditor.checker.compile.scans import Scan
from auditor.checker.compile.statements import PairingPlan, RulePlan, Sliced, Statement
from auditor.checker.compile.windows import is_pruned, open_windows, violating_windows
from auditor.records.sql import table


@dataclass(frozen=True)
class Range:
    """Which incidents of a plan are told: those that end in [since, until)."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether every incident is told."""
        return self.since is None and self.until is None


def plan_on_records(
    shape: Shape, versions: Sequence[TermsColumn], timezone: str, told: Range, *, is_part: bool, scan: Scan | None
) -> RulePlan:
    """Return the plan of a rule that looks at records; with `is_part` its incidents are kept whenever they ended.

    `scan` is the one that says where the rule can violate, None for a rule that has to look everywhere.
    """
    rule, coverage = shape.flags.rule, shape.flags.coverage
    if not coverage.is_evaluable:
        return RulePlan(rule, coverage, shape)
    rows, windows = shape.table("rows"), shape.table("windows")
    pairing = _pairing(shape)
    selected = scan.rows(shape) if scan else _selected(shape, pairing)
    unfollowed = _unfollowed(shape, selected) if rule.absent else ()
    if unfollowed:
        selected = unfollowed_rows(*(statement.name for statement in unfollowed))
    if not shape.is_sliding():
        selected = bucketed(selected, shape.keys, rule.within, timezone)
    made_rows, near = _rows(shape, selected, scan)
    compared = _compared(shape, rows, near) if rule.compared else ()
    likely = Likely(shape, near).statements() if has_likely(shape) else ()
    violating = _violating(shape, near, compared, likely)
    made = _Made(shape, near, windows)
    ever = is_part and not told.is_open
    last = (*made.incidents("ever", Range()), *made.told_of("ever", told)) if ever else made.incidents("", told)
    return RulePlan(
        rule=rule,
        coverage=coverage,
        shape=shape,
        counts=_counts(shape),
        pairing=pairing,
        statements=(
            *unfollowed,
            *made_rows,
            *compared,
            *likely,
            *_numbered(shape, violating, windows, timezone),
            *last,
        ),
        late_counts=(
            *(absent_counts(shape, unfollowed[-1].name) if unfollowed else ()),
            *((("not_evaluated_subjects", unjudged_subjects(shape, compared[-1].name)),) if compared else ()),
        ),
        is_kept_apart=ever,
        scan=scan.number if scan else None,
        incident_query=incident_query(shape, shape.table("incidents"), shape.table("members"), versions),
        account_query=None if is_of_its_account(shape) else account_query(shape.table("members")),
        source_query=source_query(shape.table("members")) if len(shape.flags.scope.sources) > 1 else None,
    )


def _rows(shape: Shape, selected: exp.Select, scan: Scan | None) -> tuple[tuple[Statement, ...], str]:
    """Return the statements that make `rows`, and the table of those of them that windows are taken over.

    A baseline looks at the others, too; what an earlier step made is not worked out twice.
    """
    rule, rows, near = shape.flags.rule, shape.table("rows"), shape.table("near")
    if not is_pruned(shape) or (scan and not looks_back(shape)):
        return (Statement(rows, selected),), rows
    if looks_back(shape) and not (rule.compared or rule.sequence or rule.novel or rule.absent):
        before, query = scan.reaching(shape) if scan else reaching(shape, selected.copy)
        return (*before, Statement(rows, query)), rows
    before, query = (
        reaching(shape, lambda: select([exp.Star()], table(rows)))
        if looks_back(shape)
        else ((), near_rows(shape, rows))
    )
    return (Statement(rows, selected), *before, Statement(near, query)), near


def _selected(shape: Shape, pairing: PairingPlan | None) -> exp.Select:
    return rows_of_occurrences(shape, pairing.pairs) if pairing else rows_of_records(shape)


def _violating(shape: Shape, near: str, compared: Sequence[Statement], likely: Sequence[Statement]) -> exp.Select:
    if compared:
        return compared_violations(shape, compared[-1].name)
    return select([exp.Star()], table(likely[-1].name)) if likely else violating_windows(shape, near)


def _numbered(shape: Shape, violating: exp.Select, windows: str, timezone: str) -> tuple[Statement, ...]:
    """Return the tables of the violating windows, each with the number of its incident."""
    if not shape.flags.rule.repeat:
        return (Statement(windows, numbered_windows(shape, violating)),)
    alone = shape.table("violating")
    return Statement(alone, violating), Statement(windows, repeated_windows(shape, alone, timezone))


@dataclass(frozen=True)
class _Made:
    """The last tables of a rule: its incidents and their members."""

    shape: Shape
    near: str
    windows: str

    def incidents(self, prefix: str, told: Range) -> tuple[Statement, ...]:
        found, cited = (self.shape.table(f"{prefix}{name}") for name in ("incidents", "members"))
        spans = self.shape.table(f"{prefix}runs") if _has_runs(self.shape) else found
        return (
            Statement(found, incidents(self.shape, self.windows, told.since, told.until)),
            *((Statement(spans, runs(self.shape, self.windows, found)),) if _has_runs(self.shape) else ()),
            Statement(cited, members(self.shape, self.near, self.windows, spans)),
        )

    def told_of(self, prefix: str, told: Range) -> tuple[Statement, ...]:
        found, cited = self.shape.table("incidents"), self.shape.table("members")
        ending = incidents_ending(self.shape.table(f"{prefix}incidents"), told.since, told.until)
        return (
            Statement(found, ending),
            Statement(cited, members_of(self.shape.table(f"{prefix}members"), found)),
        )


def _has_runs(shape: Shape) -> bool:
    """Say whether an incident's windows may leave gaps in which records are not the incident's."""
    return shape.flags.rule.repeat is not None and shape.is_sliding()


def _unfollowed(shape: Shape, selected: exp.Select) -> tuple[Statement, ...]:
    """Return the tables of `absent`: the rows before it, and what follows each of their occurrences."""
    found = shape.table("found")
    return Statement(found, selected), Statement(shape.table("followed"), followed(shape, found))


def _compared(shape: Shape, rows: str, near: str) -> tuple[Statement, ...]:
    """Return the tables of a baseline, the windows with what they are compared with last."""
    opened, known, past, compared = (shape.table(name) for name in ("open", "known", "past", "compared"))
    if shape.has_peers:
        values, peers = shape.table("values"), shape.table("peers")
        return (
            Statement(opened, open_windows(shape, near)),
            Statement(values, values_of_peers(shape, rows)),
            Statement(peers, peers_of_windows(shape, opened, values)),
            Statement(compared, windows_with_peers(shape, opened, peers)),
        )

    def usual(place: int) -> str:
        return shape.table(f"usual{place}")

    def past_of(place: int, many: int) -> exp.Select:
        return past_values(shape, rows, sliced_windows(known, place, many))

    then = [
        Statement(usual(place), usual_values(shape, table(known, "known"), past, place))
        for place in compared_measures(shape)
    ]
    return (
        Statement(opened, numbered_opens(shape, open_windows(shape, near))),
        Statement(known, known_windows(shape, rows, opened)),
        Sliced(past, past_of(0, 1), most_past_windows(known), past_of, tuple(then)),
        Statement(compared, compared_windows(shape, opened, usual)),
    )


def _counts(shape: Shape) -> tuple[tuple[str, exp.Select], ...]:
    rule = shape.flags.rule
    subjects = shape.flags.subjects_left_out()
    found = [("not_evaluated_subjects", subjects)] if subjects is not None else []
    if rule.novel and not rule.sequence:
        found += novel_counts(shape, rule.novel).items()
    return tuple(found)


def _pairing(shape: Shape) -> PairingPlan | None:
    rule = shape.flags.rule
    if not rule.sequence:
        return None
    values = where_values(rule)
    around = tuple(candidates(shape, values, anchor) for anchor in range(len(rule.sequence.steps)))
    return PairingPlan(sizes(shape), around, len(rule.subject_columns), values, shape.table("pairs"))


def pairs_without_by(plan: RulePlan) -> exp.Select | None:
    """Return the count of a sequence's occurrences that have no value of `by`; None where there can't be any."""
    return occurrences_without_by(plan.shape, plan.pairing.pairs) if plan.pairing else None
