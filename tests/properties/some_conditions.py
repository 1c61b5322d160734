"""Random conditions with every kind of leaf, over the columns and values of `some_records`."""

from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from auditor.policy.conditions import (
    All,
    AnyOf,
    AnyText,
    Compare,
    Condition,
    Equals,
    Exists,
    InNetwork,
    Matches,
    Not,
    OneOf,
    Regex,
    SameAs,
    SelectionRef,
    TimePart,
)
from tests.properties.some_records import COLUMNS, DECIMALS, INTEGERS, KEYS, REALS, WORDS, Grid

USUAL: tuple[Condition, ...] = (
    Exists(field="event"),
    Exists(field="model"),
    Equals(field="event", value="completion"),
    Equals(field="event", value="login"),
    OneOf(field="status", values=(Decimal(200), Decimal(429))),
    Equals(field="model", value="gpt"),
    Equals(field="country", value="de"),
    Compare(field="status", operator="<", value=Decimal(500)),
)
WIDE: tuple[Condition, ...] = (
    Exists(field="event"),
    Exists(field="event"),
    Equals(field="event", value="completion"),
    Compare(field="status", operator="<", value=Decimal(500)),
    Exists(field="model"),
)
RARE: tuple[Condition, ...] = (
    Equals(field="event", value="enforcement"),
    Equals(field="country", value="us"),
    Compare(field="status", operator=">=", value=Decimal(500)),
)
TEXT_COLUMNS = (
    "model", "prompt", "country", "plan", "event", "api_key_id", "device_id", "client_ip", "tags",
    "cluster_id", "template_group",
    "extra.word", "extra.in.word", "extra.score",
)  # fmt: skip
NUMBER_COLUMNS = (
    "status", "input_tokens", "cost_usd", "latency_ms", "model_age", "rate_limit", "seed_similarity",
    "network_newcomers",
)  # fmt: skip
SAME_TYPE = (
    ("model", "prompt"), ("model", "extra.word"), ("api_key_id", "session_id"), ("api_key_id", "model"),
    ("status", "input_tokens"), ("latency_ms", "latitude"), ("country", "plan"), ("cluster_id", "account_id"),
)  # fmt: skip
PATTERNS = (
    ("gpt", ""), ("gpt", "i"), ("^g", "i"), ("t$", ""), ("^lines$", "m"), ("o.l", "s"), ("o.l", ""), (r"\bstr", "i"),
    (r"^\w+$", ""), (r"^[a-zA-Z]*$", ""), (r"\d", ""), (r"a\.b|_", ""), ("^$", ""), (r"[^a-z]", ""),
    ("(?i)STRASSE", ""), (r"^\S*$", ""), (r"[\D]$", ""), ("(?i:STR).$", ""),
)  # fmt: skip
_TEXTS = st.sampled_from((*WORDS, *KEYS, "DE", "de", "completion", "5", "true", "10.0.0.1", "pro", "PRO"))
_NUMBERS = st.sampled_from(
    tuple(
        Decimal(str(number))
        for number in (*INTEGERS, *DECIMALS, *(real for real in REALS if abs(real) < 1000), 200, 60, "0.3", "1.000001")
    )
)
_NETWORKS = (
    (0xFFFF_0A00_0000, 0xFFFF_0A00_00FF),
    (0xFFFF_0A00_0001, 0xFFFF_0A00_0001),
    (0x2001_0DB8 << 96, (0x2001_0DB9 << 96) - 1),
)


@cache
def leaves(grid: Grid) -> st.SearchStrategy[Condition]:
    """Return one test of one column; every second one is true of many records."""
    return st.one_of(st.sampled_from(USUAL), _any_leaf(grid))


@cache
def _any_leaf(grid: Grid) -> st.SearchStrategy[Condition]:
    operators = st.sampled_from(("<", "<=", ">", ">="))
    texts, numbers, cased = st.sampled_from(TEXT_COLUMNS), st.sampled_from(NUMBER_COLUMNS), st.booleans()
    return st.one_of(
        st.builds(Equals, field=texts, value=_TEXTS, cased=cased),
        st.builds(Equals, field=st.just("event"), value=st.sampled_from(("completion", "login"))),
        st.builds(Equals, field=st.just("status"), value=st.sampled_from((Decimal(200), Decimal(429)))),
        st.builds(Equals, field=numbers, value=_NUMBERS),
        st.builds(Equals, field=st.just("extra.score"), value=st.sampled_from((Decimal(5), Decimal("-0.25")))),
        st.builds(Equals, field=st.just("stream"), value=st.booleans()),
        st.builds(Equals, field=st.just("time"), value=grid.moments()),
        st.builds(OneOf, field=texts, values=st.lists(_TEXTS, max_size=4).map(tuple), cased=cased),
        st.builds(OneOf, field=numbers, values=st.lists(_NUMBERS, max_size=4).map(tuple)),
        st.builds(Matches, field=texts, parts=_parts(), cased=cased),
        st.builds(_regex, texts, st.sampled_from(PATTERNS)),
        st.builds(_network, st.sampled_from(_NETWORKS)),
        st.builds(Exists, field=st.sampled_from((*COLUMNS, "extra.word", "model_age", "rate_limit"))),
        st.builds(Compare, field=numbers, operator=operators, value=_NUMBERS),
        st.builds(Compare, field=st.just("extra.score"), operator=operators, value=_NUMBERS),
        st.builds(Compare, field=st.just("time"), operator=operators, value=grid.moments()),
        st.builds(_same, st.sampled_from(SAME_TYPE), st.sampled_from(("whole", "start", "end", "inside")), cased),
        st.builds(
            _time_part,
            st.sampled_from(("hour", "day", "week", "month", "year")),
            st.sampled_from(("=", "<", "<=", ">", ">=")),
            st.sampled_from((0, 1, 2, 3, 12, 22, 28, 29, 53, 2026)),
        ),
    )


@cache
def trees(leaf: st.SearchStrategy[Condition], most: int) -> st.SearchStrategy[Condition]:
    """Return `and`, `or` and `not` over leaves, at most about `most` of them."""
    return st.recursive(leaf, _above, max_leaves=most)


@cache
def references(names: tuple[str, ...]) -> st.SearchStrategy[Condition]:
    """Return conditions over named selections."""
    return trees(st.sampled_from(names).map(lambda name: SelectionRef(name=name)), 3)


def _above(part: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(part, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(All, parts=parts), st.builds(AnyOf, parts=parts), st.builds(Not, part=part))


def _parts() -> st.SearchStrategy[tuple[str | AnyText, ...]]:
    pieces = st.sampled_from(("g", "G", "t", "ß", "i", "İ", "_", "%", ".", "\n", "a", "1", "s"))
    wildcards = st.sampled_from((AnyText(), AnyText(single=True)))
    return st.lists(st.one_of(pieces, wildcards), min_size=1, max_size=5).map(tuple)


def _regex(field: str, pattern: tuple[str, str]) -> Regex:
    return Regex(field=field, pattern=pattern[0], flags=pattern[1])


def _network(bounds: tuple[int, int]) -> InNetwork:
    return InNetwork(network="a network", first=bounds[0], last=bounds[1])


def _same(pair: tuple[str, str], position: str, cased: bool) -> SameAs:
    is_text = pair[0] not in NUMBER_COLUMNS
    return SameAs.model_validate(
        {"field": pair[0], "other": pair[1], "position": position if is_text else "whole", "cased": cased}
    )


def _time_part(part: str, operator: str, value: int) -> TimePart:
    return TimePart.model_validate({"field": "time", "part": part, "operator": operator, "value": value})
