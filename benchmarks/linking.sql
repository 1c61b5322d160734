-- A month of sign-ups and calls, 33 records an account. A third of the accounts are one campaign over cards of 300 and a
-- few hosting blocks; a twelfth leave through one pool of residential exits; the rest are ordinary: families of two a
-- card, campuses of 300 behind one address, popular programs, mail domains and tools. Every draw is a hash.
CREATE TABLE activity AS
WITH drawn AS (
  SELECT
    i,
    i < $accounts AS is_signup,
    CAST(CASE WHEN i < $accounts THEN i ELSE hash(i, 1) % $accounts END AS BIGINT) AS account,
    CAST(hash(i, 2) % 1000000000 AS BIGINT) AS noise
  FROM range($records) AS r(i)
), cast_of AS (
  SELECT *,
    account * 12 < $accounts * 4 AS is_campaign,
    account * 12 >= $accounts * 4 AND account * 12 < $accounts * 5 AS is_proxied,
    account * 12 >= $accounts * 5 AND account * 12 < $accounts * 6 AS is_student,
    account * 12 >= $accounts * 6 AND account * 12 < $accounts * 7 AS uses_tool
  FROM drawn
), placed AS (
  SELECT *,
    CASE WHEN is_campaign THEN 3000000 + hash(account % 60, noise % 4) % 200
         WHEN is_proxied AND noise % 2 = 0 THEN 5000000 + noise % ($accounts // 24 + 12)
         WHEN is_student THEN 7000000 + account // 300
         ELSE 9000000 + account END::BIGINT AS block
  FROM cast_of
)
SELECT
  CAST(make_timestamp(1767225600000000 + CASE WHEN is_signup THEN (hash(account, 3) % 172800000000)
       ELSE 172800000000 + hash(i, 4) % 2419200000000 END::BIGINT) AS DATE) AS day,
  printf('rec_%d', i) AS record_id,
  make_timestamp(1767225600000000 + CASE WHEN is_signup THEN (hash(account, 3) % 172800000000)
       ELSE 172800000000 + hash(i, 4) % 2419200000000 END::BIGINT) AS time,
  CASE WHEN is_signup THEN 'signup' ELSE 'completion' END AS event,
  printf('acct_%012x', hash(account, 5)) AS account_id,
  printf('org_%d', account) AS organization_id,
  printf('key_%d', account) AS api_key_id,
  CASE WHEN is_signup THEN printf('card_%d', CASE WHEN is_campaign THEN account // 300
       WHEN account % 50 = 0 THEN -(account // 100) ELSE 1000000 + account END) END AS payment_fingerprint,
  CASE WHEN is_signup THEN printf('dev_%d', CASE WHEN is_campaign THEN account // 20 ELSE 1000000 + account END) END
    AS device_id,
  CASE WHEN is_signup THEN printf('phone_%d', account) END AS phone_digest,
  CASE WHEN is_signup THEN CASE WHEN is_student THEN printf('campus-%d.example', account // 300)
       WHEN noise % 10 < 7 THEN printf('mail-%d.example', noise % 5)
       WHEN is_campaign OR is_proxied THEN printf('own-%d.example', account // 12)
       ELSE printf('d%d.example', account) END END AS email_domain,
  printf('%d.%d.%d.%d', block // 65536 % 256, block // 256 % 256, block % 256, noise // 7 % 2) AS client_ip,
  CAST(281470681743360 + block % 16777216 * 256 + noise // 7 % 2 AS UHUGEINT) AS client_ip_number,
  CAST(64500 + block % 400 AS BIGINT) AS asn,
  CASE WHEN is_campaign THEN 'hosting' WHEN is_student THEN 'education' WHEN account % 20 = 0 THEN 'hosting'
       ELSE 'isp' END AS network_kind,
  CASE WHEN uses_tool THEN 'tidy/3.2' ELSE printf('sdk/%d', account % 12) END AS user_agent,
  CASE WHEN is_campaign THEN 't-own' WHEN uses_tool THEN 't-tidy' ELSE printf('t-%d', account % 7) END AS tls_fingerprint,
  CASE WHEN is_signup THEN NULL WHEN is_campaign THEN printf('template-%d', noise % 3)
       WHEN uses_tool THEN 'tidy' WHEN is_student AND noise % 2 = 0 THEN printf('course-%d', account // 300)
       WHEN noise % 3 = 0 THEN printf('popular-%d', noise % 40) ELSE printf('p-%d', hash(i, 6)) END AS template_id,
  CASE WHEN is_signup THEN NULL ELSE printf('digest-%d', hash(i, 7) % ($records // 2)) END AS prompt_digest,
  $source AS source_id,
  CAST(i + 1 AS BIGINT) AS source_line
FROM placed;
