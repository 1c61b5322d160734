"""Measuring a workspace, and the tables that say what came out."""

from pathlib import Path

from auditor.cli import console
from auditor.cli.leftovers import open_known_casebook
from auditor.measure.figures import Figure, Quantity
from auditor.measure.groups import BCubed
from auditor.measure.labels import read_labels
from auditor.measure.measured import Counts, KindFigures, LookalikeFigures, Measured, RuleFigures, StepFigures, measured
from auditor.measure.workspace import outcomes_in
from auditor.policy.load import load_pack
from auditor.policy.pack import Context
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace

NOTHING = "–"
KINDS_SHOWN, RULES_SHOWN = 4, 6


def measure_workspace(folder: Path, labels: Path, *, pack: str, prevalence: float, seed: int) -> Measured:
    """Measure the cases of a pack in a workspace against the labels.

    Raises UsageError when the labels can't be read or no run of the pack is there.
    """
    truth = read_labels(labels)
    workspace = open_workspace(folder, create=False)
    with workspace.lock(), open_known_casebook(workspace) as casebook:
        activity = open_activity(workspace)
        outcomes, victim_rules = outcomes_in(workspace, casebook, activity, truth, pack=_name_of(pack))
    return measured(outcomes, prevalence=prevalence, seed=seed, victim_rules=victim_rules)


def show_measured(found: Measured) -> None:
    """Print all tables."""
    show_counts(found.counts)
    show_steps(found.steps, found.prevalence)
    show_groups(found)
    show_kinds(found.kinds)
    show_finders(found.kinds)
    show_lookalikes(found.lookalikes)
    show_rules(found.rules)


def show_counts(counts: Counts) -> None:
    """Say what was judged, and what couldn't be."""
    console.result(
        f"{console.plural(counts.labels, 'label')}: {counts.abusive:,} abusive accounts in the log "
        f"({console.plural(counts.campaigns, 'campaign')}), {counts.innocent:,} innocent, "
        f"{counts.labels_without_records:,} without records; {counts.labels_without_case:,} without a case"
    )
    console.result(
        f"{console.plural(counts.cases, 'case')} with {console.plural(counts.accounts_in_cases, 'account')}, "
        f"{counts.accounts_in_cases_without_label:,} of them without a label; "
        f"{console.plural(counts.cases_without_label, 'case')} without any labelled account"
    )


def show_steps(steps: tuple[StepFigures, ...], prevalence: float) -> None:
    """Print what is proposed at each step of the ladder or above."""
    _head("At each step or above (shares with 95 % intervals)")
    rows = [
        (
            str(it.step), f"{it.accounts:,}", _share(it.precision), _share(it.precision_at_prevalence),
            _share(it.found), _share(it.proposed), _per_10_000(it.false_positives),
        )
        for it in steps
    ]  # fmt: skip
    head = [
        "step", "accounts", "precision", f"precision at {prevalence:.1%}", "abusive in such a case", "abusive proposed",
        "innocent per 10,000",
    ]  # fmt: skip
    console.table(head, rows)


def show_groups(found: Measured) -> None:
    """Print how accounts are grouped, and what happens to victims."""
    console.result()
    console.result(f"accounts of campaigns in a case at verify or above: {_share(found.campaign_accounts)}")
    for it in found.variants:
        console.result(
            f"  {it.variant or 'no variant'}: {_share(it.found)} of {console.plural(it.accounts, 'account')}"
        )
    console.result(f"cases as groups (B-cubed): {_groups(found.groups)}")
    console.result(f"links as groups (B-cubed): {_groups(found.links)}")
    victims = found.victims
    console.result(
        f"victims of stolen keys: {victims.accounts:,}; acted against {_share(victims.acted_against)}, "
        f"in a case {_share(victims.in_case)}, protected {_share(victims.protected)}"
    )


def show_kinds(kinds: tuple[KindFigures, ...]) -> None:
    """Print a row a kind of abuse and variant."""
    _head(
        "Abuse, by kind (found: in a case at verify or above; complete by: when the first finding was, at the latest)"
    )
    rows = [
        (
            f"{it.kind} {it.variant}".strip(), f"{it.campaigns:,}", f"{it.accounts:,}", _share(it.found),
            _share(it.proposed), _share(it.throttled), _f(it.groups), _quantity(it.days_until),
            _quantity(it.calls_until), _quantity(it.share_of_calls, is_share=True),
        )
        for it in kinds
    ]  # fmt: skip
    head = [
        "kind", "campaigns", "accounts", "found", "proposed verify", "proposed throttle", "B-cubed F",
        "days until", "calls until", "of its calls",
    ]  # fmt: skip
    console.table(head, rows)


def show_finders(kinds: tuple[KindFigures, ...]) -> None:
    """Print which rules find which kind of abuse."""
    _head("Abuse, by the rules that cite its records (accounts)")
    rows = [(f"{it.kind} {it.variant}".strip(), f"{it.accounts:,}", _most(it.rules, RULES_SHOWN)) for it in kinds]
    console.table(["kind", "accounts", "cited by"], rows)


def show_lookalikes(lookalikes: tuple[LookalikeFigures, ...]) -> None:
    """Print a row a kind of innocent account."""
    _head("Innocent accounts, by what they look like (in brackets: ordinary ones)")
    rows = [
        (
            it.kind, f"{it.units:,}", f"{it.accounts:,}", _share(it.in_case), _share(it.verify), _share(it.throttle),
            _share(it.suspend),
        )
        for it in lookalikes
    ]  # fmt: skip
    console.table(["looks like", "groups", "accounts", "in a case", "verify", "throttle", "suspend"], rows)


def show_rules(rules: tuple[RuleFigures, ...]) -> None:
    """Print a row a rule that found somebody."""
    _head("Rules, by whose records their findings cite (right: abusive, or a victim where theft is what they find)")
    rows = [
        (
            it.rule, f"{it.accounts:,}", f"{it.right:,}", _share(it.precision),
            _most(it.wrong, KINDS_SHOWN),
        )
        for it in rules
    ]  # fmt: skip
    console.table(["rule", "accounts", "right", "precision", "wrong about"], rows)


def _name_of(pack: str) -> str:
    """Return the name under which the casebook keeps a pack that is given by name, file or folder."""
    return load_pack(str(Path(pack).absolute()), context=Context()).name if Path(pack).exists() else pack


def _most(counts: tuple[tuple[str, int], ...], shown: int) -> str:
    more = [f"and {len(counts) - shown} more"] if len(counts) > shown else []
    return ", ".join([*(f"{name} {count:,}" for name, count in counts[:shown]), *more]) or NOTHING


def _head(title: str) -> None:
    console.result()
    console.result(title)


def _share(figure: Figure) -> str:
    if figure.value is None:
        return f"unmeasured ({figure.unmeasured})"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _per_10_000(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return f"unmeasured ({figure.unmeasured})"
    return f"{figure.value * 1e4:.1f} ({figure.low * 1e4:.1f} to {figure.high * 1e4:.1f})"


def _groups(groups: BCubed) -> str:
    if groups.f is None:
        return f"unmeasured ({groups.precision.unmeasured})"
    precision, recall = _share(groups.precision), _share(groups.recall)
    return f"precision {precision}, recall {recall}, F {groups.f:.3f} over {console.plural(groups.accounts, 'account')}"


def _f(groups: BCubed) -> str:
    return NOTHING if groups.f is None else f"{groups.f:.2f}"


def _quantity(quantity: Quantity, *, is_share: bool = False) -> str:
    if quantity.median is None:
        return NOTHING
    return f"{quantity.median:.0%}" if is_share else f"{quantity.median:,.1f}".removesuffix(".0")
