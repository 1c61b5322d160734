"""Random measures with every aggregate, and random `violates` over them."""

from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from auditor.policy.expressions import (
    OVER_PER,
    SPREADS,
    Aggregate,
    Arithmetic,
    Comparison,
    Expression,
    Logic,
    Name,
    Negation,
    Negative,
    Number,
    PairCall,
    Per,
    Text,
)
from auditor.policy.rule import Measure

_SUMMED = ("status", "input_tokens", "cost_usd", "latency_ms", "rate_limit", "model_age", "extra.score",
           "seed_similarity", "network_newcomers")  # fmt: skip
_COUNTED = (
    "api_key_id",
    "model",
    "country",
    "status",
    "cost_usd",
    "stream",
    "client_ip",
    "account_id",
    "plan",
    "extra.word",
    "time",
)
_DIVIDING = (
    "api_key_id",
    "account_id",
    "model",
    "country",
    "status",
    "cost_usd",
    "stream",
    "plan",
    "extra.word",
    "time",
)
_FRACTIONS = st.sampled_from(("0", "0.5", "0.9", "0.95", "1")).map(Decimal)
_ARITHMETIC = st.sampled_from(("+", "-", "*", "/"))
_COMPARED = st.sampled_from(("<", "<=", ">", ">=", "=", "<>"))
_SMALL = st.sampled_from(("0", "1", "2", "3", "0.5", "60", "86400", "-1", "429", "1.000001"))


@cache
def measures(is_sequence: bool, selections: tuple[str, ...]) -> st.SearchStrategy[tuple[Measure, ...]]:
    """Return none to three measures, named m0, m1 ..."""
    expressions = st.lists(_measured(is_sequence, selections), max_size=3)
    return expressions.map(lambda found: tuple(Measure(name=f"m{at}", expression=one) for at, one in enumerate(found)))


@cache
def violations(names: tuple[str, ...], words: tuple[str, ...] = ()) -> st.SearchStrategy[Expression | None]:
    """Return a condition over measures, also after words of a baseline; None more often than not if there are none."""
    if not names:
        return st.none()
    measured = st.builds(Name, name=st.sampled_from(names), step=st.sampled_from(("", *words)))
    operand = st.one_of(measured, _numbers())
    sums = st.builds(Arithmetic, operator=_ARITHMETIC, left=measured, right=operand)
    comparison = st.one_of(
        st.builds(Comparison, operator=_COMPARED, left=st.one_of(measured, sums), right=operand),
        st.builds(Comparison, operator=_COMPARED, left=_numbers(), right=measured),
    )
    return st.one_of(st.none(), comparison, st.recursive(comparison, _above, max_leaves=3))


@cache
def wheres(names: tuple[str, ...]) -> st.SearchStrategy[Expression]:
    """Return a condition over steps of these names, two or more."""
    steps = st.sampled_from(names)
    pair = st.permutations(names).map(lambda order: (order[0], order[1]))
    comparison = st.one_of(
        st.builds(
            _columns_compared,
            pair,
            st.sampled_from(
                ("api_key_id", "model", "country", "status", "latency_ms", "cost_usd", "time", "client_ip", "plan")
            ),
            _COMPARED,
        ),
        st.builds(
            Comparison,
            operator=st.sampled_from(("=", "<>")),
            left=_of_step(steps, ("model", "country", "api_key_id")),
            right=st.sampled_from(("gpt", "de", "k1", "K1")).map(lambda text: Text(value=text)),
        ),
        st.builds(
            _call_compared,
            pair,
            st.sampled_from(("seconds_between", "distance_km")),
            _COMPARED,
            st.sampled_from(("0", "30", "600", "877", "5000")),
        ),
        st.builds(
            Comparison,
            operator=_COMPARED,
            left=st.builds(
                Arithmetic,
                operator=_ARITHMETIC,
                left=_of_step(steps, ("status", "latency_ms", "input_tokens")),
                right=_of_step(steps, ("status", "cost_usd")),
            ),
            right=_numbers(),
        ),
    )
    return st.recursive(comparison, _above, max_leaves=len(names) + 1)


@cache
def _measured(is_sequence: bool, selections: tuple[str, ...]) -> st.SearchStrategy[Expression]:
    records = _aggregates(is_sequence, selections)
    aggregate = st.one_of(records, records, _over_values(records))
    operand = st.one_of(aggregate, _numbers())
    return st.one_of(
        aggregate,
        aggregate,
        st.builds(Arithmetic, operator=_ARITHMETIC, left=aggregate, right=operand),
        st.builds(Arithmetic, operator=_ARITHMETIC, left=operand, right=aggregate),
        st.builds(Negative, operand=aggregate),
    )


@cache
def _aggregates(is_sequence: bool, selections: tuple[str, ...]) -> st.SearchStrategy[Expression]:
    plain = [Aggregate(function="count"), Aggregate(function="span"), Aggregate(function="active_hours")]
    plain += [Aggregate(function="count", of_sequence=True)] if is_sequence else []
    return st.one_of(
        st.sampled_from(plain),
        st.builds(Aggregate, function=st.just("count"), column=st.sampled_from(_COUNTED), is_distinct=st.booleans()),
        st.builds(
            Aggregate, function=st.sampled_from(("sum", "avg", "min", "max", "median")), column=st.sampled_from(_SUMMED)
        ),
        st.builds(
            Aggregate,
            function=st.just("quantile"),
            column=st.sampled_from(_SUMMED),
            fraction=_FRACTIONS,
        ),
        st.builds(Aggregate, function=st.just("share"), selection=st.sampled_from(selections)),
        st.builds(Aggregate, function=st.sampled_from(SPREADS), column=st.sampled_from(_COUNTED)),
    )


def _over_values(records: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    per = st.builds(Per, column=st.sampled_from(_DIVIDING), aggregate=records)
    functions = st.sampled_from(tuple(name for name in OVER_PER if name != "quantile"))
    return st.one_of(
        st.builds(Aggregate, function=functions, per=per),
        st.builds(Aggregate, function=st.just("quantile"), per=per, fraction=_FRACTIONS),
    )


def _numbers() -> st.SearchStrategy[Expression]:
    return _SMALL.map(lambda text: Number(value=Decimal(text)))


def _above(part: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    logic = st.builds(Logic, operator=st.sampled_from(("and", "or")), left=part, right=part)
    return st.one_of(logic, st.builds(Negation, operand=part))


def _of_step(steps: st.SearchStrategy[str], columns: tuple[str, ...]) -> st.SearchStrategy[Expression]:
    return st.builds(Name, name=st.sampled_from(columns), step=steps)


def _columns_compared(pair: tuple[str, str], column: str, operator: str) -> Expression:
    left, right = Name(name=column, step=pair[0]), Name(name=column, step=pair[1])
    return Comparison.model_validate({"operator": operator, "left": left, "right": right})


def _call_compared(pair: tuple[str, str], function: str, operator: str, limit: str) -> Expression:
    call = PairCall.model_validate({"function": function, "first": pair[0], "second": pair[1]})
    return Comparison.model_validate({"operator": operator, "left": call, "right": Number(value=Decimal(limit))})
