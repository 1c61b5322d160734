"""Common parts found in the order of texts are those that the definition says."""

from hypothesis import given
from hypothesis import strategies as st

from auditor.content.definition import Edge
from auditor.content.parts import filled_parts
from tests.content.plain import filled_by

SMALL = Edge(words=2, size=4, longest=5, texts=4, one_in=6, branches=2)
LINE = st.lists(st.sampled_from(["a", "b", "!", "aa", "a!", "\u00e9", "\u4e2d"]), min_size=1, max_size=8).map(" ".join)


@given(st.sets(LINE, max_size=60), st.integers(0, 20))
def test_parts_are_those_of_the_definition(lines: set[str], elsewhere: int) -> None:
    total = len(lines) + elsewhere
    expected = filled_by([tuple(line.split(" ")) for line in lines], total, SMALL)

    found = dict(filled_parts(sorted(lines), total, SMALL))

    assert {" ".join(head): size for head, size in expected.items()} == found


@given(st.integers(1, 8), st.sets(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=12))
def test_a_beginning_that_goes_on_in_one_way_is_followed_to_where_it_parts(length: int, ends: set[str]) -> None:
    beginning = " ".join(["word"] * length)
    lines = {f"{beginning} {end}" for end in ends} | {beginning}

    found = dict(filled_parts(sorted(lines), len(lines), SMALL))

    expected = filled_by([tuple(line.split(" ")) for line in lines], len(lines), SMALL)
    assert {" ".join(head): size for head, size in expected.items()} == found
