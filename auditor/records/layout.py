"""What differs between a column as it is stored and as it is read.

Parquet has no whole numbers of 128 bits (DuckDB would write them as floating point), so the number of an address is
stored as its upper and lower 64 bits; ingest makes the halves, and readers put them together.
"""

from sqlglot import exp

from auditor.records.sql import cast, identifier, literal

ADDRESS_NUMBER = "client_ip_number"
HIGH, LOW = "client_ip_number_high", "client_ip_number_low"
_HALF = cast(literal(str(2**64)), "UHUGEINT")


def address_number() -> exp.Expression:
    """Return the number of an address from its stored halves."""
    high = exp.Mul(this=cast(identifier(HIGH), "UHUGEINT"), expression=_HALF.copy())
    return exp.Add(this=high, expression=cast(identifier(LOW), "UHUGEINT"))
