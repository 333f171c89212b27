package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/journal"
)

// picturePost is a post with a picture that the source hashed.
func picturePost(id, actor, pdq string, second int) string {
	at := event.FormatTime(start + int64(second)*1e9)
	return fmt.Sprintf(`{"id":%q,"time":%q,"kind":"post","actor":%q,"object":"o-%s","media":[{"id":"m","pdq":%q}]}`, id, at, actor, id, pdq)
}

// followed waits until what follows the pictures of late has met all that is in the journal.
func (r *rig) followed() {
	r.t.Helper()
	_, last := r.journal.Bounds(0)
	r.must(r.recent.Wait(r.t.Context(), last))
	r.settle()
}

// TestEntriesAreMatchedBackwards: an entry that is added is found in what was posted before, the rules run on that once, and people see it.
func TestEntriesAreMatchedBackwards(t *testing.T) {
	r := newRig(t)
	r.pushRules("rules:\n  - {id: known, on: [post], share: 100, policy: gore, when: 'size(matched(\"gore\")) > 0', because: '{media.distance}', then: [{review: object}]}\n" +
		"  - {id: often, on: [post], when: 'count(by(actor), \"1h\") > 5', because: x}\n")
	get[BankMade](r, "PUT", "/v1/banks/gore", `{"kind":"hashes","entries":[],"reason":"r"}`)
	near, far := strings.Repeat("0", 60)+"000f", strings.Repeat("a5", 32)
	lines := picturePost("e1", "ann", near, 1) + "\n" + picturePost("e2", "bob", far, 2) + "\n" + post("e3", "cyd", "no picture", 3) + "\n"
	get[any](r, "POST", "/v1/events", lines, "Content-Type: application/x-ndjson")
	r.settle()
	r.followed()

	zero := strings.Repeat("0", 64)
	if diff := cmp.Diff(BankPreview{Ordinary: 1, Sample: 2, Recent: 1, Hashes: 2}, get[BankPreview](r, "GET", "/v1/preview?hash="+zero, "")); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
	if got := get[BankPreview](r, "GET", "/v1/preview?distance=3&hash="+zero, ""); got.Ordinary != 0 || got.Recent != 0 {
		t.Errorf("preview within 3 bits: %+v", got)
	}
	for _, bad := range []string{"hash=" + strings.Repeat("0", 32), "hash=zz", "", "distance=51&hash=" + zero} {
		if w := r.do("GET", "/v1/preview?"+bad, ""); w.Code != 422 {
			t.Errorf("preview of %q: %d", bad, w.Code)
		}
	}

	get[BankMade](r, "PATCH", "/v1/banks/gore", `{"add":[{"value":"`+zero+`"}],"reason":"r"}`)
	r.settle()
	r.followed()
	lookbacks := get[struct{ Items []BankLookback }](r, "GET", "/v1/banks/gore/lookbacks", "")
	if len(lookbacks.Items) != 1 || lookbacks.Items[0].Matched != 1 || lookbacks.Items[0].Version != 2 || lookbacks.Items[0].Events[0] != "e1" {
		t.Fatalf("lookbacks %+v", lookbacks)
	}
	if line := string(r.decisions(1)[0].Line); !strings.Contains(line, `"event":"e1"`) || !strings.Contains(line, `{"rule":"known","text":"4"}`) || strings.Contains(line, `"often"`) {
		t.Errorf("decided %s", line)
	}
	cases := get[List[Case]](r, "GET", "/v1/cases", "")
	if len(cases.Items) != 1 || cases.Items[0].Policies[0].Policy != "gore" {
		t.Errorf("cases %+v", cases)
	}

	// Another change that finds the same makes no second record of the same change, and known pictures are no longer ordinary.
	get[BankMade](r, "PATCH", "/v1/banks/gore", `{"add":[{"value":"`+zero+`","severity":3}],"reason":"r"}`)
	r.settle()
	r.followed()
	n := 0
	_, last := r.journal.Bounds(0)
	recs, err := r.journal.Read(t.Context(), 0, 1, int(last), nil)
	r.must(err)
	for _, rec := range recs {
		if rec.Kind == journal.Signals {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d signals records, want one for each change", n)
	}
	if got := r.do("GET", "/v1/banks/none/lookbacks", ""); got.Code != 404 {
		t.Errorf("of no bank: %d", got.Code)
	}
}
