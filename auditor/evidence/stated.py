"""What the account holders would be told of the proposal: statements of reasons, and notices made of them.

A bundle is sealed before anyone decides, so these are drafts and say so; what is sent after a decision is made of the
same data and of the ledger (`auditor case notice`). Statements are there for every account that is to be told
something; notices, which say the same in three languages, for the first `NOTICES` of them.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from auditor.digests import canonical_json
from auditor.evidence.bag import Bag
from auditor.evidence.documents import NoticeDocument
from auditor.report.notice import LANGUAGES, notice_of, notice_text
from auditor.report.statement import Statement

NOTICES = 100
STATEMENTS_FILE, NOTICES_FILE = "statement/statements.jsonl", "statement/notices.jsonl"


def add_statements(bag: Bag, statements: Sequence[Statement]) -> None:
    """Add both files; where nobody is to be told anything, neither."""
    if statements:
        bag.add(STATEMENTS_FILE, (canonical_json(item.model_dump()) + b"\n" for item in statements))
        bag.add(NOTICES_FILE, _notices(statements[:NOTICES]))


def _notices(statements: Sequence[Statement]) -> Iterator[bytes]:
    for statement, language in product(statements, LANGUAGES):
        notice = notice_of(statement, language)
        document = NoticeDocument(
            account=statement.account, language=language, is_draft=notice.is_draft, text=notice_text(notice)
        )
        yield canonical_json(document.model_dump()) + b"\n"
