"""The common parts behind which one account fills a slot (definition.py, `Edge`), found in its texts in their order.

Texts in order that begin alike stand side by side, and what the first and the last of them have in common all have. So
a beginning that goes on in one way is followed to where ways part without looking at the texts between, and each text
is looked at only where its like branches. No word is smaller than a space: the order of texts is that of their words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from auditor.content.definition import Edge


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Texts side by side, `start` up to `end`, that have their first `words` words in common and go on.

    The next word of each of them begins at `place`.
    """

    start: int
    end: int
    words: int = 0
    place: int = 0

    def __len__(self) -> int:
        return self.end - self.start


def filled_parts(lines: Sequence[str], total: int, edge: Edge) -> Iterator[tuple[str, int]]:
    """Yield the shortest common beginnings that an account fills a slot behind, with the number of texts that have it.

    `lines` are the account's different texts in order, as far as their place is open; `total` counts all its texts.
    """
    open_stretches = [_Stretch(0, len(lines))]
    while open_stretches:
        stretch = open_stretches.pop()
        if not _is_enough(len(stretch), total, edge):
            continue
        onward = _onward(lines, stretch, edge)
        if len(onward) < len(stretch):
            open_stretches.append(onward)
            continue
        branches = list(_branches(lines, onward))
        head = lines[onward.start][: max(onward.place - 1, 0)]
        if _is_filled(onward, branches, head, edge):
            yield head, len(onward)
        elif onward.words < edge.longest:
            open_stretches += [_goes_on(lines, branch) for branch in branches]


def _is_enough(texts: int, total: int, edge: Edge) -> bool:
    return texts >= edge.texts and texts * edge.one_in >= total


def _onward(lines: Sequence[str], stretch: _Stretch, edge: Edge) -> _Stretch:
    """Follow a stretch to where its texts part, or one of them ends and is left behind, or no longer part counts."""
    first, last = lines[stretch.start], lines[stretch.end - 1]
    words, place = stretch.words, stretch.place
    while words < edge.longest:
        word = _word_at(first, place)
        if word != _word_at(last, place):
            break
        words, place = words + 1, place + len(word) + 1
        if place > len(first):
            return _Stretch(stretch.start + 1, stretch.end, words, place)
    return replace(stretch, words=words, place=place)


def _branches(lines: Sequence[str], stretch: _Stretch) -> Iterator[_Stretch]:
    """Yield the stretches whose texts have the next word in common; a text may end there."""
    start, place = stretch.start, stretch.place
    for word, alike in groupby(lines[stretch.start : stretch.end], key=lambda line: _word_at(line, place)):
        end = start + sum(1 for _ in alike)
        yield _Stretch(start, end, stretch.words + 1, place + len(word) + 1)
        start = end


def _goes_on(lines: Sequence[str], branch: _Stretch) -> _Stretch:
    """Leave behind the text that ends with the branch's last word: only one can, and it stands first."""
    return replace(branch, start=branch.start + 1) if branch.place > len(lines[branch.start]) else branch


def _word_at(line: str, place: int) -> str:
    end = line.find(" ", place)
    return line[place:] if end < 0 else line[place:end]


def _is_filled(stretch: _Stretch, branches: Sequence[_Stretch], head: str, edge: Edge) -> bool:
    if stretch.words < edge.words or len(head.encode()) < edge.size:
        return False
    goes_on_differently = len(branches) >= edge.branches and 2 * max(map(len, branches)) <= len(stretch)
    return stretch.words == edge.longest or goes_on_differently
