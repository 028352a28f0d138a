SELECT
    segment,
    count(*) FILTER (score >= 9) AS promoters,
    count(*) FILTER (score >= 7 AND score < 9) AS passives,
    count(*) FILTER (score < 7) AS detractors,
    count(*) AS n
FROM answers
WHERE score IS NOT NULL AND score BETWEEN 0 AND 10
GROUP BY segment
ORDER BY segment
