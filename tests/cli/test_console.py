import json

import pytest

from auditor.cli import console


def test_columns_line_up_and_numbers_stand_right(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(["case", "findings"], [["C-1", "9"], ["C-22", "1,200"]])

    assert capsys.readouterr().out == ("case  findings\n────  ────────\nC-1          9\nC-22     1,200\n")


def test_json_is_ascii_whatever_the_log_said(capsys: pytest.CaptureFixture[str]) -> None:
    console.json_object(account="\u202eevil\x1b[31m")

    printed = capsys.readouterr().out
    assert printed.isascii() and "\x1b" not in printed
    assert json.loads(printed) == {"format_version": 1, "account": "\u202eevil\x1b[31m"}


def test_a_newline_in_a_cell_makes_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    console.table(["account"], [["a\nb"]])

    assert capsys.readouterr().out.count("\n") == 3


@pytest.mark.parametrize(("count", "expected"), [(0, "0 cases"), (1, "1 case"), (1200, "1,200 cases")])
def test_a_count_has_its_noun(count: int, expected: str) -> None:
    assert console.plural(count, "case") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acct-1 and 3 more", "acct-1 and 3 more"),
        ("a" * 5000 + " and 3 more", "a" * 10 + "…nd 3 more"),
        ("\u202e" * 30, "\\u{202E}\\u…}\\u{202E}"),
        ("漢" * 30, "漢" * 5 + "…" + "漢" * 4),
    ],
    ids=["short", "long", "hidden characters", "wide characters"],
)
def test_a_long_cell_loses_its_middle(text: str, expected: str) -> None:
    assert console.narrowed(text, 20) == expected
