-- +goose Up

-- What was proposed for the banks of terms. A row gets a new seq whenever it is proposed, so that one order serves lists and room.
CREATE TABLE discoveries (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    term       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    score      REAL NOT NULL,
    accounts   INTEGER NOT NULL,
    evidence   BLOB NOT NULL,
    examples   BLOB NOT NULL,
    first      INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    state      TEXT NOT NULL,
    decided    INTEGER NOT NULL DEFAULT 0,
    decided_by TEXT NOT NULL DEFAULT '',
    reason     TEXT NOT NULL DEFAULT '',
    change     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX discoveries_state ON discoveries (state, seq);

-- +goose Down
DROP TABLE discoveries;
