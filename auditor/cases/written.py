"""What a person writes about a case: text that can be kept, of a length that a page can show."""

from auditor.errors import UsageError

LONGEST_NOTE = 100_000
"""Characters; a document belongs into the evidence, with a note that names it."""


def text_of(text: str, what: str) -> str:
    """Return what a person wrote, without white space around it. Raises UsageError when it can't be kept."""
    written = text.strip()
    if not written:
        raise UsageError.at(None, f"found nothing, expected {what}", "say it in words")
    if len(written) > LONGEST_NOTE:
        found = f"found {len(written)} characters, expected at most {LONGEST_NOTE} for {what}"
        raise UsageError.at(None, found, "keep the document elsewhere and name it")
    if written.encode("utf-8", "replace").decode() != written:
        raise UsageError.at(None, f"found a text that is no UTF-8, expected {what}", "write it again")
    return written
