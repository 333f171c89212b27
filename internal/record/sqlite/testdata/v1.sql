-- What a file of format 1 held: a line of two effects on one target, and a case with its evidence.
UPDATE watermark SET position = 41;
INSERT INTO effects (id, kind, target, value, state, why, rule, rule_version, policy, severity, reason, source, event_id, time, expires, position, receiver, due)
VALUES ('11', 'enforce', 'account:a1', 'suspend', 'queued', '', 'burst', '3', 'spam', 2, 'because', 'http', 'e1', 1000, 0, 40, 'platform', 0),
       ('22', 'label', 'account:a1', 'spammer', 'queued', '', 'burst', '3', 'spam', 2, 'because', 'http', 'e2', 2000, 0, 41, 'platform', NULL);
INSERT INTO cases (id, policy, target, severity, opened, updated, effects) VALUES ('case1', 'spam', 'account:a1', 3, 1000, 1000, 1);
INSERT INTO evidence (case_id, effect_id, rule, reason, source, event_id, time) VALUES ('case1', '33', 'burst', 'because', 'http', 'e1', 1000);
