"""What signals need of the records, read once for all of them.

Who holds a value, and since when, is read from first and last uses of days (uses.py). Many records of a day say the
same of card, device, network and program: of these the first and the last of each day are kept. Each call has a prompt
of its own: these are kept call by call, since a second look for a template costs more than a table of them.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from auditor.linking.reading import Reading, is_known
from auditor.linking.uses import columns_read
from auditor.policy.links import LinkSignal
from auditor.records.sql import all_of, any_of, call, cast, identifier, named

DAYS, CALLS = "link_days", "link_calls"
_DAY, _COMPLETE = "_day", "_complete"
OF_EACH_CALL = ("prompt_digest", "template_id", "template_group")
"""Columns of which a call has its own value so often that little would be left out."""


def is_read_by_day(signal: LinkSignal) -> bool:
    """Return whether first and last records of days are enough for a signal, and fewer."""
    return not set(signal.columns) & set(OF_EACH_CALL)


def read_by_day(signals: Sequence[LinkSignal], reading: Reading) -> Reading:
    """Keep the first and last records of days as a table with the signals' columns, and return a reading of these."""
    keys = [identifier(name, "r") for name in ("account_id", "event", *_columns(signals, reading))]
    apart = [named(cast(identifier("time", "r"), "DATE"), _DAY), named(all_of(reading.complete()), _COMPLETE)]
    first, last = exp.Min(this=identifier("time", "r")), exp.Max(this=identifier("time", "r"))
    ends = call("unnest", call("list_distinct", exp.Array(expressions=[first, last])))
    query = reading.of_records(exp.Select(expressions=[*keys, *apart, named(ends, "time")]))
    groups = [*(key.copy() for key in keys), identifier(_DAY), identifier(_COMPLETE)]
    reading.keep(DAYS, query.group_by(*groups, copy=False))
    return replace(reading, records=DAYS, as_of=None, has_spans=False)


def read_by_call(signals: Sequence[LinkSignal], reading: Reading) -> Reading:
    """Keep the records that have what the signals look for as a table, and return a reading of these."""
    names = _columns(signals, reading)
    if not names:
        return reading
    items = [identifier(name, "r") for name in ("account_id", "event", "time", *names)]
    has_some = any_of([is_known(identifier(name, "r")) for name in names])
    reading.keep(CALLS, reading.of_records(exp.Select(expressions=items), has_some))
    return replace(reading, records=CALLS, as_of=None, has_spans=False)


def _columns(signals: Sequence[LinkSignal], reading: Reading) -> list[str]:
    read = {name for signal in signals for name in columns_read(signal, reading)}
    read |= {"network_kind" for signal in signals if signal.networks}
    return sorted("client_ip_number" if name == "client_ip" else name for name in read)
