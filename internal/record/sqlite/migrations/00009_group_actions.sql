-- +goose Up
CREATE TABLE group_actions (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    grp         TEXT NOT NULL,
    version     INTEGER NOT NULL,
    score       REAL NOT NULL,
    step        TEXT NOT NULL,
    policy      TEXT NOT NULL,
    code        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    notice      TEXT NOT NULL,
    label       TEXT NOT NULL,
    lasts       INTEGER NOT NULL,
    watch       INTEGER NOT NULL,
    preview     TEXT NOT NULL,
    needs       TEXT NOT NULL,
    state       TEXT NOT NULL,
    stopped_in  TEXT NOT NULL DEFAULT '',
    by          TEXT NOT NULL,
    at          INTEGER NOT NULL,
    approved_by TEXT NOT NULL DEFAULT '',
    approved_at INTEGER NOT NULL DEFAULT 0,
    undone_by   TEXT NOT NULL DEFAULT '',
    undo_reason TEXT NOT NULL DEFAULT '',
    canary_at   INTEGER NOT NULL DEFAULT 0,
    batches     INTEGER NOT NULL DEFAULT 0,
    CHECK (approved_by <> by),
    CHECK (needs = '' OR approved_by <> '' OR batches = 0)
) STRICT;
CREATE INDEX group_actions_group ON group_actions (grp);
CREATE INDEX group_actions_under_way ON group_actions (state) WHERE state IN ('canary', 'running', 'undoing');

CREATE TABLE group_action_members (
    action     TEXT NOT NULL,
    place      INTEGER NOT NULL,
    account    TEXT NOT NULL,
    confidence REAL NOT NULL,
    left_out   TEXT NOT NULL,
    canary     INTEGER NOT NULL,
    state      TEXT NOT NULL DEFAULT '',
    why        TEXT NOT NULL DEFAULT '',
    undo       TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (action, place),
    UNIQUE (action, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_action_members_next ON group_action_members (action, state, undo, canary, place) WHERE left_out = '';

-- +goose Down
DROP TABLE group_action_members;
DROP TABLE group_actions;
