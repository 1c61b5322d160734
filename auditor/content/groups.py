"""Groups of near-duplicate templates, each around the oldest of it.

Every member is compared with the one that the group is named after, exactly, and not with some member or other: a
chain of small differences makes no group, however common the boilerplate. In each round a template is compared with
the oldest of its buckets. One that is like none of them begins a group; one that is like such a beginning joins it; one
that is only like templates whose own place is open waits for the next round.
"""

from sqlglot import exp

from auditor.content.definition import ALIKE, HEADS, MOST_ROUNDS
from auditor.content.features import FEATURES, common, size
from auditor.content.nodes import at_least, columns, count, equal, joined, select, times
from auditor.content.outlines import may_be_alike
from auditor.content.sketches import BUCKETS, NODES, OUTLINES, features_of, make_buckets
from auditor.content.templates import TEMPLATES
from auditor.content.texts import drop
from auditor.records.activity import Activity
from auditor.records.derived import insert, make_table
from auditor.records.sql import (
    any_of,
    case,
    columns_definition,
    identifier,
    is_not,
    is_null,
    literal,
    named,
    table,
    text_of,
    within,
)

GROUPS = "content_groups"
_PLACED, _ALIKE, _HEADS, _PAIRS, _COMPARED, _FEATURED, _ROUND = (
    f"content_{name}" for name in ("placed", "alike", "heads", "pairs", "compared", "featured", "round")
)


def make_groups(activity: Activity) -> None:
    """Make the table of groups: template_key, template_group (the id of the template that it is named after)."""
    make_buckets(activity)
    _make_empty(activity, _PLACED, {"node": "BIGINT", "root": "BIGINT"})
    _make_empty(activity, _ALIKE, {"node": "BIGINT", "head": "BIGINT"})
    _make_empty(activity, _COMPARED, {"node": "BIGINT", "head": "BIGINT"})
    _make_empty(activity, _FEATURED, {"node": "BIGINT", FEATURES: "UBIGINT[]"})
    for _ in range(MOST_ROUNDS):
        if not _one_round(activity):
            break
        make_table(activity, BUCKETS, _still_asked())
    make_table(activity, GROUPS, _groups())
    drop(activity, NODES, OUTLINES, BUCKETS, _PLACED, _ALIKE, _HEADS, _PAIRS, _COMPARED, _FEATURED, _ROUND)


def _make_empty(activity: Activity, name: str, types: dict[str, str]) -> None:
    schema = exp.Schema(this=table(name), expressions=columns_definition(types))
    activity.connection.execute(text_of(exp.Create(this=schema, kind="TABLE", replace=True)))


def _one_round(activity: Activity) -> int:
    """Compare and place what can be placed; return how many templates still wait for their place."""
    make_table(activity, _HEADS, _heads())
    make_table(activity, _PAIRS, _pairs())
    insert(activity, _COMPARED, select(*columns("node", "head"), of=_PAIRS))
    insert(activity, _FEATURED, features_of(_in_pairs()))
    insert(activity, _ALIKE, _alike())
    make_table(activity, _ROUND, _places())
    placed = select(*columns("node", "root"), of=_ROUND).where(is_not(is_null(identifier("root"))))
    insert(activity, _PLACED, placed)
    waiting = select(count(), of=_ROUND).where(is_null(identifier("root")))
    return int(activity.connection.execute(text_of(waiting)).fetchall()[0][0])


def _bucketed() -> exp.Select:
    """Who is in which bucket, with its place: `root` is null while that is open."""
    return joined(select(*columns("bucket", "node", "root"), of=BUCKETS), _PLACED, "node", left=True)


def _still_asked() -> exp.Select:
    """The buckets with somebody whose place is open, and of these whoever may be a head or needs one."""
    is_open = is_null(identifier("root"))
    open_ones = select(identifier("bucket"), of=_bucketed()).where(is_open).distinct()
    able = any_of([is_open.copy(), equal(identifier("node"), identifier("root"))])
    return joined(select(*columns("bucket", "node"), of=_bucketed().where(able)), open_ones, "bucket")


def _heads() -> exp.Select:
    """Of each bucket the heads: beginnings of groups, then those whose place is open, oldest first."""
    is_open = is_null(identifier("root"))
    is_root = equal(identifier("node"), identifier("root"))
    able = select(*columns("bucket", "node"), named(is_open, "is_open"), of=_bucketed())
    able = able.where(any_of([is_open.copy(), is_root]))
    order = exp.Order(expressions=[exp.Ordered(this=item) for item in columns("is_open", "node")])
    place = named(exp.Window(this=exp.RowNumber(), partition_by=[identifier("bucket")], order=order), "place")
    ranked = select(*columns("bucket", "node", "is_open"), place, of=able)
    heads = select(identifier("bucket"), named(identifier("node"), "head"), identifier("is_open"), of=ranked)
    return heads.where(exp.LTE(this=identifier("place"), expression=literal(HEADS)))


def _pairs() -> exp.Query:
    """Whoever's place is open, with those heads of its buckets that it may be like and was not compared with yet."""
    openly = select(*columns("bucket", "node"), of=_bucketed()).where(is_null(identifier("root")))
    met = joined(select(identifier("node"), identifier("head"), of=openly), _HEADS, "bucket")
    is_older = exp.LT(this=identifier("head"), expression=identifier("node"))
    met = met.where(any_of([is_not(identifier("is_open")), is_older]))
    alike = _outlined(_outlined(met, is_rough=True).distinct(), is_rough=False)
    return exp.Except(this=alike, expression=select(*columns("node", "head"), of=_COMPARED), distinct=True)


def _outlined(pairs: exp.Select, *, is_rough: bool) -> exp.Select:
    """Return those pairs of which the outlines leave it open that they are alike."""
    query = exp.Select(expressions=[identifier("node", "pair"), identifier("head", "pair")]).from_(
        within(pairs, "pair")
    )
    for name in ("node", "head"):
        query = query.join(table(OUTLINES, name), on=equal(identifier("node", name), identifier(name, "pair")))
    return query.where(may_be_alike("node", "head", is_rough=is_rough))


def _in_pairs() -> exp.Select:
    """Return the nodes whose features are to be compared, and are not known yet."""
    sides = [select(named(identifier(name), "node"), of=_PAIRS) for name in ("node", "head")]
    either = exp.Union(this=sides[0], expression=sides[1], distinct=True)
    new = exp.Except(this=either, expression=select(identifier("node"), of=_FEATURED), distinct=True)
    return joined(select(*columns("node", "template_key"), of=new), NODES, "node")


def _alike() -> exp.Select:
    pairs = joined(select(*columns("node", "head"), named(identifier(FEATURES), "own"), of=_PAIRS), _FEATURED, "node")
    others = select(named(identifier("node"), "head"), identifier(FEATURES), of=_FEATURED)
    both = joined(select(*columns("node", "head", "own", FEATURES), of=pairs), others, "head")
    counted = select(
        *columns("node", "head"),
        named(common(identifier("own"), identifier(FEATURES)), "shared"),
        named(exp.Add(this=size(identifier("own")), expression=size(identifier(FEATURES))), "sizes"),
        of=both,
    )
    part, whole = ALIKE
    either = exp.Paren(this=exp.Sub(this=identifier("sizes"), expression=identifier("shared")))
    is_alike = at_least(times(identifier("shared"), whole), times(either, part))
    return select(*columns("node", "head"), of=counted).where(is_alike)


def _places() -> exp.Select:
    """Where each template whose place was open belongs: to itself, to an older beginning of a group, or still open."""
    placed = select(named(identifier("node"), "head"), named(identifier("root"), "of_head"), of=_PLACED)
    likes = joined(select(*columns("node", "head", "of_head"), of=_ALIKE), placed, "head", left=True)
    is_root = equal(identifier("of_head"), identifier("head"))
    oldest = exp.Min(this=case([(is_root, identifier("head"))]))
    is_waiting = exp.Count(this=case([(is_null(identifier("of_head")), literal(1))]))
    summed = select(identifier("node"), named(oldest, "oldest"), named(is_waiting, "waits"), of=likes)
    summed = summed.group_by(identifier("node"))
    unplaced = joined(select(*columns("node", "root"), of=OUTLINES), _PLACED, "node", left=True)
    unplaced = select(identifier("node"), of=unplaced).where(is_null(identifier("root")))
    seen = joined(select(*columns("node", "oldest", "waits"), of=unplaced), summed, "node", left=True)
    has_none = any_of([is_null(identifier("waits")), equal(identifier("waits"), literal(0))])
    root = case([(is_not(is_null(identifier("oldest"))), identifier("oldest")), (has_none, identifier("node"))])
    return select(identifier("node"), named(root, "root"), of=seen)


def _groups() -> exp.Select:
    """Every template with the id of the one its group is named after; what found no place is its own group."""
    ids = joined(select(*columns("node", "template_id"), of=NODES), TEMPLATES, "template_key")
    roots = select(named(identifier("node"), "root"), named(identifier("template_id"), "template_group"), of=ids)
    named_ = joined(select(*columns("node", "template_group"), of=_PLACED), roots, "root")
    by_key = joined(select(*columns("template_key", "template_group"), of=NODES), named_, "node")
    group = exp.Coalesce(this=identifier("template_group"), expressions=[identifier("template_id")])
    query = select(identifier("template_key"), named(group, "template_group"), of=TEMPLATES)
    return joined(query, by_key, "template_key", left=True)
