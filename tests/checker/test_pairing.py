from collections.abc import Sequence as Records
from decimal import Decimal
from typing import Any

import pytest

from auditor.checker.pairing import Candidate, distance_km, fold, paired
from auditor.policy.expressions import Arithmetic, Comparison, Expression, Name, Number, PairCall, Text
from auditor.policy.rule import Sequence
from auditor.records.sql import open_connection

FIRST, SECOND, BOTH, UNTIL = "first", "second", "both", "until"


def a_candidate(number: int, seconds: float, role: str, divided: str | None = "x", **values: Any) -> Candidate:
    return Candidate(
        number=number,
        time=int(seconds * 1_000_000),
        is_first=role in (FIRST, BOTH),
        is_second=role in (SECOND, BOTH),
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


def test_distance_is_that_of_the_great_circle() -> None:
    assert distance_km(0.0, 0.0, 0.0, 180.0) == pytest.approx(20015.115, abs=0.001)
    assert distance_km(48.8566, 2.3522, 51.5074, -0.1278) == pytest.approx(343.6, abs=0.1)


def test_folding_agrees_with_the_engine_on_every_code_point() -> None:
    points = [chr(point) for point in range(1, 0x110000) if not 0xD800 <= point <= 0xDFFF]
    query = "SELECT lower(point) FROM (SELECT unnest($1) AS point)"

    lowered = [text for (text,) in open_connection().execute(query, [points]).fetchall()]

    assert [(p, fold(p), e) for p, e in zip(points, lowered, strict=True) if fold(p) != e] == []
