"""The completeness statement: what was read, what is in the bundle, what isn't and why, as far as it is known."""

from collections.abc import Callable, Mapping

from auditor.cases.dossier import Dossier
from auditor.cases.origins import SourceAccount
from auditor.checker.findings import Receipt, RuleRun
from auditor.checker.population import Population
from auditor.digests import rfc3339
from auditor.evidence.documents import Completeness, SourceStatement, Stretch

OF_NO_FINDING = "no finding of this case cites or needs them"
OF_OTHERS = "of these, of accounts that a finding of this case does not cite, though its rule looked at them"


def completeness_of(
    sealed: Dossier,
    *,
    cited: int,
    context: int,
    without: dict[str, int],
    population: Population,
    undated: Mapping[str, int],
    out_of_order: Mapping[str, int],
) -> Completeness:
    """Return the statement for a case of whose records so many are cited, and so many context."""
    receipt = sealed.receipt
    strangers = sum(count for _, count in population.strangers)
    return Completeness(
        records_read=receipt.records,
        records_cited=cited,
        records_context=context,
        records_with_bytes=cited - sum(without.values()),
        without_bytes=without,
        sources=tuple(
            _source(source, receipt, undated.get(source.source_id), out_of_order.get(source.source_id, 0))
            for source in sealed.sources
        ),
        rules_not_evaluated={run.rule: run.missing for run in receipt.rules if not run.is_evaluated},
        suppressed_findings=receipt.suppressed,
        undetermined=_counted(receipt, lambda run: run.undetermined),
        left_out=_counted(receipt, lambda run: run.left_out),
        subjects_not_evaluated=_counted(receipt, lambda run: run.not_evaluated_subjects),
        records_not_in_bundle={OF_NO_FINDING: max(0, receipt.records - cited - context), OF_OTHERS: strangers},
        gaps=tuple(Stretch(start=rfc3339(gap.start), end=rfc3339(gap.end)) for gap in population.gaps),
    )


def _source(source: SourceAccount, receipt: Receipt, undated: int | None, out_of_order: int) -> SourceStatement:
    made = {"first_time", "last_time", "undated", "is_ahead", "out_of_order"}
    return SourceStatement(
        **source.model_dump(include=set(SourceStatement.model_fields) - made),
        first_time=rfc3339(source.first_time) if source.first_time else None,
        last_time=rfc3339(source.last_time) if source.last_time else None,
        undated=0 if source.quarantined == 0 else undated,
        is_ahead=source.last_time is not None and source.last_time > receipt.started,
        out_of_order=out_of_order,
    )


def _counted(receipt: Receipt, count: Callable[[RuleRun], int]) -> dict[str, int]:
    return {run.rule: count(run) for run in receipt.rules if count(run)}
