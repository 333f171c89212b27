-- Cases of format 7: two open ones on one subject, one of another, and a closed one.
INSERT INTO cases (id, policy, target, severity, opened, updated, effects) VALUES
    ('first', 'spam', 'account:a1', 2, 1000, 1000, 1),
    ('second', 'fraud', 'account:a1', 4, 2000, 3000, 3),
    ('other', 'spam', 'account:a2', 1, 2000, 2000, 1);
INSERT INTO cases (id, policy, target, severity, opened, updated, effects, closed, closed_by, change, verdict) VALUES
    ('closed', 'spam', 'account:a1', 5, 500, 500, 1, 600, 'person:ada', 'c1', 'harmful');
INSERT INTO evidence (case_id, effect_id, rule, reason, source, event_id, time) VALUES
    ('first', '1', 'burst', 'because', 'http', 'e1', 1000),
    ('second', '2', 'till', 'because', 'http', 'e2', 2000);
