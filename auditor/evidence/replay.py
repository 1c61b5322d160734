"""Judge the case of a bundle again by nothing but the bundle, and compare each finding with it, field by field.

The bundled policy runs over the cited and the context records. What the population gives is taken as given, and a
finding that rests on it says so. Whether the bundle is whole is for `verify` to say.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from auditor.checker.again import JudgedAgain, citings_apart, judge_again
from auditor.checker.findings import Finding
from auditor.checker.population import Population
from auditor.digests import canonical_json
from auditor.errors import EXIT_DONE, EXIT_FAILED_CHECK, EXIT_PARTIAL, BundleError, UsageError
from auditor.evidence.bundleddocuments import document_in, document_of
from auditor.evidence.bundledpolicy import BundledPolicy, bundled_policy
from auditor.evidence.documents import FindingDocument, PolicyDocument, PopulationDocument, ReceiptDocument
from auditor.evidence.plainfolder import as_folder, must_be_plain
from auditor.policy.conditions import Node
from auditor.policy.rule import Rule
from auditor.records.activity import SourceSummary
from auditor.records.bundled import CITINGS, activity_of_lines
from auditor.records.derived import derivable, providing
from auditor.records.schema import DERIVABLE_COLUMNS

Outcome = Literal["reproduced", "differs", "not reproducible"]
SHOWN = 300
"""Characters of a value that a difference quotes."""

OWN_TO_THE_CASE = frozenset({"id", "cluster"})
"""Fields that the replay takes from the bundle: an id that was kept from an earlier audit, and who acted together."""


class FieldDifference(Node):
    """One field of a finding that came out otherwise."""

    field: str
    bundled: str
    again: str


class FindingReplay(Node):
    """What came of one finding; `rests_on` names what of the population it rests on, which was taken as given."""

    id: str
    rule: str
    outcome: Outcome
    differences: tuple[FieldDifference, ...] = ()
    rests_on: tuple[str, ...] = ()
    message: str = ""


class ReplayReport(Node):
    """Every finding of a bundle, judged again; `faults` say what of the policy isn't what the receipt names."""

    format_version: Literal[1] = 1
    findings: tuple[FindingReplay, ...]
    faults: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Say whether each finding was reproduced."""
        return self.exit_code == EXIT_DONE

    @property
    def exit_code(self) -> int:
        """Return 0 all reproduced, 1 something differs, 3 nothing differs but something can't be reproduced."""
        outcomes = {finding.outcome for finding in self.findings}
        if self.faults or "differs" in outcomes or not outcomes:
            return EXIT_FAILED_CHECK
        return EXIT_PARTIAL if "not reproducible" in outcomes else EXIT_DONE


def replay(bundle: Path) -> ReplayReport:
    """Judge the case of a bundle, a folder or a zip, again.

    Raises BundleError, PolicyError or UsageError when it can't be read.
    """
    with as_folder(bundle) as folder:
        if not (folder / "data" / "findings.jsonl").is_file():
            message = "found no evidence bundle"
            raise UsageError.at(str(bundle), message, "`auditor bundle build CASE` prints where it put one")
        if (folder / "data" / "edition.json").is_file():
            message = "found a redacted edition, expected a full bundle: what it withholds can't be judged again"
            raise UsageError.at(str(bundle), message, "ask for the full bundle, or `auditor bundle verify` the edition")
        must_be_plain(folder)
        return _replayed(folder)


def _replayed(bundle: Path) -> ReplayReport:
    data = bundle / "data"
    receipt = document_in(data, "receipt.json", ReceiptDocument)
    population = document_in(data, "population.json", PopulationDocument)
    policy = bundled_policy(bundle, document_in(data, "policy/index.json", PolicyDocument))
    findings = [document_of(line, "findings.jsonl", FindingDocument) for line in _lines(data / "findings.jsonl")]
    derived = derivable(name for rule in policy.pack.rules for name in rule.needed_columns()) & policy.context.derivable
    sources = providing(_sources(receipt), derived)
    activity = activity_of_lines(data / "records/cited.jsonl", data / "records/context.jsonl", sources)
    again = judge_again(
        activity,
        policy.pack,
        context=policy.context,
        population=Population(**population.model_dump(exclude={"format_version", "statement"})),
        bundled=[finding for finding in findings if not finding.is_stale],
        as_of=_time(receipt.as_of),
    )
    return ReplayReport(
        findings=tuple(_compared(findings, again, policy.pack.rules, population)),
        faults=tuple(_policy_faults(receipt, policy)),
    )


def _compared(
    findings: Sequence[FindingDocument], again: JudgedAgain, rules: Sequence[Rule], population: Population
) -> Iterator[FindingReplay]:
    by_name = {rule.name: rule for rule in rules}
    found = {finding.id: finding for finding in again.findings}
    apart = citings_apart(again, {item.seen_as: item.id for item in findings if item.seen_as in found}, CITINGS)
    strangers = dict(population.strangers)
    for item in findings:
        rests_on = _rests_on(by_name.get(item.rule), strangers.get(item.id, 0))
        if item.is_stale:
            message = "it no longer held in the latest audit, so its records may be gone"
            yield FindingReplay(id=item.id, rule=item.rule, outcome="not reproducible", message=message)
            continue
        other = found.get(item.seen_as)
        differences = tuple(_differences(item, other, apart.get(item.id)))
        yield FindingReplay(
            id=item.id,
            rule=item.rule,
            outcome=_outcome(differences, item, strangers),
            differences=differences,
            rests_on=rests_on,
            message=_message(item, other, by_name.get(item.rule)),
        )


def _outcome(differences: Sequence[FieldDifference], item: FindingDocument, strangers: Mapping[str, int]) -> Outcome:
    if not differences:
        return "reproduced"
    return "not reproducible" if strangers.get(item.id) else "differs"


def _message(item: FindingDocument, other: Finding | None, rule: Rule | None) -> str:
    if rule is None:
        return "the bundled policy has no rule of this name"
    if rule.digest != item.rule_digest:
        return "the bundled rule is not the one that made the finding"
    if other is None:
        return "the bundled rule does not find it in the bundled records"
    return "" if item.is_of_receipt else "an earlier run than that of the receipt saw it last"


def _rests_on(rule: Rule | None, strangers: int) -> tuple[str, ...]:
    if rule is None:
        return ()
    derived = sorted(rule.needed_columns() & DERIVABLE_COLUMNS.keys() - {"template_id"})
    named = [f"{name} of each record" for name in derived]
    if rule.baseline and rule.baseline.of == "peers":
        named += [name.full for name in rule.compared]
    if strangers:
        named.append(f"{strangers} records of accounts that it doesn't cite")
    return tuple(named)


def _differences(
    item: FindingDocument, other: Finding | None, citings: tuple[int, int] | None
) -> Iterator[FieldDifference]:
    if other is None:
        yield FieldDifference(field="id", bundled=item.seen_as, again="")
        return
    told = _as_told(item, other)
    for name in Finding.model_fields.keys() - OWN_TO_THE_CASE:
        bundled, again = getattr(item, name), getattr(told, name)
        if bundled != again:
            yield FieldDifference(field=name, bundled=_text(bundled), again=_text(again))
    if citings:
        only_here, only_there = citings
        yield FieldDifference(
            field="cited records", bundled=f"{only_here} that are not found again", again=f"{only_there} more"
        )


def _as_told(item: FindingDocument, other: Finding) -> Finding:
    """Return a finding as the program that made the bundle told it: an earlier one only named its measures."""
    if any(measure.expression for measure in item.measures):
        return other
    measures = tuple(measure.model_copy(update={"expression": "", "words": ()}) for measure in other.measures)
    return other.model_copy(update={"measures": measures})


def _text(value: Any) -> str:
    plain = [_plain(item) for item in value] if isinstance(value, tuple) else _plain(value)
    return canonical_json(plain).decode()[:SHOWN]


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, Node) else value


def _policy_faults(receipt: ReceiptDocument, policy: BundledPolicy) -> Iterator[str]:
    named, loaded = dict(receipt.policy_files), {file.path: file.digest for file in policy.pack.files}
    for path in sorted(named.keys() | loaded.keys()):
        if path not in loaded:
            yield f"policy file {path!a} of the receipt is not what the bundled pack names"
        elif named.get(path) != loaded[path]:
            yield f"policy file {path!a} is not the one that the receipt names"
    if not receipt.policy_files:
        yield "the receipt names no policy file"


def _sources(receipt: ReceiptDocument) -> list[SourceSummary]:
    return [
        SourceSummary(
            source.source_id,
            source.name,
            source.profile,
            source.records,
            frozenset(source.provides),
            None if source.extra_names is None else frozenset(source.extra_names),
        )
        for source in receipt.sources
    ]


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        message = f"`as_of` is {text!a}, expected a time"
        raise BundleError.at("data/receipt.json", message, "verify the bundle") from None


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()
