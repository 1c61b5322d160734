"""The columns of a record, by kind; a test of the program holds them to its schema."""


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


INTEGERS = words_of(
    "input_tokens cached_input_tokens output_tokens reasoning_tokens max_output_tokens candidate_count top_logprobs"
    " status asn"
)
REALS = words_of("temperature latency_ms latitude longitude")
TEXTS = words_of(
    "record_id event account_id organization_id project_id api_key_id end_user_id session_id pathway endpoint model"
    " model_served finish_reason error_code prompt system_prompt response prompt_digest template_id client_ip"
    " network_kind country user_agent tls_fingerprint device_id payment_fingerprint email_domain phone_digest"
    " billing_country owner_country plan programme service device_owner data_category action"
)
PLAIN_COLUMNS = TEXTS | INTEGERS
COLUMNS = PLAIN_COLUMNS | REALS | {"time", "cost_usd", "logit_bias", "stream", "tags", "extra"}
"""The columns of a record; a test of the program holds them to its schema."""
