from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Records
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.checker.evaluator.numbers import Value, truth_of
from auditor.checker.pairing import paired
from auditor.checker.where import Candidate, distance_km, fold
from auditor.errors import Place
from auditor.policy.expression_parser import parse_expression
from auditor.policy.expressions import Arithmetic, Comparison, Expression, Name, Number, PairCall, Text
from auditor.policy.rule import Sequence
from auditor.records.sql import open_connection

FIRST, SECOND, BOTH, UNTIL = "first", "second", "both", "until"


def a_candidate(number: int, seconds: float, role: str, divided: str | None = "x", **values: Any) -> Candidate:
    return Candidate(
        number=number,
        time=int(seconds * 1_000_000),
        fits=(role in (FIRST, BOTH), role in (SECOND, BOTH)),
        is_until=role == UNTIL,
        subject=("a",),
        divided=None if divided is None else (divided,),
        values=values,
    )


def pairs_of(candidates: Records[Candidate], where: Expression | None = None) -> list[tuple[int, int]]:
    return list(paired(Sequence(steps=("f", "s"), within=60, where=where), candidates))


def test_the_earliest_open_record_is_taken_and_used_once() -> None:
    records = [a_candidate(1, 0, FIRST), a_candidate(2, 1, FIRST), a_candidate(3, 2, SECOND), a_candidate(4, 3, SECOND)]

    assert pairs_of(records) == [(1, 3), (2, 4)]


def test_both_ends_of_the_time_between_belong_to_it() -> None:
    assert pairs_of([a_candidate(1, 0, FIRST), a_candidate(2, 60, SECOND)]) == [(1, 2)]
    assert pairs_of([a_candidate(1, 0, FIRST), a_candidate(2, 60.000001, SECOND)]) == []


def test_a_record_of_both_steps_chains_only_when_it_was_not_used() -> None:
    records = [a_candidate(1, 0, BOTH), a_candidate(2, 1, BOTH), a_candidate(3, 2, BOTH), a_candidate(4, 3, BOTH)]

    assert pairs_of(records) == [(1, 2), (3, 4)]


def test_until_closes_what_is_open_in_its_group() -> None:
    records = [a_candidate(1, 0, FIRST), a_candidate(2, 1, UNTIL), a_candidate(3, 2, SECOND)]

    assert pairs_of(records) == []


def test_until_of_another_group_closes_nothing() -> None:
    records = [a_candidate(1, 0, FIRST), a_candidate(2, 1, UNTIL, divided="y"), a_candidate(3, 2, SECOND)]

    assert pairs_of(records) == [(1, 3)]


def test_until_without_a_group_closes_all_of_the_subject() -> None:
    records = [a_candidate(1, 0, FIRST), a_candidate(2, 1, UNTIL, divided=None), a_candidate(3, 2, SECOND)]

    assert pairs_of(records) == []


def test_a_record_without_a_group_never_joins() -> None:
    assert pairs_of([a_candidate(1, 0, FIRST, divided=None), a_candidate(2, 1, SECOND, divided=None)]) == []


def test_where_passes_over_a_partner_that_does_not_fit() -> None:
    differs = Comparison(operator="<>", left=Name(name="api_key_id", step="f"), right=Name(name="api_key_id", step="s"))
    keys = [("k1", FIRST), ("k2", FIRST), ("k1", SECOND)]
    records = [a_candidate(place, place, role, api_key_id=key) for place, (key, role) in enumerate(keys)]

    assert pairs_of(records, differs) == [(1, 2)]


def test_an_unknown_where_pairs_nothing() -> None:
    differs = Comparison(operator="<>", left=Name(name="asn", step="f"), right=Name(name="asn", step="s"))

    assert pairs_of([a_candidate(1, 0, FIRST, asn=None), a_candidate(2, 1, SECOND, asn=5)], differs) == []


def test_text_ignores_case_but_identifiers_do_not() -> None:
    def same(name: str, first: str, second: str) -> list[tuple[int, int]]:
        where = Comparison(operator="=", left=Name(name=name, step="f"), right=Name(name=name, step="s"))
        values = [{name: text, f"folded {name}": fold(text)} for text in (first, second)]
        return pairs_of([a_candidate(1, 0, FIRST, **values[0]), a_candidate(2, 1, SECOND, **values[1])], where)

    assert (same("model", "GPT", "gpt"), same("api_key_id", "K", "k")) == ([(1, 2)], [])


def test_a_literal_is_folded_like_the_column() -> None:
    where = Comparison(operator="=", left=Name(name="model", step="s"), right=Text(value="GPT"))
    values = {"model": "Gpt", "folded model": "gpt"}

    assert pairs_of([a_candidate(1, 0, FIRST), a_candidate(2, 1, SECOND, **values)], where) == [(1, 2)]


def test_speed_is_a_quotient_that_a_division_by_zero_leaves_unknown() -> None:
    speed = Arithmetic(
        operator="/",
        left=PairCall(function="distance_km", first="f", second="s"),
        right=PairCall(function="seconds_between", first="f", second="s"),
    )
    where = Comparison(operator=">", left=speed, right=Number(value=Decimal("0.25")))

    def at(seconds: float) -> list[tuple[int, int]]:
        paris = a_candidate(1, 0, FIRST, latitude=48.9, longitude=2.4)
        tokyo = a_candidate(2, seconds, SECOND, latitude=35.7, longitude=139.7)
        return pairs_of([paris, tokyo], where)

    assert (at(60), at(0)) == ([(1, 2)], [])


def test_a_record_of_the_very_same_time_hides_no_earlier_one_from_a_speed() -> None:
    places = {1: (48.9, 2.4, 0), 2: (48.9, 2.4, 60), 3: (35.7, 139.7, 60)}
    records = [
        a_candidate(number, seconds, SECOND if number == 3 else FIRST, latitude=latitude, longitude=longitude)
        for number, (latitude, longitude, seconds) in places.items()
    ]
    where = parse_expression("distance_km(f, s) / seconds_between(f, s) > 0.25", Place(""))

    assert pairs_of(records, where) == [(1, 3)]


def test_distance_is_that_of_the_great_circle() -> None:
    assert distance_km(0.0, 0.0, 0.0, 180.0) == pytest.approx(20015.115, abs=0.001)
    assert distance_km(48.8566, 2.3522, 51.5074, -0.1278) == pytest.approx(343.6, abs=0.1)


def test_folding_agrees_with_the_engine_on_every_code_point() -> None:
    points = [chr(point) for point in range(1, 0x110000) if not 0xD800 <= point <= 0xDFFF]
    query = "SELECT lower(point) FROM (SELECT unnest($1) AS point)"

    lowered = [text for (text,) in open_connection().execute(query, [points]).fetchall()]

    assert [(p, fold(p), e) for p, e in zip(points, lowered, strict=True) if fold(p) != e] == []


class CountedValues(Mapping[str, Any]):
    """Values that count how often one of them is looked at."""

    looks = 0

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values_ = values

    def __getitem__(self, name: str) -> Any:
        CountedValues.looks += 1
        return self.values_[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


def looks_at_values(where: str, logins: int) -> int:
    """Return how often values are read while one account logs in every second, each time with another device."""
    candidates = [
        a_candidate(number, number, BOTH)._replace(
            values=CountedValues({"latitude": 48.0, "longitude": 2.0, "device_id": f"d{number}"})
        )
        for number in range(logins)
    ]
    CountedValues.looks = 0
    sequence = Sequence(steps=("f", "s"), within=86_400, where=parse_expression(where, Place("")))
    assert list(paired(sequence, candidates)) == []
    return CountedValues.looks


@pytest.mark.parametrize(
    "where",
    [
        "distance_km(f, s) > 500 and f.device_id <> s.device_id",
        "f.device_id <> s.device_id and distance_km(f, s) / seconds_between(f, s) * 3600 > 900",
        "f.device_id = s.device_id and distance_km(f, s) > 500",
        "distance_km(f, s) > 0.25 * seconds_between(f, s)",
        "seconds_between(f, s) > 100000 and f.device_id <> s.device_id",
    ],
)
def test_records_that_never_pair_are_not_tested_against_each_other(where: str) -> None:
    few, many = looks_at_values(where, 200), looks_at_values(where, 800)

    assert many < 5 * few


WHERES = (
    "f.api_key_id <> s.api_key_id",
    "f.model = s.model and s.api_key_id <> f.api_key_id",
    "f.api_key_id <> s.api_key_id and f.model <> s.model",
    "distance_km(f, s) > 500 and f.api_key_id <> s.api_key_id",
    "distance_km(f, s) > 100 and distance_km(f, s) / seconds_between(f, s) * 3600 > 900 and f.model <> s.model",
    "100 * distance_km(f, s) / (seconds_between(f, s) / 60) >= 70000",
    "distance_km(f, s) / seconds_between(s, f) < -0.5",
    "0 / seconds_between(f, s) = 0 or f.model = 'gpt'",
    "(0 / seconds_between(f, s) <= 1 or f.model = 'gpt') = (f.status > 1)",
    "not distance_km(f, s) / seconds_between(f, s) > 0.25",
    "seconds_between(f, s) > 5 and seconds_between(f, s) < 20",
    "seconds_between(s, f) < -5 and f.api_key_id <> s.api_key_id",
    "seconds_between(f, s) - f.status * 10 > 0 and f.api_key_id <> s.api_key_id",
    "-seconds_between(f, s) > -9 and f.model <> s.model and s.status > 1",
    "f.time < s.time and f.model <> s.model",
    "f.time = s.time or f.status < s.status",
    "seconds_between(f, s) * f.status > 9",
    "f.status / seconds_between(f, s) > 0.3",
    "not (f.model = s.model or seconds_between(f, s) > 9)",
    "f.model = 'gpt' and s.status >= 2 and f.status <> s.status",
)
MODELS = st.sampled_from((None, "gpt", "GPT", "x"))
VALUES = st.builds(
    lambda key, model, status, point: {
        "api_key_id": key, "model": model, "folded model": None if model is None else fold(model), "status": status,
        "latitude": point[0], "longitude": point[1],
    },
    st.sampled_from((None, "k", "K", "l")), MODELS, st.sampled_from((None, 0, 1, 2, 3)),
    st.sampled_from(((48.9, 2.4), (35.7, 139.7), (51.5, 0.0), (None, 1.0))),
)  # fmt: skip
STEPS = st.tuples(
    st.integers(0, 7), st.sampled_from((FIRST, SECOND, BOTH, UNTIL)), st.sampled_from((None, "x", "y", "y")), VALUES
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(WHERES), st.lists(STEPS, max_size=24))
def test_the_earliest_that_fits_is_the_one_that_a_plain_search_finds(where: str, steps: list[Any]) -> None:
    records, seconds = [], 0
    for number, (gap, role, divided, values) in enumerate(steps):
        seconds += gap
        records.append(a_candidate(number, seconds, role, divided, **values))
    expression = parse_expression(where, Place(""))

    assert pairs_of(records, expression) == list(plainly_paired(records, expression))


def plainly_paired(records: Records[Candidate], where: Expression) -> Iterator[tuple[int, int]]:
    """Pair as docs/evaluation.md says it, with every open record tested by the plain evaluator's arithmetic."""
    waiting: list[Candidate] = []
    for record in records:
        if record.is_until:
            waiting = [one for one in waiting if record.divided not in (None, one.divided)]
        if record.divided is None:
            continue
        near = [one for one in waiting if one.divided == record.divided and record.time - one.time <= 60_000_000]
        partner = next((one for one in near if record.fits[1] and is_true(where, one, record)), None)
        if partner is not None:
            waiting.remove(partner)
            yield partner.number, record.number
        elif record.fits[0]:
            waiting.append(record)


def is_true(where: Expression, first: Candidate, second: Candidate) -> bool:
    by_step = {"f": first, "s": second}

    def looked_up(node: Expression) -> Value:
        if isinstance(node, Name):
            found: Value = by_step[node.step].time if node.name == "time" else by_step[node.step].values[node.name]
            return found
        assert isinstance(node, PairCall)
        here, there = by_step[node.first], by_step[node.second]
        if node.function == "seconds_between":
            return Decimal(there.time - here.time) / 1_000_000
        places = [one.values[name] for one in (here, there) for name in ("latitude", "longitude")]
        return distance_km(*places)

    return truth_of(where, looked_up) is True
