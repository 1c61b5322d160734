"""Notices in English."""

from auditor.policy.english_measures import ENGLISH_MEASURES
from auditor.report.phrases.model import Phrases

ENGLISH = Phrases(
    language="en",
    thousands=",",
    decimal=".",
    colon=": ",
    months=("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December"),
    first_day="1",
    day="{day} {month} {year}",
    title="Notice of a decision about your account",
    safety_title="Notice about the safety of your account",
    draft_title="Draft of a notice about an account",
    draft="This is a draft, written before any decision. It must not be sent.",
    case="Case",
    account="Account",
    date="Date of the decision",
    what_was_decided="What was decided",
    what_would_be="What is proposed",
    decided={
        "warn": "You are warned. Your account can be used as before.",
        "verify": "You are asked to explain what is described below and to confirm who uses the account. Your account"
        " can be used as before.",
        "throttle": "From {date} on, your account is limited to fewer requests, until the matter is cleared up.",
        "suspend": "From {date} on, your account is suspended, until the matter is cleared up. It is not deleted.",
        "terminate": "On {date}, the contract about your account was ended and the account closed.",
    },
    withdrawn="Your complaint was heard. The decision about your account was withdrawn on {date} and has no effect"
    " any more.",
    heard={
        "upheld": "Your complaint was examined on {date} by a person who took no part in the decision. The decision"
        " stands.",
        "milder": "Your complaint was examined on {date} by a person who took no part in the decision. The decision was"
        " made milder; what follows is in force now.",
    },
    heard_reason="Reason given for that: “{reason}”",
    complaint_waits="Your complaint of {date} is being examined by a person who took no part in the decision.",
    beyond="This goes beyond what the records carry by themselves. Reason given for that: “{reason}”",
    proposed={
        "warn": "It is proposed to warn the account holder.",
        "verify": "It is proposed to ask the account holder to explain what is described below and to confirm who uses"
        " the account.",
        "throttle": "It is proposed to limit the account to fewer requests until the matter is cleared up.",
        "suspend": "It is proposed to suspend the account until the matter is cleared up.",
        "terminate": "It is proposed to end the contract about the account.",
    },
    reason="Reason given by the person who decided: “{reason}”",
    what_was_seen="What was seen",
    signs="Records of the account were found by rules that look for conduct of this kind: {conduct}. That is the name"
    " of the kind; what these records show of it stands below.",
    record="1 record",
    records="{number} records",
    seen="{start} to {end}: {records} of this account, found by the rule “{title}”.",
    seen_once="{start}: {records} of this account, found by the rule “{title}”.",
    seen_in_group="{records} of this account, found by the rule “{title}” among those of several accounts. What these"
    " did together lasted from {start} to {end}.",
    seen_together="Measured together with other accounts.",
    rule_says="What the rule looks for: “{description}”",
    together="Where accounts were judged together, it is what they did together that reached the figures named; what"
    " this account did alone was not measured.",
    measured="{measure}: {value} (the rule asks for {operator} {threshold}).",
    measures=ENGLISH_MEASURES,
    per_cent="{number}%",
    operators={
        ">=": "at least", ">": "more than", "<=": "at most", "<": "less than", "=": "exactly", "<>": "other than",
    },
    units={
        "days": "days", "hours": "hours", "minutes": "minutes", "seconds": "seconds", "tokens": "tokens",
        "usd": "US dollars", "ms": "milliseconds",
    },
    units_of_one={
        "days": "day", "hours": "hour", "minutes": "minute", "seconds": "second", "tokens": "token",
        "usd": "US dollar", "ms": "millisecond",
    },
    conducts={
        "distillation": "gathering answers of the model to train another model",
        "reasoning-extraction": "making the model give out its hidden reasoning",
        "model-extraction": "working out inner parts of the model from its answers",
        "limit-circumvention": "getting around limits of use",
        "automated-access": "using by program what is offered to people",
        "coordinated-accounts": "several accounts acting as one",
        "bulk-signup": "opening accounts in great number",
        "ban-evasion": "going on under another account after one was shut",
        "resale": "selling access on without leave",
        "account-sharing": "several people using one person’s account",
        "credential-theft": "somebody else using the key or password of the account",
        "unsupported-region": "using the service from where it is not offered",
        "safeguard-circumvention": "getting around what keeps the answers of the model safe",
        "banned-service": "using a service that the organisation does not allow",
        "data-collection": "a service gathering data that the organisation does not allow",
    },
    other_conduct="what the terms call “{conduct}”",
    bright_line="The records show the conduct itself.",
    inferential="The records fit this conduct, but can have another explanation. What was meant can’t be seen in a"
    " log.",
    more_findings="{number} more findings of the same case are on file; you can ask for them.",
    ground="On what ground",
    no_ground="No clause of the terms in force speaks of this conduct.",
    clause="{title}, version {version} (in force from {effective}), clause {clause}. It {stance} this: “{text}”",
    stances={"prohibits": "prohibits", "limits": "limits", "permits": "permits"},
    alternatives="Where several conducts are named, they are alternatives: the records can’t tell which of them it"
    " was.",
    automated="Automated means",
    detected_by_rules="What was seen was found by automatic rules over activity logs.",
    decided_by_people="The decision was made by a person.",
    decided_by_two="The decision was made by one person and approved by another.",
    nobody_decided="The proposal was made by a program. Only a person can decide.",
    nobody_approved="A person made the proposal. It takes effect only when it has been approved.",
    speaks_for="What speaks for you",
    speaks_for_intro="These facts were before the people who decided:",
    draft_speaks_for_intro="These facts are put before the people who decide:",
    other_explanations="What else can look like what was seen, in the words of the rules:",
    redress="What you can do",
    complaint="You can complain, free of charge, within six months from the day on which you received this notice, by"
    " replying to it or writing to whoever sent it. Say what is wrong and add what you want to be seen. A person who"
    " took no part in the decision looks at it and answers with reasons.",
    draft_complaint="When a decision is made, the account holder can complain free of charge, within six months from"
    " the day on which the notice of it arrives.",
    settlement="If you are in the European Union, you can turn to a certified out-of-court dispute settlement body"
    " (Article 21 of Regulation (EU) 2022/2065).",
    court="You can go to court at any time.",
    protection_title="Your key or login may have been stolen",
    protection="The records suggest that somebody else used the key or login of this account. Nothing is held against"
    " you for that.",
    steps={
        "freeze_key": "The key concerned is to be frozen, so that nobody can go on using it; please make a new one.",
        "notify": "Please look through your recent activity and change your password.",
    },
)  # fmt: skip
