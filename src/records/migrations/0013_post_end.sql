-- When it was learnt that a post ends, beside when the post was: who leaves is told of as well as who
-- comes. What was written before kept one time for both, that of its last change.

ALTER TABLE post ADD COLUMN end_learnt_at INTEGER;  -- NULL: no end is known
UPDATE post SET end_learnt_at = learnt_at WHERE holds_to IS NOT NULL;

DROP VIEW m_post;
CREATE VIEW m_post(person, agency, duty, holds_from, holds_to, learnt_at, verified_at, end_learnt_at) AS
SELECT o.person, o.agency, o.duty, o.holds_from, COALESCE(o.holds_to, '9999-12-31'), o.learnt_at,
       p.verified_at, o.end_learnt_at
FROM post o
JOIN person p ON p.key = o.person;
