"""Random Sigma correlations of every kind, chained up to three deep, and small random logs for them."""

from typing import Any

from hypothesis import strategies as st

BASE = """\
title: A
name: ra
logsource: {category: x}
detection: {s: {k: a}, condition: s}
---
title: B
name: rb
logsource: {category: x}
detection: {s: {k|contains: b}, condition: s}
---
title: C
name: rc
logsource: {category: x}
detection: {s: {k|startswith: c}, condition: s}
"""
BASE_NAMES = ["ra", "rb", "rc"]
KINDS = ["event_count", "value_count", "value_sum", "value_avg", "value_percentile", "value_median", "temporal",
         "temporal_ordered"]  # fmt: skip
SIGNS = ["gt", "gte", "lt", "lte", "eq", "neq"]

records: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.fixed_dictionaries(
        {"k": st.sampled_from(["a", "b", "ab", "c", "cb", "z", "A"])},
        optional={
            "t": st.integers(0, 11),
            "u": st.sampled_from(["x", "y", "X", 1]),
            "w": st.sampled_from(["p", "q"]),
            "n": st.sampled_from([1, 2, 3, -4, 0.5, "7", "7.5", "x", 10]),
        },
    ),
    max_size=12,
)


@st.composite
def rule_sets(draw: st.DrawFn) -> str:
    """Draw one to three correlations, each over base rules and the one before it."""
    texts = [BASE]
    below: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        least = 0 if below else 1
        names = below + draw(st.lists(st.sampled_from(BASE_NAMES), min_size=least, max_size=3, unique=True))
        texts.append(draw(correlations(f"r{number}", names)))
        below = [f"r{number}"]
    return "---\n".join(texts)


@st.composite
def correlations(draw: st.DrawFn, name: str, rules: list[str]) -> str:
    """Draw one correlation over the named rules."""
    lines = [f"title: {name}", f"name: {name}", "correlation:", f"  rules: [{', '.join(rules)}]"]
    lines.append(f"  timespan: {draw(st.sampled_from([1, 2, 3, 5]))}s")
    group = draw(st.sampled_from(["", "[u]", "[u, w]", "[w]", "[al]", "[al, w]"]))
    lines += [f"  group-by: {group}"] if group else []
    if "al" in group:
        lines += ["  aliases:", "    al:", *(f"      {rule}: {draw(st.sampled_from(['u', 'w']))}" for rule in rules)]
    return "\n".join((*lines, *draw(_conditions(rules)), ""))


@st.composite
def _conditions(draw: st.DrawFn, rules: list[str]) -> list[str]:
    kind = draw(st.sampled_from([*KINDS, "extended"]))
    if kind == "extended":
        order = draw(st.sampled_from(["temporal", "temporal_ordered"]))
        return [f"  type: {order}", f"  condition: {draw(_expressions(rules))}"]
    bound = f"{draw(st.sampled_from(SIGNS))}: {draw(st.sampled_from([0, 1, 2, 3, 4, 2.5, -1]))}"
    if kind.startswith("value"):
        rank = f", percentile: {draw(st.sampled_from([0, 10, 50, 90, 100]))}" if kind == "value_percentile" else ""
        bound = f"field: {draw(st.sampled_from(['n', 'u', 'w']))}, {bound}{rank}"
    elif kind != "event_count" and draw(st.booleans()):
        return [f"  type: {kind}"]
    return [f"  type: {kind}", f"  condition: {{{bound}}}"]


@st.composite
def _expressions(draw: st.DrawFn, rules: list[str]) -> str:
    """Draw a condition that names every rule, as pySigma asks."""
    joined = draw(st.sampled_from(["", "not "])) + rules[0]
    for rule in rules[1:]:
        word, is_not = draw(st.sampled_from(["and", "or"])), draw(st.sampled_from(["", "not "]))
        joined = f"{draw(st.sampled_from(['', 'not ']))}({joined}) {word} {is_not}{rule}"
    return joined
