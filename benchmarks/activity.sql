-- Synthetic activity of 30 days: 5,000 accounts, a few much busier than the rest. Every draw is a hash of the row's
-- number and a salt, so the same data come out whatever the number of threads.
CREATE TABLE activity AS
WITH drawn AS (
  SELECT
    i,
    CAST(CASE WHEN hash(i, 1) % 10 = 0 THEN hash(i, 2) % 20 ELSE hash(i, 3) % 5000 END AS BIGINT) AS account,
    make_timestamp(1767225600000000 + (hash(i, 4) % 2592000000000)::BIGINT) AS moment,
    CAST(hash(i, 5) % 1000 AS BIGINT) AS kind,
    CAST(hash(i, 6) % 1000 AS BIGINT) AS odd,
    CAST(hash(i, 7) % 10000 AS BIGINT) AS rare,
    CAST(hash(i, 8) % 1000000000000 AS BIGINT) AS noise
  FROM range($records) AS r(i)
)
SELECT
  CAST(moment AS DATE) AS day,
  printf('rec_%016x', hash(i, 9)) AS record_id,
  moment AS time,
  CASE WHEN kind < 960 THEN 'completion' WHEN kind < 980 THEN 'embedding' WHEN kind < 990 THEN 'login'
       WHEN kind < 995 THEN 'list_models' ELSE 'payment_added' END AS event,
  printf('acct_%05d', account) AS account_id,
  printf('org_%04d', account // 3) AS organization_id,
  printf('key_%05d_%d', account, noise % (2 + account % 7)) AS api_key_id,
  '/v1/chat/completions' AS endpoint,
  ['gpt-large', 'gpt-small', 'claude-like', 'embedder'][1 + (noise // 7) % 4] AS model,
  CAST(50 + (noise // 11) % 4000 AS BIGINT) AS input_tokens,
  CAST((noise // 13) % 3000 AS BIGINT) AS output_tokens,
  CAST(1024 + 512 * ((noise // 17) % 8) AS BIGINT) AS max_output_tokens,
  CAST((noise // 19) % 11 AS DOUBLE) / 10 AS temperature,
  CASE WHEN rare < 60 THEN 20 ELSE 0 END::BIGINT AS top_logprobs,
  (noise // 23) % 2 = 0 AS stream,
  CASE WHEN odd < 940 THEN 200 WHEN odd < 985 THEN 429 WHEN odd < 995 THEN 400 ELSE 500 END::BIGINT AS status,
  CASE WHEN odd BETWEEN 940 AND 984 THEN 'rate_limit_exceeded' END AS error_code,
  CAST(100 + (noise // 29) % 9000 AS DOUBLE) + 0.25 AS latency_ms,
  CAST((noise // 31) % 100000 AS DECIMAL(18, 9)) / 1000000 :: DECIMAL(18, 9) AS cost_usd,
  printf('10.%d.%d.%d', (account // 250) % 256, account % 250, (noise // 37) % (1 + account % 5)) AS client_ip,
  CAST(281470681743360 + 167772160 + (account // 250) % 256 * 65536 + account % 250 * 256
       + (noise // 37) % (1 + account % 5) AS UHUGEINT) AS client_ip_number,
  CAST(64500 + account % 40 AS BIGINT) AS asn,
  ['US', 'DE', 'FR', 'IN', 'BR', 'JP', 'GB', 'KP'][CASE WHEN rare BETWEEN 100 AND 139 THEN 8 ELSE 1 + account % 7 END] AS country,
  ['python-requests/2.31', 'openai-python/1.3', 'curl/8.4', 'Mozilla/5.0'][1 + (noise // 41) % 4] AS user_agent,
  CASE WHEN kind >= 995 THEN printf('card_%05d', account // 2) END AS payment_fingerprint,
  CASE WHEN kind >= 995 THEN ['pro', 'free', 'education'][1 + (noise // 43) % 3] END AS plan,
  $source AS source_id,
  CAST(i + 1 AS BIGINT) AS source_line,
  CAST(i * 500 AS BIGINT) AS source_offset,
  CAST(499 AS BIGINT) AS source_length
FROM drawn;
