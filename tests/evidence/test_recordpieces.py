"""Records are checked in pieces, in several processes: the faults are those of one reading from the beginning."""

import io
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evidence.standalone.cited import Totals
from auditor.evidence.standalone.folder import walked
from auditor.evidence.standalone.layout import CITED, COMMITMENTS, CONTEXT
from auditor.evidence.standalone.processes import done_in_order
from auditor.evidence.standalone.reading import BundleFile, Files
from auditor.evidence.standalone.recordcheck import known_of, outcome_of
from auditor.evidence.standalone.recordpieces import pieces_of
from auditor.evidence.standalone.results import Fault
from auditor.evidence.verify import verify_bundle
from tests.evidence.arrange import sealed, world
from tests.evidence.tampering import made_again

HERE = os.getpid()
MANY = 3400
"""Records that make more pieces than one process checks as quickly."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a dozen cited records and half a dozen of context."""
    folder = tmp_path_factory.mktemp("sound")
    return sealed(world(folder, calls=12, context=6), folder / "C-0123456789ab")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of several pieces."""
    folder = tmp_path_factory.mktemp("large")
    return sealed(world(folder, calls=MANY, user_agent="an agent with a long name " * 20), folder / "C-0123456789ab")


def read_in_pieces(files: Files, most: int) -> tuple[list[Fault], str, dict[str, int]]:
    """Return the faults of the records, read in pieces of so many lines, and what they come to."""
    with files["data/findings.jsonl"].opened() as stream:
        known = known_of(files, frozenset(json.loads(line)["id"] for line in stream))
    totals = Totals(known.findings)
    faults = [
        fault
        for piece in pieces_of(files, is_edition=known.is_edition, most=most)
        for fault in totals.joined(known, piece, outcome_of(known, piece))
    ]
    counts = {name: tally.records for name, tally in totals.tallies.items()} | dict(totals.records)
    return faults, totals.leaves.hex(), counts


def put_out_of_order(lines: list[bytes], data: st.DataObject) -> list[bytes]:
    """Change some lines: swap two, repeat or drop one, change a byte, cut off the last line feed."""
    at, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    match data.draw(st.sampled_from(["swap", "repeat", "drop", "byte", "cut"])):
        case "swap":
            lines[at], lines[other] = lines[other], lines[at]
        case "repeat":
            lines.insert(other, lines[at])
        case "drop":
            del lines[at]
        case "byte":
            place = data.draw(st.integers(0, len(lines[at]) - 2))
            lines[at] = lines[at][:place] + data.draw(st.binary(min_size=1, max_size=1)) + lines[at][place + 1 :]
        case _:
            lines[-1] = lines[-1].rstrip(b"\n")
    return lines


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_faults_do_not_depend_on_where_records_are_cut(sound: Path, data: st.DataObject) -> None:
    files, _ = walked(sound)
    for name in data.draw(st.lists(st.sampled_from([CITED, CONTEXT, COMMITMENTS]), max_size=3)):
        with files[name].opened() as stream:
            changed = b"".join(put_out_of_order(stream.readlines(), data))
        files |= {name: BundleFile(len(changed), partial(io.BytesIO, changed))}

    whole, *cut = [read_in_pieces(files, most) for most in (5000, 1, 2, 5)]

    assert cut == [whole] * 3


def test_sound_records_have_no_fault(sound: Path) -> None:
    files, _ = walked(sound)

    faults, _, counts = read_in_pieces(files, 5)

    assert faults == []
    assert (counts[CITED], counts[CONTEXT]) == (12, 6)


def test_fault_in_a_late_piece_is_named_by_its_line(large: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "C-0123456789ab"
    shutil.copytree(large, bundle)
    cited = bundle / CITED
    lines = cited.read_bytes().splitlines(keepends=True)
    lines[MANY - 9] = re.sub(rb'"status":[0-9]+', b'"status":204', lines[MANY - 9])
    cited.write_bytes(b"".join(lines))
    made_again(bundle)

    failures = {(check.file, check.field.partition(":")[0]) for check in verify_bundle(bundle).failures}

    assert (CITED, f"line {MANY - 8}") in failures
    assert (COMMITMENTS, f"line {MANY - 8}") in failures


@pytest.mark.parametrize("end", [b"\r\n", b" \n"], ids=["a carriage return", "a space"])
def test_line_that_holds_more_than_its_object_is_named(sound: Path, tmp_path: Path, end: bytes) -> None:
    bundle = tmp_path / "C-0123456789ab"
    shutil.copytree(sound, bundle)
    cited = bundle / CITED
    cited.write_bytes(cited.read_bytes().replace(b"\n", end, 1))
    made_again(bundle)

    assert (CITED, "line 1") in {(check.file, check.field) for check in verify_bundle(bundle).failures}


def doubled(number: int) -> int:
    """Return twice a number; in another process, some are never done."""
    if number == 7 and os.getpid() != HERE:
        os._exit(9)
    return 2 * number


def halved(number: int) -> float:
    """Return half a number, and the process that did it."""
    return number / 2


def test_pieces_come_back_in_their_order() -> None:
    assert list(done_in_order(halved, range(40))) == [(number, number / 2) for number in range(40)]


def test_what_a_killed_process_left_is_done_here() -> None:
    assert list(done_in_order(doubled, range(20))) == [(number, 2 * number) for number in range(20)]


def dying(number: int) -> bytes:
    """Return many bytes; another process dies while it hands them over."""
    if os.getpid() != HERE:
        threading.Timer(0.2, os._exit, [9]).start()
    return bytes([number]) * (1 << 22)


def test_process_that_dies_in_the_middle_of_its_answer_is_not_waited_for() -> None:
    done = done_in_order(dying, range(12))
    found = [next(done)]
    time.sleep(0.5)
    found += done

    assert [(number, number.to_bytes() * (1 << 22)) for number in range(12)] == found


def refused(number: int) -> int:
    """Return a number that is small enough. Raises ValueError for any other."""
    if number > 5:
        raise ValueError(number)
    return number


def test_error_of_another_process_is_raised_here() -> None:
    done = done_in_order(refused, range(12))

    assert [next(done) for _ in range(6)] == [(number, number) for number in range(6)]
    with pytest.raises(ValueError, match="6"):
        next(done)


@pytest.mark.parametrize("most", [8, 12, 16, 20])
def test_machine_with_too_few_files_for_processes_works_alone(most: int) -> None:
    program = f"""
import resource
from auditor.evidence.standalone.processes import done_in_order
resource.setrlimit(resource.RLIMIT_NOFILE, ({most}, {most}))
print(sum(made for _, made in done_in_order(abs, range(100))))
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert (done.stdout, done.stderr) == ("4950\n", "")


def _all_halved(found: "multiprocessing.Queue[list[tuple[int, float]]]") -> None:
    found.put(list(done_in_order(halved, range(10))))


def test_a_process_that_may_have_no_children_works_alone() -> None:
    context = multiprocessing.get_context("fork")
    found: multiprocessing.Queue[list[tuple[int, float]]] = context.Queue()
    process = context.Process(target=_all_halved, args=(found,), daemon=True)
    process.start()

    assert found.get(timeout=60) == [(number, number / 2) for number in range(10)]
    process.join()


def test_no_more_pieces_are_taken_than_are_needed() -> None:
    taken = list[int]()

    def pieces() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    work: Callable[[int], float] = halved
    done = done_in_order(work, pieces())
    next(done)
    done.close()  # type: ignore[attr-defined]  # a generator

    assert len(taken) < 100


def test_whoever_waits_is_told_what_is_read(sound: Path) -> None:
    told = dict[str, int]()

    verify_bundle(sound, watch=told.__setitem__)

    size = (sound / CITED).stat().st_size
    assert told["every payload file has the digest that its manifest lists"] > size
    assert told["every finding rests on the cited records"] > size
