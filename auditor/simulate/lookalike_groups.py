"""Groups that look coordinated and aren't: a campus, a hackathon, a popular tool, an agency, a family."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from auditor.simulate import cast, chance
from auditor.simulate.calls import call, refused
from auditor.simulate.model import Account, Approval, Label, Row, Scene, Stage


def campus(stage: Stage) -> Scene:
    """Return seventy students behind one address, each on a device of their own, who sign up in the first weeks."""
    random = stage.random
    gateway, shared = cast.network(random, "education"), cast.address(random)
    rows: list[Row] = []
    labels = []
    for _ in range(70):
        joined = stage.at(random.randrange(0, 14), random.uniform(7, 18))
        who = replace(cast.account(stage, plan="free"), network=gateway, address=shared, joined=joined)
        who = replace(who, programme="education", pathway="education", email_domain="campus.example")
        rows.append(cast.signup(who))
        rows.extend(_some_calls(stage, who, random.randrange(2, 14)))
        labels.append(Label(who.id, "campus-student", is_abusive=False))
    return Scene(tuple(rows), tuple(labels))


def hackathon(stage: Stage) -> Scene:
    """Return forty-four people who sign up on two shared machines in one morning, under the education programme."""
    random = stage.random
    rows: list[Row] = []
    labels = []
    desks = [(f"dev_{cast.token(random)}", cast.network(random, "education"), cast.address(random)) for _ in range(2)]
    for number in range(44):
        device, network, address = desks[number % 2]
        joined = stage.at(12, 8 + number * 0.05)
        who = replace(cast.account(stage, plan="free"), device=device, network=network, address=address, joined=joined)
        who = replace(who, programme="education", pathway="education")
        rows.append(cast.signup(who))
        rows.extend(_some_calls(stage, who, random.randrange(3, 12)))
        labels.append(Label(who.id, "hackathon-guest", is_abusive=False))
    return Scene(tuple(rows), tuple(labels))


def popular_tool(stage: Stage) -> Scene:
    """Return the users of a popular open-source tool: one template from 130 accounts, each with a card of its own."""
    random = stage.random
    rows: list[Row] = []
    labels = []
    for _ in range(130):
        who = replace(cast.account(stage, "isp"), user_agent="tidy-commit/3.2")
        rows.append(cast.signup(who))
        for time in _spread(stage, random.uniform(70, 95)):
            change = f"Write a commit message for this change: line {random.randrange(10**6)} of the parser."
            rows.append(call(random, who, time, use=chance.CODE, model="atlas-mini", prompt=(change, "tidy-commit")))
        labels.append(Label(who.id, "popular-tool-user", is_abusive=False))
    return Scene(tuple(rows), tuple(labels))


def agency(stage: Stage) -> Scene:
    """Return fourteen clients of an agency that pays for all of them with one card, and has leave to."""
    random = stage.random
    card = f"card_{cast.token(random)}"
    rows: list[Row] = []
    labels = []
    approvals = []
    for _ in range(14):
        who = replace(cast.account(stage, "business", plan="business"), card=card)
        rows.append(cast.signup(who))
        rows.extend(call(random, who, time) for time in _spread(stage, random.uniform(20, 60)))
        labels.append(Label(who.id, "agency-client", is_abusive=False))
        approvals.append(Approval(who.id, "coordinated-accounts", "client of an agency with a reseller agreement"))
    return Scene(tuple(rows), tuple(labels), tuple(approvals))


def family(stage: Stage) -> Scene:
    """Return a household with one card and one computer: one account was shut, the other one goes on as before."""
    random = stage.random
    shut = cast.account(stage, "isp")
    relative = replace(
        cast.account(stage), card=shut.card, device=shut.device, network=shut.network, address=shut.address
    )
    rows: list[Row] = [cast.signup(shut), cast.signup(relative), enforcement(shut, stage, 9, "suspend")]
    rows.extend(
        refused(random, shut, stage.at(9, 12 + number * 0.1), status=403, code="account_deactivated")
        for number in range(40)
    )
    rows.extend(call(random, relative, time, model="atlas-mini") for time in _spread(stage, 90))
    rows.append(enforcement(shut, stage, 13, "reinstate"))
    labels = (Label(shut.id, "shut-by-mistake", False), Label(relative.id, "relative-of-a-shut-account", False))
    return Scene(tuple(rows), labels)


def enforcement(who: Account, stage: Stage, day: int, action: str) -> Row:
    """Return what the platform did to an account."""
    return {**cast.presence(who, stage.at(day, 11)), "event": "enforcement", "action": action}


def _some_calls(stage: Stage, who: Account, count: int) -> list[Row]:
    """Return a few calls in the days after an account was opened."""
    random = stage.random
    latest = stage.end - who.joined
    times = sorted(who.joined + latest * random.uniform(0.001, 0.98) for _ in range(count))
    return [
        call(random, who, time.replace(microsecond=0) + timedelta(milliseconds=random.randrange(1000)),
             model="atlas-mini")
        for time in times
    ]  # fmt: skip


def _spread(stage: Stage, calls: float) -> Iterator[datetime]:
    """Yield about this many times over the month, by day, in bursts."""
    random = stage.random
    cycle = chance.daily_cycle(peak_hour=random.uniform(8, 20), ratio=3.5)
    cv = chance.burstiness(random)
    return chance.arrivals(random, start=stage.start, days=stage.days, calls=calls, cv=cv, cycle=cycle)
