-- +goose Up
CREATE TABLE watermark (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL
) STRICT;
INSERT INTO watermark (one, position) VALUES (1, 0);

-- The outbox. due is set only for the one effect of a line (receiver, target) whose turn it is. Thus a claim reads one index and
-- never steps over effects that wait for their turn.
CREATE TABLE effects (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL,
    target       TEXT NOT NULL,
    value        TEXT NOT NULL,
    state        TEXT NOT NULL,
    why          TEXT NOT NULL,
    rule         TEXT NOT NULL,
    rule_version TEXT NOT NULL,
    policy       TEXT NOT NULL,
    severity     INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    source       TEXT NOT NULL,
    event_id     TEXT NOT NULL,
    time         INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    receiver     TEXT NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    due          INTEGER,
    done         INTEGER NOT NULL DEFAULT 0,
    status       INTEGER NOT NULL DEFAULT 0,
    note         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX effects_due ON effects (receiver, due, seq) WHERE due IS NOT NULL;
CREATE INDEX effects_line ON effects (receiver, target, seq) WHERE state = 'queued';
CREATE INDEX effects_state ON effects (state, seq);
CREATE INDEX effects_target ON effects (target, seq);
CREATE INDEX effects_done ON effects (done) WHERE done > 0;

CREATE TABLE effect_days (
    day   INTEGER NOT NULL,
    rule  TEXT NOT NULL,
    state TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, rule, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE cases (
    seq       INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    policy    TEXT NOT NULL,
    target    TEXT NOT NULL,
    severity  INTEGER NOT NULL,
    opened    INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    effects   INTEGER NOT NULL,
    closed    INTEGER NOT NULL DEFAULT 0,
    closed_by TEXT NOT NULL DEFAULT '',
    change    TEXT NOT NULL DEFAULT '',
    verdict   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX cases_open ON cases (policy, target) WHERE change = '';
CREATE INDEX cases_key ON cases (policy, target, seq);
CREATE INDEX cases_listed ON cases (change = '', seq);

CREATE TABLE evidence (
    seq       INTEGER PRIMARY KEY,
    case_id   TEXT NOT NULL,
    effect_id TEXT NOT NULL,
    rule      TEXT NOT NULL,
    reason    TEXT NOT NULL,
    source    TEXT NOT NULL,
    event_id  TEXT NOT NULL,
    time      INTEGER NOT NULL
) STRICT;
CREATE INDEX evidence_case ON evidence (case_id, seq);
