"""The cases of a rule, `<rule>.cases.yml`: small sets of records, and what the rule must say about each.

A case's records are written with the record's columns; `facts` are roster rows that only carry account facts.
How a case is run is the checker's affair.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal  # values of a record are of any column's type

from auditor.errors import Place
from auditor.policy.case_records import rows_of
from auditor.policy.fields import Fields, Problems, kind_of
from auditor.policy.files import read_bytes
from auditor.policy.pack import Context
from auditor.policy.platform import read_context
from auditor.policy.yaml import LARGEST_LIST, SequenceNode, YamlNode, read_yaml
from auditor.records.values import shown

Expectation = Literal["match", "no match", "not evaluated"]
EXPECTATIONS: tuple[Expectation, ...] = ("match", "no match", "not evaluated")
KEYS = ("name", "records", "facts", "context", "subject", "expect")


@dataclass(frozen=True)
class RuleCase:
    """One case: rows by column name (numbers int or Decimal, times text), and what is expected of whom.

    `subject` is empty when the expectation is about any subject, else its columns' values.
    """

    name: str
    records: tuple[dict[str, Any], ...]
    facts: tuple[dict[str, Any], ...]
    context: Context
    subject: tuple[str, ...]
    expect: Expectation
    place: Place


def cases_path(rule_path: Path) -> Path:
    """Return where the cases of a rule lie: beside it, `x.yml` → `x.cases.yml`."""
    return rule_path.with_name(f"{rule_path.stem}.cases{rule_path.suffix}")


def load_cases(rule_path: Path) -> tuple[RuleCase, ...]:
    """Read the cases beside a rule file, none if there is no such file. Raises PolicyError with every problem."""
    path = cases_path(rule_path)
    if not path.exists():
        return ()
    return read_cases(read_yaml(read_bytes(path, LARGEST_LIST), str(path), largest=LARGEST_LIST))


def read_cases(node: YamlNode) -> tuple[RuleCase, ...]:
    """Return the cases of a document. Raises PolicyError with every problem."""
    problems = Problems()
    if not isinstance(node, SequenceNode):
        problems.add(node.place, f"rule cases are {kind_of(node)}, expected a list", "start each case with `- name:`")
    items = node.items if isinstance(node, SequenceNode) else ()
    cases = tuple(_case(Fields(item, "a case", problems)) for item in items)
    names = [case.name for case in cases]
    for index, case in enumerate(cases):
        if case.name in names[:index]:
            found = f"a second case named {shown(case.name)}, expected names of their own"
            problems.add(case.place, found, "rename it")
    problems.check()
    return cases


def _case(fields: Fields) -> RuleCase:
    fields.allow(KEYS)
    fields.required("records")
    context = fields.node("context")
    return RuleCase(
        name=fields.text("name"),
        records=rows_of(fields, "records"),
        facts=rows_of(fields, "facts"),
        context=read_context(context, fields.problems) if context is not None else Context(),
        subject=fields.texts("subject", alone=True),
        expect=fields.choice("expect", EXPECTATIONS),
        place=fields.place,
    )
