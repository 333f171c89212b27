package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringfence/ringfence/internal/journal"
)

// Erase removes an account from all that the journal holds up to now: it archives that, and rewrites every segment with records
// whose actor is the account. Of each such record the position, times and source are left, under the kind journal.Erased.
//
// What the journal itself still holds of the account goes when it is truncated, at most the retention later. Each segment is
// replaced at once or not at all; after an error or a crash the caller calls Erase again, which passes over what is done.
func (s *Sealer) Erase(ctx context.Context, account string) (segments, records int, err error) {
	if account == "" {
		return 0, 0, errors.New("erase: no account is named")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.sealAll(ctx); err != nil {
		return 0, 0, fmt.Errorf("erase: %w", err)
	}
	defer func() {
		if err != nil {
			s.loaded = false
		}
	}()
	list, err := List(s.fs, s.dir)
	if err != nil {
		return 0, 0, fmt.Errorf("erase: %w", err)
	}
	for _, segment := range list {
		n, err := s.eraseFrom(ctx, segment, account)
		if err != nil {
			return segments, records, fmt.Errorf("erase: %w", err)
		}
		if n > 0 {
			segments++
			records += n
		}
	}
	return segments, records, nil
}

// eraseFrom rewrites the segment if it holds records of the account, and gives their number.
func (s *Sealer) eraseFrom(ctx context.Context, segment Segment, account string) (count int, err error) {
	r, err := openSegment(s.fs, segment)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if may, err := r.mayHold(account); err != nil || !may {
		return 0, err
	}
	w, err := newWriter(s.fs, s.dir, segment.First)
	if err != nil {
		return 0, err
	}
	err = r.scan(ctx, segment.First, segment.Last, func(rec journal.Record) error {
		if rec.Actor == account {
			count++
			rec = journal.Record{
				Position: rec.Position, Kind: journal.Erased, Received: rec.Received, Time: rec.Time, Source: rec.Source,
			}
		}
		return w.add(&rec)
	})
	if err == nil && count > 0 {
		_, err = w.seal()
	}
	if err != nil || count == 0 {
		return 0, errors.Join(err, w.discard())
	}
	return count, nil
}
