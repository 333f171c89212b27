package pebblelog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/journal"
)

func seal(r journal.Record, pos journal.Position) []byte {
	env := appendEnvelope(nil, &r)
	finishEnvelope(env, pos, 0)
	return env
}

func TestEnvelope(t *testing.T) {
	for _, r := range []journal.Record{
		{Kind: journal.Tick},
		{Kind: journal.Event, Received: 1, Time: -1, Source: "s", ID: "i", Actor: "a", Body: []byte("b")},
		{Kind: journal.Change, Received: 1 << 62, ID: string(make([]byte, 200)), Body: make([]byte, 1<<17)},
	} {
		env := seal(r, 7)
		if len(env) != envelopeSize(&r) {
			t.Errorf("%d bytes, want %d", len(env), envelopeSize(&r))
		}
		r.Position = 7
		got, err := openEnvelope(env, 7)
		if diff := cmp.Diff(r, got); diff != "" || err != nil {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
		if _, err := openEnvelope(env, 8); !errors.Is(err, journal.ErrCorrupt) {
			t.Errorf("at another position: error %v, want ErrCorrupt", err)
		}
	}
}

// TestEnvelopeIsStable fails when a change would make stored journals unreadable.
func TestEnvelopeIsStable(t *testing.T) {
	r := journal.Record{Kind: journal.Event, Received: 1, Time: 2, Source: "http", ID: "e1", Actor: "a1", Body: []byte(`{}`)}
	want := []byte("\x01\x01" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "\x02\x00\x00\x00\x00\x00\x00\x00" + "\x04\x02\x02" + "httpe1a1{}")
	want = binary.LittleEndian.AppendUint64(want, xxh3.HashSeed(want, 3))
	if got := seal(r, 3); !bytes.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// FuzzEnvelope gives hostile bytes to the decoder, also with a checksum that holds.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte{}, uint64(1))
	f.Add(seal(journal.Record{Kind: journal.Tick, Time: 1}, 1), uint64(1))
	f.Add(seal(journal.Record{Kind: journal.Event, Source: "s", ID: "i", Actor: "a", Body: []byte("b")}, 2), uint64(2))
	f.Add(append(bytes.Repeat([]byte{1}, lengthsAt), bytes.Repeat([]byte{0xff}, 20)...), uint64(3))
	f.Fuzz(func(t *testing.T, env []byte, at uint64) {
		pos := journal.Position(at)
		if _, err := openEnvelope(bytes.Clone(env), pos); err != nil && !errors.Is(err, journal.ErrCorrupt) {
			t.Errorf("error %v, want ErrCorrupt", err)
		}
		content := append(bytes.Clone(env), make([]byte, sumSize)...)
		binary.LittleEndian.PutUint64(content[len(env):], xxh3.HashSeed(env, at))
		r, err := openEnvelope(content, pos)
		if err != nil {
			return
		}
		if again, err := openEnvelope(seal(r, pos), pos); err != nil {
			t.Errorf("what was decoded cannot be read back: %v", err)
		} else if r.Received >= 0 && !cmp.Equal(r, again) {
			t.Errorf("read back differently:\n%s", cmp.Diff(r, again))
		}
	})
}
