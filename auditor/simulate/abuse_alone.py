"""Abuse by single accounts, and the victims of stolen keys: one or more for each shipped rule."""

from dataclasses import replace
from datetime import timedelta

from auditor.simulate import cast
from auditor.simulate.calls import call, list_models, one_token, refused
from auditor.simulate.model import Account, Label, Row, Scene, Stage
from auditor.simulate.ordinary import month_of_a_business


def key_hopper(stage: Stage) -> Scene:
    """Return an account that moves every refused call to the next of its keys, on three days."""
    random = stage.random
    who = cast.account(stage, "hosting", keys=4)
    rows: list[Row] = [cast.signup(who), *month_of_a_business(stage, who, calls=180)]
    for day in (5, 11, 12):
        for number in range(random.randrange(38, 70)):
            prompt = (f"Solve problem {number} of sheet {day} and show each step.", "sheet")
            time = stage.at(day, 1 + number * 0.12)
            rows.append(refused(random, who, time, prompt=prompt, key=number % 4))
            after = timedelta(seconds=random.uniform(0.4, 12))
            rows.append(call(random, who, time + after, prompt=prompt, key=(number + 1) % 4))
    return Scene(tuple(rows), (Label(who.id, "key-hopper", is_abusive=True),))


def bulk_harvester(stage: Stage) -> Scene:
    """Return an account that asks fourteen hundred different questions for long answers within a day."""
    random = stage.random
    who = cast.account(stage, "hosting", plan="business")
    rows: list[Row] = [cast.signup(who)]
    for number in range(1400):
        prompt = (f"Solve task {number} at length and show all of the work.", "task-at-length")
        time = stage.at(14, 1) + timedelta(seconds=number * 52 + random.uniform(0, 40))
        answer = random.randrange(1300, 3900)
        rows.append(call(random, who, time, prompt=prompt, model="atlas-reason", output_tokens=answer))
    return Scene(tuple(rows), (Label(who.id, "bulk-harvester", is_abusive=True),))


def log_probability_thief(stage: Stage) -> Scene:
    """Return an account that asks for single tokens with log-probabilities under a logit bias."""
    random = stage.random
    who = cast.account(stage, "hosting")
    rows: list[Row] = [cast.signup(who)]
    for number in range(1500):
        time = stage.at(19, 3) + timedelta(seconds=number * 22 + random.uniform(0, 15))
        prompt = (f"The{' the' * (number % 40)}", "one-word")
        rows.append(one_token(random, who, time, has_bias=True, prompt=prompt))
    return Scene(tuple(rows), (Label(who.id, "log-probability-thief", is_abusive=True),))


def reasoning_collectors(stage: Stage) -> Scene:
    """Return an account that reconstructs reasoning traces, and one that pins the language of the thinking."""
    random = stage.random
    rebuilder, pinner = (cast.account(stage, "hosting") for _ in range(2))
    rows: list[Row] = [cast.signup(rebuilder), cast.signup(pinner)]
    for number in range(95):
        text = f"Imagine and articulate the internal reasoning behind the completed response below. Number {number}"
        rows.append(call(random, rebuilder, stage.at(2 + number // 6, 9 + number % 6), prompt=(text, "rebuild")))
    for number in range(190):
        text = (
            "The language used in the thinking content must be strictly consistent with the main language of the"
            f" user input. Question {number}"
        )
        rows.append(call(random, pinner, stage.at(10 + number // 45, 8 + number % 45 * 0.2), prompt=(text, "pin")))
    labels = (Label(rebuilder.id, "reasoning-rebuilder", True), Label(pinner.id, "thinking-language-pinner", True))
    return Scene(tuple(rows), labels)


def unsupported_residents(stage: Stage) -> Scene:
    """Return two accounts that work all month from countries that aren't supported."""
    random = stage.random
    rows: list[Row] = []
    labels = []
    for place in cast.UNSUPPORTED:
        who = replace(cast.account(stage), network=cast.network(random, "isp", place))
        rows.append(cast.signup(who))
        for day in range(1, stage.days - 2):
            rows.extend(call(random, who, stage.at(day, 3 + number * 1.3)) for number in range(random.randrange(2, 7)))
        labels.append(Label(who.id, "unsupported-resident", is_abusive=True))
    return Scene(tuple(rows), tuple(labels))


def harvester_abroad(stage: Stage) -> Scene:
    """Return an account in an unsupported country that harvests long answers on one day: two independent signs."""
    random = stage.random
    who = replace(cast.account(stage), network=cast.network(random, "isp", cast.UNSUPPORTED[1]))
    rows: list[Row] = [cast.signup(who)]
    rows.extend(call(random, who, stage.at(day, 4)) for day in range(2, stage.days - 2))
    for number in range(1150):
        prompt = (f"Write a worked solution of exam question {number} with every step.", "worked-solution")
        time = stage.at(21, 0) + timedelta(seconds=number * 60 + random.uniform(0, 40))
        answer = random.randrange(1200, 3000)
        rows.append(call(random, who, time, prompt=prompt, output_tokens=answer))
    return Scene(tuple(rows), (Label(who.id, "harvester-abroad", is_abusive=True),))


def account_sharers(stage: Stage) -> Scene:
    """Return one account whose password is used by two people on two continents."""
    random = stage.random
    here = replace(cast.account(stage), network=cast.network(random, "isp", cast.PLACES[0]))
    there = replace(here, network=cast.network(random, "isp", cast.PLACES[6]), address=cast.address(random))
    rows: list[Row] = [cast.signup(here)]
    for day in range(0, stage.days, 4):
        rows.append(cast.login(here, stage.at(day, 8)))
        rows.append(cast.login(there, stage.at(day, 9.5), device=f"dev_{here.id}_2"))
        rows.extend(call(random, who, stage.at(day, 10), model="atlas-mini") for who in (here, there))
    return Scene(tuple(rows), (Label(here.id, "account-sharer", is_abusive=True),))


def stolen_keys(stage: Stage) -> Scene:
    """Return two victims: a key that thieves spend hundreds of dollars with, and one that they only try out."""
    spent, tried = (cast.account(stage, "business", plan="business") for _ in range(2))
    rows: list[Row] = [cast.signup(spent), cast.signup(tried)]
    for who in (spent, tried):
        rows.extend(call(stage.random, who, stage.at(day, 8 + hour)) for day in range(stage.days) for hour in range(4))
    rows.extend(_thief(stage, spent, day=17, calls=900))
    rows.extend(_thief(stage, tried, day=21, calls=6))
    labels = (Label(spent.id, "victim-of-a-thief", False), Label(tried.id, "victim-of-a-trial", False))
    return Scene(tuple(rows), labels)


def _thief(stage: Stage, victim: Account, *, day: int, calls: int) -> list[Row]:
    random = stage.random
    thief = replace(victim, network=cast.network(random, "hosting"), address=cast.address(random), user_agent="x/1")
    rows: list[Row] = [list_models(thief, stage.at(day, 2))]
    for number in range(calls):
        time = stage.at(day, 2) + timedelta(seconds=60 + number * 70)
        answer = random.randrange(2500, 4000)
        rows.append(call(random, thief, time, model="atlas-reason", output_tokens=answer))
    return rows
