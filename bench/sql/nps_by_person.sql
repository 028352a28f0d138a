WITH of_people AS (
    SELECT
        segment,
        person_id,
        count(*) AS size,
        sum(CASE WHEN score >= 9 THEN 1 WHEN score < 7 THEN -1 ELSE 0 END) AS total,
        count(*) FILTER (score >= 9) AS promoters,
        count(*) FILTER (score >= 7 AND score < 9) AS passives,
        count(*) FILTER (score < 7) AS detractors
    FROM answers
    WHERE score IS NOT NULL AND score BETWEEN 0 AND 10
    GROUP BY segment, person_id
)
SELECT
    segment,
    sum(promoters)::BIGINT AS promoters,
    sum(passives)::BIGINT AS passives,
    sum(detractors)::BIGINT AS detractors,
    sum(size)::BIGINT AS n,
    count(*) AS people,
    sum(total * total)::BIGINT AS squares,
    sum(total * size)::BIGINT AS products,
    sum(size * size)::BIGINT AS sizes
FROM of_people
GROUP BY segment
ORDER BY segment
