"""A page as a reader's program sees it: its elements, what could run or load, and its text."""

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

BLNS = Path(__file__).parent.parent / "data" / "evidence" / "blns.json"
VOID = {"meta", "br", "rect"}
TOKEN = re.compile(r"\\u\{([0-9A-F]{4,6})\}")


@dataclass
class Page(HTMLParser):
    """Collects what matters of a page while it is fed."""

    tags: set[str] = field(default_factory=set)
    handlers: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    text: str = ""
    unclosed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the parser."""
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.tags.add(tag)
        if tag not in VOID:
            self.unclosed.append(tag)
        for name, value in attrs:
            if name.startswith("on"):
                self.handlers.append(name)
            if name in {"href", "src", "action", "formaction", "data", "xlink:href", "srcdoc", "poster"}:
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element without content."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.unclosed.pop()

    def handle_endtag(self, tag: str) -> None:
        """Note that an element ends; elements must nest."""
        assert self.unclosed[-1] == tag, f"</{tag}> closes <{self.unclosed[-1]}>"
        self.unclosed.pop()

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


def page_of(html: bytes | str) -> Page:
    """Parse a page."""
    page = Page()
    page.feed(html.decode() if isinstance(html, bytes) else html)
    page.close()
    return page


def untokened(text: str) -> str:
    """Turn the tokens of hidden characters back into those characters."""
    return TOKEN.sub(lambda match: chr(int(match[1], 16)), text)


def hostile_strings() -> list[str]:
    """Return the big list of naughty strings."""
    strings: list[str] = json.loads(BLNS.read_text())
    return [text for text in strings if text]
