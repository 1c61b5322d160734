"""The report is built of plain tags from a closed list, so that every browser reads it as this verifier does."""

import re
from collections.abc import Iterator

from auditor.evidence.standalone.columns import words_of
from auditor.evidence.standalone.reading import Files, field_of, lines_of
from auditor.evidence.standalone.results import Fault

PAGE_START = re.compile(
    r'<!doctype html>\s*<html lang="en" dir="ltr">\s*<head>\s*<meta charset="utf-8">\s*'
    r"""<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; """
    r"""img-src data:">"""
)
"""How the report begins: nothing comes before its content security policy but the encoding."""
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*=\"[^\"<>]*\")*)\s*/?>")
ATTRIBUTE = re.compile(r"([a-zA-Z][a-zA-Z0-9-]*)=\"([^\"]*)\"")
ELEMENTS = words_of(
    "a bdi blockquote body br caption circle code dd desc details div dl dt em figcaption figure footer g h1 h2 h3 h4"
    " h5 head header html li line main meta nav ol p pre rect section small span strong style summary svg table tbody"
    " td text tfoot th thead time title tr ul"
)
ATTRIBUTES = words_of(
    "aria-label aria-labelledby class colspan content cx cy data-label datetime dir height href id lang name"
    " preserveaspectratio r role rowspan scope start style text-anchor type viewbox width x x1 x2 y y1 y2"
)
TEXT_ONLY = ("desc", "style", "title")
HOSTILE_STYLE = re.compile(
    r"\\|@import|@font-face|@namespace|expression|image-set|image\(|src\(|url\((?!\s*[\"']?data:)", re.IGNORECASE
)


def report_faults(files: Files) -> Iterator[Fault]:
    """The report is built of plain tags from a closed list, so that every browser reads it as this verifier does."""
    place = "data/report/report.html"
    if place not in files:
        return
    try:
        page = files[place].read().decode()
    except UnicodeDecodeError:
        yield Fault(place, "", "is not UTF-8")
        return
    start = PAGE_START.match(page)
    if not start:
        yield Fault(place, "", "does not begin with its encoding and its content security policy")
    words: list[str] = []
    yield from (Fault(place, "", message) for message in _page_faults(page, start.end() if start else 0, words))
    text = "".join(words)
    for _, finding, faults in lines_of(files, "data/findings.jsonl"):
        if not faults and str(field_of(finding, "id")) not in text:
            yield Fault(place, "", f"does not speak of finding {field_of(finding, 'id')}")


def _page_faults(page: str, at: int, words: list[str]) -> Iterator[str]:
    """Read a page tag by tag, say what is in it that a report never holds, and add what it says to `words`."""
    inside, is_styled = "", False
    while (opening := page.find("<", at)) >= 0:
        piece = page[at:opening]
        if inside == "style" and HOSTILE_STYLE.search(piece):
            yield "its style sheet loads something or hides what it does"
        elif inside != "style":
            words.append(piece)
        tag = TAG.match(page, opening)
        if not tag:
            yield f"holds {page[opening : opening + 40]!a}, which is no plain tag"
            return
        closing, name, attributes = tag.groups()
        if inside and (name, closing) != (inside, "/"):
            yield f"holds <{name}> within <{inside}>, which holds text only"
        inside = name if name in TEXT_ONLY and not closing else ""
        if name == "style" and not closing:
            if is_styled or "<body" in page[:opening]:
                yield "holds a style sheet that is not the one of its head"
            is_styled = True
        if name not in ELEMENTS:
            yield f"holds the element <{name}>"
        yield from _attribute_faults(name, attributes)
        at = tag.end()
    words.append(page[at:])


def _attribute_faults(element: str, attributes: str) -> Iterator[str]:
    for name, value in ATTRIBUTE.findall(attributes):
        is_plain = name.lower() in ATTRIBUTES
        match name.lower():
            case "href":
                is_plain = element == "a" and re.fullmatch(r"#[A-Za-z0-9_-]+", value) is not None
            case "style":
                is_plain = re.fullmatch(r"width: [0-9.]+%", value) is not None
            case "type":
                is_plain = element == "ol" and value == "a"
            case "name" | "content":
                is_plain = element == "meta"
        if not is_plain:
            yield f"holds the attribute {name}={value[:60]!a} in <{element}>"
