package control

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/record"
)

func TestAcceptDiscovery(t *testing.T) {
	c, j, store := newControl(t)
	ctx := t.Context()
	ada := Author{ID: "req-1", By: "person:ada", Reason: "a code for coins"}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := store.PutDiscoveries(ctx, []record.Discovery{
		{ID: "d1", Term: "zestycorn", Kind: "word", Accounts: 6}, {ID: "d2", Term: "lemonade", Kind: "word", Accounts: 6},
	}, 9, 1)
	must(err)
	_, err = c.PutBank(ctx, Author{By: "person:ada", Reason: "first"}, file("coins"))
	must(err)
	links := file()
	links.Name, links.Kind = "hosts", bank.Links
	_, err = c.PutBank(ctx, Author{By: "person:ada", Reason: "first"}, links)
	must(err)

	fails := func(what string, want error, a Author, id, name string) {
		t.Helper()
		if _, err := c.AcceptDiscovery(ctx, a, id, name, bank.Entry{}); !errors.Is(err, want) {
			t.Errorf("%s: got error %v, want %v", what, err, want)
		}
	}
	fails("into no bank", record.ErrNotFound, ada, "d1", "none")
	fails("into a bank of links", record.ErrInvalid, ada, "d1", "hosts")
	fails("no discovery", record.ErrNotFound, ada, "none", "words")

	for range 2 { // the second is a repeated request
		version, err := c.AcceptDiscovery(ctx, ada, "d1", "words", bank.Entry{Policy: "scam", Severity: 3})
		must(err)
		if version != 2 {
			t.Errorf("got version %d, want 2", version)
		}
	}
	b, ok := relayed(t, c, j).Bank("words")
	if !ok || b.Version != 2 {
		t.Fatalf("the journal has bank %+v", b)
	}
	e, _ := b.Entry("zestycorn")
	if diff := cmp.Diff(bank.Entry{Value: "zestycorn", Policy: "scam", Severity: 3}, e); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	d, err := store.Discovery(ctx, "d1")
	must(err)
	if diff := cmp.Diff([]any{record.DiscoveryAccepted, "person:ada", "a code for coins", "req-1"}, []any{d.State, d.DecidedBy, d.Reason, d.Change}); diff != "" {
		t.Errorf("discovery (-want +got):\n%s", diff)
	}
	fails("another request", record.ErrConflict, Author{ID: "req-2", By: "person:bob", Reason: "me too"}, "d1", "words")
	fails("the request of another discovery", record.ErrConflict, ada, "d2", "words")
	must(c.RefuseDiscovery(ctx, Author{By: "person:ada", Reason: "a drink"}, "d2"))
	if d, err = store.Discovery(ctx, "d2"); err != nil || d.State != record.DiscoveryRefused {
		t.Errorf("got state %s, %v, want refused", d.State, err)
	}
}
