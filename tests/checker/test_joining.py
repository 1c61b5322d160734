from collections.abc import Iterator
from collections.abc import Sequence as Records
from decimal import Decimal
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.checker.evaluator.numbers import Value, truth_of
from auditor.checker.joining import joined, occurrences_of
from auditor.checker.where import Candidate, distance_km, fold
from auditor.errors import Place
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Expression, Name, PairCall
from auditor.policy.rule import Sequence

ABC = ("a", "b", "c")


def a_candidate(number: int, seconds: float, roles: str, steps: tuple[str, ...] = ABC, **values: Any) -> Candidate:
    """A record that fits the steps named in `roles`; `u` there makes it an `until`, `-` leaves it without a group."""
    return Candidate(
        number=number,
        time=int(seconds * 1_000_000),
        fits=tuple(step in roles for step in steps),
        is_until="u" in roles,
        subject=("s",),
        divided=None if "-" in roles else ("x",),
        values=values,
    )


def a_sequence(steps: tuple[str, ...] = ABC, where: str = "", *, is_ordered: bool = True, within: int = 60) -> Sequence:
    expression = parse_expression(where, Place("")) if where else None
    return Sequence(steps=steps, within=within, where=expression, is_ordered=is_ordered)


def found(roles: str, sequence: Sequence | None = None) -> list[tuple[int, ...]]:
    """Return the occurrences of records a second apart, numbered from 0; commas part the roles of each."""
    sequence = sequence or a_sequence()
    steps = sequence.steps
    records = [a_candidate(place, place, each, steps) for place, each in enumerate(roles.split(","))]
    return list(occurrences_of(sequence, records))


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ("a,b,c", [(0, 1, 2)]),
        ("a,a,b,b,c,c", [(0, 2, 4), (1, 3, 5)]),
        ("a,c,b", []),
        ("a,b,a,b,c", [(0, 1, 4)]),
        ("b,a,c,b,c", [(1, 3, 4)]),
        ("a,b,c,c", [(0, 1, 2)]),
        ("a,b,u,c", []),
        ("a,u,a,b,c", [(2, 3, 4)]),
        ("a,b,u-,c", []),
        ("a,b-,c", []),
        ("ab,ab,c", [(0, 1, 2)]),
        ("abc,abc,abc,abc", [(0, 1, 2)]),
        ("a,b,cu", []),
        ("a,b,au,b,c", [(2, 3, 4)]),
    ],
)
def test_three_steps_follow_each_other(roles: str, expected: list[tuple[int, ...]]) -> None:
    assert expected == found(roles)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ("c,a,b", [(0, 1, 2)]),
        ("a,a,b,b,c,c", [(0, 2, 4), (1, 3, 5)]),
        ("a,a,a", []),
        ("ab,a,c", [(0, 1, 2)]),
        ("ab,c,ab", [(0, 1, 2)]),
        ("abc,abc,abc,abc,abc,abc", [(0, 1, 2), (3, 4, 5)]),
        ("c,u,a,b,c", [(2, 3, 4)]),
        ("c-,a,b", []),
    ],
)
def test_three_steps_come_together_in_any_order(roles: str, expected: list[tuple[int, ...]]) -> None:
    assert expected == found(roles, a_sequence(is_ordered=False))


def test_two_steps_without_order_need_one_of_each() -> None:
    assert found("b,b,a,a,a", a_sequence(("a", "b"), is_ordered=False)) == [(0, 2), (1, 3)]


def test_a_selection_that_is_two_steps_wants_two_records() -> None:
    assert found("a,b,a", a_sequence(("a", "b", "a"))) == [(0, 1, 2)]
    assert found("b,a,a,a", a_sequence(("a", "b", "a"), is_ordered=False)) == [(0, 1, 2)]
    assert found("b,a,b", a_sequence(("a", "b", "a"), is_ordered=False)) == []


def test_a_first_record_out_of_reach_hides_no_later_one() -> None:
    assert found("a,,a,b,,c", a_sequence(within=4)) == [(2, 3, 5)]


def test_the_ends_of_the_reach_are_included() -> None:
    assert (found("a,b,,c", a_sequence(within=3)), found("a,b,,c", a_sequence(within=2))) == ([(0, 1, 3)], [])


def test_records_of_one_time_follow_each_other_by_their_place_in_the_log() -> None:
    records = [a_candidate(number, 0, role) for number, role in enumerate("abc")]

    assert list(joined(a_sequence(), records)) == [(0, 1, 2)]
    assert list(joined(a_sequence(), [a_candidate(n, 0, role) for n, role in enumerate("bac")])) == []


def test_where_passes_over_what_leads_nowhere() -> None:
    keys = [("a", "k"), ("a", "l"), ("b", "k"), ("b", "l"), ("c", "l")]
    records = [a_candidate(n, n, role, api_key_id=key) for n, (role, key) in enumerate(keys)]
    where = "b.api_key_id <> a.api_key_id and c.api_key_id = b.api_key_id"

    assert list(joined(a_sequence(where=where), records)) == [(0, 3, 4)]


def test_a_speed_between_earlier_steps_is_unknown_at_one_time() -> None:
    paris, tokyo = {"latitude": 48.9, "longitude": 2.4}, {"latitude": 35.7, "longitude": 139.7}
    where = "distance_km(a, b) / seconds_between(a, b) * 3600 > 900 and b.api_key_id <> c.api_key_id"

    def joined_at(*times: int) -> list[tuple[int, ...]]:
        rows = [("a", "k", paris), ("b", "k", tokyo), ("b", "k", tokyo), ("c", "l", tokyo)]
        each = zip(times, rows, strict=True)
        records = [a_candidate(n, t, step, ABC, api_key_id=key, **at) for n, (t, (step, key, at)) in enumerate(each)]
        return list(joined(a_sequence(where=where), records))

    assert (joined_at(0, 0, 0, 5), joined_at(0, 0, 2, 3), joined_at(0, 1, 2, 3)) == ([], [(0, 2, 3)], [(0, 1, 3)])


def test_a_value_that_two_steps_must_share_is_found_whenever_it_came() -> None:
    log = [
        (0, "a", "k"),
        (1, "c", "l"),
        (2, "b", "k"),
        (100, "a", "m"),
        (101, "c", "m"),
        (102, "b", "n"),
        (103, "c", "m"),
    ]
    records = [a_candidate(n, seconds, role, device_id=key) for n, (seconds, role, key) in enumerate(log)]
    sequence = a_sequence(where="a.device_id = c.device_id", is_ordered=False)

    assert list(joined(sequence, records)) == [(3, 4, 5)]


WHERES = (
    "",
    "a.api_key_id <> b.api_key_id",
    "a.api_key_id <> c.api_key_id and b.model = c.model",
    "a.model = b.model and b.model = c.model",
    "a.model = c.model",
    "seconds_between(a, b) <= 5",
    "seconds_between(a, b) <= 5 and seconds_between(b, c) < 8 and a.api_key_id <> c.api_key_id",
    "seconds_between(a, b) >= 5",
    "seconds_between(b, c) >= 5 and seconds_between(a, c) < 20 and a.status <> b.status",
    "seconds_between(b, a) > 2",
    "distance_km(a, c) > 500",
    "distance_km(a, c) / seconds_between(a, c) * 3600 > 900",
    "distance_km(a, b) / seconds_between(a, b) * 3600 > 900 and b.api_key_id <> c.api_key_id",
    "distance_km(a, b) > 100 and b.api_key_id <> c.api_key_id",
    "a.status = 1 and (b.status < c.status or a.model = b.model)",
    "a.status < b.status and b.status < c.status",
    "not (a.model = b.model or seconds_between(a, c) > 9)",
    "seconds_between(a, b) * a.status > 9 and c.model = 'gpt'",
    "a.time < b.time and b.time < c.time",
    "1 = 1",
    "a.status + b.status + c.status > 4",
)
STEPS = (ABC, ABC, ABC, ("a", "b", "d", "c"), ("c", "d", "a", "d", "b"), ("d", "a", "b", "e", "c"))
VALUES = st.builds(
    lambda key, model, status, point: {
        "api_key_id": key, "model": model, "folded model": None if model is None else fold(model), "status": status,
        "latitude": point[0], "longitude": point[1],
    },
    st.sampled_from((None, "k", "K", "l")), st.sampled_from((None, "gpt", "GPT", "x")),
    st.sampled_from((None, 0, 1, 2, 3)),
    st.sampled_from(((48.9, 2.4), (35.7, 139.7), (51.5, 0.0), (None, 1.0))),
)  # fmt: skip
ROLES = st.sampled_from(("a", "b", "c", "d", "e", "ab", "bc", "acd", "be", "abcde", "u", "cu", "a-", "u-"))
LOGS = st.lists(st.tuples(st.integers(0, 7), ROLES, VALUES), max_size=14)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(STEPS), st.sampled_from(WHERES), st.booleans(), st.sampled_from((10, 30, 90)), LOGS)
def test_the_earliest_records_that_fit_are_those_of_a_plain_search(
    steps: tuple[str, ...], where: str, is_ordered: bool, within: int, log: list[Any]
) -> None:
    check(a_sequence(steps, where, is_ordered=is_ordered, within=within), log)


CROWDED_WHERES = (WHERES[1], WHERES[5], WHERES[10], WHERES[11], "seconds_between(a, b) > 30 and a.status <> b.status")
CROWDS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(("a", "a", "a", "b", "c")), VALUES), min_size=45, max_size=70
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(CROWDED_WHERES), st.booleans(), CROWDS)
def test_many_records_that_wait_change_nothing(where: str, is_ordered: bool, log: list[Any]) -> None:
    check(a_sequence(ABC, where, is_ordered=is_ordered, within=100), log)


class CountedValues(dict[str, Any]):
    """Values that count how often one of them is looked at."""

    looks = 0

    def __getitem__(self, name: str) -> Any:
        CountedValues.looks += 1
        return super().__getitem__(name)


def looks_at_values(where: str, many: int) -> int:
    """Return how often values are read while a subject does b and c in turn, each time with another device."""
    sequence = a_sequence(where=where, within=86_400)
    records = [
        a_candidate(n, n, "abc"[n % 3], api_key_id=f"k{n % 2}", latitude=48.0, longitude=2.0) for n in range(many)
    ]
    records = [one._replace(values=CountedValues({**one.values, "device_id": f"d{one.number}"})) for one in records]
    CountedValues.looks = 0
    assert list(joined(sequence, records)) == []
    return CountedValues.looks


@pytest.mark.parametrize(
    "where",
    [
        "a.device_id = b.device_id",
        "a.device_id = c.device_id",
        "a.device_id = b.device_id and b.device_id = c.device_id",
        "distance_km(a, c) > 500 and a.api_key_id <> c.api_key_id",
        "distance_km(a, c) / seconds_between(a, c) * 3600 > 900",
        "distance_km(a, b) / seconds_between(a, b) * 3600 > 900 and b.api_key_id <> c.api_key_id",
        "seconds_between(a, b) > 100000 and a.device_id <> c.device_id",
        "seconds_between(b, c) < 0.5 and a.api_key_id <> c.api_key_id",
        "seconds_between(a, b) < 0.5 and a.api_key_id <> b.api_key_id",
    ],
)
def test_records_that_never_fit_are_not_tested_against_each_other(where: str) -> None:
    few, many = looks_at_values(where, 240), looks_at_values(where, 960)

    assert many < 5 * few


PAIR_WHERES = ("", "a.api_key_id <> b.api_key_id", "a.model = b.model", "distance_km(a, b) / seconds_between(a, b) > 1")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PAIR_WHERES), LOGS)
def test_two_steps_in_order_are_paired_as_by_the_general_search(where: str, log: list[Any]) -> None:
    sequence, records = a_sequence(("a", "b"), where), records_of(log, ("a", "b"))

    assert list(joined(sequence, records)) == list(occurrences_of(sequence, records))


def records_of(log: list[Any], steps: tuple[str, ...]) -> list[Candidate]:
    seconds, records = 0, []
    for number, (gap, roles, values) in enumerate(log):
        seconds += gap
        records.append(a_candidate(number, seconds, roles, steps, **values))
    return records


def check(sequence: Sequence, log: list[Any]) -> None:
    records = records_of(log, sequence.steps)

    assert list(plainly_joined(sequence, records)) == list(joined(sequence, records))


def plainly_joined(sequence: Sequence, records: Records[Candidate]) -> Iterator[tuple[int, ...]]:
    """Join as docs/evaluation.md says it, every set of free records tried in turn."""
    free: list[Candidate] = []
    for record in records:
        if record.is_until:
            free = []
        if record.divided is None or not any(record.fits):
            continue
        near = [one for one in free if record.time - one.time <= sequence.within * 1_000_000]
        others = (chosen for chosen in combinations(near, len(sequence.steps) - 1))
        chosen = next((one for one in others if is_occurrence(sequence, (*one, record))), None)
        if chosen is None:
            free.append(record)
        else:
            free = [one for one in free if one not in chosen]
            yield (*(one.number for one in chosen), record.number)


def is_occurrence(sequence: Sequence, records: tuple[Candidate, ...]) -> bool:
    if not all(any(one.fits[place] for one in records) for place in range(len(records))):
        return False
    return any(
        all(one.fits[place] for place, one in enumerate(dealt)) and is_true(sequence, dealt)
        for dealt in ((records,) if sequence.is_ordered else permutations(records))
    )


def is_true(sequence: Sequence, records: tuple[Candidate, ...]) -> bool:
    by_step = dict(zip(sequence.steps, records, strict=True))

    def looked_up(node: Expression) -> Value:
        if isinstance(node, Name):
            found: Value = by_step[node.step].time if node.name == "time" else by_step[node.step].values[node.name]
            return found
        assert isinstance(node, PairCall)
        here, there = by_step[node.first], by_step[node.second]
        if node.function == "seconds_between":
            return Decimal(there.time - here.time) / 1_000_000
        return distance_km(*(one.values[name] for one in (here, there) for name in ("latitude", "longitude")))

    return sequence.where is None or truth_of(sequence.where, looked_up) is True
