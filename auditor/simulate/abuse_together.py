"""Abuse by accounts that act together: hopping over accounts, sign-ups by the dozen, a campaign, a ban evaded."""

from dataclasses import replace
from datetime import timedelta

from auditor.simulate import cast, chance
from auditor.simulate.calls import call, refused
from auditor.simulate.lookalike_groups import enforcement
from auditor.simulate.model import Label, Row, Scene, Stage

CAMPAIGN_ACCOUNTS = 110
CAMPAIGN_CARDS = 10


def account_hoppers(stage: Stage) -> Scene:
    """Return five accounts of one payer: what one is refused for its limit is asked again on the next."""
    random = stage.random
    card = f"card_{cast.token(random)}"
    ring = [replace(cast.account(stage, "hosting"), card=card) for _ in range(5)]
    rows: list[Row] = [cast.signup(who) for who in ring]
    for day in (7, 8, 15):
        for number in range(random.randrange(60, 90)):
            prompt = (f"Grade answer {number} of batch {day} from 1 to 10 and give the score only.", "grade")
            time = stage.at(day, number * 0.2)
            rows.append(refused(random, ring[number % 5], time, prompt=prompt))
            after = timedelta(seconds=random.uniform(0.3, 9))
            rows.append(call(random, ring[(number + 1) % 5], time + after, prompt=prompt))
    return Scene(tuple(rows), tuple(Label(who.id, "account-hopper", is_abusive=True) for who in ring))


def bulk_signup(stage: Stage) -> Scene:
    """Return twenty-six accounts that a script opens from one device within hours, for the free credit."""
    random = stage.random
    device, network = f"dev_{cast.token(random)}", cast.network(random, "vpn")
    rows: list[Row] = []
    labels = []
    for number in range(26):
        joined = stage.at(6, 1 + number * 0.2)
        who = replace(cast.account(stage, plan="free"), device=device, network=network, joined=joined)
        rows.append(cast.signup(who))
        rows.extend(call(random, who, joined + timedelta(minutes=m), model="atlas-mini") for m in (2, 3, 5))
        labels.append(Label(who.id, "bulk-signup", is_abusive=True))
    return Scene(tuple(rows), tuple(labels))


def campaign(stage: Stage) -> Scene:
    """Return a harvest by one template over 110 accounts and ten cards, each account far below any limit."""
    random = stage.random
    cards = [f"card_{cast.token(random)}" for _ in range(CAMPAIGN_CARDS)]
    rows: list[Row] = []
    labels = []
    for number in range(CAMPAIGN_ACCOUNTS):
        who = replace(cast.account(stage, "hosting"), card=cards[number % CAMPAIGN_CARDS])
        rows.append(cast.signup(who))
        for exchange in range(random.randrange(94, 104)):
            time = stage.at(3 + exchange // 5, random.uniform(0, 23.9))
            text = f"You are an expert coder. Plan, then use the tools, to solve task {number * 1000 + exchange}."
            rows.append(call(random, who, time, use=chance.CODE, prompt=(text, "expert-coder")))
        labels.append(Label(who.id, "campaign", is_abusive=True))
    return Scene(tuple(rows), tuple(labels))


def ban_evader(stage: Stage) -> Scene:
    """Return an account that is shut and goes on, request by request, under a new name on the same device and card."""
    random = stage.random
    shut = cast.account(stage, "hosting")
    heir = replace(cast.account(stage), card=shut.card, device=shut.device, joined=stage.at(10, 14))
    prompts = [(f"Solve riddle {number} of the collection.", "riddle") for number in range(60)]
    rows: list[Row] = [cast.signup(shut), cast.signup(heir), enforcement(shut, stage, 10, "terminate")]
    for number, prompt in enumerate(prompts):
        rows.append(call(random, shut, stage.at(9, 8 + number * 0.1)))
        time = stage.at(10, 11.5 + number * 0.01)
        rows.append(refused(random, shut, time, status=403, code="account_deactivated", prompt=prompt))
        rows.append(call(random, heir, stage.at(10, 15 + number * 0.1), prompt=prompt))
    labels = (Label(shut.id, "already-shut", False), Label(heir.id, "ban-evader", True))
    return Scene(tuple(rows), labels)
