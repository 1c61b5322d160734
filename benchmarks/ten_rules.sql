-- rule: log-probabilities
SELECT record_id, account_id FROM records WHERE event = 'completion' AND top_logprobs >= 5 AND account_id IS NOT NULL
-- rule: country
SELECT record_id, account_id FROM records
WHERE event IN ('completion', 'embedding') AND country IN ('KP', 'IR', 'SY') AND account_id IS NOT NULL
-- rule: scripted-refusals
SELECT record_id, account_id FROM records
WHERE status = 429 AND user_agent LIKE 'python-requests%' AND account_id IS NOT NULL
-- rule: education-plan
WITH plans AS (
  SELECT account_id, time AS since, lead(time) OVER (PARTITION BY account_id ORDER BY time) AS until, plan
  FROM records WHERE plan IS NOT NULL AND account_id IS NOT NULL
)
SELECT r.record_id, r.account_id FROM records r
LEFT JOIN plans p ON p.account_id = r.account_id AND r.time >= p.since AND (r.time < p.until OR p.until IS NULL)
WHERE r.event = 'completion' AND coalesce(r.plan, p.plan) = 'education' AND r.output_tokens >= 2900
-- rule: errors
SELECT record_id, account_id FROM records
WHERE status >= 400 AND model LIKE '%large%' AND NOT event = 'login' AND account_id IS NOT NULL
-- rule: burst
WITH asked AS (
  SELECT record_id, account_id, time FROM records
  WHERE event = 'completion' AND status = 200 AND account_id IS NOT NULL
), counted AS (
  SELECT *, count(*) OVER (PARTITION BY account_id ORDER BY time
    RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW) AS requests FROM asked
)
SELECT record_id, account_id FROM counted QUALIFY bool_or(requests >= 18) OVER (PARTITION BY account_id ORDER BY time
  RANGE BETWEEN CURRENT ROW AND INTERVAL 1 HOUR FOLLOWING)
-- rule: volume
WITH asked AS (
  SELECT record_id, account_id, date_trunc('day', time) AS day, output_tokens FROM records
  WHERE event = 'completion' AND account_id IS NOT NULL
), days AS (
  SELECT account_id, day FROM asked GROUP BY account_id, day HAVING sum(output_tokens) >= 100000
)
SELECT record_id, account_id FROM asked SEMI JOIN days USING (account_id, day)
-- rule: addresses
WITH asked AS (
  SELECT record_id, account_id, time, client_ip FROM records WHERE event = 'completion' AND account_id IS NOT NULL
), counted AS (
  SELECT *, count(DISTINCT client_ip) OVER (PARTITION BY account_id ORDER BY time
    RANGE BETWEEN INTERVAL 24 HOUR PRECEDING AND CURRENT ROW) AS addresses FROM asked
)
SELECT record_id, account_id FROM counted QUALIFY bool_or(addresses >= 5) OVER (PARTITION BY account_id ORDER BY time
  RANGE BETWEEN CURRENT ROW AND INTERVAL 24 HOUR FOLLOWING)
-- rule: key-refusals
WITH refused AS (
  SELECT record_id, api_key_id, time, model,
    time - lag(time) OVER (PARTITION BY api_key_id ORDER BY time) > INTERVAL 30 MINUTE AS starts
  FROM records WHERE status = 429 AND api_key_id IS NOT NULL
), sessions AS (
  SELECT *, sum(CASE WHEN starts THEN 1 ELSE 0 END) OVER (PARTITION BY api_key_id ORDER BY time) AS session FROM refused
), violating AS (
  SELECT api_key_id, session FROM sessions GROUP BY api_key_id, session
  HAVING count(*) >= 2 AND count(DISTINCT model) >= 2
)
SELECT record_id, api_key_id FROM sessions SEMI JOIN violating USING (api_key_id, session)
-- rule: spending
WITH paid AS (
  SELECT record_id, account_id, time, cost_usd FROM records
  WHERE event = 'completion' AND cost_usd > 0 AND account_id IS NOT NULL
), measured AS (
  SELECT *, sum(cost_usd) OVER six AS spent, count(*) OVER six AS calls FROM paid
  WINDOW six AS (PARTITION BY account_id ORDER BY time RANGE BETWEEN INTERVAL 6 HOUR PRECEDING AND CURRENT ROW)
)
SELECT record_id, account_id FROM measured
QUALIFY bool_or(spent >= 2.5 AND calls >= 20) OVER (PARTITION BY account_id ORDER BY time
  RANGE BETWEEN CURRENT ROW AND INTERVAL 6 HOUR FOLLOWING)
