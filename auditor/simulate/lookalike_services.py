"""Services and people that look like abuse on their own: one for the main false positive of each rule."""

from dataclasses import replace
from datetime import timedelta

from auditor.simulate import cast, chance
from auditor.simulate.calls import call, list_models, one_token, refused
from auditor.simulate.model import Account, Approval, Label, Row, Scene, Stage
from auditor.simulate.ordinary import month_of_a_business


def single_purpose_service(stage: Stage) -> Scene:
    """Return a service with one template and thousands of short answers, which retries on its own key."""
    random = stage.random
    who = cast.account(stage, "hosting", keys=1, plan="business")
    rows: list[Row] = [cast.signup(who)]
    cycle = chance.daily_cycle(peak_hour=14, ratio=3)
    for number, time in enumerate(
        chance.arrivals(random, start=stage.start, days=stage.days, calls=2400, cv=1.2, cycle=cycle)
    ):
        prompt = (f"Name the mood of review {number}: good, bad or neither.", "review-mood")
        if number % 12 == 0:
            rows.append(refused(random, who, time - timedelta(seconds=20), prompt=prompt))
        rows.append(call(random, who, time, use=chance.SMALL, prompt=prompt))
    return Scene(tuple(rows), (Label(who.id, "single-purpose-service", is_abusive=False),))


def failover(stage: Stage) -> Scene:
    """Return two customers that move refused calls to another key of theirs: one often and with leave, one seldom."""
    often, seldom = (cast.account(stage, "hosting", keys=2, plan="business") for _ in range(2))
    rows: list[Row] = [cast.signup(often), cast.signup(seldom)]
    rows.extend(_hops(stage, often, day=16, count=34) + _hops(stage, seldom, day=18, count=9))
    rows.extend(month_of_a_business(stage, often, calls=250) + month_of_a_business(stage, seldom, calls=250))
    labels = (Label(often.id, "approved-failover", False), Label(seldom.id, "rare-failover", False))
    return Scene(tuple(rows), labels, (Approval(often.id, "limit-circumvention", "failover between its projects"),))


def measured_models(stage: Stage) -> Scene:
    """Return an evaluation vendor that has leave to read log-probabilities, and a classifier that needs none."""
    random = stage.random
    vendor, classifier = (cast.account(stage, "hosting", plan="enterprise") for _ in range(2))
    rows: list[Row] = [cast.signup(vendor), cast.signup(classifier)]
    for number in range(1250):
        time = stage.at(8, 2) + timedelta(seconds=number * 31 + random.uniform(0, 20))
        rows.append(one_token(random, vendor, time, has_bias=True))
    for number in range(1600):
        time = stage.at(5, 1) + timedelta(seconds=number * 40 + random.uniform(0, 30))
        rows.append(one_token(random, classifier, time, has_bias=False))
    labels = (Label(vendor.id, "approved-evaluation", False), Label(classifier.id, "label-classifier", False))
    return Scene(tuple(rows), labels, (Approval(vendor.id, "model-extraction", "calibration study, agreed in May"),))


def writers(stage: Stage) -> Scene:
    """Return a service that writes long reports, four hundred a day at most, and a teacher who asks for reasons."""
    random = stage.random
    service, teacher = cast.account(stage, "hosting", plan="business"), cast.account(stage, "isp")
    rows: list[Row] = [cast.signup(service), cast.signup(teacher)]
    for number in range(1900):
        time = stage.at(3 + number // 400, 6 + (number % 400) * 0.04)
        prompt = (f"Write the monthly report of customer {number}.", "monthly-report")
        rows.append(call(random, service, time, prompt=prompt, output_tokens=random.randrange(1200, 3000)))
    for number in range(150):
        prompt = (f"Explain step by step the reasoning behind the correct answer to exercise {number}.", "exercise")
        rows.append(call(random, teacher, stage.at(1 + number // 8, 8 + number % 8), prompt=prompt))
    labels = (Label(service.id, "report-writer", False), Label(teacher.id, "teacher", False))
    return Scene(tuple(rows), labels)


def traveller(stage: Stage) -> Scene:
    """Return somebody who works nine days where it isn't supported, with a phone, and one on two short journeys."""
    random = stage.random
    who = cast.account(stage, "isp")
    away = replace(who, network=cast.network(random, "isp", cast.UNSUPPORTED[0]), address=cast.address(random))
    roaming = replace(who, network=replace(who.network, kind="mobile", asn=who.network.asn + 1), device="phone")
    rows: list[Row] = [cast.signup(who)]
    for day in range(stage.days):
        there = away if 8 <= day < 17 else who
        rows.append(cast.login(there, stage.at(day, 9)))
        rows.append(cast.login(roaming, stage.at(day, 9.5), device=f"phone_{who.id}"))
        rows.extend(call(random, there, stage.at(day, 10 + hour)) for hour in range(3))
    flyer = cast.account(stage, "isp")
    abroad = replace(flyer, network=cast.network(random, "isp", cast.UNSUPPORTED[1]), address=cast.address(random))
    rows.append(cast.signup(flyer))
    for day in range(stage.days):
        there = abroad if day in (2, 3, 23, 24) else flyer
        rows.extend(call(random, there, stage.at(day, 7 + hour)) for hour in range(4))
    labels = (Label(who.id, "traveller", is_abusive=False), Label(flyer.id, "frequent-flyer", is_abusive=False))
    return Scene(tuple(rows), labels)


def clouds(stage: Stage) -> Scene:
    """Return a key that runs in many networks, one that moves to another cloud, and a developer with a new tool."""
    random = stage.random
    many, moving, developer = (cast.account(stage, "hosting", plan="business") for _ in range(3))
    rows: list[Row] = [cast.signup(who) for who in (many, moving, developer)]
    clouds_of_many = [replace(many, network=cast.network(random, "hosting")) for _ in range(24)]
    other_cloud = replace(moving, network=cast.network(random, "hosting"))
    for number in range(560):
        time = stage.at(number // 20, (number % 20) * 1.1)
        newest = clouds_of_many[: 2 + number // 25]
        rows.append(call(random, random.choice(newest), time))
        rows.append(call(random, moving if number < 300 else other_cloud, time, use=chance.LONG))
    home = replace(developer, network=cast.network(random, "isp"), user_agent="chat-window/0.9")
    rows.extend(call(random, developer, stage.at(day, 11)) for day in range(stage.days))
    rows.extend([list_models(home, stage.at(20, 19)), call(random, home, stage.at(20, 19.05))])
    kinds = ((many, "many-networks"), (moving, "cloud-migration"), (developer, "developer-with-a-new-tool"))
    return Scene(tuple(rows), tuple(Label(who.id, kind, is_abusive=False) for who, kind in kinds))


def _hops(stage: Stage, who: Account, *, day: int, count: int) -> list[Row]:
    rows: list[Row] = []
    for number in range(count):
        prompt = (f"Answer the question of chat {number} of day {day} of {who.id}.", "support-chat")
        time = stage.at(day, 9 + number * 0.2)
        rows.append(refused(stage.random, who, time, prompt=prompt, key=0))
        rows.append(call(stage.random, who, time + timedelta(seconds=4), prompt=prompt, key=1))
    return rows
