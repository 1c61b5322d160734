"""Ordinary accounts: many users who call now and then, and businesses whose calls come in bursts all month."""

from datetime import timedelta

from auditor.simulate import cast, chance
from auditor.simulate.calls import call, refused
from auditor.simulate.model import Account, Label, Row, Scene, Stage

USERS = 220
BUSINESSES = 26


def users(stage: Stage) -> Scene:
    """Return people with a key of their own: a heavy tail, a daily cycle, a login now and then."""
    rows: list[Row] = []
    labels = []
    for number in range(USERS):
        who = cast.account(stage, "mobile" if number % 6 == 0 else "isp", plan="free" if number % 3 else "developer")
        rows.append(cast.signup(who))
        rows.extend(_month_of_a_user(stage, who))
        labels.append(Label(who.id, "ordinary-user", is_abusive=False))
    return Scene(tuple(rows), tuple(labels))


def businesses(stage: Stage) -> Scene:
    """Return services in data centres: hundreds of calls each, some in bursts, some refused and tried again."""
    rows: list[Row] = []
    labels = []
    for _ in range(BUSINESSES):
        who = cast.account(stage, "hosting", keys=2, plan="business")
        rows.append(cast.signup(who))
        rows.extend(month_of_a_business(stage, who, calls=stage.random.lognormvariate(5.7, 0.7)))
        labels.append(Label(who.id, "ordinary-business", is_abusive=False))
    return Scene(tuple(rows), tuple(labels))


def month_of_a_business(stage: Stage, who: Account, *, calls: float) -> list[Row]:
    """Return a business's calls: one use, one burstiness; one in fifty is refused and retried on the same key."""
    random = stage.random
    use = random.choice(chance.USES)
    cycle = chance.daily_cycle(peak_hour=random.uniform(0, 24), ratio=random.uniform(1.4, 4.9))
    rows: list[Row] = []
    times = chance.arrivals(
        random, start=stage.start, days=stage.days, calls=calls, cv=chance.burstiness(random), cycle=cycle
    )
    for time in times:
        row = call(random, who, time, use=use, key=random.randrange(len(who.keys)))
        if random.random() < 0.02:
            key = who.keys.index(str(row["api_key_id"]))
            prompt = (str(row["prompt"]), str(row["template_id"]))
            rows.append(refused(random, who, time - timedelta(seconds=random.uniform(2, 50)), prompt=prompt, key=key))
        rows.append(row)
    return rows


def _month_of_a_user(stage: Stage, who: Account) -> list[Row]:
    random = stage.random
    cycle = chance.daily_cycle(peak_hour=random.gauss(17, 3) % 24, ratio=4.5)
    calls = chance.calls_of_a_user(random)
    cv = chance.burstiness(random)
    rows: list[Row] = []
    for time in chance.arrivals(random, start=stage.start, days=stage.days, calls=calls, cv=cv, cycle=cycle):
        if random.random() < 0.1:
            rows.append(cast.login(who, time - timedelta(seconds=random.uniform(20, 90))))
        row = call(random, who, time, model="atlas-mini")
        rows.append(_without_place(row) if random.random() < 0.03 else row)
    return rows


def _without_place(row: Row) -> Row:
    """Take the place away, as an address database does that doesn't know an address."""
    return {name: value for name, value in row.items() if name not in ("country", "latitude", "longitude")}
