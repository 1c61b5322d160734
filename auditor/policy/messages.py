"""Problems of policy files, held to one printable line whatever names and values they quote."""

from auditor.errors import Place, Problem


def problem_at(place: Place | None, message: str, hint: str) -> Problem:
    """Return a problem whose quoted text can't break the line it is printed on."""
    return Problem(place, _printable(message).rstrip("."), _printable(hint))


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
