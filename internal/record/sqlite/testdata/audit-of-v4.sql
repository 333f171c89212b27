-- The trail of a file of format 4, which had no hashes.
INSERT INTO audit (seq, at, by, action, subject, reason) VALUES (3, 1, 'person:ada', 'label', 'c1', ''), (7, 2, 'person:ada', 'label', 'c2', '');
