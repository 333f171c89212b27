package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/journal"
)

type exportCmd struct {
	Folder  string `arg:"" type:"existingdir" help:"Data folder of a server that is stopped."`
	Archive string `type:"existingdir" help:"Folder of its archive, where the configuration names one outside the data folder."`
}

func (exportCmd) Help() string {
	return `Every record in the order in which it was decided, with its position.

Example:

	ringfence export ringfence-data > records.ndjson`
}

// exported is a record as a line of JSON.
type exported struct {
	Position journal.Position `json:"position"`
	Kind     string           `json:"kind"`
	Received string           `json:"received"`
	Time     string           `json:"time,omitempty"`
	Source   string           `json:"source,omitempty"`
	ID       string           `json:"id,omitempty"`
	Body     json.RawMessage  `json:"body,omitempty"`
}

func (c exportCmd) Run(ctx context.Context) error {
	f, err := app.OpenFolder(ctx, c.Folder, c.Archive)
	if err != nil {
		return err
	}
	defer f.Close()
	out := newLines()
	for {
		rec, err := f.Next()
		if errors.Is(err, io.EOF) {
			return out.w.Flush()
		}
		if err != nil {
			return err
		}
		e := exported{Position: rec.Position, Kind: rec.Kind.String(), Received: event.FormatTime(rec.Received), Source: rec.Source, ID: rec.ID, Body: rec.Body}
		if rec.Time != 0 {
			e.Time = event.FormatTime(rec.Time)
		}
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if err := out.write(line); err != nil {
			return err
		}
	}
}
