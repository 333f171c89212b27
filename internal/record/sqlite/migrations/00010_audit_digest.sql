-- +goose Up

-- The digest of the change that an entry is about, so that the change cannot be written anew either.
ALTER TABLE audit ADD COLUMN digest BLOB NOT NULL DEFAULT x'';

-- +goose Down
ALTER TABLE audit DROP COLUMN digest;
