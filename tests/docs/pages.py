"""What the documentation tests read: the project's pages, their links, headings and commands."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
_FENCE = re.compile(r"^```(?P<language>\w*)(?: (?P<file>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """Return the text of a page by its path from the project's folder."""
    return (ROOT / name).read_text(encoding="utf-8")


def page_names() -> list[str]:
    """Return the paths of all pages that people read."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("policies/*.md"), *ROOT.glob("benchmarks/*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def links_of(text: str) -> list[str]:
    """Return the targets of links that stay within the project."""
    return [target for target in _LINK.findall(text) if "://" not in target]


def shell_lines(text: str) -> Iterator[str]:
    """Yield each command line of the shell blocks of a page, continued lines joined."""
    for block in _FENCE.finditer(text):
        if block["language"] in {"bash", "sh", "shell"}:
            for line in block["body"].replace("\\\n", " ").splitlines():
                if line.strip() and not line.startswith("#"):
                    yield " ".join(line.split())


def files_of(text: str) -> dict[str, str]:
    """Return the content of each block that names a file, by that name."""
    return {block["file"]: block["body"] for block in _FENCE.finditer(text) if block["file"]}


def outputs_of(text: str) -> list[str]:
    """Return the blocks that show what the program prints."""
    return [block["body"] for block in _FENCE.finditer(text) if block["language"] == "text"]


def sections_of(text: str) -> dict[str, str]:
    """Return the text below each heading that names a command, by command (`policy check`)."""
    parts = re.split(r"^#+ `auditor ([a-z ]+?)(?: [A-Z\[].*)?`$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
