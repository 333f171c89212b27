package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/model"
	"github.com/ringfence/ringfence/internal/record"
)

// models makes edits of models one after the other.
type models struct{ mu sync.Mutex }

// ModelVersion is one edit of a model.
type ModelVersion struct {
	Version int
	ID      string // hash of the content; empty where the model was dropped
	By      string
	At      int64
	Reason  string
}

// PushModel makes a model the active one of its name, or, without data, takes the model away. It returns the version that it made.
func (c *Control) PushModel(ctx context.Context, a Author, name string, data []byte) (int, error) {
	c.models.mu.Lock()
	defer c.models.mu.Unlock()
	return c.pushModel(ctx, a, name, data)
}

func (c *Control) pushModel(ctx context.Context, a Author, name string, data []byte) (int, error) {
	switch had, err := c.store.Change(ctx, a.ID); {
	case err == nil: // a repeated request
		ch, err := change.Decode(had.Body)
		if err != nil || ch.Model == nil || ch.Model.Name != name || !bytes.Equal(ch.Model.Data, data) || ch.By != a.By || ch.Reason != a.Reason {
			return 0, fmt.Errorf("change %.64q: %w", a.ID, record.ErrConflict)
		}
		return ch.Model.Version, nil
	case !errors.Is(err, record.ErrNotFound):
		return 0, err
	}
	last, err := c.modelEdit(ctx, name, 0)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return 0, err
	}
	if len(data) == 0 && last.Data == nil {
		return 0, fmt.Errorf("model %.64q: %w", name, record.ErrNotFound)
	}
	e := model.Edit{Name: name, Version: last.Version + 1, Data: data, Drop: len(data) == 0}
	if err := e.Check(); err != nil {
		return 0, fmt.Errorf("%w: %w", record.ErrInvalid, err)
	}
	if _, err := model.NewSet([]model.Edit{e}); err != nil {
		return 0, fmt.Errorf("%w: %w", record.ErrInvalid, err)
	}
	return e.Version, c.put(ctx, a, func(ch *change.Change) { ch.Model = &e })
}

// RollbackModel makes an earlier version of a model the active one, as a new version.
func (c *Control) RollbackModel(ctx context.Context, a Author, name string, version int) (int, error) {
	c.models.mu.Lock()
	defer c.models.mu.Unlock()
	old, err := c.modelEdit(ctx, name, version)
	if err != nil {
		return 0, err
	}
	if old.Drop {
		return 0, fmt.Errorf("model %s has no content at version %d: %w", name, version, record.ErrNotFound)
	}
	return c.pushModel(ctx, a, name, old.Data)
}

// modelEdit is an edit of a model: of a version, or with 0 the last.
func (c *Control) modelEdit(ctx context.Context, name string, version int) (found model.Edit, err error) {
	err = c.eachModel(ctx, func(_ record.Change, e *model.Edit) bool {
		if e.Name == name && (version == 0 || e.Version == version) {
			found = *e
		}
		return found.Version == 0
	})
	if err == nil && found.Version == 0 {
		err = fmt.Errorf("model %.64q, version %d: %w", name, version, record.ErrNotFound)
	}
	return found, err
}

// ModelVersions are the edits of all models by name, newest first, up to 100 of each.
func (c *Control) ModelVersions(ctx context.Context) (map[string][]ModelVersion, error) {
	all := map[string][]ModelVersion{}
	err := c.eachModel(ctx, func(row record.Change, e *model.Edit) bool {
		if len(all[e.Name]) == 100 {
			return true
		}
		v := ModelVersion{Version: e.Version, By: row.By, At: row.At, Reason: row.Reason}
		if s, err := model.NewSet([]model.Edit{*e}); err == nil && !e.Drop {
			v.ID = s.Models()[0].ID
		}
		all[e.Name] = append(all[e.Name], v)
		return true
	})
	return all, err
}

// eachModel calls use with the edits of models, newest first, until it says that it has enough.
func (c *Control) eachModel(ctx context.Context, use func(record.Change, *model.Edit) (more bool)) error {
	for page := (record.Page{Limit: 16}); ; { // each may weigh megabytes
		rows, err := c.store.ListChanges(ctx, "model", page)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			page.Before = row.Seq
			ch, err := change.Decode(row.Body)
			if err != nil {
				return fmt.Errorf("change %s: %w", row.ID, err)
			}
			if !use(row, ch.Model) {
				return nil
			}
		}
	}
}
