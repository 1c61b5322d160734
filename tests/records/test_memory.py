from datetime import UTC, datetime
from decimal import Decimal

import pytest

from auditor.errors import InputError
from auditor.records.memory import activity_of

ROW = {"time": "2026-01-01T02:00:00+02:00", "event": "login"}


def test_rows_get_ids_places_and_derived_columns() -> None:
    (row,) = activity_of([ROW | {"prompt": "hi", "client_ip": "10.0.0.1", "cost_usd": 0.1}]).rows()

    assert row["time"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert (row["record_id"], row["source_id"], row["source_line"]) == ("memory:1", "memory", 1)
    assert row["prompt_digest"] == "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    assert (row["client_ip_number"], row["cost_usd"]) == (0xFFFF0A000001, Decimal("0.100000000"))


def test_ipv6_address_keeps_all_its_bits() -> None:
    (row,) = activity_of([ROW | {"client_ip": "fe80::1"}]).rows()

    assert row["client_ip_number"] == 0xFE80_0000_0000_0000_0000_0000_0000_0001


def test_provides_is_what_each_source_fills() -> None:
    activity = activity_of([ROW | {"source_id": "s", "model": "m"}, ROW | {"source_id": "r", "model": None}])

    provided = {source.source_id: sorted(source.provides) for source in activity.sources}
    assert provided == {"r": ["event", "record_id", "time"], "s": ["event", "model", "record_id", "time"]}


def test_reused_connection_forgets_the_earlier_rows() -> None:
    first = activity_of([ROW, ROW])

    second = activity_of([ROW], connection=first.connection)

    assert len(list(second.rows())) == 1


def test_every_bad_row_is_named() -> None:
    with pytest.raises(InputError) as caught:
        activity_of([ROW, {"event": "x"}, ROW | {"asn": 1.5}, ROW | {"colour": 1}], place="a.cases.yml")

    messages = [problem.message for problem in caught.value.problems]
    assert [message.split(":")[0] for message in messages] == ["row 2", "row 3", "row 4"]
    assert str(caught.value.problems[0].place) == "a.cases.yml"
