package recordtest

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// newestAudit is the newest entries of the trail, without their hashes; of all with limit 0.
func newestAudit(t *testing.T, s record.Store, limit int) []record.AuditEntry {
	t.Helper()
	entries, err := s.AuditTrail(t.Context(), record.Page{Limit: limit})
	ok(t, err)
	for i := range entries {
		entries[i].Hash, entries[i].Digest = [sha256.Size]byte{}, [sha256.Size]byte{}
	}
	return entries
}

func auditPages(t *testing.T, s record.Store) {
	for i := range 3 {
		ok(t, s.PutChanges(t.Context(), change(fmt.Sprint("c", i), "label")))
	}
	entry := record.AuditEntry{Seq: 3, At: 1, By: "person:ada", Action: "label", Subject: "c2", Reason: "because"}
	second := entry
	second.Seq, second.Subject = 2, "c1"
	diff(t, "newest", newestAudit(t, s, 2), []record.AuditEntry{entry, second})
	got, err := s.AuditTrail(t.Context(), record.Page{Before: 2})
	ok(t, err)
	diff(t, "second page", len(got), 1)
	got, err = s.AuditFrom(t.Context(), 1, 1)
	ok(t, err)
	if len(got) != 1 || got[0].Seq != 2 {
		t.Errorf("after the first: %+v", got)
	}
}

func auditChain(t *testing.T, s record.Store) {
	if h, err := s.AuditHead(t.Context()); err != nil || h != (record.AuditHead{}) {
		t.Errorf("head of nothing: %v, %v", h, err)
	}
	verify := func(want int64, known ...record.AuditHead) {
		t.Helper()
		faults, n, err := record.VerifyAudit(t.Context(), s, known...)
		ok(t, err)
		diff(t, "faults", faults, []record.AuditFault(nil))
		diff(t, "entries", n, want)
	}
	verify(0)
	ok(t, s.PutChanges(t.Context(), change("c0", "label"), change("c1", "allow")))
	early, err := s.AuditHead(t.Context())
	ok(t, err)
	diff(t, "head", early.Seq, int64(2))
	ok(t, s.PutChanges(t.Context(), change("c2", "label")))
	_, err = s.PutRuleSet(t.Context(), record.RuleSet{Hash: "h", By: "person:ada", At: 3, Note: "Räuber \x00"})
	ok(t, err)
	verify(4, early)
	entry := record.AuditEntry{At: 9, By: "key:ada", Action: "media.original", Subject: "d1", Reason: "case 7"}
	ok(t, s.PutAudit(t.Context(), entry))
	verify(5, early)
	entry.Seq = 5
	diff(t, "what was put", newestAudit(t, s, 1), []record.AuditEntry{entry})
}

// auditEffects sees what rules do in the trail, once, and not what they only would have done.
func auditEffects(t *testing.T, s record.Store) {
	shadow := with(Effect(2, "b"), func(e *effect.Effect) { e.State = effect.Shadow })
	put(t, s, Effect(1, "a"), shadow, waiting(3, "c"))
	put(t, s, Effect(1, "a"))
	diff(t, "entries", newestAudit(t, s, 0), []record.AuditEntry{{Seq: 1, By: "rule:burst@3", Action: "effect.enforce", Subject: Effect(1, "").ID, Reason: "spam"}})
}
