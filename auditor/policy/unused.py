"""Lists of a context that nothing in a pack asks for: most likely a name was misspelt, and a rule goes without.

A file for several packs may hold lists that one of them doesn't use, so this is no problem that stops an audit.
"""

import re

from auditor.policy.fields import nearest
from auditor.policy.lists import CONTEXT_LISTS
from auditor.policy.pack import Context, Pack

_NAMED = re.compile(r"%([^%\s]+)%")


def unused_lists(pack: Pack, context: Context) -> tuple[tuple[str, str], ...]:
    """Return the lists of a context that no file of a pack names, and that replace none, each with a hint."""
    named = {name for file in pack.files for name in _NAMED.findall(file.text)}
    known = sorted(named | {item.name for item in pack.lists} | CONTEXT_LISTS)
    otherwise = f"lists that can be given are {', '.join(known)}"
    return tuple((item.name, nearest(item.name, known, otherwise)) for item in context.lists if item.name not in known)
