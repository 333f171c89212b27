package pipeline

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/journal"
)

func openDecisions(t *testing.T) *Decisions {
	t.Helper()
	db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return OpenDecisions(db, func(b *pebble.Batch) error { return b.Commit(pebble.NoSync) }, int64(24*time.Hour))
}

func made(pos uint64) decide.Decision {
	return decide.Decision{Identity: [16]byte{byte(pos)}, Position: pos, Fired: true, Line: []byte(fmt.Sprintf(`{"n":%d}`, pos))}
}

func TestDecisions(t *testing.T) {
	d := openDecisions(t)
	now := 100 * period
	d.hold(made(3))
	if line, err := d.Find([16]byte{3}, now); err != nil || string(line) != `{"n":3}` {
		t.Errorf("held: got %s, %v", line, err)
	}
	if err := d.put([]decide.Decision{made(3), made(7)}, now); err != nil {
		t.Fatal(err)
	}
	if len(d.pending) != 0 {
		t.Errorf("%d decisions are still held", len(d.pending))
	}
	for _, later := range []int64{0, 5 * period} {
		if line, err := d.Find([16]byte{7}, now+later); err != nil || string(line) != `{"n":7}` {
			t.Errorf("%d periods later: got %s, %v", later/period, line, err)
		}
	}
	for name, id := range map[string][16]byte{"never decided": {9}, "too long ago": {7}} {
		if line, err := d.Find(id, now+20*period); err != nil || line != nil {
			t.Errorf("%s: got %s, %v", name, line, err)
		}
	}
	got, err := d.From(4, 10, nil)
	if err != nil || len(got) != 1 || got[0].Position != 7 {
		t.Errorf("from 4: %v, %v", got, err)
	}
	if err := d.Truncate(7); err != nil {
		t.Fatal(err)
	}
	if got, _ := d.From(0, 10, nil); len(got) != 1 || got[0].Position != 7 {
		t.Errorf("after truncation: %v", got)
	}
	if line, err := d.Find([16]byte{3}, now); line != nil || !errors.Is(err, ErrForgotten) {
		t.Errorf("truncated: got %s, %v", line, err)
	}
	// The index by identity forgets what no repeated event can ask for.
	if err := d.put([]decide.Decision{made(8)}, now+20*period); err != nil {
		t.Fatal(err)
	}
	if key, _ := d.get(identityKey(uint32(now/period), [16]byte{7})); key != nil {
		t.Error("an identity of long ago is still indexed")
	}
}

func TestNextWaitsForADecision(t *testing.T) {
	d := openDecisions(t)
	got := make(chan []Stored)
	go func() {
		s, err := d.Next(context.Background(), 5, 10, nil)
		if err != nil {
			t.Error(err)
		}
		got <- s
	}()
	for _, pos := range []uint64{2, 6} { // the first is before what is waited for
		if err := d.put([]decide.Decision{made(pos)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if s := <-got; len(s) != 1 || s[0].Position != 6 {
		t.Errorf("got %v", s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := d.Next(ctx, 100, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestProgress(t *testing.T) {
	var p progress
	done := make(chan error, 2)
	go func() { done <- p.waitDecided(context.Background(), 3) }()
	go func() { done <- p.waitDelivered(context.Background(), 2) }()
	for i := range 3 {
		p.set(journal.Position(i + 1))
		p.delivered(journal.Position(i + 1))
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.waitDecided(ctx, 9); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWaiters(t *testing.T) {
	var w waiters
	w.answer(Answer{Identity: [16]byte{1}}) // nobody waits
	one, two, gone := w.join([16]byte{1}), w.join([16]byte{1}), w.join([16]byte{2})
	w.leave([16]byte{2}, gone)
	w.answer(Answer{Identity: [16]byte{1}, Line: []byte("x")})
	w.answer(Answer{Identity: [16]byte{1}, Line: []byte("again")})
	for _, ch := range []chan Answer{one, two} {
		if a := <-ch; string(a.Line) != "x" {
			t.Errorf("got %s", a.Line)
		}
	}
	w.leave([16]byte{1}, one)
	if len(w.want) != 0 {
		t.Errorf("%d identities are still waited for", len(w.want))
	}
}

func TestPokeEndsAWait(t *testing.T) {
	var p pokes
	wait, awake := p.begin(context.Background())
	if awake {
		t.Fatal("nobody poked")
	}
	p.poke()
	select {
	case <-wait.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the wait goes on")
	}
	if !p.end() {
		t.Error("the poke was lost")
	}
	p.poke()
	if _, awake := p.begin(context.Background()); !awake {
		t.Error("a poke between two waits was lost")
	}
}
