"""Reading cases and writing notes on them: what `case list`, `show` and `note` do."""

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches

from sqlite_utils import Database

from auditor.cases.casebook import Casebook
from auditor.cases.ledger import append
from auditor.cases.model import Case, Note, order_in_lists
from auditor.cases.related_rows import EVERY, alone, of_pack
from auditor.cases.rows import read_cases
from auditor.cases.written import text_of
from auditor.digests import digest_of
from auditor.errors import UsageError


def list_cases(casebook: Casebook, *, pack: str | None = None, statuses: Iterable[str] = ()) -> tuple[Case, ...]:
    """Return the cases, sternest proposal first; of one pack or with some statuses only, when these are given."""
    wanted = set(statuses)
    with casebook.reading() as db:
        read = read_cases(db, EVERY if pack is None else of_pack(pack))
    cases = [case for case in read if not wanted or case.status in wanted]
    return tuple(sorted(cases, key=order_in_lists))


def show_case(casebook: Casebook, case_id: str) -> Case:
    """Return a case by its id, or by one it had before it was merged.

    Raises UsageError naming the nearest ids when there is no such case.
    """
    with casebook.reading() as db:
        current = current_id(db, case_id, str(casebook.path))
        [case] = read_cases(db, alone(current))
    return case


def add_note(casebook: Casebook, case_id: str, *, author: str, text: str, now: datetime) -> Note:
    """Write a person's remark on a case; it can't be changed afterwards.

    Raises UsageError when there is no such case, or when author or text is empty, too long, or no text.
    """
    author, text = text_of(author, "the name of an author"), text_of(text, "a note")
    with casebook.writing() as db:
        current = current_id(db, case_id, str(casebook.path))
        number = 1 + max((row["number"] for row in db.table("notes").rows_where(select="number")), default=0)
        note = Note(number=number, time=now, author=author, text=text)
        row = {"case_id": current, **note.model_dump(mode="json")}
        db.table("notes").insert(row)
        details = {"note": number, "sha256": digest_of(text.encode())}
        append(db, kind="noted", case_id=current, person=author, time=now, details=details)
    return note


def current_id(db: Database, case_id: str, place: str) -> str:
    """Follow a former id to the case it went into."""
    if db.table("cases").count_where("case_id = ?", [case_id]):
        return case_id
    for row in list(db.table("former_ids").rows_where("former_id = ?", [case_id])):
        return str(row["case_id"])
    known = [row["case_id"] for row in db.table("cases").rows_where(select="case_id")]
    near = get_close_matches(case_id, known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(f'`{item}`' for item in near)}" if near else "`auditor case list` shows all ids"
    raise UsageError.at(place, f"there is no case `{case_id}`", hint)
