-- +goose Up

-- One case for each subject: what the open cases of one target say under several policies becomes one case with several policies.
CREATE TABLE case_policies (
    case_id  TEXT NOT NULL,
    policy   TEXT NOT NULL,
    severity INTEGER NOT NULL,
    effects  INTEGER NOT NULL,
    PRIMARY KEY (case_id, policy)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE kept AS SELECT id, CASE WHEN change = '' THEN
    (SELECT k.id FROM cases k WHERE k.target = cases.target AND k.change = '' ORDER BY k.seq LIMIT 1) ELSE id END AS into_id FROM cases;
INSERT INTO case_policies SELECT kept.into_id, policy, severity, effects FROM cases JOIN kept USING (id);
UPDATE cases SET
    severity = (SELECT max(o.severity) FROM cases o JOIN kept ON kept.id = o.id WHERE kept.into_id = cases.id),
    opened = (SELECT min(o.opened) FROM cases o JOIN kept ON kept.id = o.id WHERE kept.into_id = cases.id),
    updated = (SELECT max(o.updated) FROM cases o JOIN kept ON kept.id = o.id WHERE kept.into_id = cases.id),
    effects = (SELECT sum(o.effects) FROM cases o JOIN kept ON kept.id = o.id WHERE kept.into_id = cases.id)
    WHERE id IN (SELECT into_id FROM kept WHERE into_id <> id);
DROP INDEX cases_open;
DROP INDEX cases_key;
ALTER TABLE evidence ADD COLUMN kind TEXT NOT NULL DEFAULT 'rule';
ALTER TABLE evidence ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE evidence ADD COLUMN policy TEXT NOT NULL DEFAULT '';
ALTER TABLE evidence ADD COLUMN severity INTEGER NOT NULL DEFAULT 0;
ALTER TABLE evidence ADD COLUMN readings TEXT NOT NULL DEFAULT '';
UPDATE evidence SET policy = (SELECT policy FROM cases WHERE id = case_id), severity = (SELECT severity FROM cases WHERE id = case_id);
UPDATE evidence SET case_id = (SELECT into_id FROM kept WHERE id = case_id);
DELETE FROM cases WHERE id IN (SELECT id FROM kept WHERE into_id <> id);
DROP TABLE kept;
ALTER TABLE cases DROP COLUMN policy;
ALTER TABLE cases ADD COLUMN origin TEXT NOT NULL DEFAULT 'rule';
ALTER TABLE cases ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN of TEXT NOT NULL DEFAULT '';         -- the case that a second look or an appeal is about
ALTER TABLE cases ADD COLUMN not_by TEXT NOT NULL DEFAULT '';     -- who must not decide it
ALTER TABLE cases ADD COLUMN parent TEXT NOT NULL DEFAULT '';     -- the group's case that holds it
ALTER TABLE cases ADD COLUMN reports INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN draws INTEGER NOT NULL DEFAULT 0;    -- of its views, for the estimate of prevalence
ALTER TABLE cases ADD COLUMN deadline INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN lease_by TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN lease_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN lane TEXT NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN propensity REAL NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;      -- the higher, the later it changed
UPDATE cases SET rev = seq;
CREATE INDEX cases_rev ON cases (rev);
CREATE UNIQUE INDEX cases_open ON cases (target) WHERE change = '';
CREATE INDEX cases_target ON cases (target, seq);
CREATE INDEX cases_parent ON cases (parent) WHERE parent <> '';

-- What a case is also about: the account behind a content, families, groups. Past cases that share one are similar.
CREATE TABLE case_links (
    entity  TEXT NOT NULL,
    case_id TEXT NOT NULL,
    PRIMARY KEY (entity, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_links_case ON case_links (case_id);

CREATE TABLE notes (
    seq     INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    by      TEXT NOT NULL,
    at      INTEGER NOT NULL,
    text    TEXT NOT NULL
) STRICT;
CREATE INDEX notes_case ON notes (case_id, seq);

CREATE TABLE reports (
    seq      INTEGER PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    case_id  TEXT NOT NULL,      -- empty while no case is open on the target
    target   TEXT NOT NULL,
    policy   TEXT NOT NULL,
    reporter TEXT NOT NULL,
    reason   TEXT NOT NULL,
    time     INTEGER NOT NULL,
    outcome  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX reports_case ON reports (case_id, seq) WHERE case_id <> '';
CREATE INDEX reports_loose ON reports (target) WHERE case_id = '';
CREATE INDEX reports_age ON reports (time) WHERE case_id = '';
CREATE INDEX reports_reporter ON reports (reporter, seq);
CREATE TABLE reporters (
    reporter  TEXT PRIMARY KEY,
    agreed    INTEGER NOT NULL,
    disagreed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE intake_through (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL
) STRICT;
INSERT INTO intake_through (one, position) VALUES (1, 0);

CREATE TABLE verdicts (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,  -- of the change
    case_id    TEXT NOT NULL,
    target     TEXT NOT NULL,
    decision   TEXT NOT NULL,
    policies   TEXT NOT NULL,         -- JSON: those that are violated
    asked      TEXT NOT NULL,         -- JSON: those of the case
    code       TEXT NOT NULL,
    note       TEXT NOT NULL,
    by         TEXT NOT NULL,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,         -- of the case
    lane       TEXT NOT NULL,
    propensity REAL NOT NULL,
    example    BLOB NOT NULL,         -- JSON, opaque here: what the models saw and said
    undone     INTEGER NOT NULL DEFAULT 0,
    undo       TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX verdicts_case ON verdicts (case_id, seq);
CREATE INDEX verdicts_target ON verdicts (target, seq);

-- Views drawn at random: n of one content's views up to a number of them, each for as many as the weight says.
CREATE TABLE draws (
    seq     INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL,
    target  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    weight  INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    through INTEGER NOT NULL
) STRICT;
CREATE INDEX draws_target ON draws (target, through);
CREATE INDEX draws_at ON draws (at);

CREATE TABLE review_models (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,     -- hash of the data
    kind    TEXT NOT NULL,
    data    BLOB NOT NULL,
    at      INTEGER NOT NULL,
    trained TEXT NOT NULL             -- JSON, opaque here: on what, and how good it was then
) STRICT;
CREATE TABLE review_serving (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    model TEXT NOT NULL               -- the id; empty for the one that learns at each verdict
) STRICT;
INSERT INTO review_serving (one, model) VALUES (1, '');
