package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// chain is a trail in memory.
type chain struct {
	entries []AuditEntry
	head    AuditHead
	change  *Change
}

func newChain(n int) *chain {
	c := &chain{}
	for i := range n {
		e := AuditEntry{Seq: int64(i + 1), At: int64(i / 3), By: "person:ada", Action: "label", Subject: fmt.Sprint("c", i/2), Reason: "because"}
		e.Hash = e.Link(c.head.Hash)
		c.entries = append(c.entries, e)
		c.head = AuditHead{e.Seq, e.Hash}
	}
	return c
}

func (c *chain) AuditTrail(context.Context, Page) ([]AuditEntry, error) {
	return nil, errors.New("not asked")
}
func (c *chain) PutAudit(context.Context, AuditEntry) error   { return errors.New("not asked") }
func (c *chain) AuditHead(context.Context) (AuditHead, error) { return c.head, nil }

// Change gives a change that every entry with a digest is about.
func (c *chain) Change(_ context.Context, id string) (Change, error) {
	if c.change == nil {
		return Change{}, ErrNotFound
	}
	return *c.change, nil
}

func (c *chain) AuditFrom(_ context.Context, after int64, limit int) ([]AuditEntry, error) {
	from := slices.IndexFunc(c.entries, func(e AuditEntry) bool { return e.Seq > after })
	if from < 0 {
		return nil, nil
	}
	return c.entries[from:min(len(c.entries), from+limit)], nil
}

func faultsOf(t *testing.T, c *chain, known ...AuditHead) []AuditFault {
	t.Helper()
	faults, n, err := VerifyAudit(t.Context(), c, known...)
	if err != nil || n != int64(len(c.entries)) {
		t.Fatalf("%d of %d entries, %v", n, len(c.entries), err)
	}
	return faults
}

func TestAuditFaultsAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		harm  func(c *chain)
		known func(c *chain) AuditHead
		want  []string
	}{
		"nothing":       {func(*chain) {}, nil, nil},
		"changed":       {func(c *chain) { c.entries[4].Reason = "other" }, nil, []string{"entry 5 (label by person:ada) was changed"}},
		"its hash too":  {func(c *chain) { e := &c.entries[4]; e.By = "x"; e.Hash = e.Link(c.entries[3].Hash) }, nil, []string{"entry 6 (label by person:ada) was changed"}},
		"one removed":   {func(c *chain) { c.entries = slices.Delete(c.entries, 4, 5) }, nil, []string{"entry 5 is missing"}},
		"some removed":  {func(c *chain) { c.entries = slices.Delete(c.entries, 4, 7) }, nil, []string{"entries 5 to 7 are missing"}},
		"first removed": {func(c *chain) { c.entries = c.entries[1:] }, nil, []string{"entry 1 is missing"}},
		"last removed":  {func(c *chain) { c.entries = c.entries[:8] }, nil, []string{"entries from 9 on are missing"}},
		"head removed":  {func(c *chain) { c.head = AuditHead{} }, nil, []string{"head of the trail is missing"}},
		"one before the first": {func(c *chain) {
			c.entries = slices.Insert(c.entries, 0, AuditEntry{Seq: -3, By: "person:eve", Action: "allow"})
		}, nil,
			[]string{"entry -3 (allow by person:eve) was put before the first"}},
		"reordered": {func(c *chain) {
			c.entries[2], c.entries[3] = c.entries[3], c.entries[2]
			c.entries[2].Seq, c.entries[3].Seq = 3, 4
		}, nil, []string{"entry 3 ", "entry 4 ", "entry 5 "}},
		"written anew": {func(c *chain) {
			before := c.head
			*c = *newChain(10)
			c.entries[3].Reason = "other"
			for i := 3; i < 10; i++ {
				c.entries[i].Hash = c.entries[i].Link(c.entries[i-1].Hash)
			}
			c.head = AuditHead{10, c.entries[9].Hash}
			_ = before
		}, func(c *chain) AuditHead { return AuditHead{6, c.entries[5].Hash} }, []string{"entry 6 is not the one of the head"}},
		"all removed": {func(c *chain) { *c = chain{} }, func(c *chain) AuditHead { return c.head }, []string{"entries from 1 on are missing"}},
	} {
		c := newChain(10)
		var known []AuditHead
		if test.known != nil {
			known = append(known, test.known(c))
		}
		test.harm(c)
		faults := faultsOf(t, c, known...)
		if len(faults) != len(test.want) {
			t.Errorf("%s: faults %v, want %q", name, faults, test.want)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(faults[i].What, want) {
				t.Errorf("%s: fault %q, want %q", name, faults[i].What, want)
			}
		}
	}
}

// TestAnyHarmToTheAuditIsFound changes, removes and moves entries at random.
func TestAnyHarmToTheAuditIsFound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(r, "entries")
		c := newChain(n)
		i := rapid.IntRange(0, n-1).Draw(r, "which")
		e := &c.entries[i]
		switch rapid.SampledFrom([]string{"at", "by", "action", "subject", "reason", "shift", "remove", "swap"}).Draw(r, "harm") {
		case "at":
			e.At++
		case "by":
			e.By += "x"
		case "action":
			e.Action = "allow"
		case "subject":
			e.Subject = ""
		case "reason":
			e.Reason += " "
		case "shift": // from the end of one field to the beginning of the next
			e.Subject, e.Reason = e.Subject[:1], e.Subject[1:]+e.Reason
		case "remove":
			c.entries = slices.Delete(c.entries, i, i+1)
		case "swap":
			k := (i + rapid.IntRange(1, n-1).Draw(r, "by")) % n
			o := &c.entries[k]
			*e, *o = *o, *e
			e.Seq, o.Seq = o.Seq, e.Seq
		}
		if len(faultsOf(t, c)) == 0 {
			r.Fatal("nothing was found")
		}
	})
}

func TestParseAuditHead(t *testing.T) {
	h := newChain(3).head
	if got, err := ParseAuditHead(h.String()); err != nil || got != h {
		t.Errorf("got %v, %v, want %v", got, err, h)
	}
	for _, s := range []string{"", "3", "3:", "x:00", h.String() + "0", "-1" + h.String()[1:]} {
		if _, err := ParseAuditHead(s); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestChangesAreAudited writes a change anew, and removes it.
func TestChangesAreAudited(t *testing.T) {
	was := Change{ID: "c1", Kind: "label", By: "person:ada", At: 5, Reason: "because", Body: []byte("{}")}
	c := &chain{change: &was}
	e := AuditEntry{Seq: 1, At: 5, By: was.By, Action: was.Kind, Subject: was.ID, Reason: was.Reason, Digest: was.Digest()}
	e.Hash = e.Link(c.head.Hash)
	c.entries, c.head = []AuditEntry{e}, AuditHead{1, e.Hash}
	if faults := faultsOf(t, c); len(faults) > 0 {
		t.Errorf("untouched: %v", faults)
	}
	anew := was
	anew.By = "person:eve"
	for want, change := range map[string]*Change{"change c1 was changed": &anew, "change c1 is missing": nil} {
		c.change = change
		if faults := faultsOf(t, c); len(faults) != 1 || !strings.Contains(faults[0].What, want) {
			t.Errorf("%v, want %q", faults, want)
		}
	}
	c.change, c.entries[0].Digest = &was, [32]byte{}
	if faults := faultsOf(t, c); len(faults) != 1 {
		t.Errorf("without its digest: %v", faults)
	}
}
