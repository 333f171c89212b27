-- +goose Up

-- Of an effect on a group: the version of its set of members, and the accounts that it is about, a JSON list; empty for none.
ALTER TABLE effects ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE effects ADD COLUMN members TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE effects DROP COLUMN members;
ALTER TABLE effects DROP COLUMN version;
