"""The activity record: one flat row for one thing an account did.

This is the column contract that profiles map to, rules are written against and bundles quote. Every column may
be missing except `time` and `event`. Names follow OpenTelemetry GenAI and OCSF 6003 where these have a word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ColumnType(StrEnum):
    """What a column holds; the value is the word used in messages and in the JSON Schema."""

    TEXT = "text"
    TIMESTAMP = "timestamp"
    INTEGER = "integer"
    REAL = "real"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    ADDRESS = "address"
    TEXT_LIST = "list of text"
    JSON = "json"


DUCKDB_TYPES: Mapping[ColumnType, str] = MappingProxyType(
    {
        ColumnType.TEXT: "VARCHAR",
        ColumnType.TIMESTAMP: "TIMESTAMP",
        ColumnType.INTEGER: "BIGINT",
        ColumnType.REAL: "DOUBLE",
        ColumnType.DECIMAL: "DECIMAL(18,9)",
        ColumnType.BOOLEAN: "BOOLEAN",
        ColumnType.ADDRESS: "VARCHAR",
        ColumnType.TEXT_LIST: "VARCHAR[]",
        ColumnType.JSON: "VARCHAR",
    }
)


@dataclass(frozen=True)
class Column:
    """One column of the record.

    `unit` is a word such as `tokens`, `ms`, `usd`; `is_fact` marks what holds for an account from the time it
    was recorded (RECORDS: account facts); `standard` is the OCSF / OpenTelemetry name.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    is_fact: bool = False
    standard: str = ""

    @property
    def is_identifier(self) -> bool:
        """Whether values compare exactly, never ignoring case."""
        return self.name.endswith(("_id", "_fingerprint", "_digest")) or self.name == "template_group"


def _columns() -> tuple[Column, ...]:
    text, integer, real = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.REAL
    return (
        Column("record_id", text, "the source's own id of the row, else SOURCE:LINE", standard="metadata.uid"),
        Column("time", ColumnType.TIMESTAMP, "when it happened, UTC", standard="time"),
        Column("event", text, "what happened", standard="api.operation"),
        Column("account_id", text, "the account that acted", standard="actor.user.account.uid"),
        Column("organization_id", text, "the customer the account belongs to", "", True, "actor.user.org.uid"),
        Column("project_id", text, "the project within the organization"),
        Column("api_key_id", text, "key or token id, never the secret", standard="api.token.uid"),
        Column("end_user_id", text, "the customer's own user, as passed through", standard="enduser.id"),
        Column("session_id", text, "conversation or session", standard="gen_ai.conversation.id"),
        Column("pathway", text, "direct, marketplace, reseller, education, startup, research", is_fact=True),
        Column("endpoint", text, "path that was called", standard="http_request.url.path"),
        Column("model", text, "model asked for", standard="gen_ai.request.model"),
        Column("model_served", text, "model that answered", standard="gen_ai.response.model"),
        Column("input_tokens", integer, "tokens in", "tokens", standard="gen_ai.usage.input_tokens"),
        Column("cached_input_tokens", integer, "tokens in, served from cache", "tokens"),
        Column("output_tokens", integer, "tokens out", "tokens", standard="gen_ai.usage.output_tokens"),
        Column("reasoning_tokens", integer, "tokens of reasoning", "tokens"),
        Column("max_output_tokens", integer, "limit asked for", "tokens", standard="gen_ai.request.max_tokens"),
        Column("temperature", real, "sampling temperature", standard="gen_ai.request.temperature"),
        Column("candidate_count", integer, "completions asked for", standard="gen_ai.request.choice.count"),
        Column("top_logprobs", integer, "log-probabilities asked for a token"),
        Column("logit_bias", ColumnType.BOOLEAN, "whether a logit bias was set"),
        Column("stream", ColumnType.BOOLEAN, "whether the answer was streamed", standard="gen_ai.request.stream"),
        Column("finish_reason", text, "stop, length, tool_calls, content_filter"),
        Column("status", integer, "HTTP status", standard="http_response.code"),
        Column("error_code", text, "the error's code", standard="error.type"),
        Column("latency_ms", real, "time to answer", "ms", standard="http_response.latency"),
        Column("cost_usd", ColumnType.DECIMAL, "price of the call", "usd"),
        Column("prompt", text, "what was asked, where the source holds it", standard="gen_ai.input.messages"),
        Column("system_prompt", text, "the system instructions", standard="gen_ai.system_instructions"),
        Column("response", text, "what was answered", standard="gen_ai.output.messages"),
        Column("prompt_digest", text, "SHA-256 of the prompt, given or derived"),
        Column("template_id", text, "digest of the prompt with its slots blanked, given or derived"),
        Column("client_ip", ColumnType.ADDRESS, "the client's address", standard="client.address"),
        Column("asn", integer, "autonomous system of the client", standard="src_endpoint.autonomous_system.number"),
        Column("network_kind", text, "hosting, vpn, isp, mobile, business, education; given or derived"),
        Column("country", text, "ISO 3166-1 alpha-2 of the client", standard="src_endpoint.location.country"),
        Column("latitude", real, "of the client", "degrees", standard="src_endpoint.location"),
        Column("longitude", real, "of the client", "degrees", standard="src_endpoint.location"),
        Column("user_agent", text, "the client program", standard="user_agent.original"),
        Column("tls_fingerprint", text, "JA3 or JA4", standard="tls.ja3_hash"),
        Column("device_id", text, "the device", "", True, "device.uid"),
        Column("payment_fingerprint", text, "stable id of card or payer", is_fact=True),
        Column("email_domain", text, "domain of the account's e-mail", is_fact=True),
        Column("phone_digest", text, "digest of the account's phone number", is_fact=True),
        Column("billing_country", text, "country of the payer", is_fact=True),
        Column("owner_country", text, "seat of the ultimate owner, from due diligence", is_fact=True),
        Column("plan", text, "price plan", is_fact=True),
        Column("programme", text, "education, startup or research programme", is_fact=True),
        Column("service", text, "provider host, in an organisation's egress logs", standard="dst_endpoint.hostname"),
        Column("device_owner", text, "work or personal"),
        Column("data_category", text, "what a service declares that it collects"),
        Column("action", text, "for event `enforcement`: warn, throttle, suspend, terminate, reinstate"),
        Column("tags", ColumnType.TEXT_LIST, "labels of the source"),
        Column("extra", ColumnType.JSON, "every input field that has no column", standard="unmapped"),
    )


COLUMNS: Mapping[str, Column] = MappingProxyType({column.name: column for column in _columns()})
FACT_COLUMNS = tuple(column.name for column in COLUMNS.values() if column.is_fact)

PROVENANCE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"source_id": "VARCHAR", "source_line": "BIGINT", "source_offset": "BIGINT", "source_length": "BIGINT"}
)
"""On every row: SHA-256 of the source file, 1-based line, and the byte range where the format has one."""

DERIVED_COLUMNS: Mapping[str, str] = MappingProxyType({"client_ip_number": "UHUGEINT"})
"""`client_ip` as a number; an IPv4 address a.b.c.d is its IPv4-mapped IPv6 number (::ffff:a.b.c.d), so that one
range comparison serves both families. Null where the text is no address."""

CONTEXT_COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "model_age": Column("model_age", ColumnType.DECIMAL, "time since the release of the model", "seconds"),
        "rate_limit": Column("rate_limit", ColumnType.INTEGER, "requests a minute of the plan"),
    }
)
"""Columns that rules may read and that the checker derives from the audit's context; never stored."""

NETWORK_KIND = "network_kind"
NETWORK_KINDS = ("hosting", "vpn", "isp", "mobile", "business", "education")

DERIVABLE_COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "template_id": COLUMNS["template_id"],
        NETWORK_KIND: COLUMNS[NETWORK_KIND],
        "template_group": Column(
            "template_group", ColumnType.TEXT, "digest of the oldest template of a group of near-duplicates"
        ),
        "seed_similarity": Column(
            "seed_similarity", ColumnType.DECIMAL, "greatest similarity of the prompt to a public instruction seed"
        ),
        "cluster_id": Column("cluster_id", ColumnType.TEXT, "the linked accounts that the account belonged to by then"),
        "network_newcomers": Column(
            "network_newcomers", ColumnType.INTEGER, "other owners whose old keys turned up on this new network"
        ),
        "replaced_after": Column(
            "replaced_after",
            ColumnType.INTEGER,
            "how soon it came after the shut one whose place it took",
            "hours",
        ),
    }
)
"""Columns that rules may read and that are worked out from all records before a plan runs (`derived.py`), where a rule
needs them. `template_id` and `network_kind` are stored columns, too: what a source gives comes first."""

DERIVED_FROM: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "template_id": frozenset({"prompt"}),
        NETWORK_KIND: frozenset({"client_ip"}),
        "template_group": frozenset({"prompt"}),
        "seed_similarity": frozenset({"prompt"}),
        "cluster_id": frozenset({"account_id"}),
        "network_newcomers": frozenset({"account_id", "api_key_id", "client_ip"}),
        "replaced_after": frozenset({"account_id", "client_ip", "user_agent"}),
    }
)
"""The stored columns that a source must provide so that a derivable column has a value there."""

READABLE_COLUMNS: Mapping[str, Column] = MappingProxyType({**COLUMNS, **CONTEXT_COLUMNS, **DERIVABLE_COLUMNS})
"""Every column that a rule may read, by name; `extra.NAME` apart."""


def is_identifier(*names: str) -> bool:
    """Say whether one of the columns is an identifier, whose values compare exactly."""
    return any(name in READABLE_COLUMNS and READABLE_COLUMNS[name].is_identifier for name in names)


EVENTS = (
    "completion", "embedding", "image", "audio", "moderation", "fine_tune", "file", "batch", "list_models",
    "signup", "login", "login_failed", "logout", "key_created", "key_deleted", "payment_added", "plan_changed",
    "limit_changed", "enforcement", "web_request", "data_collection",
)  # fmt: skip
"""The known events; another word is allowed and kept."""
