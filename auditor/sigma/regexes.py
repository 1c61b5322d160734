"""RE2 as pySigma brings it, without its habit of writing to standard error by itself."""

import re

from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern

_LETTERS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


class QuietEngine(RE2RegexEngine):
    """RE2 that tells of a wrong expression only by raising."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        """Compile an expression; flags are those of Python's `re`. Raises the engine's `error`."""
        options = self._re2.Options()
        options.log_errors = False
        letters = "".join(letter for flag, letter in _LETTERS.items() if flags & flag)
        compiled: RegexPattern = self._re2.compile(f"(?{letters}){pattern}" if letters else pattern, options)
        return compiled


ENGINE = QuietEngine()
POLICY = SigmaPolicy(regex_engine=ENGINE)
