"""Everything but rules and records that a judgement depends on, as one value that plan and evaluator share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.checker.compile.plan import Plan, plan_for
from auditor.checker.evaluator.evaluate import evaluate
from auditor.checker.evaluator.facts import Row
from auditor.checker.evaluator.one_rule import Watch
from auditor.checker.evaluator.shown import Evaluation
from auditor.linking.derive import Sight
from auditor.policy.pack import Context, Pack
from auditor.policy.rule import Rule
from auditor.records.activity import SourceSummary


@dataclass(frozen=True)
class Circumstances:
    """What rules are judged by: terms, exemptions, links and time zone of a pack, and the facts of the platform.

    `since` and `until` keep incidents by their end, `as_of` hides later records.
    """

    pack: Pack
    context: Context
    as_of: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def sight(self) -> Sight:
        """What derived columns are worked out from."""
        return Sight(self.pack, self.context, self.as_of)

    def plan(self, rules: Sequence[Rule], sources: Sequence[SourceSummary]) -> Plan:
        """Return the plan of rules over what the sources provide."""
        return plan_for(
            rules,
            sources=sources,
            context=self.context,
            terms=self.pack.terms,
            exemptions=self.pack.exemptions,
            timezone=self.pack.timezone,
            as_of=self.as_of,
            since=self.since,
            until=self.until,
        )

    def evaluation(
        self, rule: Rule, rows: Iterable[Row], sources: Sequence[SourceSummary], *, watch: Watch | None = None
    ) -> Evaluation:
        """Return what the plain evaluator says of a rule over rows."""
        return evaluate(
            rule,
            rows,
            sources,
            context=self.context,
            terms=self.pack.terms,
            exemptions=self.pack.exemptions,
            timezone=self.pack.timezone,
            as_of=self.as_of,
            since=self.since,
            until=self.until,
            watch=watch,
        )
