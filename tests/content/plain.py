"""The plain evaluator of templates: the same definition in slow and obvious Python, which judges the SQL."""

import json
import re
from typing import Any  # JSON holds anything

from auditor.content import definition as d

DOTTED_CAPITAL_I = "\u0130"


def asked_in(prompt: str) -> str:
    """Return what was asked in a prompt."""
    try:
        whole = json.loads(prompt)
    except (ValueError, RecursionError):
        return prompt
    messages = whole.get("messages") if isinstance(whole, dict) else whole
    if not isinstance(messages, list):
        return prompt
    of_user = [item for item in messages if isinstance(item, dict) and str(item.get("role")).lower() in d.USERS]
    return (of_user and _text_of(of_user[-1])) or prompt


def _text_of(message: dict[str, Any]) -> str:
    content, parts = message.get("content"), message.get("parts")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(part["text"] for part in content if isinstance(part, dict) and part.get("text") is not None)
    if isinstance(parts, list):
        return " ".join(part["content"] for part in parts if isinstance(part, dict) and part.get("content") is not None)
    return ""


def lower(text: str) -> str:
    """Fold case sign by sign: no sign becomes two, none depends on its neighbours."""
    return "".join("i" if sign == DOTTED_CAPITAL_I else sign.lower() for sign in text)


def blanked(prompt: str) -> str:
    """Return the blanked text of a prompt."""
    text = asked_in(prompt)
    if len(text) > d.LONGEST:
        text = f"{text[: d.HEAD]} {d.SLOT} {text[-d.TAIL :]}"
    low = lower(text)
    plain = re.sub(d.BOILERPLATE, r"\1", low, count=1, flags=re.ASCII)
    spaced = _sub(d.IDEOGRAPH, r" \1 ", _sub(d.SLOTS, f" {d.SLOT} ", plain))
    found = _sub(d.RUN, d.SLOT, _sub(d.FOLD, " ", spaced)).strip(" ")
    if re.search(d.WORDLESS.replace(r"\z", r"\Z"), found, re.ASCII):
        return _sub(d.FOLD, " ", low).strip(" ")
    return found


def _sub(pattern: str, by: str, text: str) -> str:
    return re.sub(pattern, by, text, flags=re.ASCII)
