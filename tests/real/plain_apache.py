"""Count what the small policy for access logs should find, line by line, without any of the program's code."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from tests.real.plain_windows import bucketed, pairs, sliding, sliding_pairs

LINE = re.compile(
    r'(\S+) \S+ (\S+) \[([^]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (?:\d+|-)'
    r'(?: "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)")?(?: .*)?'
)
"""One of the 10,000 lines is cut off in its user agent: it has none."""

Incidents = dict[str, list[tuple[str, tuple[int, ...]]]]
"""By rule: the address and the line numbers of every incident, sorted."""


def incidents_of(log: Path) -> Incidents:
    """Return what each rule should find."""
    lines = {number: _fields(text) for number, text in enumerate(log.read_bytes().decode().split("\n"), 1) if text}
    by_address: dict[str, list[int]] = {}
    for number in sorted(lines, key=lambda number: (lines[number]["time"], number)):
        by_address.setdefault(str(lines[number]["address"]), []).append(number)
    found: Incidents = {"missing-pages": [], "burst": [], "many-pages-of-a-robot": [], "lost-and-found": []}
    for address, numbers in by_address.items():
        times: dict[int, datetime] = {number: lines[number]["time"] for number in numbers}  # type: ignore[misc]  # fields of two types
        missing = tuple(number for number in numbers if lines[number]["status"] == "404")
        found["missing-pages"] += [(address, missing)] if missing else []
        timed = [(times[number], number) for number in numbers]
        found["burst"] += [(address, one) for one in sliding(timed, timedelta(seconds=60), 20)]
        robot = [(times[number], number) for number in numbers if "bot" in str(lines[number]["agent"]).lower()]
        days = bucketed(robot, lambda time: time.date(), lambda number: lines[number]["page"], 5)
        found["many-pages-of-a-robot"] += [(address, one) for one in days]
        steps = [(times[n], n, str(lines[n]["status"]) >= "300", lines[n]["status"] == "200") for n in numbers]
        hours = sliding_pairs(pairs(steps, timedelta(seconds=60)), timedelta(hours=1), 2)
        found["lost-and-found"] += [(address, one) for one in hours]
    return {name: sorted(incidents) for name, incidents in found.items()}


def users_of(log: Path) -> set[str]:
    """Return the users that lines name."""
    return {str(_fields(text)["user"]) for text in log.read_text().split("\n") if text} - {"-"}


def _fields(text: str) -> dict[str, str | datetime]:
    match = LINE.fullmatch(text)
    assert match, f"not a line of an access log: {text}"
    address, user, time, request, status, agent = match.groups()
    page = request.split(" ")[1].split("?")[0]
    return {
        "address": address, "user": user, "time": datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z"),
        "page": page, "status": status, "agent": agent or "",
    }  # fmt: skip
