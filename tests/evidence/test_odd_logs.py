"""Whatever a log holds, what was read from it can be sealed and verified, and a store that says otherwise can not."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import BundleError
from auditor.evidence.recordlines import RecordLine
from auditor.evidence.sourceforms import MOST_FIELDS, Member, SourceForm, form_of_source
from auditor.evidence.standalone.layout import CONTEXT
from auditor.evidence.standalone.recordcheck import Known, outcome_of
from auditor.evidence.standalone.recordpieces import Piece
from auditor.records.activity import Activity
from auditor.records.ingest import ingest
from auditor.records.manifest import load_manifest
from auditor.records.sourcebytes import SourceBytes
from auditor.records.store import open_activity
from auditor.records.workspace import open_workspace
from tests.evidence.test_source_forms import NOW, written

START = '{"time":"2025-01-10T10:%02d:00Z","event":"completion","account_id":"a"%s}'
ODD = [
    "NaN", "nan", "-nan", "Infinity", "-INFINITY", "inf", "[NaN,1]", '{"a":-inf}', '{"NaN":"nan\\"inf"}', "1e400",
    "-1e400", "1" * 400, "-" + "1" * 400, "1" * 5000, "18446744073709551616", "0.30000000000000004441", "1.50", "1E5",
    "-0", '{"a":1,"a":2}', '{"a":{"b":[null,{"c":null}]}}', "null", '""', "true", "[]", '"[NaN]"', '"\\u0041"',
]  # fmt: skip
"""What a field holds whose name is none of a column."""
COSTS = [
    "123456789.123456789", "12345678.123456789", "99999999.9999999995", "0.12345678949999999999", "0.0000000005",
    "1e-10", '"123456789.123456789"', '"0.0000000015"',
]  # fmt: skip
CONTENT = ["[NaN]", '{"x":nan,"y":-Infinity}', "[" + "1" * 400 + "]", '"NaN is no number"']
TAGS = ["[NaN]", "[nan,-inf]", "[1e400,18446744073709551616]", "[" + "1" * 400 + "]", '"[NaN,1.10]"']
EXTRA = ['{"who":1}', '{"a":nan}', '"{\\"a\\":nan}"', '{"a":1e400,"b":{"c":2}}']
MANY = ",".join(f'"x{number}":{number}' for number in range(1000))
FIELDS = st.one_of(
    st.tuples(st.sampled_from(["who", "score"]), st.sampled_from(ODD)),
    st.tuples(st.just("cost_usd"), st.sampled_from(COSTS) | st.floats(0, 999_999_999).map(repr)),
    st.tuples(st.just("cost_usd"), st.decimals(0, 999_999_999, places=9, allow_nan=False).map(str)),
    st.tuples(st.just("prompt"), st.sampled_from(CONTENT)),
    st.tuples(st.just("tags"), st.sampled_from(TAGS)),
    st.tuples(st.just("extra"), st.sampled_from(EXTRA)),
)
LINES = st.lists(FIELDS, max_size=3, unique_by=lambda field: field[0]).map(
    lambda fields: "".join(f',"{name}":{value}' for name, value in fields)
) | st.just("," + MANY)


class Read(NamedTuple):
    """A log as it was ingested."""

    activity: Activity
    sources: SourceBytes
    forms: dict[str, SourceForm]
    source_id: str
    kept: int

    def sealed(self, *, quickly: bool) -> list[RecordLine]:
        """Return the lines of all records, by the engine where it can or one by one."""
        return written(self.activity, self.sources, self.forms if quickly else {})[0]

    def faults(self, lines: Sequence[RecordLine]) -> list[str]:
        """Return what a verifier finds wrong with lines of a bundle."""
        known = Known(
            {self.source_id: "canonical"}, {self.source_id: "log.jsonl"}, frozenset(), frozenset(["F"]), False
        )
        piece = Piece(CONTEXT, 1, [item.line for item in lines], 1, [item.commitment for item in lines])
        return [f"{fault}" for fault in outcome_of(known, piece).faults]


@contextmanager
def read(folder: Path, fields: Sequence[str]) -> Iterator[Read]:
    """Ingest a log whose lines have these fields beside those that all have."""
    log = folder / "log.jsonl"
    log.write_text("".join(START % (number, rest) + "\n" for number, rest in enumerate(fields)), encoding="utf-8")
    workspace = open_workspace(folder / "audit", create=True)
    ingest([log], profile="canonical", workspace=workspace, now=NOW)
    (source,) = load_manifest(workspace).sources
    form = form_of_source(log.read_bytes())
    with SourceBytes({source.source_id: log}, scratch=folder) as sources:
        forms = {source.source_id: form} if form else {}
        yield Read(open_activity(workspace), sources, forms, source.source_id, len(fields) - source.quarantined)


def must_be_sealed_both_ways(log: Read) -> None:
    """Compare both ways of sealing, and verify what they made."""
    plain, quick = log.sealed(quickly=False), log.sealed(quickly=True)

    assert len(plain) == log.kept
    assert quick == plain
    assert log.faults(plain) == []


@pytest.mark.parametrize("name", ["who", "cost_usd", "prompt", "tags", "extra"])
def test_odd_values_are_sealed_and_verified(tmp_path: Path, name: str) -> None:
    values = {"who": ODD, "cost_usd": COSTS, "prompt": CONTENT, "tags": TAGS, "extra": EXTRA}[name]

    with read(tmp_path, ["", *(f',"{name}":{value}' for value in values)]) as log:
        assert log.kept == len(values) + 1
        must_be_sealed_both_ways(log)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, min_size=1, max_size=6))
def test_any_odd_log_is_sealed_and_verified(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    with read(tmp_path_factory.mktemp("odd"), lines) as log:
        must_be_sealed_both_ways(log)


def test_thousand_names_leave_the_form_to_the_other_lines(tmp_path: Path) -> None:
    with read(tmp_path, [',"who":1', "," + MANY, ',"who":2']) as log:
        must_be_sealed_both_ways(log)
        _, rows = written(log.activity, log.sources, log.forms)
        (form,) = log.forms.values()

    assert len(form.members) <= MOST_FIELDS
    assert [row["own"] is not None for row in rows] == [True, False, True]


def test_form_that_the_engine_fails_on_is_left_alone(tmp_path: Path) -> None:
    members = tuple(Member(',"x":', f"x{number}") for number in range(1200))

    with read(tmp_path, [',"who":1', ',"who":NaN']) as log:
        plain = log.sealed(quickly=False)
        quick = log._replace(forms={log.source_id: SourceForm(members, "}")}).sealed(quickly=True)

    assert quick == plain


CHANGES: dict[str, Mapping[str, str]] = {
    "another number": {"extra": '{"who":2}'},
    "a number where there is none": {"extra": '{"who":1}', "source_line": "2"},
    "none where there is a number": {"extra": '{"who":NaN}'},
    "an infinity": {"extra": '{"who":-Infinity}', "source_line": "3"},
    "a text for what is no number": {"extra": '{"who":"NaN"}', "source_line": "2"},
    "a list": {"extra": "[1]"},
    "a text": {"extra": '"guilty"', "source_line": "4"},
    "an empty list": {"extra": "[]", "source_line": "4"},
    "no JSON": {"extra": "{who", "source_line": "4"},
    "a nano more": {"cost_usd": "123456789.123456791", "source_line": "5"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("quickly", [True, False], ids=["by the engine", "one by one"])
def test_store_that_says_something_else_is_refused_both_ways(
    tmp_path: Path, change: Mapping[str, str], quickly: bool
) -> None:
    fields = [',"who":1', ',"who":NaN', ',"who":Infinity', "", ',"cost_usd":123456789.123456789']
    with read(tmp_path, fields) as log:
        rewritten(log.activity, **change)
        with pytest.raises(BundleError, match="the store's record"):
            log.sealed(quickly=quickly)


def rewritten(activity: Activity, source_line: str = "1", **values: str) -> None:
    """Change a record behind the program's back."""
    ((name, value),) = values.items()
    columns = f"* REPLACE (CASE WHEN source_line = {source_line} THEN '{value}' ELSE {name} END AS {name})"
    activity.connection.execute(f"CREATE TABLE changed AS SELECT {columns} FROM records")
    activity.connection.execute("CREATE OR REPLACE VIEW records AS SELECT * FROM changed")
