"""What a person writes: an empty text is told with the option that takes it."""

import pytest

from auditor.cases.written import text_of
from auditor.errors import UsageError


@pytest.mark.parametrize(("what", "option"), [("a reason", "`--reason`"), ("a name", "`--by`")])
def test_an_empty_text_is_told_with_its_option(what: str, option: str) -> None:
    with pytest.raises(UsageError) as raised:
        text_of(" ", what)

    assert option in raised.value.problems[0].hint
