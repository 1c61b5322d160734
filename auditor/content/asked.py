"""What was asked, of a prompt that may be a list of messages as chat interfaces take it.

A log may keep a prompt as plain text or as the JSON of its messages. Of messages, the user's last one is what was asked
in this call; the system prompt is the application's, and earlier turns were asked before. Anything else is text.
"""

from sqlglot import exp

from auditor.content.definition import USERS
from auditor.records.sql import call, case, cast, identifier, literal

_SHAPE = '[{"role":"VARCHAR","content":"JSON","parts":"JSON"}]'
_MESSAGE = "m"


def asked_text(prompt: exp.Expression) -> exp.Expression:
    """Return the text of what was asked in a prompt."""
    messages = call("json_transform", cast(prompt.copy(), "JSON"), literal(_SHAPE))
    wrapped = call("json_transform", call("json_extract", prompt.copy(), literal("$.messages")), literal(_SHAPE))
    asked = case(
        [
            (_is_json(prompt, "["), _text_of(_last_of_user(messages))),
            (_is_json(prompt, "{"), _text_of(_last_of_user(wrapped))),
        ]
    )
    return exp.Coalesce(this=exp.Nullif(this=asked, expression=literal("")), expressions=[prompt.copy()])


def _is_json(prompt: exp.Expression, start: str) -> exp.Expression:
    begins = call("starts_with", call("ltrim", prompt.copy(), literal(" \n\r\t")), literal(start))
    return exp.And(this=begins, expression=call("json_valid", prompt.copy()))


def _last_of_user(messages: exp.Expression) -> exp.Expression:
    message = identifier(_MESSAGE)
    role = exp.In(this=exp.Lower(this=identifier("role", _MESSAGE)), expressions=[literal(name) for name in USERS])
    kept = exp.Comprehension(
        this=message, expression=exp.to_identifier(_MESSAGE, quoted=True), iterator=messages, condition=role
    )
    return call("list_extract", exp.Array(expressions=[kept]), literal(-1))


def _text_of(message: exp.Expression) -> exp.Expression:
    """Return a message's text: its content, or the texts of its parts, in either of the two shapes there are."""
    content, parts = _field(message, "content"), _field(message, "parts")
    return case(
        [
            (_has_type(content, "VARCHAR"), call("json_extract_string", content.copy(), literal("$"))),
            (_has_type(content, "ARRAY"), _joined(content, "$[*].text")),
            (_has_type(parts, "ARRAY"), _joined(parts, "$[*].content")),
        ]
    )


def _field(message: exp.Expression, name: str) -> exp.Expression:
    return call("struct_extract", message.copy(), literal(name))


def _has_type(value: exp.Expression, kind: str) -> exp.Expression:
    return exp.EQ(this=call("json_type", value.copy()), expression=literal(kind))


def _joined(value: exp.Expression, path: str) -> exp.Expression:
    return call("array_to_string", call("json_extract_string", value.copy(), literal(path)), literal(" "))
