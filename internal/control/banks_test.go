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
	"github.com/ringfence/ringfence/text/classify"
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
	step(2)(c.EditBank(t.Context(), ada, bank.Edit{Bank: "words", Add: []bank.Entry{{Value: "crypto"}}, Remove: []string{"casino", "nothing", "casino"}}))
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
	if _, err := c.EditBank(t.Context(), ada, bank.Edit{Bank: "none", Add: []bank.Entry{{Value: "x"}}}); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("a bank that is not there: %v", err)
	}

	// A request that is repeated makes nothing more; another one under its id is refused.
	once := ada
	once.ID = "request-1"
	step(5)(c.PutBank(t.Context(), once, file("two")))
	step(5)(c.PutBank(t.Context(), once, file("two")))
	once.Reason = "another"
	for what, err := range map[string]error{
		"another reason": second(c.PutBank(t.Context(), once, file("two"))),
		"other content":  second(c.PutBank(t.Context(), Author{ID: once.ID, By: once.By, Reason: ada.Reason}, file("three"))),
		"another edit":   second(c.EditBank(t.Context(), Author{ID: once.ID, By: once.By, Reason: ada.Reason}, bank.Edit{Bank: "words", Drop: true})),
	} {
		if !errors.Is(err, record.ErrConflict) {
			t.Errorf("%s under the same id: %v", what, err)
		}
	}
	if _, err := c.BankVersions(t.Context(), "none"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("versions of no bank: %v", err)
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
	for i := range 120_000 {
		f.Entries = append(f.Entries, bank.Entry{Value: fmt.Sprintf("device-%06d", i)})
	}
	version, err := c.PutBank(t.Context(), Author{ID: "big", By: "person:ada"}, f)
	if err != nil {
		t.Fatal(err)
	}
	s := relayed(t, c, j)
	if got := s.Banks()[0].Len(); got != 120_000 || s.Version("devices") != version || version < 3 {
		t.Errorf("%d entries at version %d, want 120,000 at %d", got, s.Version("devices"), version)
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
	if _, err := c.RollbackBank(t.Context(), Author{By: "person:ada"}, "devices", version-1); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("rollback into the middle of a change: %v", err)
	}
	drop := bank.Edit{Bank: "devices", Drop: true}
	for range 2 { // a repeated request finds the bank gone
		if got, err := c.EditBank(t.Context(), Author{ID: "drop", By: "person:ada"}, drop); err != nil || got != version+1 {
			t.Errorf("drop: version %d, %v", got, err)
		}
	}
}

// TestRelayMindsTheJournal holds that changes which together are larger than the journal takes at once get through.
func TestRelayMindsTheJournal(t *testing.T) {
	c, j, store := newControl(t)
	for i := range 6 {
		e := &bank.Edit{Bank: fmt.Sprint("b", i), Version: 1, Header: &bank.Header{Kind: bank.Devices, Note: "x"}}
		for n := range 900 {
			e.Add = append(e.Add, bank.Entry{Value: fmt.Sprint(n, strings.Repeat("d", 3900))})
		}
		row, err := c.make(Author{By: "person:ada"}, func(ch *change.Change) { ch.Bank = e })
		if err != nil {
			t.Fatal(err)
		}
		if err := store.PutChanges(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	j.most = 16 << 20
	if s := relayed(t, c, j); len(s.Banks()) != 6 {
		t.Errorf("%d banks arrived, want 6", len(s.Banks()))
	}
}

func TestModels(t *testing.T) {
	c, _, _ := newControl(t)
	ada := Author{ID: "1", By: "person:ada", Reason: "r"}
	data := trainedModel(t)
	step := func(id string, want int) func(int, error) {
		return func(got int, err error) {
			t.Helper()
			if err != nil || got != want {
				t.Fatalf("%s: got version %d, %v, want %d", id, got, err, want)
			}
		}
	}
	with := func(id string) Author { a := ada; a.ID = id; return a }
	step("push", 1)(c.PushModel(t.Context(), with("1"), "prize", data))
	step("the same request", 1)(c.PushModel(t.Context(), with("1"), "prize", data))
	step("drop", 2)(c.PushModel(t.Context(), with("2"), "prize", nil))
	step("rollback", 3)(c.RollbackModel(t.Context(), with("3"), "prize", 1))
	for name, err := range map[string]error{
		"to what was dropped": second(c.RollbackModel(t.Context(), with("4"), "prize", 2)),
		"to what never was":   second(c.RollbackModel(t.Context(), with("5"), "prize", 9)),
		"of no model":         second(c.PushModel(t.Context(), with("6"), "other", nil)),
	} {
		if !errors.Is(err, record.ErrNotFound) {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	if _, err := c.PushModel(t.Context(), with("7"), "prize", []byte("nonsense")); !errors.Is(err, record.ErrInvalid) {
		t.Errorf("no model: %v", err)
	}
	versions, err := c.ModelVersions(t.Context())
	if v := versions["prize"]; err != nil || len(v) != 3 || v[0].ID == "" || v[1].ID != "" || v[0].ID != v[2].ID {
		t.Errorf("versions %+v, %v", versions, err)
	}
}

func second(_ int, err error) error { return err }

func trainedModel(t *testing.T) []byte {
	t.Helper()
	var examples []classify.Example
	for i := range classify.MinExamples {
		examples = append(examples, classify.Example{Text: fmt.Sprintf("claim your free prize %d", i), Positive: true},
			classify.Example{Text: fmt.Sprintf("the river rose for %d days", i)})
	}
	m, _, err := classify.Train(examples)
	if err != nil {
		t.Fatal(err)
	}
	return m.Append(nil)
}

// TestHashesHowever: people write hashes in upper case and with what they are before them, as files do.
func TestHashesHowever(t *testing.T) {
	c, _, _ := newControl(t)
	ada := Author{By: "person:ada", Reason: "r"}
	pdq, md5 := strings.Repeat("ab", 32), strings.Repeat("cd", 16)
	if _, err := c.PutBank(t.Context(), ada, &bank.File{Name: "h", Header: bank.Header{Kind: bank.Hashes}, Entries: []bank.Entry{{Value: "PDQ:" + strings.ToUpper(pdq)}}}); err != nil {
		t.Fatal(err)
	}
	for _, e := range []bank.Edit{
		{Add: []bank.Entry{{Value: " md5:" + strings.ToUpper(md5)}}, Quarantine: []string{"pdq:" + pdq}},
		{Remove: []string{strings.ToUpper(md5)}, Release: []string{strings.ToUpper(pdq)}},
	} {
		e.Bank = "h"
		if _, err := c.EditBank(t.Context(), ada, e); err != nil {
			t.Fatal(err)
		}
	}
	b, err := c.Bank(t.Context(), "h")
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Entries(); len(got) != 1 || got[0].Value != pdq {
		t.Errorf("got %+v, want %s alone", got, pdq)
	}
	if s, _ := b.Standing(pdq); s.Quarantined != "" {
		t.Errorf("it is still in quarantine: %+v", s)
	}
}
