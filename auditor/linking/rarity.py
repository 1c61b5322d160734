"""How much it says that two accounts share something: bits, exact to three decimals.

If n of N accounts hold a value, that a second account holds it too says log2(N / n) bits.
"""

from decimal import Context, Decimal
from functools import lru_cache

_EXACT = Context(prec=30)
_STEP = Decimal("0.001")


@lru_cache(maxsize=65536)
def bits_of(holders: int, accounts: int) -> Decimal:
    """Return log2(accounts / holders), rounded half even to three decimals."""
    ratio = _EXACT.divide(Decimal(accounts), Decimal(holders))
    bits = _EXACT.divide(_EXACT.ln(ratio), _EXACT.ln(Decimal(2)))
    return bits.quantize(_STEP, context=_EXACT)
