package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/record"
)

// relayed applies the changes of banks that the journal was given, as extract does.
func relayed(t *testing.T, c *Control, j *fakeJournal) *bank.Set {
	t.Helper()
	for n := 1; n > 0; {
		var err error
		if n, err = c.Relay(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var s *bank.Set
	for _, body := range j.bodies {
		ch, err := change.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		if ch.Bank == nil {
			continue
		}
		if s, err = s.Apply(ch.Bank); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func values(t *testing.T, c *Control, name string) string {
	t.Helper()
	b, err := c.Bank(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range b.Entries() {
		list = append(list, e.Value)
	}
	return strings.Join(list, " ")
}

func file(entries ...string) *bank.File {
	f := &bank.File{Name: "words", Header: bank.Header{Kind: bank.Terms}}
	for _, e := range entries {
		f.Entries = append(f.Entries, bank.Entry{Value: e})
	}
	return f
}

func TestBanks(t *testing.T) {
	c, j, store := newControl(t)
	ada := Author{By: "person:ada", Reason: "r"}
	step := func(want int) func(int, error) {
		return func(got int, err error) {
			t.Helper()
			if err != nil || got != want {
				t.Fatalf("got version %d, %v, want %d", got, err, want)
			}
		}
	}
	step(1)(c.PutBank(t.Context(), ada, file("casino", "viagra")))
	step(2)(c.EditBank(t.Context(), ada, bank.Edit{Bank: "words", Add: []bank.Entry{{Value: "crypto"}}, Remove: []string{"casino", "nothing"}}))
	step(3)(c.PutBank(t.Context(), ada, file("one")))
	if got := values(t, c, "words"); got != "one" {
		t.Errorf("after three edits: %q", got)
	}
	step(4)(c.RollbackBank(t.Context(), ada, "words", 2))
	if got := values(t, c, "words"); got != "crypto viagra" {
		t.Errorf("after the rollback: %q", got)
	}
	if _, err := c.RollbackBank(t.Context(), ada, "words", 9); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("rollback to a version that never was: %v", err)
	}
	if _, err := c.PutBank(t.Context(), ada, file(strings.Repeat("x", 300))); !errors.Is(err, record.ErrInvalid) {
		t.Errorf("a term that is too long: %v", err)
	}
	if _, err := c.EditBank(t.Context(), ada, bank.Edit{Bank: "none", Add: []bank.Entry{{Value: "x"}}}); !errors.Is(err, record.ErrInvalid) {
		t.Errorf("a bank that is not there: %v", err)
	}

	// A request that is repeated makes nothing more; another one under its id is refused.
	once := ada
	once.ID = "request-1"
	step(5)(c.PutBank(t.Context(), once, file("two")))
	step(5)(c.PutBank(t.Context(), once, file("two")))
	once.Reason = "another"
	if _, err := c.PutBank(t.Context(), once, file("three")); !errors.Is(err, record.ErrConflict) {
		t.Errorf("another request under the same id: %v", err)
	}

	if s := relayed(t, c, j); s.Version("words") != 5 || len(s.Banks()) != 1 || s.Banks()[0].Len() != 1 {
		t.Errorf("the journal gives %+v", s.Banks())
	}
	again := New(store, j, noon{}, &bank.Compiler{}, c.now, c.log)
	if got := values(t, again, "words"); got != "two" {
		t.Errorf("read again from the records: %q", got)
	}
	versions, err := c.BankVersions(t.Context(), "words")
	if err != nil || len(versions) != 5 || versions[0].Version != 5 || versions[4].Added != 2 {
		t.Errorf("versions %+v, %v", versions, err)
	}
}

// TestLargeBanksGoInParts holds that a bank larger than a journal record arrives whole, and at once.
func TestLargeBanksGoInParts(t *testing.T) {
	c, j, _ := newControl(t)
	f := &bank.File{Name: "devices", Header: bank.Header{Kind: bank.Devices}}
	for i := range 40_000 {
		f.Entries = append(f.Entries, bank.Entry{Value: fmt.Sprintf("device-%06d", i)})
	}
	version, err := c.PutBank(t.Context(), Author{ID: "big", By: "person:ada"}, f)
	if err != nil {
		t.Fatal(err)
	}
	s := relayed(t, c, j)
	if got := s.Banks()[0].Len(); got != 40_000 || s.Version("devices") != version || version < 3 {
		t.Errorf("%d entries at version %d, want 40,000 at %d", got, s.Version("devices"), version)
	}
	if i := slices.IndexFunc(j.bodies, func(b []byte) bool { return len(b) > 2*partSize }); i >= 0 {
		t.Errorf("part %d has %d bytes", i+1, len(j.bodies[i]))
	}
	if n := len(j.bodies); n != version {
		t.Errorf("%d records make version %d", n, version)
	}
	if again, err := c.PutBank(t.Context(), Author{ID: "big", By: "person:ada"}, f); err != nil || again != version {
		t.Errorf("repeated: version %d, %v", again, err)
	}
}
