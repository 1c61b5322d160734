"""Proofs in RFC 6962 trees: that a leaf is in a tree, and that one tree (or sub-tree) is part of a later one.

A sub-tree [start, end) is one that every larger tree holds whole, or at its right edge: `start` is a multiple of the
smallest power of two that is not less than its size.
"""

from collections.abc import Sequence

from auditor.evidence.standalone.tree import HASH_BYTES, node_hash, root_of


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof shows that a leaf hash stands at an index of the tree of this root (section 2.1.1)."""
    if not 0 <= index < size or not _are_hashes([leaf, root, *proof]):
        return False
    at, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(other, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def is_included_in_part(leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof shows that a leaf hash stands at an index of the sub-tree [start, end) of this root."""
    return is_part(start, end) and start <= index < end and is_included(leaf, index - start, end - start, proof, root)


def is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a proof shows that a tree begins with the leaves of an earlier one (section 2.1.2)."""
    return first > 0 and is_consistent_part(0, first, second, first_root, second_root, proof)


def is_consistent_part(start: int, end: int, size: int, part: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a proof shows that the sub-tree [start, end) of root `part` lies in the tree of this size and root.

    A tree lies in itself, and nothing (of which the root is the hash of nothing) in every tree, by an empty proof.
    """
    if start == end:
        return not proof and 0 <= start <= size and part == root_of(b"")
    if (start, end) == (0, size):
        return not proof and part == root
    if not (is_part(start, end) and end <= size) or not _are_hashes([part, root, *proof]):
        return False
    low, high, last = start, end - 1, size - 1
    while low != high and (high == last or high & 1):
        low, high, last = low >> 1, high >> 1, last >> 1
    rest = list(proof)
    if low != high and not rest:
        return False
    of_part = of_tree = part if low == high else rest.pop(0)
    for other in rest:
        if last == 0:
            return False
        if high & 1 or high == last:
            of_part = node_hash(other, of_part) if low < high else of_part
            of_tree = node_hash(other, of_tree)
            while high and not high & 1:
                low, high, last = low >> 1, high >> 1, last >> 1
        else:
            of_tree = node_hash(of_tree, other)
        low, high, last = low >> 1, high >> 1, last >> 1
    return last == 0 and of_part == part and of_tree == root


def is_part(start: int, end: int) -> bool:
    """Say whether [start, end) is a sub-tree."""
    size = end - start
    return 0 <= start < end and start % (1 << (size - 1).bit_length()) == 0


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
