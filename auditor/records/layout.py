"""How records are stored: the files, and what differs between a column as it is stored and as it is read.

Parquet has no whole numbers of 128 bits (DuckDB would write them as floating point), so the number of an address is
stored as its upper and lower 64 bits; ingest makes the halves, and readers put them together.
"""

from pathlib import Path

from sqlglot import exp

from auditor.records.sql import cast, identifier, literal

ADDRESS_NUMBER = "client_ip_number"
HIGH, LOW = "client_ip_number_high", "client_ip_number_low"
MOST_WORDS = 2_000
"""Values that a column of a row group may have to be stored as a dictionary: looking for more costs a third of all
writing, and makes no smaller file."""

_HALF = cast(literal(str(2**64)), "UHUGEINT")


def address_number() -> exp.Expression:
    """Return the number of an address from its stored halves."""
    high = exp.Mul(this=cast(identifier(HIGH), "UHUGEINT"), expression=_HALF.copy())
    return exp.Add(this=high, expression=cast(identifier(LOW), "UHUGEINT"))


def copy_to_parquet(query: exp.Select, path: Path) -> exp.Copy:
    """Return the statement that writes a query to a file of the store."""
    options: dict[str, exp.Expression] = {
        "FORMAT": exp.Var(this="parquet"),
        "COMPRESSION": exp.Var(this="zstd"),
        "COMPRESSION_LEVEL": literal(1),
        "PARQUET_VERSION": exp.Var(this="v2"),
        "DICTIONARY_SIZE_LIMIT": literal(MOST_WORDS),
    }
    parameters = [exp.CopyParameter(this=exp.Var(this=name), expression=value) for name, value in options.items()]
    return exp.Copy(this=exp.Subquery(this=query), kind=False, files=[literal(str(path))], params=parameters)
