"""The SQLGlot nodes that the queries about content are built from, beyond those of `records/sql.py`."""

from sqlglot import exp

from auditor.records.sql import call, identifier, literal, table, within


def equal(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Return `left = right`."""
    return exp.EQ(this=left, expression=right)


def at_least(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Return `left >= right`."""
    return exp.GTE(this=left, expression=right)


def times(left: exp.Expression, factor: int) -> exp.Expression:
    """Return `left * factor`."""
    return exp.Mul(this=left, expression=literal(factor))


def count() -> exp.Expression:
    """Return `count(*)`."""
    return exp.Count(this=exp.Star())


def columns(*names: str, of: str | None = None) -> list[exp.Expression]:
    """Return quoted columns."""
    return [identifier(name, of) for name in names]


def select(*expressions: exp.Expression, of: exp.Query | str) -> exp.Select:
    """Return a query of a table or of another query."""
    source = table(of, of) if isinstance(of, str) else within(of)
    return exp.Select(expressions=list(expressions)).from_(source)


def joined(query: exp.Select, other: exp.Query | str, *names: str, left: bool = False) -> exp.Select:
    """Return a query joined with a table, or another query, on columns of the same names."""
    source = table(other, other) if isinstance(other, str) else within(other, "other")
    using: list[int | str | exp.Expr] = [exp.to_identifier(name, quoted=True) for name in names]
    return query.join(source, using=using, join_type="LEFT" if left else "INNER")


def number_of(text: exp.Expression) -> exp.Expression:
    """Return a text's digest as a number of 128 bits, to join by. MD5 guards against chance, and is nobody's proof."""
    return call("md5_number", text)
