-- +goose Up
CREATE TABLE changes (
    seq       INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL,
    by        TEXT NOT NULL,
    at        INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    body      BLOB NOT NULL,
    journaled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX changes_pending ON changes (seq) WHERE journaled = 0;

CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    by      TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason  TEXT NOT NULL
) STRICT;

CREATE TABLE rule_sets (
    number INTEGER PRIMARY KEY,
    hash   TEXT NOT NULL UNIQUE,
    files  BLOB NOT NULL, -- JSON
    by     TEXT NOT NULL,
    at     INTEGER NOT NULL,
    note   TEXT NOT NULL
) STRICT;
CREATE TABLE active_rule_set (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    scopes     TEXT NOT NULL, -- words with a space between them
    hash       BLOB NOT NULL UNIQUE,
    per_second INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    last_used  INTEGER NOT NULL DEFAULT 0,
    revoked    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE rejections (
    seq    INTEGER PRIMARY KEY, -- only the oldest are deleted, so min(seq) - 1 were dropped
    source TEXT NOT NULL,
    line   INTEGER NOT NULL,
    error  TEXT NOT NULL,
    raw    BLOB NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
