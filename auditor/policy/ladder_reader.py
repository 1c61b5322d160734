"""The ladder file: how far evidence may carry a proposal. The order of actions is fixed; caps may only be lowered."""

from auditor.policy.fields import Fields, Problems
from auditor.policy.pack import Ladder
from auditor.policy.rule import CONDUCTS
from auditor.policy.yaml import YamlNode

ACTIONS = ("none", "warn", "verify", "throttle", "suspend", "terminate")
CAPS = ("single_inferential", "independent_families", "bright_line", "unclaused")
KEYS = (*CAPS, "strike_days", "victim_conducts")


def read_ladder(node: YamlNode, digest: str, problems: Problems) -> Ladder | None:
    """Return the ladder that a file describes, None after problems."""
    before = len(problems.found)
    fields = Fields(node, "the ladder file", problems)
    fields.allow(KEYS)
    usual = Ladder()
    victims = fields.texts("victim_conducts") if fields.node("victim_conducts") else usual.victim_conducts
    for conduct in set(victims) - set(CONDUCTS):
        found = f"unknown conduct `{conduct[:60]}` in `victim_conducts`, expected one of {', '.join(CONDUCTS)}"
        problems.add(fields.key_place("victim_conducts"), found, "choose one of them")
    ladder = Ladder(
        single_inferential=_cap(fields, "single_inferential", usual.single_inferential),
        independent_families=_cap(fields, "independent_families", usual.independent_families),
        bright_line=_cap(fields, "bright_line", usual.bright_line),
        unclaused=_cap(fields, "unclaused", usual.unclaused),
        strike_days=fields.whole_number("strike_days", usual.strike_days),
        victim_conducts=victims,
        digest=digest,
    )
    return ladder if len(problems.found) == before else None


def _cap(fields: Fields, name: str, highest: str) -> str:
    action = fields.choice(name, ACTIONS, highest)
    if ACTIONS.index(action) > ACTIONS.index(highest):
        found = f"`{name}` is `{action}`, expected at most `{highest}`"
        fields.problems.add(fields.key_place(name), found, "a policy may be milder than the ladder, never harsher")
    return action
