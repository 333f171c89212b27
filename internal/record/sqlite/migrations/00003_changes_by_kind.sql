-- +goose Up
CREATE INDEX changes_by_kind ON changes (kind, seq);

-- +goose Down
DROP INDEX changes_by_kind;
