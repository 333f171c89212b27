-- +goose Up

-- Each entry's hash covers the entry and the hash before it. The head is that of the newest, so that entries missing at the end show.
ALTER TABLE audit ADD COLUMN hash BLOB NOT NULL DEFAULT x'';
CREATE TABLE audit_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- +goose Down
DROP TABLE audit_head;
ALTER TABLE audit DROP COLUMN hash;
