-- rule: sliding-count
WITH plans AS (
  SELECT account_id, time AS since, lead(time) OVER (PARTITION BY account_id ORDER BY time) AS until, plan
  FROM records WHERE plan IS NOT NULL AND account_id IS NOT NULL
), seen AS (
  SELECT r.record_id, r.source_line, r.account_id, r.time, r.event, r.status, coalesce(r.plan, p.plan) AS plan FROM records r
  LEFT JOIN plans p ON p.account_id = r.account_id AND r.time >= p.since AND (r.time < p.until OR p.until IS NULL)
), asked AS (
  SELECT record_id, account_id, time, CAST(time AS DATE) AS day FROM seen WHERE event = 'completion' AND plan IN ('pro', 'free') AND status = 200 AND account_id IS NOT NULL
), days AS (
  SELECT account_id, day, count(*) AS most FROM asked GROUP BY account_id, day
), near AS (
  SELECT account_id, day, most + CASE WHEN lag(day) OVER w = day - 1 THEN lag(most) OVER w ELSE 0 END >= 27 AS can
  FROM days WINDOW w AS (PARTITION BY account_id ORDER BY day)
), kept AS (
  SELECT account_id, day FROM near WHERE can UNION SELECT account_id, day - 1 FROM near WHERE can
), measured AS (
  SELECT *, time - lag(time, 26) OVER (PARTITION BY account_id ORDER BY time) <= INTERVAL 1 HOUR AS ends
  FROM asked SEMI JOIN kept USING (account_id, day)
), held AS (
  SELECT *, first_value(CASE WHEN ends THEN time END IGNORE NULLS)
    OVER (PARTITION BY account_id ORDER BY time ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next FROM measured
)
SELECT record_id, account_id FROM held WHERE next <= time + INTERVAL 1 HOUR
-- rule: sliding-sum
WITH plans AS (
  SELECT account_id, time AS since, lead(time) OVER (PARTITION BY account_id ORDER BY time) AS until, plan
  FROM records WHERE plan IS NOT NULL AND account_id IS NOT NULL
), seen AS (
  SELECT r.record_id, r.source_line, r.account_id, r.time, r.event, r.output_tokens, coalesce(r.plan, p.plan) AS plan FROM records r
  LEFT JOIN plans p ON p.account_id = r.account_id AND r.time >= p.since AND (r.time < p.until OR p.until IS NULL)
), asked AS (
  SELECT record_id, account_id, time, CAST(time AS DATE) AS day, output_tokens FROM seen WHERE event = 'completion' AND plan IN ('pro', 'free') AND account_id IS NOT NULL
), days AS (
  SELECT account_id, day, sum(output_tokens) AS most FROM asked GROUP BY account_id, day
), near AS (
  SELECT account_id, day, most + CASE WHEN lag(day) OVER w = day - 1 THEN lag(most) OVER w ELSE 0 END >= 47000 AS can
  FROM days WINDOW w AS (PARTITION BY account_id ORDER BY day)
), kept AS (
  SELECT account_id, day FROM near WHERE can UNION SELECT account_id, day - 1 FROM near WHERE can
), measured AS (
  SELECT *, sum(output_tokens) OVER (PARTITION BY account_id ORDER BY time RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW) AS m
  FROM asked SEMI JOIN kept USING (account_id, day)
)
SELECT record_id, account_id FROM measured
QUALIFY bool_or(m >= 47000) OVER (PARTITION BY account_id ORDER BY time RANGE BETWEEN CURRENT ROW AND INTERVAL 1 HOUR FOLLOWING)
-- rule: sliding-distinct
WITH plans AS (
  SELECT account_id, time AS since, lead(time) OVER (PARTITION BY account_id ORDER BY time) AS until, plan
  FROM records WHERE plan IS NOT NULL AND account_id IS NOT NULL
), seen AS (
  SELECT r.record_id, r.source_line, r.account_id, r.time, r.event, r.client_ip, coalesce(r.plan, p.plan) AS plan FROM records r
  LEFT JOIN plans p ON p.account_id = r.account_id AND r.time >= p.since AND (r.time < p.until OR p.until IS NULL)
), asked AS (
  SELECT record_id, account_id, time, CAST(time AS DATE) AS day, client_ip FROM seen WHERE event = 'completion' AND plan IN ('pro', 'free') AND account_id IS NOT NULL
), groups AS (
  SELECT account_id FROM asked GROUP BY account_id HAVING count(DISTINCT client_ip) >= 5
), days AS (
  SELECT account_id, day, count(DISTINCT client_ip) AS most FROM asked SEMI JOIN groups USING (account_id) GROUP BY account_id, day
), near AS (
  SELECT account_id, day, most + CASE WHEN lag(day) OVER w = day - 1 THEN lag(most) OVER w ELSE 0 END >= 5 AS can
  FROM days WINDOW w AS (PARTITION BY account_id ORDER BY day)
), kept AS (
  SELECT account_id, day FROM near WHERE can UNION SELECT account_id, day - 1 FROM near WHERE can
), measured AS (
  SELECT *, count(DISTINCT client_ip) OVER (PARTITION BY account_id ORDER BY time RANGE BETWEEN INTERVAL 6 HOUR PRECEDING AND CURRENT ROW) AS m
  FROM asked SEMI JOIN kept USING (account_id, day)
)
SELECT record_id, account_id FROM measured
QUALIFY bool_or(m >= 5) OVER (PARTITION BY account_id ORDER BY time RANGE BETWEEN CURRENT ROW AND INTERVAL 6 HOUR FOLLOWING)
-- rule: sequence
WITH RECURSIVE plans AS (
  SELECT account_id, time AS since, lead(time) OVER (PARTITION BY account_id ORDER BY time) AS until, plan
  FROM records WHERE plan IS NOT NULL AND account_id IS NOT NULL
), seen AS (
  SELECT r.record_id, r.source_line, r.account_id, r.time, r.event, r.status, coalesce(r.plan, p.plan) AS plan FROM records r
  LEFT JOIN plans p ON p.account_id = r.account_id AND r.time >= p.since AND (r.time < p.until OR p.until IS NULL)
), firsts AS (
  SELECT record_id, source_line, account_id, time, epoch_us(time) // 120000000 AS bucket FROM seen WHERE status = 429 AND account_id IS NOT NULL
), seconds AS (
  SELECT record_id, source_line, account_id, time, epoch_us(time) // 120000000 AS bucket FROM seen WHERE event = 'completion' AND plan IN ('pro', 'free') AND status = 200 AND account_id IS NOT NULL
), pairs AS (
  SELECT f.source_line AS first_line, s.source_line AS second_line, f.record_id AS first_id, s.record_id AS second_id, f.time AS opened, s.time AS answered, f.account_id
  FROM (SELECT *, bucket AS at FROM firsts UNION ALL SELECT *, bucket + 1 FROM firsts) f
  JOIN seconds s ON f.at = s.bucket AND f.account_id = s.account_id
  WHERE s.time BETWEEN f.time AND f.time + INTERVAL 120 SECOND AND (f.time, f.source_line) < (s.time, s.source_line)
), near AS (
  SELECT DISTINCT first_id AS record_id, first_line AS source_line, account_id, opened AS time, true AS is_first, false AS is_second FROM pairs
  UNION ALL
  SELECT DISTINCT second_id, second_line, account_id, answered, false, true FROM pairs
), kept AS (
  SELECT *, time - lag(time) OVER (PARTITION BY account_id ORDER BY time, source_line) <= INTERVAL 120 SECOND AS joins FROM near
), chained AS (
  SELECT *, sum(CASE WHEN joins THEN 0 ELSE 1 END) OVER (ORDER BY account_id, time, source_line ROWS UNBOUNDED PRECEDING) AS chain FROM kept
), placed AS (
  SELECT *, row_number() OVER (PARTITION BY chain ORDER BY time, source_line) AS place FROM chained
), walk AS (
  SELECT chain, place, CASE WHEN is_first THEN [{'id': record_id, 'at': time}] ELSE [] END AS free,
    CAST(NULL AS VARCHAR) AS one, CAST(NULL AS VARCHAR) AS other FROM placed WHERE place = 1
  UNION ALL
  SELECT p.chain, p.place,
    list_concat(CASE WHEN p.is_second THEN f.free[2:] ELSE f.free END,
      CASE WHEN p.is_first THEN [{'id': p.record_id, 'at': p.time}] ELSE [] END),
    CASE WHEN p.is_second THEN f.free[1].id END, CASE WHEN p.is_second AND len(f.free) > 0 THEN p.record_id END
  FROM placed p JOIN (SELECT * FROM walk) w ON p.chain = w.chain AND p.place = w.place + 1,
    LATERAL (SELECT list_filter(w.free, lambda x: x.at >= p.time - INTERVAL 120 SECOND) AS free) f
)
SELECT unnest([one, other]) AS record_id, chain FROM walk WHERE one IS NOT NULL
-- rule: baseline
WITH plans AS (
  SELECT account_id, time AS since, lead(time) OVER (PARTITION BY account_id ORDER BY time) AS until, plan
  FROM records WHERE plan IS NOT NULL AND account_id IS NOT NULL
), seen AS (
  SELECT r.record_id, r.source_line, r.account_id, r.time, r.event, coalesce(r.plan, p.plan) AS plan FROM records r
  LEFT JOIN plans p ON p.account_id = r.account_id AND r.time >= p.since AND (r.time < p.until OR p.until IS NULL)
), asked AS (
  SELECT record_id, account_id, time, CAST(time AS DATE) AS day FROM seen WHERE event = 'completion' AND plan IN ('pro', 'free') AND account_id IS NOT NULL
), counted AS (
  SELECT account_id, day, count(*) AS m, min(time) AS first FROM asked GROUP BY account_id, day
), spans AS (
  SELECT account_id, min(first) AS first, max(day) AS last FROM counted GROUP BY account_id
), filled AS (
  SELECT s.account_id, d.day, s.first, coalesce(c.m, 0) AS m FROM spans s
  JOIN (SELECT DISTINCT day FROM counted) d ON d.day BETWEEN CAST(s.first AS DATE) AND s.last
  LEFT JOIN counted c ON c.account_id = s.account_id AND c.day = d.day
), compared AS (
  SELECT *, median(m) OVER (PARTITION BY account_id ORDER BY day ROWS BETWEEN 30 PRECEDING AND 1 PRECEDING) AS usual FROM filled
), days AS (
  SELECT account_id, day FROM compared
  WHERE usual > 0 AND m > 3 * usual AND m >= 15 AND CAST(day AS TIMESTAMP) - first >= INTERVAL 7 DAY
)
SELECT record_id, account_id FROM asked SEMI JOIN days USING (account_id, day)
-- rule: novelty
WITH plans AS (
  SELECT account_id, time AS since, lead(time) OVER (PARTITION BY account_id ORDER BY time) AS until, plan
  FROM records WHERE plan IS NOT NULL AND account_id IS NOT NULL
), seen AS (
  SELECT r.record_id, r.source_line, r.account_id, r.time, r.event, r.country, coalesce(r.plan, p.plan) AS plan FROM records r
  LEFT JOIN plans p ON p.account_id = r.account_id AND r.time >= p.since AND (r.time < p.until OR p.until IS NULL)
), asked AS (
  SELECT record_id, account_id, time, country FROM seen WHERE event IN ('completion', 'embedding') AND plan IN ('pro', 'free') AND account_id IS NOT NULL
), firsts AS (
  SELECT account_id, country, min(time) AS first FROM asked GROUP BY account_id, country
), fresh AS (
  SELECT * FROM (SELECT *, min(first) OVER (PARTITION BY account_id) AS since FROM firsts)
  WHERE country IS NOT NULL AND first - since >= INTERVAL 7 DAY
)
SELECT a.record_id, a.account_id FROM asked a JOIN fresh f USING (account_id, country) WHERE a.time - f.first <= INTERVAL 24 HOUR
