-- A funnel of four distinct steps within seven days of the entry: the latest entry counts, the window's end included,
-- rows of one instant in the order of the steps. With the median time to the first row that reaches each step.
WITH steps AS (
    SELECT person_id, occurred_us AS us, key,
        CASE touchpoint WHEN 'home' THEN 0 WHEN 'product' THEN 1 WHEN 'cart' THEN 2 WHEN 'buy' THEN 3 END AS step
    FROM events
    WHERE person_id IS NOT NULL AND occurred_us IS NOT NULL AND touchpoint IN ('home', 'product', 'cart', 'buy')
), first AS (
    SELECT *, max(CASE WHEN step = 0 THEN us END)
        OVER (PARTITION BY person_id ORDER BY us, step, key ROWS UNBOUNDED PRECEDING) AS e0
    FROM steps
), second AS (
    SELECT *, max(CASE WHEN step = 1 AND us - e0 <= 604800000000 THEN e0 END)
        OVER (PARTITION BY person_id ORDER BY us, step, key ROWS UNBOUNDED PRECEDING) AS e1
    FROM first
), third AS (
    SELECT *, max(CASE WHEN step = 2 AND us - e1 <= 604800000000 THEN e1 END)
        OVER (PARTITION BY person_id ORDER BY us, step, key ROWS UNBOUNDED PRECEDING) AS e2
    FROM second
), units AS (
    SELECT person_id, bool_or(step = 0) AS n0,
        min(CASE WHEN step = 1 AND us - e0 <= 604800000000 THEN us END) AS u1,
        min(CASE WHEN step = 1 AND us - e0 <= 604800000000 THEN e0 END) AS f1,
        min(CASE WHEN step = 2 AND us - e1 <= 604800000000 THEN us END) AS u2,
        min(CASE WHEN step = 2 AND us - e1 <= 604800000000 THEN e1 END) AS f2,
        min(CASE WHEN step = 3 AND us - e2 <= 604800000000 THEN us END) AS u3,
        min(CASE WHEN step = 3 AND us - e2 <= 604800000000 THEN e2 END) AS f3
    FROM third GROUP BY person_id
)
SELECT count(*) FILTER (n0), count(u1), count(u2), count(u3), median(u1 - f1), median(u2 - f2), median(u3 - f3)
FROM units
