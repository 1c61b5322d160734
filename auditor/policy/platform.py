"""Facts of the platform that come with an audit: the context file and the approvals file."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from auditor.digests import digest_of
from auditor.errors import Place
from auditor.policy.fields import Fields, Problems, kind_of
from auditor.policy.files import read_bytes
from auditor.policy.heading import span_of
from auditor.policy.list_reader import LIST_NAME, values_of
from auditor.policy.network_kinds import read_network_kinds
from auditor.policy.pack import Approval, Context, SourceFile
from auditor.policy.rule import CONDUCTS, Span, ValueList
from auditor.policy.yaml import LARGEST_LIST, MappingNode, ScalarNode, SequenceNode, YamlNode, read_yaml
from auditor.records.values import shown

CONTEXT_KEYS = ("requests_per_minute", "model_releases", "unsupported_countries", "network_kinds", "window")
_SURROGATES = re.compile(rb"(?<!\\)\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
APPROVAL_KEYS = ("account_id", "organization_id", "conduct", "reason", "approved_by", "from", "expires")


def load_context(path: Path) -> Context:
    """Read a context file (YAML or JSON). Raises PolicyError with every problem."""
    data = read_bytes(path, LARGEST_LIST)
    problems = Problems()
    node = read_yaml(_joined_surrogates(data), str(path), largest=LARGEST_LIST)
    context = read_context(node, problems, SourceFile(path=path.name, digest=digest_of(data), text=data.decode()))
    problems.check()
    return context


def _joined_surrogates(data: bytes) -> bytes:
    """Return JSON with escaped surrogate pairs written out: YAML has no such escapes, JSON printers write them."""
    return _SURROGATES.sub(lambda pair: pair[0].decode("unicode_escape").encode("utf-16", "surrogatepass")
                           .decode("utf-16").encode(), data)  # fmt: skip


def read_context(node: YamlNode, problems: Problems, file: SourceFile | None = None) -> Context:
    """Return the context that a map describes; problems are collected."""
    fields = Fields(node, "the context", problems)
    lists = [_list(fields, name) for name in fields.names() if name not in CONTEXT_KEYS]
    countries = _countries(fields)
    if countries is not None:
        title = "Countries without service, from the context"
        lists.append(ValueList(name="unsupported_countries", title=title, values=countries))
    return Context(
        requests_per_minute=_limits(fields),
        network_kinds=read_network_kinds(fields),
        model_releases=_releases(fields),
        unsupported_countries=countries,
        window=_window(fields),
        lists=tuple(lists),
        file=file,
    )


def load_approvals(path: Path) -> tuple[Approval, ...]:
    """Read an approvals file, a list of approvals. Raises PolicyError with every problem."""
    problems = Problems()
    node = read_yaml(read_bytes(path, LARGEST_LIST), str(path), largest=LARGEST_LIST)
    if not isinstance(node, SequenceNode):
        problems.add(node.place, f"approvals are {kind_of(node)}, expected a list of maps", "start each with `- `")
        problems.check()
    items = node.items if isinstance(node, SequenceNode) else ()
    approvals = tuple(_approval(Fields(item, "an approval", problems)) for item in items)
    problems.check()
    return approvals


def _approval(fields: Fields) -> Approval:
    fields.allow(APPROVAL_KEYS)
    account, organization = fields.text("account_id", ""), fields.text("organization_id", "")
    if not account and not organization:
        found = "an approval for nobody, expected `account_id` or `organization_id`"
        fields.problems.add(fields.place, found, "say whom it is for")
    span = span_of(fields, "from", "expires")
    return Approval(
        account_id=account,
        organization_id=organization,
        conduct=fields.choice("conduct", CONDUCTS),
        reason=fields.text("reason"),
        approved_by=fields.text("approved_by"),
        start=span.start,
        expires=span.until,
    )


def _limits(fields: Fields) -> tuple[tuple[str, int], ...]:
    table = fields.map("requests_per_minute", "`requests_per_minute`")
    if table is None:
        return ()
    return tuple((plan, table.whole_number(plan)) for plan in sorted(table.names()))


def _releases(fields: Fields) -> tuple[tuple[str, datetime], ...]:
    table = fields.map("model_releases", "`model_releases`")
    if table is None:
        return ()
    nodes = {model: table.required(model) for model in sorted(table.names())}
    return tuple((model, table.time_of(node, f"`{model}`")) for model, node in nodes.items() if node is not None)


def _countries(fields: Fields) -> tuple[str, ...] | None:
    node = fields.node("unsupported_countries")
    if node is None:
        return None
    codes = fields.texts("unsupported_countries")
    for code in codes:
        if not re.fullmatch("[A-Za-z]{2}", code):
            found = f"country {shown(code)}, expected a code of two letters (ISO 3166-1 alpha-2)"
            fields.problems.add(node.place, found, "write `CN`, not the name of the country")
    return tuple(dict.fromkeys(codes))


def _window(fields: Fields) -> Span:
    node = fields.node("window")
    if node is None:
        return Span()
    if not isinstance(node, SequenceNode) or len(node.items) != 2:
        fields.problems.add(node.place, f"`window` is {kind_of(node)}, expected `[from, until]`",
                            "write two times, or null for an open end")  # fmt: skip
        return Span()
    start, until = (None if _is_open(item) else fields.time_of(item, "an end of `window`") for item in node.items)
    if start is not None and until is not None and until <= start:
        fields.problems.add(node.place, "`window` ends before it starts, expected a later end", "swap the two times")
    return Span(start=start, until=until)


def _is_open(node: YamlNode) -> bool:
    return isinstance(node, ScalarNode) and node.value is None


def _list(fields: Fields, name: str) -> ValueList:
    place: Place = fields.key_place(name)
    node = fields.node(name)
    if not LIST_NAME.fullmatch(name):
        fields.problems.add(place, f"list name {shown(name)}, expected letters, digits, `_` and `-`", "rename the list")
    if isinstance(node, MappingNode | ScalarNode) or node is None:
        found = f"`{name[:60]}` is {kind_of(node) if node else 'nothing'}, expected a list of values"
        fields.problems.add(place, found, f"known keys are {', '.join(CONTEXT_KEYS)}; any other key is a list")
        return ValueList(name=name, title="", values=())
    values: tuple[str, ...] | tuple[Decimal, ...] = values_of(node, fields.problems)
    return ValueList(name=name, title="From the context", values=values)
