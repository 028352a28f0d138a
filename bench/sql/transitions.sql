-- How often each step is followed by each other, with the beginnings and ends of journeys.
WITH steps AS (
    SELECT person_id, touchpoint, lead(touchpoint) OVER (PARTITION BY person_id ORDER BY occurred_us, key) AS next
    FROM events
    WHERE person_id IS NOT NULL AND occurred_us IS NOT NULL AND touchpoint IS NOT NULL
), counted AS (
    SELECT touchpoint, next, count(*) AS n FROM steps GROUP BY ALL
), came AS (
    SELECT touchpoint, sum(n) AS n FROM counted GROUP BY touchpoint
), led AS (
    SELECT next AS touchpoint, sum(n) AS n FROM counted WHERE next IS NOT NULL GROUP BY next
)
SELECT touchpoint AS source, coalesce(next, '(end)') AS target, n FROM counted
UNION ALL
SELECT '(start)', came.touchpoint, came.n - coalesce(led.n, 0)
FROM came LEFT JOIN led USING (touchpoint) WHERE came.n > coalesce(led.n, 0)
ORDER BY n DESC, source, target
