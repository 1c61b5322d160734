"""How much it says that accounts share something, in bits.

If n of N accounts hold a value, that a second account holds it too says log2(N / n) bits, exact to three decimals.
"""

from decimal import Context, Decimal
from functools import lru_cache

_EXACT = Context(prec=30)
_STEP = Decimal("0.001")
_FINE = Decimal("1e-12")


@lru_cache(maxsize=65536)
def bits_of(holders: int, accounts: int) -> Decimal:
    """Return log2(accounts / holders), rounded half even to three decimals."""
    ratio = _EXACT.divide(Decimal(accounts), Decimal(holders))
    bits = _EXACT.divide(_EXACT.ln(ratio), _EXACT.ln(Decimal(2)))
    return bits.quantize(_STEP, context=_EXACT)


def divergence_of(seen: Decimal, usual: Decimal) -> Decimal:
    """Return by how many bits an observation speaks for the share `seen` where another is usual, to twelve decimals."""
    return (_weighed(seen, usual) + _weighed(1 - seen, 1 - usual)).quantize(_FINE, context=_EXACT)


def _weighed(seen: Decimal, usual: Decimal) -> Decimal:
    if seen == 0:
        return Decimal(0)
    return seen * _EXACT.divide(_EXACT.ln(_EXACT.divide(seen, usual)), _EXACT.ln(Decimal(2)))
