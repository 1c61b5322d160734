"""The verifier of a bundle is one file, put together of modules, the same on each machine."""

import ast
import sys

import pytest

from auditor.evidence.assembly import PACKAGE, assembled, one_file

ONE = f'"""One."""\n\nimport re\n\nfrom {PACKAGE}.two import twice\n\n# why\nX = re.compile("x")\nprint(twice(X))\n'
TWO = '"""Two."""\n\nfrom typing import Any\n\nimport re\n\n\ndef twice(value: Any) -> Any:\n    return re, value\n'
COMMAND = f'"""What it is for."""\n\nfrom {PACKAGE}.one import X\n\nY = X\n'


def test_modules_stand_after_those_they_import_and_keep_their_comments() -> None:
    text = one_file({"command": COMMAND, "one": ONE, "two": TWO})

    assert text == (
        '"""What it is for."""\n\nimport re\nfrom typing import Any\n\n\n'
        "def twice(value: Any) -> Any:\n    return re, value\n\n\n"
        '# why\nX = re.compile("x")\nprint(twice(X))\n\n\nY = X\n'
    )


def test_order_of_the_modules_does_not_matter() -> None:
    sources = {"one": ONE, "command": COMMAND, "two": TWO}

    assert one_file(sources) == one_file(dict(reversed(sources.items())))


def test_a_name_that_two_modules_define_is_refused() -> None:
    with pytest.raises(AssertionError, match="both define twice"):
        one_file({"command": COMMAND, "one": ONE + "\n\ntwice = 2\n", "two": TWO})


def test_the_one_file_imports_the_standard_library_only() -> None:
    tree = ast.parse(assembled())

    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_one_file_defines_every_name_once() -> None:
    tree = ast.parse(assembled())

    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert sorted(names) == sorted(set(names))
