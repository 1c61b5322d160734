"""What a person writes about a case: text that can be kept, of a length that a page can show."""

from auditor.errors import UsageError

LONGEST_NOTE = 100_000
"""Characters; a document belongs into the evidence, with a note that names it."""

_OPTIONS = {"a reason": "--reason", "a name": "--by", "the name of who is to look into it": "--to"}
"""The option that takes a text, by what the text is."""


def text_of(text: str, what: str) -> str:
    """Return what a person wrote, without white space around it. Raises UsageError when it can't be kept."""
    written = text.strip()
    if not written:
        option = _OPTIONS.get(what)
        hint = f"say it in words, with `{option}`" if option else "say it in words"
        raise UsageError.at(None, f"found nothing, expected {what}", hint)
    if len(written) > LONGEST_NOTE:
        found = f"found {len(written)} characters, expected at most {LONGEST_NOTE} for {what}"
        raise UsageError.at(None, found, "keep the document elsewhere and name it")
    if written.encode("utf-8", "replace").decode() != written:
        raise UsageError.at(None, f"found a text that is no UTF-8, expected {what}", "write it again")
    return written
