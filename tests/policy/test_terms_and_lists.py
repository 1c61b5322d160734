"""Terms, lists, exemptions and the ladder: what loads, and what is refused where."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from auditor.errors import PolicyError
from auditor.policy.conditions import Equals
from auditor.policy.fields import Problems
from auditor.policy.ladder_reader import read_ladder
from auditor.policy.list_reader import read_list_file
from auditor.policy.lists import Lists
from auditor.policy.pack import Ladder
from auditor.policy.rule import Exemption, ExemptionEntry, Span, ValueList
from auditor.policy.terms import Terms
from auditor.policy.terms_reader import read_terms
from auditor.policy.yaml import read_yaml
from tests.policy.examples import message_of

CLAUSES = "clauses: [{id: '1', text: no, conduct: resale, stance: prohibits}]"


def read(kind: str, text: str) -> Terms | ValueList | Exemption | Ladder | None:
    """Read a file's text, raising all its problems."""
    problems = Problems()
    node = read_yaml(text.encode(), "f.yml")
    model: Terms | ValueList | Exemption | Ladder | None
    match kind:
        case "terms":
            model = read_terms(node, digest="d", lists=Lists(), problems=problems)
        case "list":
            model = read_list_file(node, problems)
        case _:
            model = read_ladder(node, "d", problems)
    problems.check()
    return model


def exemption(entry: str) -> str:
    """Return an exemption file with one entry."""
    return f"exemption: x\nowner: o\nreason: r\nentries: [{entry}]"


def version(name: str = "a", dates: str = "effective: 2025-01-01", clauses: str = CLAUSES) -> str:
    """Return a version as a flow map."""
    return f"{{version: {name}, {dates}, {clauses}}}"


def terms(rest: str) -> str:
    """Return a terms file with the rest of its keys."""
    return f"terms: t\ntitle: T\npublisher: P\n{rest}"


def test_versions_are_sorted_and_cover_their_time() -> None:
    text = terms(
        f"versions:\n- {{version: b, effective: 2026-01-01, {CLAUSES}}}\n"
        f"- {{version: a, effective: 2025-01-01, until: 2026-01-01, {CLAUSES}}}\napplies: {{plan: pro}}"
    )

    document = read("terms", text)

    assert isinstance(document, Terms)
    assert [version.version for version in document.versions] == ["a", "b"]
    assert Equals(field="plan", value="pro") == document.applies
    at_midnight = document.version_at(datetime(2026, 1, 1, tzinfo=UTC))
    assert at_midnight is not None
    assert at_midnight.version == "b"


def test_an_exemption_ends_at_midnight_utc() -> None:
    model = read(
        "list",
        exemption("{asn: 64500, reason: s, from: 2025-01-01, expires: 2026-01-01}"),
    )

    span = Span(start=datetime(2025, 1, 1, tzinfo=UTC), until=datetime(2026, 1, 1, tzinfo=UTC))
    entry = ExemptionEntry(match=(("asn", "64500"),), reason="s", span=span)
    assert Exemption(name="x", owner="o", reason="r", entries=(entry,)) == model


@pytest.mark.parametrize(
    ("values", "expected"),
    [("[NO, 'yes', a, a]", ("NO", "yes", "a")), ("[1, 2.50]", (Decimal(1), Decimal("2.50"))), ("[]", ())],
)
def test_a_list_keeps_its_values_as_written(values: str, expected: tuple[object, ...]) -> None:
    model = read("list", f"list: x\nvalues: {values}")

    assert isinstance(model, ValueList)
    assert expected == model.values


def test_a_ladder_without_keys_is_the_usual_one() -> None:
    assert Ladder(digest="d", strike_days=7) == read("ladder", "strike_days: 7")


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("terms", terms("versions: []"), "f.yml:4:1: no version, expected at least one"),
        (
            "terms",
            terms(f"versions: [{version()}, {version('b', 'effective: 2026-01-01')}]"),
            "version `b` overlaps `a`, expected one at a time",
        ),
        (
            "terms",
            terms(f"versions: [{{version: a, effective: 2026-01-01, until: 2025-01-01, {CLAUSES}}}]"),
            "`until` is not later than `effective`, expected a later time",
        ),
        ("terms", terms(f"versions: [{{version: a, {CLAUSES}}}]"), "a version has no `effective`"),
        (
            "terms",
            terms(f"versions: [{{version: a, effective: 2026-01-01, source_digest: abc, {CLAUSES}}}]"),
            "`source_digest` is `abc`, expected 64 hexadecimal digits",
        ),
        (
            "terms",
            terms(f"versions: [{version(clauses='clauses: [{id: x, text: y, conduct: z, stance: bans}]')}]"),
            "`stance` is text `bans`, expected one of prohibits, permits, limits",
        ),
        (
            "terms",
            terms(f"applies: {{account_id: a}}\nversions: [{{version: a, effective: 2026-01-01, {CLAUSES}}}]"),
            "f.yml:4:11: column `account_id` here, expected one of country, data_category, device_owner",
        ),
        (
            "terms",
            terms(f"applies: {{country|expand: '%unsupported_countries%'}}\nversions: [{version()}]"),
            "`%unsupported_countries%` in `applies`, expected a list of the pack",
        ),
        ("list", "values: [a]", "f.yml:1:1: neither `list` nor `exemption`, expected one of them"),
        ("list", "list: a b\nvalues: [x]", "`list` is `a b`, expected letters, digits, `_` and `-`"),
        ("list", "list: a\nvalues: {x: y}", "`values` is a map, expected a list"),
        ("list", "list: a\nvalues: [true, null]", "`true` in a list, expected text or a number"),
        ("list", exemption("{account_id: a, reason: s}"), "without `expires`"),
        ("list", exemption("{reason: s, expires: 2026-01-01}"), "matches nothing"),
        ("list", exemption("{acount_id: a, reason: s, expires: 2026-01-01}"), "unknown column"),
        ("list", exemption("{tags: a, reason: s, expires: 2026-01-01}"), "exact single values"),
        ("list", "exemption: a\nreason: r", "has no `owner`"),
        ("ladder", "bright_line: terminate", "`bright_line` is `terminate`, expected at most `suspend`"),
        ("ladder", "single_inferential: ban", "expected one of none, warn, verify,"),
        ("ladder", "victim_conducts: [theft]", "unknown conduct `theft`"),
        ("ladder", "strike_days: many", "`strike_days` is text `many`, expected a whole number"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(kind: str, text: str, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(kind, text)

    assert message in message_of(caught.value)
