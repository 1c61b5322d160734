"""Rows as a platform of a given shape writes them: sign-ups, calls, refusals, logins, enforcement."""

import hashlib
from collections.abc import Mapping
from random import Random

from auditor.simulate.recorded import tokens_in, tokens_out
from auditor.simulate.worlds.ground import Ground, Network, Person, Row, Timed
from auditor.simulate.worlds.prose import Anything, Asking, one_of, question

PRICES = ((150, 600), (2_500, 10_000), (15_000, 60_000), (3_000, 15_000))
"""Nano-dollars a token, in and out, of each model of a shape."""

ANYTHING = Anything()


class Scribe:
    """Writes rows for one scene."""

    def __init__(self, ground: Ground) -> None:
        """Keep the ground; every row goes by its shape."""
        self.ground = ground
        self.random = ground.random
        self.shape = ground.shape
        self._prices = dict(zip(ground.shape.models, PRICES, strict=True))

    def presence(self, who: Person, network: Network | None = None, address: str | None = None) -> Row:
        """Return what every row of an account says: who, and from where with what."""
        place = network or who.network
        row: Row = {
            "account_id": who.id,
            "client_ip": address
            or (one_of(self.random, who.addresses) if network is None else place.address(self.random)),
            "asn": place.asn,
            "network_kind": place.kind,
            "country": place.country,
            "user_agent": who.client.user_agent,
        }
        if self.shape.sees_place:
            row["latitude"], row["longitude"] = place.latitude, place.longitude
        if self.shape.sees_tls:
            row["tls_fingerprint"] = who.client.tls
        return row

    def opening(self, who: Person) -> list[Timed]:
        """Return the rows in which an account is opened and states its facts."""
        row = {**self.presence(who), "event": "signup", "email_domain": who.email_domain, "pathway": who.pathway}
        row["organization_id"] = who.organization
        if self.shape.sees_device:
            row["device_id"] = who.device
        if self.shape.asks_phone:
            row["phone_digest"] = who.phone
        if who.programme:
            row["programme"] = who.programme
        if who.owner_country:
            row["owner_country"] = who.owner_country
        payment: Row = {"plan": who.plan, "billing_country": who.country}
        if who.plan != "free" or who.card.startswith("shared"):
            payment["payment_fingerprint"] = who.card
        if self.shape.facts == "signup":
            return [(who.joined, {**row, **payment})]
        later = {**self.presence(who), "event": "payment_added", **payment}
        return [(who.joined, row), (who.joined + self.random.uniform(30, 900), later)]

    def call(
        self,
        who: Person,
        moment: float,
        *,
        asking: Asking = ANYTHING,
        use: str = "chat",
        model: int = 0,
        key: int = 0,
        network: Network | None = None,
        address: str | None = None,
        prompt: str | None = None,
        status: int = 200,
        more: Mapping[str, object] | None = None,
        **columns: object,
    ) -> Timed:
        """Return a call, answered unless `status` says otherwise; `more` and `columns` replace or add what it says."""
        random = self.random
        text = asking.text(random) if prompt is None else prompt
        row = {
            **self.presence(who, network, address),
            "event": "completion",
            "api_key_id": who.keys[key],
            "endpoint": "/v1/chat/completions",
            "model": self.shape.models[model],
            "status": status,
        }
        if status == 200:
            row["input_tokens"] = tokens_in(random, use)
            row["output_tokens"] = tokens_out(random, use)
            row["max_output_tokens"] = 4096
            row["finish_reason"] = "stop"
        else:
            row["error_code"] = ERRORS.get(status, "error")
        self._tell(row, who, text, asking.name)
        row.update(more or {})
        row.update(columns)
        if status == 200:
            price_in, price_out = self._prices.get(str(row["model"]), PRICES[1])
            row["cost_usd"] = _cost(row, price_in, price_out)
        return moment, row

    def moved(self, row: Row, who: Person, key: int = 0) -> Row:
        """Return an answered copy of a refused call, made by another account or key."""
        kept: Row = {name: row[name] for name in ("prompt", "prompt_digest", "template_id", "model") if name in row}
        _, answered = self.call(who, 0.0, key=key, prompt=question(self.random))
        for name in ("prompt", "prompt_digest", "template_id"):
            answered.pop(name, None)
        return {**answered, **kept}

    def login(self, who: Person, moment: float, **columns: object) -> Timed:
        """Return a login in person."""
        row = {**self.presence(who), "event": "login", "user_agent": "Mozilla/5.0"}
        if self.shape.sees_device:
            row["device_id"] = who.device
        return moment, {**row, **columns}

    def enforcement(self, who: Person, moment: float, action: str) -> Timed:
        """Return what the platform did to an account."""
        return moment, {"account_id": who.id, "event": "enforcement", "action": action}

    def listing(self, who: Person, moment: float, network: Network) -> Timed:
        """Return a listing of the models on offer."""
        row = {**self.presence(who, network), "event": "list_models", "api_key_id": who.keys[0]}
        return moment, {**row, "endpoint": "/v1/models", "status": 200}

    def _tell(self, row: Row, who: Person, text: str, template: str) -> None:
        """Say of the prompt what this platform keeps of it."""
        if not who.keeps_text:
            row["prompt_digest"] = hashlib.sha256(text.encode()).hexdigest()
            return
        row["prompt"] = text
        if self.shape.gives_templates:
            row["template_id"] = hashlib.sha256((template or text).encode()).hexdigest()[:24]


ERRORS = {
    429: "rate_limit_exceeded",
    400: "invalid_request",
    403: "account_deactivated",
    500: "internal",
    529: "overloaded",
}


def some_error(random: Random) -> int:
    """Return the status of a call that failed for no fault of anybody."""
    return random.choices((429, 400, 500, 529), (5, 3, 1, 2))[0]


def _cost(row: Row, price_in: int, price_out: int) -> float:
    count_in, count_out = row["input_tokens"], row["output_tokens"]
    assert isinstance(count_in, int) and isinstance(count_out, int)
    return (count_in * price_in + count_out * price_out) / 1_000_000_000
