"""What look-alikes share: naming the innocent, and whole scenes from accounts with their routines."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from auditor.simulate.worlds.ground import Ground, Leave, Person, Scene, Timed, Truth
from auditor.simulate.worlds.rows import Scribe


def innocents(
    ground: Ground, kind: str, accounts: Iterable[Person], *, is_party: bool = False, is_victim: bool = False
) -> list[Truth]:
    """Return the truth about look-alikes of one kind; `is_party` says that they rightly belong together."""
    party = ground.scene if is_party else None
    return [
        Truth(who.id, kind, False, lookalike=kind, is_victim=is_victim, party=party, unit=ground.scene)
        for who in accounts
    ]


def allowed(accounts: Iterable[Person], conducts: Sequence[str], reason: str) -> list[Leave]:
    """Return the platform's leave for each of these accounts and conducts."""
    return [Leave(who.id, conduct, reason) for who in accounts for conduct in conducts]


def played(
    ground: Ground, accounts: Sequence[Person], calls: Callable[[Scribe, Person], Iterator[Timed]]
) -> Iterator[Timed]:
    """Yield each account's opening and its calls."""
    scribe = Scribe(ground)
    for who in accounts:
        yield from scribe.opening(who)
        yield from calls(scribe, who)


def lone(ground: Ground, kind: str, who: Person, calls: Callable[[Scribe, Person], Iterator[Timed]]) -> Scene:
    """Return the scene of a single look-alike."""
    return Scene(played(ground, [who], calls), innocents(ground, kind, [who]))
