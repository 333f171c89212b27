package extract

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/rule"
)

// Picture is a picture by which families of near-copies are told: its hash as it is first, then turned and mirrored, if they are
// known. Pictures that are nearly flat, in a known-good bank as a whole, or of another account's making are left out.
type Picture struct {
	Hashes [8]hamming.Hash
	N      int
}

// Reference names the event that fetched signals are of.
type Reference struct {
	Identity [16]byte
	Content  uint64
	Again    string // the change of a bank for which it is looked at once more; empty for what was fetched
}

// identity makes the identity of fetched signals another than that of their event, and one for each stage and each change for which the
// event is looked at again.
func (r *Reference) identity(stage rule.Stage) [16]byte {
	return xxh3.Hash128Seed(append(r.Identity[:], r.Again...), uint64(stage)).Bytes()
}

// content is the hash of an event's line. Spaces around it do not make it another.
func content(line []byte) uint64 { return xxh3.Hash(bytes.TrimSpace(line)) }

// hashed finds what the banks hold of the pictures that the source hashed.
func (x *Extractor) hashed(it *Item, pin Pin) {
	for i := range it.Event.Media {
		m := &it.Event.Media[i]
		if m.PDQ == "" {
			continue
		}
		h, err := hamming.Parse(m.PDQ)
		if err != nil {
			continue // the decoder takes no other
		}
		x.picture.PDQ, x.picture.Parts = append(x.picture.PDQ[:0], h), 0
		x.look(it, pin, m, &signals.Picture{}, 1)
	}
}

// fetched reads a record of what was found out of an event's pictures. The item's event is the one they are of; its signals are those
// of the pictures that the record tells of, and what the event itself holds.
func (x *Extractor) fetched(it *Item, rec *journal.Record, pin Pin) error {
	r, err := signals.Decode(rec.Body)
	if err != nil {
		return err
	}
	if err := x.decoder.Decode(r.Event, &it.Event); err != nil {
		return fmt.Errorf("its event: %w", err)
	}
	x.good = x.good[:0]
	it.Stage = rule.Fetched
	if r.Extractor == signals.Examiner {
		it.Stage = rule.Examined
	}
	it.Of.Identity, x.id = identity(x.id, rec.Source, it.Event.ID)
	it.Of.Content, it.Of.Again = content(r.Event), r.Again
	x.read(it, pin)
	for i := range r.Pictures {
		p := &r.Pictures[i]
		if p.At >= len(it.Event.Media) {
			return fmt.Errorf("%w: it tells of picture %d of %d", signals.ErrRecord, p.At+1, len(it.Event.Media))
		}
		m := &it.Event.Media[p.At]
		scores(&it.Signals, p)
		if p.Failure != "" {
			it.Signals.Failures = append(it.Signals.Failures, p.Failure)
			if p.SHA256 == "" {
				continue
			}
		}
		whole := 0
		if x.picture, whole = p.Hashes(x.picture.PDQ); whole > 0 {
			m.PDQ = p.PDQ[0].String()
		}
		if x.look(it, pin, m, p, whole) {
			x.good = append(x.good, p.At)
		}
	}
	if it.Stage == rule.Examined {
		x.examined(it, r, pin)
	}
	x.picture = bank.Picture{PDQ: x.picture.PDQ[:0]}
	return nil
}

// scores takes what scorers said of a picture.
func scores(s *rule.Signals, p *signals.Picture) {
	for i := range p.Scores {
		by := &p.Scores[i]
		if by.Failure != "" && !slices.Contains(s.ScoreFailures, by.Failure) {
			s.ScoreFailures = append(s.ScoreFailures, by.Failure)
		}
		for _, one := range by.Policies {
			s.MediaScores = append(s.MediaScores, rule.MediaScore{Policy: one.Policy, P: one.P})
		}
	}
}

// nameOf is by what people are told of a medium.
func nameOf(m *event.Media) string { return cmp.Or(m.ID, m.URL, m.PDQ) }

// prove adds to an entry that was just found in a picture by what, and where.
func (x *Extractor) prove(f *rule.Found, of *signals.Picture, whole int) {
	by := x.banks.By(f)
	if by < 0 {
		f.Method = bank.HashKind(f.Entry)
		return
	}
	method, box := of.Sight(by, whole)
	f.Method, f.Box = string(method), box
}

// look finds what the banks hold of the picture at hand, of whose hashes the first are of the whole of it, and says whether a known-good bank
// holds that. of is what else is known of it.
func (x *Extractor) look(it *Item, pin Pin, m *event.Media, of *signals.Picture, whole int) (good bool) {
	it.Signals.HasHashes = true
	at := bank.Occasion{Actor: it.Event.Actor, Time: it.Event.Time}
	it.Signals.Found, good = x.banks.LookAt(it.Signals.Found, pin.Banks, &x.picture, nameOf(m), at)
	it.Signals.Cut |= x.banks.Cut()
	for i := range it.Signals.Found {
		if f := &it.Signals.Found[i]; f.Kind == string(bank.Hashes) && f.Method == "" { // not of the pictures before
			x.prove(f, of, whole)
		}
	}
	if !good && whole > 0 && authored(it.Event.Kind) {
		var p Picture
		p.N = copy(p.Hashes[:], x.picture.PDQ[:whole])
		it.Pictures = append(it.Pictures, p)
	}
	return good
}
