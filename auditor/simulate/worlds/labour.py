"""Labour: how a crew's jobs are handed out, in step and evenly, or jittered and mixed with cover."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from auditor.simulate.worlds.crews import Crew
from auditor.simulate.worlds.ground import DAY, HOUR, Person, Timed
from auditor.simulate.worlds.ordinary import failed
from auditor.simulate.worlds.prose import Asking, question
from auditor.simulate.worlds.rows import Scribe, some_error
from auditor.simulate.worlds.timing import anywhere, sessions

ERROR_RATE = 0.03


@dataclass(frozen=True)
class Job:
    """What a crew does: how many calls between two moments, and what each of them asks and of which model."""

    calls: int
    start: float
    end: float
    asking: Callable[[float], Asking]
    use: str = "reason"
    model: Callable[[float], int] = lambda _: 1
    share_own: float = 1.0
    """Of the calls, those that are the campaign's; the rest are other people's (a proxy's customers)."""


def work(scribe: Scribe, crew: Crew, job: Job) -> Iterator[Timed]:
    """Yield a crew's calls."""
    handed = _with_jitter(scribe, crew, job) if crew.is_adaptive else _in_step(scribe, crew, job)
    for who, moment in handed:
        if moment > who.joined + 120:
            yield from one(scribe, crew, job, who, moment)


def one(scribe: Scribe, crew: Crew, job: Job, who: Person, moment: float) -> Iterator[Timed]:
    """Yield one call of a member, through an exit of the crew."""
    random = scribe.random
    network, address = random.choice(crew.exits) if crew.exits else (None, None)
    if crew.is_adaptive and random.random() < 0.5:
        network, address = who.network, who.addresses[0]
    is_cover = random.random() > job.share_own or (crew.is_adaptive and random.random() < 0.15)
    prompt = question(random) if is_cover else None
    timed = scribe.call(
        who, moment, asking=job.asking(moment), prompt=prompt, use="chat" if is_cover else job.use,
        model=job.model(moment), network=network, address=address,
    )  # fmt: skip
    yield failed(timed, some_error(random)) if random.random() < ERROR_RATE else timed


def _in_step(scribe: Scribe, crew: Crew, job: Job) -> Iterator[tuple[Person, float]]:
    """Hand out the jobs by turns, many in the same second, in sessions that all members work in."""
    random = scribe.random
    length = random.uniform(2, 4) * HOUR
    starts = sessions(random, job.start, job.end, random.uniform(1, 3), length) or [job.start]
    each = max(1, job.calls // len(starts))
    at_once = max(2, len(crew.members) // random.randrange(4, 12))
    turn = 0
    for start in starts:
        ticks = sorted(random.uniform(0, length) for _ in range(max(1, each // at_once)))
        for tick in ticks:
            for _ in range(at_once):
                who = crew.members[turn % len(crew.members)]
                turn += 1
                yield who, min(job.end - 1, start + tick + random.uniform(0, 4))


def _with_jitter(scribe: Scribe, crew: Crew, job: Job) -> Iterator[tuple[Person, float]]:
    """Hand out the jobs unevenly, each member on days and at hours of its own."""
    random = scribe.random
    weights = [random.lognormvariate(0, 0.45) for _ in crew.members]
    scale = job.calls / sum(weights)
    for who, weight in zip(crew.members, weights, strict=True):
        start = max(job.start, who.joined)
        hours = random.uniform(0, 24), random.uniform(6, 14)
        for moment in anywhere(random, start, job.end, round(weight * scale)):
            day, second = divmod(moment, DAY)
            shifted = day * DAY + ((second / DAY * hours[1] + hours[0]) % 24) * HOUR
            yield who, min(max(shifted, start + 121), job.end - 1)
