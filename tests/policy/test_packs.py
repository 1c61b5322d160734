"""Packs: found by name, file and folder, read whole, refused whole."""

import os
from pathlib import Path

import pytest

from auditor.errors import AuditorError, PolicyError, UsageError
from auditor.policy.conditions import OneOf
from auditor.policy.load import DEFAULT_PACK, load_pack, load_rule, shipped_packs, shipped_policies
from auditor.policy.pack import Context
from auditor.policy.rule import ValueList
from auditor.policy.rulecases import EXPECTATIONS, load_cases
from tests.policy.examples import message_of, rule_text

CLAUSE = "{id: '1', text: no, conduct: distillation, stance: prohibits}"
TERMS = f"terms: t\ntitle: T\npublisher: P\nversions: [{{version: '1', effective: 2025-01-01, clauses: [{CLAUSE}]}}]\n"
LINKS = "signals: [{name: card, kind: card, family: payment, seen: facts, columns: [payment_fingerprint], source: s}]"


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def rule(number: int = 1, part: str = "") -> str:
    """Return a rule with an id of its own."""
    return rule_text(f"id: 0c6f0f0e-6f0b-4a57-9a53-00000000000{number}\n{part}")


def problems_of(pack: str) -> str:
    """Return the problems that loading a pack finds, a line each."""
    with pytest.raises(AuditorError) as caught:
        load_pack(pack)
    return message_of(caught.value)


def test_the_default_pack_is_shipped_and_loads() -> None:
    pack = load_pack(DEFAULT_PACK)

    assert DEFAULT_PACK in shipped_packs()
    assert pack.name == DEFAULT_PACK
    assert pack.rules
    assert pack.terms


def test_every_shipped_rule_is_named_by_its_title_and_has_cases_of_every_kind() -> None:
    pack = load_pack(DEFAULT_PACK)

    for name, path in pack.rule_paths().items():
        cases = load_cases(Path(pack.root) / path)
        assert set(EXPECTATIONS) == {case.expect for case in cases}, name
        assert name == next(r.title for r in pack.rules if r.name == name).lower().replace(" ", "-"), name


def test_shipped_files_do_not_depend_on_where_they_lie() -> None:
    pack = load_pack(DEFAULT_PACK)

    assert all((shipped_policies() / file.path).is_file() for file in pack.files)
    assert str(shipped_policies()) == pack.root
    assert pack.root not in "".join(file.path for file in pack.files)


def test_a_folder_is_a_pack_of_what_is_found_in_it(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "house",
        {
            "rules/a/one.yml": rule(1, "unless: vendors"),
            "rules/two.yaml": rule(2),
            "rules/two.cases.yaml": "not even a list",
            "rules/notes.txt": "no rule",
            "terms/t.yml": TERMS,
            "lists/l.yml": "list: codes\nvalues: [a]",
            "lists/e.yml": "exemption: vendors\nowner: o\nreason: r\nentries: []",
            "links.yml": LINKS,
            "ladder.yml": "strike_days: 30",
        },
    )

    pack = load_pack(str(folder))

    assert pack.name == "house"
    assert [item.name for item in pack.rules] == ["one", "two"]
    assert [document.id for document in pack.terms] == ["t"]
    assert [item.name for item in pack.lists] == ["codes"]
    assert [item.name for item in pack.exemptions] == ["vendors"]
    assert pack.ladder.strike_days == 30
    assert pack.links is not None
    assert [signal.name for signal in pack.links.signals] == ["card"]
    assert [file.path for file in pack.files] == [
        "ladder.yml", "links.yml", "lists/e.yml", "lists/l.yml", "rules/a/one.yml", "rules/two.yaml", "terms/t.yml",
    ]  # fmt: skip


def test_a_pack_file_may_name_files_beside_its_folder(tmp_path: Path) -> None:
    write(tmp_path, {"packs/p.yml": "pack: p\nrules: [../rules]\n", "rules/one.yml": rule()})

    pack = load_pack(str(tmp_path / "packs" / "p.yml"))

    assert [file.path for file in pack.files] == ["packs/p.yml", "rules/one.yml"]
    assert pack.rule_paths() == {"one": "rules/one.yml"}
    assert any("no terms" in note for note in pack.notes)


def test_a_folder_with_a_pack_file_is_that_pack(tmp_path: Path) -> None:
    write(tmp_path, {"pack.yml": "pack: p\ntitle: T\nrules: r\ntimezone: Europe/Berlin\n", "r/one.yml": rule()})

    pack = load_pack(str(tmp_path))

    assert (pack.name, pack.title, pack.timezone) == ("p", "T", "Europe/Berlin")


def test_the_digest_changes_with_any_file_and_not_with_the_place(tmp_path: Path) -> None:
    files = {"rules/one.yml": rule()}
    here, there = write(tmp_path / "a" / "p", files), write(tmp_path / "b" / "p", files)
    changed = write(tmp_path / "c" / "p", {"rules/one.yml": rule() + "\n"})

    digests = [load_pack(str(folder)).digest for folder in (here, there, changed)]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_lists_of_the_context_replace_lists_of_the_pack(tmp_path: Path) -> None:
    part = "when: {x: {plan|expand: '%codes%'}}"
    folder = write(tmp_path, {"rules/one.yml": rule(1, part), "lists/l.yml": "list: codes\nvalues: [a, b]"})
    context = Context(lists=(ValueList(name="codes", title="", values=("c", "d")),))

    pack = load_pack(str(folder), context=context)

    assert OneOf(field="plan", values=("a", "b")) == load_pack(str(folder)).rules[0].selected()
    assert OneOf(field="plan", values=("c", "d")) == pack.rules[0].selected()


def test_all_problems_of_all_files_are_named_at_once_sorted_by_place(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "p",
        {
            "rules/a.yml": rule(1, "level: sever"),
            "rules/b.yml": "a: [",
            "rules/c.yml": rule(2, "unless: [nobody]\nwithin: 3x"),
            "lists/l.yml": "list: x\nvalues: [a, 1]",
            "terms/t.yml": "terms: t",
        },
    )

    lines = problems_of(str(folder)).replace(f"{folder}{os.sep}", "").splitlines()

    assert [line for line in lines if line] == [
        "lists/l.yml:2:9: 1 texts and 1 numbers in one list, expected values of one type",
        "rules/a.yml:2:8: `level` is text `sever`, expected one of informational, low, medium, high, critical",
        "rules/b.yml:2:1: text that is not YAML (while parsing a flow node, did not find expected node content), "
        "expected YAML",
        "rules/c.yml:2:1: unknown exemption `nobody`, expected the name of an exemption list, and the pack has none",
        "rules/c.yml:3:9: `within` is text `3x`, expected a duration such as `90s`, `30m`, `24h`, `7d` or `2w`",
        "terms/t.yml:1:1: the terms file has no `publisher`, expected `publisher: …`",
        "terms/t.yml:1:1: the terms file has no `title`, expected `title: …`",
        "terms/t.yml:1:1: the terms file has no `versions`, expected `versions: …`",
    ]


def test_two_rules_of_one_id_or_one_file_name_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, {"rules/a/x.yml": rule(1), "rules/b/x.yml": rule(2), "rules/c.yml": rule(2)})

    text = problems_of(str(folder))

    assert "b/x.yml: file name `x` is taken by `x.yml`" in text
    assert "c.yml: id `0c6f0f0e-6f0b-4a57-9a53-000000000002` is taken by `x.yml`" in text


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/etc/passwd", "expected one relative to the pack file"),
        ("../../x.yml", "leads out of the policies"),
        ("../../../../../../../../../../../../x.yml", "leads out of the policies"),
        ("link.yml", "is a link"),
        ("linked/one.yml", "is a link"),
        ("withlink", "a link, expected a file"),
        ("none.yml", "no such file or folder"),
        ("C:\\x.yml", "expected one relative to the pack file"),
    ],
)
def test_a_pack_stays_inside_its_folder_and_follows_no_link(path: str, message: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "deep" / "p", {"pack.yml": f"pack: p\nrules: ['{path}']\n", "withlink/a.yml": rule()})
    outside = write(tmp_path / "outside", {"one.yml": rule(2)})
    (folder / "link.yml").symlink_to(outside / "one.yml")
    (folder / "linked").symlink_to(outside)
    (folder / "withlink" / "b.yml").symlink_to(outside / "one.yml")

    assert message in problems_of(str(folder / "pack.yml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pack: p", "has no `rules`"),
        ("pack: p\nrules: []", "a pack without rules"),
        ("pack: p\nrules: {a: b}", "an item of `rules` is a map, expected text"),
        ("pack: p\nrules: [r]\nladder: [x]", "`ladder` is a list, expected one file"),
        ("pack: p\nrules: [r]\ntimezone: Mars/Base", "unknown time zone `Mars/Base`"),
        ("pack: p\nrules: [r]\ntimezone: ../etc", "unknown time zone `../etc`"),
        ("pack: p\nrules: [r]\nlimits: x", "unknown key `limits` in the pack file"),
        ("[]", "the pack file is a list, expected a map"),
    ],
)
def test_a_bad_pack_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    folder = write(tmp_path, {"p.yml": text, "r/one.yml": rule()})

    assert message in problems_of(str(folder / "p.yml"))


def test_an_unknown_pack_is_a_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown pack `model-apy`"):
        load_pack("model-apy")
    with pytest.raises(UsageError, match="no such pack file or folder"):
        load_pack(str(tmp_path / "nothing.yml"))


def test_a_folder_of_a_pack_that_is_a_link_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", {"notes.txt": ""})
    outside = write(tmp_path / "outside", {"one.yml": rule()})
    (folder / "rules").symlink_to(outside)

    assert "path `rules` is a link, expected a file or folder" in problems_of(str(folder))


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    assert "a folder without `rules/*.yml`" in problems_of(str(tmp_path))


def test_an_unreadable_rule_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't read the file"):
        load_rule(tmp_path / "none.yml")
    with pytest.raises(UsageError, match="not a regular file"):
        load_rule(tmp_path)


def test_a_single_rule_loads_with_the_name_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, {"bulk-output.yml": rule()})

    assert load_rule(tmp_path / "bulk-output.yml").name == "bulk-output"


def test_hints_say_what_to_do(tmp_path: Path) -> None:
    folder = write(tmp_path, {"rules/a.yml": rule(1, "by: [templat_id]")})

    with pytest.raises(PolicyError) as caught:
        load_pack(str(folder))

    assert caught.value.problems[0].hint == "did you mean `template_id`?"
