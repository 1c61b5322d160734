"""The relation `base`: one row a record, with what the rules of a plan read and the truth of their conditions."""

from collections.abc import Iterable, Sequence

from sqlglot import exp

from auditor.checker.compile.codes import ACCOUNT, coded
from auditor.checker.compile.columns import FOLDED, TEXTUAL, type_of
from auditor.checker.compile.conditions import ELEMENT, TIME, sql_of
from auditor.checker.compile.flags import Flags, Truths, exempts
from auditor.checker.compile.nodes import inner, is_true, named, select, some
from auditor.checker.compile.results import TermsColumn
from auditor.checker.compile.rows import Shape
from auditor.checker.compile.seen import NUMBER
from auditor.policy.expressions import Name, walk
from auditor.policy.rule import Exemption, Rule
from auditor.policy.terms import Terms
from auditor.records.schema import is_identifier
from auditor.records.sql import identifier

ALWAYS_KEPT = (NUMBER, TIME, ACCOUNT)
Exempt = dict[str, tuple[str, Exemption]]
"""Exemptions by name, with the column of `base` that tells whether a record is exempt."""


def versions_of(terms: Sequence[Terms]) -> tuple[TermsColumn, ...]:
    """Return every version of every document, each with the truth column that its document has."""
    ordered = sorted(terms, key=lambda document: document.id)
    return tuple(
        TermsColumn(document, version, f"_terms{place}")
        for place, document in enumerate(ordered)
        for version in sorted(document.versions, key=lambda version: version.version)
    )


def shape_of(flags: Flags, exempt: Exempt, documents: tuple[str, ...]) -> Shape:
    """Return how the tables of a rule are called, with the exemptions that it names and the columns of documents."""
    names = tuple(name for name in dict.fromkeys(flags.rule.unless) if name in exempt)
    return Shape(flags, tuple(exempt[name][0] for name in names), names, documents)


def base_columns(
    shapes: Sequence[Shape], truths: Truths, exempt: Exempt, versions: Sequence[TermsColumn]
) -> dict[str, exp.Expression]:
    """Return the columns of `base` over `seen`, by name."""
    judged = [shape for shape in shapes if shape.flags.coverage.is_evaluable]
    kept = sorted({name for shape in judged for name in _kept(shape)} - set(ALWAYS_KEPT))
    found: dict[str, exp.Expression] = {name: identifier(name) for name in (*ALWAYS_KEPT, *kept)}
    found |= truths.definitions
    used = {name for shape in judged for name in shape.exemption_names}
    for name, (column, exemption) in exempt.items():
        if name in used:
            found[column] = is_true(some([exempts(entry) for entry in exemption.entries]))
    for item in versions if judged else ():
        applies = item.terms.applies
        found[item.column] = is_true(sql_of(applies)) if applies else exp.true()
    return found


def _kept(shape: Shape) -> set[str]:
    rule = shape.flags.rule
    kept = {*shape.keys, *coded((*shape.measured, *shape.divided)), *shape.numbers}
    kept |= {*(rule.novel.fields if rule.novel else ())}
    kept |= {"plan"} if shape.has_peers else set()
    return kept | ({*coded(rule.sequence.by), *where_values(rule)} if rule.sequence else set())


def where_values(rule: Rule) -> tuple[str, ...]:
    """Return the columns that `where` looks at, with the folded form of text that may ignore case."""
    if not rule.sequence or rule.sequence.where is None:
        return ()
    nodes = walk(rule.sequence.where)
    names = {node.name for node in nodes if isinstance(node, Name) and node.step and node.name != "time"}
    if any(node.kind == "pair_call" and node.function == "distance_km" for node in nodes):
        names |= {"latitude", "longitude"}
    folding = {FOLDED + name for name in names if type_of(name) in TEXTUAL and not is_identifier(name)}
    return tuple(sorted(names | folding))


def names_read(definitions: Iterable[exp.Expression]) -> tuple[str, ...]:
    """Return the columns of `seen` that definitions read, sorted."""
    found = {column.name for sql in definitions for column in sql.find_all(exp.Column)}
    return tuple(sorted(found - {ELEMENT}))


def named_query(definitions: dict[str, exp.Expression], source: exp.Expression) -> exp.Select:
    """Return the query of `base`. A text is searched once for what several definitions search it for."""
    searches = {search.sql(): search for sql in definitions.values() for search in sql.find_all(exp.RegexpLike)}
    found = [search.sql() for sql in definitions.values() for search in sql.find_all(exp.RegexpLike)]
    shared = {text: f"_search{place}" for place, text in enumerate(searches) if found.count(text) > 1}
    if not shared:
        return select([named(sql, name) for name, sql in definitions.items()], source)

    def read(sql: exp.Expression) -> exp.Expression:
        known = exp.Paren(this=sql.copy())
        for search in list(known.find_all(exp.RegexpLike)):
            if name := shared.get(search.sql()):
                search.replace(identifier(name))
        unwrapped: exp.Expression = known.this
        return unwrapped

    searched = select([exp.Star(), *(named(searches[text].copy(), name) for text, name in shared.items())], source)
    items = [named(read(sql), name) for name, sql in definitions.items()]
    return select(items, inner(searched, "searched"))
