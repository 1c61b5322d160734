"""`python -m auditor`, and what the installed `auditor` command calls.

Ctrl-C while the program is still loading has nothing to undo: it ends at once, with the message and the exit code
that a later one would get. (Imports inside the function: the handler must be there before them.)
"""

import os
import signal
from types import FrameType

from auditor.errors import EXIT_UNFINISHED

_MESSAGE = b"error: interrupted before the end\n  hint: nothing was done yet; run it again\n"


def main() -> None:
    """Be the `auditor` command."""
    signal.signal(signal.SIGINT, _leave)
    from auditor.cli.app import main as run

    run()


def _leave(_number: int, _frame: FrameType | None) -> None:
    os.write(2, _MESSAGE)
    os._exit(EXIT_UNFINISHED)


if __name__ == "__main__":
    main()
