SELECT setseed(0.4);
CREATE TABLE vocabulary AS
SELECT list(word ORDER BY number) AS words
FROM (
  SELECT min(number) AS number, word
  FROM (
    SELECT number, translate(substr(md5(number::VARCHAR), 1, 4 + (number % 6)::INTEGER), '0123456789', 'ghijklmnop') AS word
    FROM range(20000) AS numbers(number)
  )
  GROUP BY word
);
CREATE TABLE prompts AS
WITH said AS (
  SELECT
    number,
    'u' || CASE WHEN number % 4 = 0 THEN number % 1000 ELSE 1000 + (number * 7919) % 60000 END AS account_id,
    array_to_string([words[1 + floor(pow(random(), 3) * 15000)::INTEGER]
      FOR i IN range(10 + floor(random() * 30)::INTEGER)], ' ') AS free,
    words[1 + number % 15000] AS one
  FROM range($records) AS numbers(number), vocabulary
),
asked AS (
  SELECT
    *,
    CASE number % 4
      WHEN 0 THEN 'Please solve the following problem step by step: ' || free
      WHEN 1 THEN 'Summarise ticket ' || number || ' of customer ' || number % 977 || ' in ' || number % 7 || ' lines for ' || one
      ELSE free
    END AS prompt
  FROM said
)
SELECT
  'r' || number AS record_id, 'log' AS source_id, number AS source_line, account_id,
  TIMESTAMP '2026-06-01' + to_seconds(number) AS time, 'completion' AS event, prompt, sha256(prompt) AS prompt_digest
FROM asked;
