"""A JSON array as a source: its elements as JSON Lines, each with its number and byte range.

An element that is broken or nested too deeply costs itself: where it ends is told by its brackets, outside of texts,
and when these don't add up, by the next element that begins with the same key.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from auditor.records.rewrite import Rewritten

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|["{}\[\]]', re.DOTALL)
_NEXT_OBJECT = re.compile(r",\s*(?=\{)")
_FIRST_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.)*+")\s*:', re.DOTALL)

_PATIENCE = 1000
"""Broken elements after which ends are told by brackets first: each error of the decoder counts all lines before it."""


def rewrite_array(source: Path, target: Path, key: str) -> Rewritten:
    """Write the elements of a JSON array, or of the array under `key` of an object, one a line.

    Raises ValueError when there is no such array.
    """
    text = source.read_bytes().decode("utf-8", "surrogateescape")
    done = Rewritten()
    with target.open("wb") as stream:
        for row in _rows(ArrayText(text, _array_start(text, key)), key, done):
            stream.write(row)
    return done


class ArrayText:
    """Where the elements of an array begin and end in a text; `at` only ever grows."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self._next_start: re.Pattern[str] | None = None
        self._candidate = -1
        self._broken = 0

    def skip_space(self) -> str:
        """Go to the next character that isn't white space, and return it; nothing at the end."""
        self.at = _skip(self.text, self.at)
        return self.text[self.at : self.at + 1]

    def end_of_element(self) -> tuple[int, str]:
        """Return where the element here ends, and why it can't be read or nothing.

        It is followed by a comma, the end of the array, or nothing that can be told apart.
        """
        if self.text[self.at] == ",":
            return self.at, "found a comma, expected an element before it"
        self._learn_first_key()
        end, reason = self._decoded() if self._broken < _PATIENCE else (-1, "found broken JSON, expected an element")
        if not reason:
            return end, ""
        self._broken += 1
        limit = self._next_candidate()
        balanced = self._balanced_end(limit)
        if balanced is None or not self._is_ended(balanced):
            return limit, reason
        is_sound = self._broken > _PATIENCE and _is_json(self.text[self.at : balanced])
        return balanced, "" if is_sound else reason

    def _decoded(self) -> tuple[int, str]:
        """Return where the element ends by decoding it, and why it can't be read or nothing."""
        try:
            _, end = _DECODER.raw_decode(self.text, self.at)
        except (ValueError, RecursionError) as error:
            return -1, _why_unreadable(error)
        is_ended = self._is_ended(end)
        return end, "" if is_ended else "found no comma or end of the array after an element: cut off or broken"

    def _is_ended(self, end: int) -> bool:
        """Whether a comma or the end of the array comes next, as RFC 8259 section 5 wants."""
        after = _skip(self.text, end)
        return self.text[after : after + 1] in (",", "]")

    def _learn_first_key(self) -> None:
        if self._next_start is None and (found := _FIRST_KEY.match(self.text, self.at)):
            self._next_start = re.compile(r",\s*(?=\{\s*" + re.escape(found.group(1)) + r"\s*:)")

    def _next_candidate(self) -> int:
        """Return where the next comma before an element like the first one stands, else the end of the text."""
        if self._candidate <= self.at:
            found = (self._next_start or _NEXT_OBJECT).search(self.text, self.at + 1)
            self._candidate = found.start() if found else len(self.text)
        return self._candidate

    def _balanced_end(self, limit: int) -> int | None:
        """Return where the brackets that open here are closed again, if they are before the limit."""
        if self.text[self.at] not in "{[":
            return None
        depth = 0
        for token in _TOKEN.finditer(self.text, self.at, limit):
            sign = token.group()
            if sign == '"':
                return None
            depth += (sign in "{[") - (sign in "}]")
            if depth <= 0 and sign in "}]":
                return token.end() if depth == 0 else None
        return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _rows(array: ArrayText, key: str, done: Rewritten) -> Iterator[bytes]:
    text, start, offset = array.text, 0, 0
    while True:
        sign = array.skip_space()
        offset, start = offset + len(_bytes(text[start : array.at])), array.at
        if sign == "]":
            yield from _after_the_end(text, array.at + 1, offset + 1, key, done)
            return
        if not sign:
            if done.lines and not done.refused:
                done.lines += 1
                yield done.refuse(done.lines, offset, 0, "found no end of the array: cut off")
            return
        done.lines += 1
        end, reason = array.end_of_element()
        element = _bytes(text[start:end])
        if reason:
            yield done.refuse(done.lines, offset, len(element), reason)
        else:
            done.positions.add(done.lines, offset, len(element))
            yield element.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
        array.at = end
        if array.skip_space() == ",":
            array.at += 1


def _after_the_end(text: str, at: int, offset: int, key: str, done: Rewritten) -> Iterator[bytes]:
    rest = text[at:].strip()
    if rest and not (rest.endswith("}") and key):
        done.lines += 1
        reason = f"found {len(rest)} more characters after the end of the array, expected the end of the file"
        yield done.refuse(done.lines, offset, len(_bytes(text[at:])), reason)


def _array_start(text: str, key: str) -> int:
    start = _skip(text, 1 if text.startswith("\N{BYTE ORDER MARK}") else 0)
    if text[start : start + 1] == "[":
        return start + 1
    at = _skip(text, start + 1)
    while text[at : at + 1] == '"':
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == key and text[at : at + 1] == "[":
            return at + 1
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    raise ValueError(f"found no array under `{key}`")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _why_unreadable(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "found values nested too deeply, expected a flat record"
    text = str(error).split(":")[0]
    return f"found broken JSON ({text[:1].lower()}{text[1:]}), expected an element"
