"""Campaigns as published: who distils, how many accounts take part, and what gives them away.

Sizes are scaled down so that a world stays small; calls an account and day are as reported (tens, never hundreds).
"""

from collections.abc import Iterator
from dataclasses import replace

from auditor.simulate.worlds.crews import Crew, crew
from auditor.simulate.worlds.ground import DAY, HOUR, Ground, Person, Scene, Timed, Truth
from auditor.simulate.worlds.labour import Job, one, work
from auditor.simulate.worlds.prose import Asking
from auditor.simulate.worlds.requests import agentic, distillation_mix, pinned, reasoning
from auditor.simulate.worlds.rows import Scribe
from auditor.simulate.worlds.timing import FLAT, anywhere, in_bursts

PLAIN, ADAPTIVE = "plain", "adaptive"
NEWEST = 3
ATTACK_SHARES = (0.05, 0.1, 0.25, 0.5)


def truths(ground: Ground, kind: str, variant: str, members: Crew) -> list[Truth]:
    """Return the truth about a crew: one campaign."""
    name = f"{ground.scene}"
    return [Truth(who.id, kind, True, campaign=name, variant=variant, unit=name) for who in members.members]


def deepseek_like(ground: Ground, variant: str) -> Scene:
    """Return a campaign in step over accounts that share cards: reasoning, rubric grading, safe rewriting."""
    random = ground.random
    made = crew(ground, ground.size(50, 180), is_adaptive=variant == ADAPTIVE)
    asking = distillation_mix(random, made.is_adaptive)
    start = random.uniform(1, 5) * DAY
    job = Job(len(made.members) * ground.amount(110, 260), start, ground.end, lambda _: asking, model=lambda _: 2)
    return Scene(_whole(ground, made, job), truths(ground, "deepseek-like", variant, made))


def moonshot_like(ground: Ground, variant: str) -> Scene:
    """Return a campaign over several pathways; its second phase reconstructs reasoning traces."""
    random = ground.random
    ways = ("direct", "marketplace", "education", "startup")
    made = crew(ground, ground.size(80, 240), is_adaptive=variant == ADAPTIVE, pathways=ways)
    first, second = agentic(random, made.is_adaptive), reasoning(random, made.is_adaptive)
    turn = ground.end * random.uniform(0.5, 0.7)

    def asking(moment: float) -> Asking:
        return first if moment < turn else second

    job = Job(len(made.members) * ground.amount(70, 160), random.uniform(0, 4) * DAY, ground.end, asking, use="long")
    return Scene(_whole(ground, made, job), truths(ground, "moonshot-like", variant, made))


def minimax_like(ground: Ground, variant: str) -> Scene:
    """Return a campaign of agentic coding that moves half its calls to a new model within a day of the release."""
    random = ground.random
    made = crew(ground, ground.size(40, 140), is_adaptive=variant == ADAPTIVE)
    asking = agentic(random, made.is_adaptive)
    after = ground.release + random.uniform(2, 20) * HOUR

    def model(moment: float) -> int:
        return NEWEST if moment > after and random.random() < 0.5 else 1

    job = Job(len(made.members) * ground.amount(120, 260), 0.0, ground.end, lambda _: asking, "code", model)
    return Scene(_whole(ground, made, job), truths(ground, "minimax-like", variant, made))


def low_and_slow(ground: Ground, variant: str) -> Scene:
    """Return a campaign of 25.6 calls an account and day, every day, around the clock."""
    random = ground.random
    made = crew(ground, ground.size(30, 90), is_adaptive=variant == ADAPTIVE)
    asking = agentic(random, made.is_adaptive)
    job = Job(0, 0.0, ground.end, lambda _: asking, "code")
    scribe = Scribe(ground)

    def rows() -> Iterator[Timed]:
        for who in made.members:
            yield from scribe.opening(who)
            start = max(0.0, who.joined + 300)
            for moment in in_bursts(
                random, start, ground.end, 25.6 * ground.share * (ground.end - start) / DAY, FLAT, 1.0
            ):
                yield from one(scribe, made, job, who, moment)

    return Scene(rows(), truths(ground, "low-and-slow", variant, made))


def hydra(ground: Ground, variant: str) -> Scene:
    """Return a proxy network that mixes its own harvest with customers' calls and replaces what is banned."""
    random = ground.random
    share = random.choice(ATTACK_SHARES)
    made = crew(ground, ground.size(60, 200), is_adaptive=variant == ADAPTIVE)
    asking = distillation_mix(random, made.is_adaptive)
    job = Job(0, 0.0, ground.end, lambda _: asking, share_own=share, model=lambda _: 1)
    banned, heirs = _replaced(ground, made)
    everyone = replace(made, members=(*made.members, *heirs))
    scribe = Scribe(ground)
    per_day = random.uniform(4, 14)

    def rows() -> Iterator[Timed]:
        for who in everyone.members:
            yield from scribe.opening(who)
            start, end = max(0.0, who.joined + 300), banned.get(who.id, ground.end)
            for moment in in_bursts(random, start, end, per_day * ground.share * (end - start) / DAY, FLAT, 1.4):
                yield from one(scribe, made, job, who, moment)
            if who.id in banned:
                yield scribe.enforcement(who, end, "terminate")
                tries = anywhere(random, end + 30, min(end + 2 * HOUR, ground.end), random.randrange(3, 25))
                yield from (scribe.call(who, moment, asking=asking, status=403) for moment in tries)

    kind = f"hydra-{round(share * 100)}%"
    return Scene(rows(), truths(ground, kind, variant, everyone))


def _replaced(ground: Ground, made: Crew) -> tuple[dict[str, float], tuple[Person, ...]]:
    """Return when some members are banned, and who takes their places within two days."""
    random = ground.random
    banned: dict[str, float] = {}
    heirs = []
    for who in random.sample(made.members, k=max(2, len(made.members) // 6)):
        when = max(who.joined, 0) + random.uniform(0.3, 0.8) * (ground.end - max(who.joined, 0))
        banned[who.id] = when
        new = ground.person(
            network=who.network, client=who.client, joined=min(when + random.uniform(1, 48) * HOUR, ground.end - HOUR)
        )
        new = replace(new, addresses=who.addresses, email_domain=who.email_domain)
        if not made.is_adaptive:
            new = replace(new, card=who.card, device=who.device)
        elif random.random() < 0.5:
            new = replace(new, phone=who.phone) if random.random() < 0.5 else replace(new, device=who.device)
        heirs.append(new)
    return banned, tuple(heirs)


def multilingual(ground: Ground, variant: str) -> Scene:
    """Return a few accounts that make the model think in the language of the question, by the thousand."""
    random = ground.random
    made = crew(ground, random.randrange(3, 12), is_adaptive=variant == ADAPTIVE)
    asking = pinned(random, made.is_adaptive)
    job = Job(ground.amount(2000, 4500), random.uniform(0, 8) * DAY, ground.end, lambda _: asking, model=lambda _: 2)
    return Scene(_whole(ground, made, job), truths(ground, "multilingual-coercion", variant, made))


def loud_account(ground: Ground, variant: str) -> Scene:
    """Return one account that harvests long answers around the clock."""
    random = ground.random
    made = crew(ground, 1, is_adaptive=variant == ADAPTIVE)
    asking = distillation_mix(random, made.is_adaptive)
    calls = ground.amount(4000, 8000)
    start = random.uniform(1, ground.days * 0.5) * DAY
    end = start + (random.uniform(3, 6) if variant == PLAIN else random.uniform(9, 14)) * DAY
    job = Job(calls, start, min(end, ground.end), lambda _: asking, model=lambda _: 2)
    return Scene(_whole(ground, made, job), truths(ground, "loud-account", variant, made))


def _whole(ground: Ground, made: Crew, job: Job) -> Iterator[Timed]:
    """Yield a crew's openings and its work."""
    scribe = Scribe(ground)
    for who in made.members:
        yield from scribe.opening(who)
    yield from work(scribe, made, job)
