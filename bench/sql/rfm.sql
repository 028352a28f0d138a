WITH people AS (
    SELECT person_id, max(placed_us) AS last_us, count(*) AS orders, sum(total_micros)::BIGINT AS micros
    FROM orders
    WHERE
        person_id IS NOT NULL AND placed_us <= 1767225600000000
        AND status NOT IN ('cancelled', 'refunded')
    GROUP BY person_id
),

ranked AS (
    SELECT
        *,
        count(*) OVER () AS people,
        rank() OVER (ORDER BY last_us) AS lately,
        rank() OVER (ORDER BY orders) AS often,
        rank() OVER (ORDER BY micros) AS much
    FROM people
)

SELECT
    person_id,
    1767225600000000 - last_us AS recency_us,
    orders,
    micros,
    1 + 5 * (lately - 1) // people AS recency_score,
    1 + 5 * (often - 1) // people AS frequency_score,
    1 + 5 * (much - 1) // people AS monetary_score
FROM ranked
