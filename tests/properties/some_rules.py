"""Random rules over the whole grammar, and the random settings of an audit."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from hypothesis import strategies as st

from auditor.policy.baseline import WORDS
from auditor.policy.composite import verdict_of
from auditor.policy.conditions import AnyOf, Condition, SelectionRef
from auditor.policy.pack import Context
from auditor.policy.rule import (
    Absent,
    Baseline,
    Composite,
    Exemption,
    ExemptionEntry,
    Family,
    Novel,
    Repeat,
    Rule,
    Sequence,
    Span,
    Window,
)  # fmt: skip
from auditor.policy.terms import Terms, TermsVersion
from tests.properties.some_conditions import RARE, USUAL, WIDE, leaves, references, trees
from tests.properties.some_measures import measures, violations, wheres
from tests.properties.some_records import Grid

EXEMPTIONS = ("approved", "partners")
FAMILIES: tuple[Family, ...] = ("limits", "content", "access")
_HEADING = ("id", "name", "digest", "title", "status", "conducts", "strength", "family", "level")
_EASY = {
    "measures": (),
    "violates": None,
    "baseline": None,
    "repeat": None,
    "absent": None,
    "effective": Span(),
    "missing_lists": (),
}
_BY = ("model", "country", "status", "cost_usd", "stream", "device_id", "api_key_id", "extra.word", "time",
       "cluster_id", "seed_similarity")  # fmt: skip
_NOVEL = ("country", "model", "status", "latency_ms", "device_id", "extra.word", "template_group")


@dataclass(frozen=True)
class Settings:
    """What comes with an audit beside rules and records."""

    context: Context
    terms: tuple[Terms, ...]
    exemptions: tuple[Exemption, ...]
    timezone: str
    as_of: datetime | None
    since: datetime | None
    until: datetime | None


@cache
@st.composite
def rules(draw: st.DrawFn, grid: Grid, name: str = "a-rule") -> Rule:
    """Return any rule."""
    selections = tuple(
        (one, draw(st.one_of(st.sampled_from(RARE if one == "stop" else USUAL), trees(leaves(grid), 2))))
        for one in ("one", "two", "stop", "four", "five")[: draw(st.sampled_from((3, 3, 2, 1, 5, 5)))]
    )
    names = tuple(selection for selection, _ in selections)
    sequence = draw(st.one_of(st.none(), _sequences(grid, names)))
    if sequence and 2 < len(sequence.steps) >= draw(st.integers(2, 5)):
        # of narrow selections three records hardly ever come together
        selections = tuple(
            (one, draw(st.sampled_from(WIDE)) if one in sequence.steps else it) for one, it in selections
        )
    measured = draw(measures(sequence is not None, names))
    within = draw(_windows(grid))
    baseline = draw(st.one_of(st.none(), _baselines(within))) if measured else None
    return Rule(
        id="00000000-0000-4000-8000-000000000000",
        name=name,
        digest="0" * 64,
        title="A rule",
        status="test",
        conducts=("distillation",),
        strength="inferential",
        family="limits",
        level=draw(st.just("low")),
        subject=draw(
            st.sampled_from(
                (
                    "account",
                    "account",
                    "account",
                    "none",
                    "none",
                    "none",
                    "api_key",
                    "organization",
                    "end_user",
                    "cluster",
                )
            )
        ),
        by=draw(_some(_BY, 2)),
        selections=selections,
        condition=_steps_only(sequence) if sequence else draw(references(names)),
        is_missing_counted=draw(st.sampled_from((False, False, True))),
        measures=measured,
        within=within,
        violates=draw(violations(tuple(measure.name for measure in measured), WORDS if baseline else ())),
        absent=draw(st.one_of(st.none(), st.none(), _absents(grid, names))),
        baseline=baseline,
        repeat=draw(st.one_of(st.none(), st.none(), _repeats(grid, within))),
        novel=None if sequence else draw(st.one_of(st.none(), _novels(grid))),
        sequence=sequence,
        against=draw(st.sampled_from(("", "", *names))),
        unless=draw(st.sampled_from(((), (), ("approved",), ("approved", "partners"), ("partners", "approved")))),
        effective=draw(_spans(grid)),
        missing_lists=draw(st.sampled_from(((),) * 30 + (("unsupported_countries",),))),
    )


@cache
@st.composite
def composites(draw: st.DrawFn, grid: Grid) -> tuple[Rule, tuple[Rule, ...]]:
    """Return any composite rule, and some of its parts: the others are known to nobody else."""
    parts = tuple(
        draw(part_rules(grid, f"part-{place}")).model_copy(update={"family": draw(st.sampled_from(FAMILIES))})
        for place in range(draw(st.sampled_from((2, 3, 4))))
    )
    is_of_rules = draw(st.booleans())
    composite = Composite(
        of=tuple(part.name for part in parts) if is_of_rules else (),
        families=() if is_of_rules else tuple(sorted({part.family for part in parts})),
        at_least=draw(st.sampled_from((2, 2, 2, 3))),
        within=draw(st.sampled_from((1, 2, 4, 40))) * grid.seconds,
        parts=parts,
    )
    plain = draw(rules(grid, "composite"))
    rule = Rule(
        **{name: getattr(plain, name) for name in (*_HEADING, "effective")},
        unless=draw(st.sampled_from(((), ("approved",), ("approved", "partners"), ("partners", "approved")))),
        subject=draw(st.sampled_from(("account", "account", "cluster"))),
        selections=(),
        condition=SelectionRef(name=""),
        composite=composite,
        violates=verdict_of(composite),
    )
    return rule, draw(st.sampled_from(((), parts[:1], parts)))


@cache
def part_rules(grid: Grid, name: str) -> st.SearchStrategy[Rule]:
    """Return any rule, mostly one that finds much: a composite wants several of them."""
    return st.one_of(_easy_rules(grid, name), _easy_rules(grid, name), rules(grid, name))


@cache
@st.composite
def _easy_rules(draw: st.DrawFn, grid: Grid, name: str) -> Rule:
    rule = draw(rules(grid, name))
    chosen = draw(st.sampled_from(WIDE))
    update = {
        "selections": (("one", chosen),),
        "condition": SelectionRef(name="one"),
        "against": draw(st.sampled_from(("", "one"))),
        "subject": draw(st.sampled_from(("account", "account", "none", "api_key", "cluster"))),
        "by": draw(st.sampled_from(((), (), ("event",), ("model",)))),
        "novel": None,
        "sequence": None,
        "unless": draw(st.sampled_from(((), (), ("approved",)))),
    }
    return rule.model_copy(update=_EASY | update)


@cache
@st.composite
def settings_of(draw: st.DrawFn, grid: Grid) -> Settings:
    """Return any settings."""
    return Settings(
        context=draw(_contexts(grid)),
        terms=tuple(draw(st.lists(_terms(grid), max_size=2, unique_by=lambda terms: terms.id))),
        exemptions=tuple(draw(_exemptions(grid, name)) for name in EXEMPTIONS),
        timezone=draw(st.sampled_from(("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata"))),
        as_of=draw(_rarely(grid)),
        since=draw(_rarely(grid)),
        until=draw(_rarely(grid)),
    )


@cache
def _rarely(grid: Grid) -> st.SearchStrategy[datetime | None]:
    """One in ten: seven of these limits apply to every rule."""
    moment = grid.moments()
    return st.integers(0, 9).flatmap(lambda choice: moment if choice == 9 else st.none())


@cache
def _spans(grid: Grid) -> st.SearchStrategy[Span]:
    return st.builds(Span, start=_rarely(grid), until=_rarely(grid))


@cache
def _some(names: tuple[str, ...], most: int) -> st.SearchStrategy[tuple[str, ...]]:
    several = st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True).map(tuple)
    return st.one_of(st.just(()), st.just(()), several)


def _steps_only(sequence: Sequence) -> Condition:
    return AnyOf(parts=tuple(SelectionRef(name=step) for step in dict.fromkeys(sequence.steps)))


@cache
def _windows(grid: Grid) -> st.SearchStrategy[Window | None]:
    seconds = st.sampled_from((1, 2, 3, 5)).map(lambda steps: steps * grid.seconds)
    units = st.sampled_from(("hour", "day", "week", "month", "year"))
    return st.one_of(
        st.none(),
        st.builds(Window, kind=st.just("sliding"), seconds=seconds),
        st.builds(Window, kind=st.just("sliding"), seconds=seconds),
        st.builds(Window, kind=st.just("tumbling"), seconds=seconds),
        st.builds(Window, kind=st.just("session"), seconds=seconds),
        st.builds(Window, kind=st.just("calendar"), unit=units),
    )


@cache
def _absents(grid: Grid, names: tuple[str, ...]) -> st.SearchStrategy[Absent]:
    lengths = st.sampled_from((1, 1, 2, 4)).map(lambda steps: steps * grid.seconds)
    return st.builds(Absent, selection=st.sampled_from(names), within=lengths)


@cache
def _repeats(grid: Grid, within: Window | None) -> st.SearchStrategy[Repeat | None]:
    if within is None:
        return st.none()
    turns = ("hour", "hour", "day", "week", "month", "year", *(() if within.kind == "sliding" else ("window",)))
    lengths = st.sampled_from((1, 3, 6, 9)).map(lambda steps: steps * grid.seconds)
    return st.builds(Repeat, at_least=st.sampled_from((2, 2, 3)), distinct=st.sampled_from(turns), within=lengths)


@cache
def _baselines(within: Window | None) -> st.SearchStrategy[Baseline | None]:
    if within is None or within.kind not in ("sliding", "tumbling"):
        return st.none()
    lengths = st.sampled_from((1, 2, 3, 5)).map(lambda windows: windows * within.seconds)
    return st.builds(Baseline, over=lengths, at_least=st.sampled_from((1, 1, 2)).map(lambda n: n * within.seconds))


@cache
@st.composite
def _sequences(draw: st.DrawFn, grid: Grid, names: tuple[str, ...]) -> Sequence:
    steps = draw(st.one_of(_pairs_of_steps(names), _many_steps(names)))
    single = tuple(step for step in dict.fromkeys(steps) if steps.count(step) == 1)
    where = st.one_of(wheres(single), st.none()) if len(single) > 1 else st.none()
    is_long = len(steps) > 2
    return Sequence(
        steps=steps,
        is_ordered=draw(st.sampled_from((True, True, False))),
        by=draw(_some(("model", "api_key_id", "status", "device_id", "extra.word"), 1 if is_long else 2)),
        within=draw(st.sampled_from((2, 9, 9, 6) if is_long else (2, 9, 1, 4))) * grid.seconds,
        until="stop" if "stop" in names and draw(st.sampled_from((True, True, False))) else "",
        where=draw(where),
    )


@cache
def _pairs_of_steps(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    alone = (("one", "one"),)
    return st.sampled_from((("one", "two"), ("two", "one"), ("one", "two"), *alone) if len(names) > 1 else alone)


@cache
def _many_steps(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Three to five steps, mostly different ones."""
    mixed = st.lists(st.sampled_from(names), min_size=3, max_size=5).map(tuple)
    if len(names) < 4:
        return mixed
    different = st.tuples(st.permutations(names), st.sampled_from((3, 3, 4, 5)))
    chosen = different.map(lambda drawn: tuple(drawn[0][: drawn[1]]))
    return st.one_of(chosen, chosen, mixed)


@cache
def _novels(grid: Grid) -> st.SearchStrategy[Novel]:
    return st.builds(
        Novel,
        fields=st.lists(st.sampled_from(_NOVEL), min_size=1, max_size=2, unique=True).map(tuple),
        history=st.sampled_from((1, 2, 4)).map(lambda steps: steps * grid.seconds),
        lasts=st.sampled_from((0, 1, 3)).map(lambda steps: steps * grid.seconds),
    )


@cache
def _contexts(grid: Grid) -> st.SearchStrategy[Context]:
    limits = st.sampled_from(((("free", 3), ("pro", 60)), (("pro", 1),), ()))
    releases = st.one_of(st.tuples(st.tuples(st.just("gpt"), grid.moments())), st.just(()))
    return st.builds(Context, requests_per_minute=limits, model_releases=releases, window=_spans(grid))


@cache
def _exemptions(grid: Grid, name: str) -> st.SearchStrategy[Exemption]:
    pairs = ("account_id", "a"), ("account_id", "b"), ("plan", "pro"), ("status", "200"), ("cost_usd", "0.5")
    more = ("stream", "true"), ("event", "completion"), ("model", "gpt")
    matches = st.lists(st.sampled_from((*pairs, *more)), min_size=1, max_size=2, unique=True).map(tuple)
    entry = st.builds(ExemptionEntry, match=matches, reason=st.just("agreed"), span=_spans(grid))
    entries = st.lists(entry, max_size=3).map(tuple)
    return st.builds(Exemption, name=st.just(name), owner=st.just("legal"), reason=st.just("agreed"), entries=entries)


@cache
@st.composite
def _terms(draw: st.DrawFn, grid: Grid) -> Terms:
    change = draw(grid.moments())
    spans = draw(st.sampled_from((((None, None),), ((None, change), (change, None)), ((change, None),))))
    versions = tuple(
        TermsVersion(version=f"v{at}", span=Span(start=start, until=until), clauses=())
        for at, (start, until) in enumerate(spans)
    )
    return Terms(
        id=draw(st.sampled_from(("terms-a", "terms-b"))),
        title="Terms",
        publisher="P",
        url="",
        digest="0" * 64,
        applies=draw(st.one_of(st.none(), trees(leaves(grid), 2))),
        versions=versions,
    )
