"""The plain evaluator of templates: the same definition in slow and obvious Python, which judges the SQL."""

import json
import re
from functools import cache
from itertools import pairwise
from typing import Any  # JSON holds anything

from sqlglot import exp

from auditor.content import definition as d
from auditor.content.sketches import turned_bits
from auditor.records.sql import call, literal, open_connection, text_of

ENGINE = open_connection()

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


Owned = dict[str, set[str]]
"""The different texts of each account."""


def forms(texts: set[str], owned: Owned) -> dict[str, str]:
    """Return the template of every text that has an accepted common part."""
    found: dict[str, str] = {}
    for edge, is_reversed in ((d.OPENING, False), (d.CLOSING, True)):
        order = -1 if is_reversed else 1
        still = {text: tuple(text.split(" ")[::order]) for text in texts - set(found)}
        for text, head in _heads_of(still, owned, edge).items():
            words = " ".join(reversed(head) if is_reversed else head)
            found[text] = f"{d.FREE} {words}" if is_reversed else f"{words} {d.FREE}"
    return found


Words = tuple[str, ...]


def _heads_of(texts: dict[str, Words], owned: Owned, edge: d.Edge) -> dict[str, Words]:
    filled: dict[Words, int] = {}
    for held in owned.values():
        for head, size in filled_by([texts[text] for text in held if text in texts], len(held), edge).items():
            filled[head] = filled.get(head, 0) + size
    accepted = {head for head, size in filled.items() if 2 * size >= _holders(head, texts, owned)}
    fitting = {text: [head for head in accepted if _has(words, head)] for text, words in texts.items()}
    return {text: max(heads, key=len) for text, heads in fitting.items() if heads}


def _has(words: Words, head: Words) -> bool:
    return len(words) > len(head) and words[: len(head)] == head


def _holders(head: Words, texts: dict[str, Words], owned: Owned) -> int:
    return sum(_has(texts[text], head) for held in owned.values() for text in held if text in texts)


def filled_by(texts: list[Words], total: int, edge: d.Edge) -> dict[Words, int]:
    """Return the shortest common parts that one account fills a slot behind, with the number of its texts there."""
    filled: dict[Words, int] = {}
    for length in range(edge.words, edge.longest + 1):
        for head in {words[:length] for words in texts if len(words) > length}:
            alike = [words for words in texts if _has(words, head)]
            followers = [words[length] for words in alike]
            if any(head[:less] in filled for less in range(edge.words, length)):
                continue
            is_enough = len(alike) >= edge.texts and len(alike) * edge.one_in >= total
            goes_on = len(set(followers)) >= edge.branches and 2 * max(map(followers.count, followers)) <= len(alike)
            if is_enough and (goes_on or length == edge.longest) and len(" ".join(head).encode()) >= edge.size:
                filled[head] = len(alike)
    return filled


def words_of(text: str) -> list[str]:
    """Return the words that a text is compared by."""
    return re.sub(" {2,}", " ", _sub(d.UNLETTERED, "", text)).strip(" ").split(" ")


def features(text: str) -> frozenset[int]:
    """Return what a text is compared by: its different words and pairs of neighbouring words, as numbers."""
    numbers = [hash_of(word) for word in words_of(text)]
    return frozenset(numbers) | {first ^ _swapped(second) for first, second in pairwise(numbers)}


def _swapped(number: int) -> int:
    high, low = divmod(number, 2**32)
    return low * 2**32 + high


@cache
def hash_of(word: str) -> int:
    """Return the engine's number for a word; it is the one thing that isn't worked out here."""
    query = exp.Select(expressions=[call("hash", literal(word))])
    return int(ENGINE.execute(text_of(query)).fetchall()[0][0])


def groups(templates: list[str]) -> dict[str, str]:
    """Return which template each one's group is named after; they are given from the oldest on."""
    of = {text: features(text) for text in templates}
    nodes = [text for text in templates if len(words_of(text)) >= d.FEWEST_WORDS]
    buckets = _buckets_of([of[text] for text in nodes])
    roots: dict[int, int] = {}
    alike: dict[int, set[int]] = {node: set() for node in range(len(nodes))}
    for _ in range(d.MOST_ROUNDS):
        waiting = set(alike) - set(roots)
        for bucket in buckets:
            able = [node for node in bucket if node in waiting or roots.get(node) == node]
            for head in sorted(able, key=lambda node: (node in waiting, node))[: d.HEADS]:
                for node in waiting & set(bucket):
                    if (head not in waiting or head < node) and _alike(of[nodes[node]], of[nodes[head]]):
                        alike[node].add(head)
        roots |= _placed(alike, roots, waiting)
    return {text: text for text in templates} | {nodes[node]: nodes[root] for node, root in roots.items()}


def _placed(alike: dict[int, set[int]], roots: dict[int, int], waiting: set[int]) -> dict[int, int]:
    placed = {}
    for node in waiting:
        beginnings = [head for head in alike[node] if roots.get(head) == head]
        if beginnings:
            placed[node] = min(beginnings)
        elif not alike[node] & waiting:
            placed[node] = node
    return placed


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    part, whole = d.ALIKE
    return len(one & other) * whole >= len(one | other) * part


def _buckets_of(features_of: list[frozenset[int]]) -> list[list[int]]:
    met: dict[tuple[int, ...], list[int]] = {}
    turned = [turned_bits(number) for number in range(d.BANDS * d.ROWS)]
    for node, found in enumerate(features_of):
        sketch = [min(feature ^ bits for feature in found) for bits in turned]
        for band in range(d.BANDS):
            met.setdefault((band, *sketch[band * d.ROWS : (band + 1) * d.ROWS]), []).append(node)
    return [nodes for nodes in met.values() if len(nodes) > 1]
