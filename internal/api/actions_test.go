package api

import (
	"fmt"
	"testing"

	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/record"
)

// TestActions takes an action that waits for approval through what people can do to it.
func TestActions(t *testing.T) {
	r := newRig(t)
	propose := `{"dry_run":true,"step":"suspend","policy":"spam","code":"coordinated","reason":"one hand"}`
	if w := r.do("POST", "/v1/groups/none/actions", propose); w.Code != 404 {
		t.Errorf("a preview of no group: %d %s", w.Code, w.Body)
	}
	if w := r.do("POST", "/v1/groups/none/actions", `{"step":"ban","policy":"spam","code":"coordinated","reason":"one hand"}`); w.Code != 422 {
		t.Errorf("no step: %d %s", w.Code, w.Body)
	}
	var members []record.GroupMember
	for i := range 3 {
		members = append(members, record.GroupMember{Account: fmt.Sprint("a", i), Confidence: 0.5})
	}
	members[2].LeftOut = "excepted"
	r.must(r.store.PutGroupAction(t.Context(), record.GroupAction{ID: "x", Group: "g1", Version: 3, Step: "suspend", Policy: "spam", Code: "coordinated",
		Reason: "one hand", Needs: "it is large", State: record.ActionWaiting, By: "key:tester", At: start}, members))

	got := get[List[GroupAction]](r, "GET", "/v1/actions?group=g1", "")
	if len(got.Items) != 1 || got.Items[0].State != "waiting" || got.Items[0].Counts.Taken != 2 || got.Items[0].Needs != "it is large" {
		t.Errorf("listed: %+v", got)
	}
	if list := get[List[GroupAction]](r, "GET", "/v1/actions?group=g2", ""); len(list.Items) != 0 {
		t.Errorf("of another group: %+v", list)
	}
	some := get[struct{ Items []ActionMember }](r, "GET", "/v1/actions/x/members?from=1", "")
	if len(some.Items) != 2 || some.Items[1].LeftOut != "excepted" {
		t.Errorf("members: %+v", some)
	}
	because := `{"reason":"as agreed"}`
	for _, c := range []struct {
		path string
		code int
	}{
		{"x/approve", 409}, // by its proposer
		{"x/undo", 409},
		{"x/continue", 409},
		{"z/stop", 404},
		{"x/stop", 202},
		{"x/stop", 202},
		{"x/resume", 202},
	} {
		if w := r.do("POST", "/v1/actions/"+c.path, because); w.Code != c.code {
			t.Errorf("%s: %d %s, want %d", c.path, w.Code, w.Body, c.code)
		}
	}
	keys := auth.NewKeyring(r.store, auth.Quota{}, r.Now, r.Log)
	_, other, err := keys.Create(t.Context(), "other", []auth.Scope{auth.Approve}, 0, "person:test")
	r.must(err)
	approved := get[GroupAction](r, "POST", "/v1/actions/x/approve", because, "Authorization: Bearer "+other)
	if approved.State != "running" || approved.ApprovedBy != "key:other" {
		t.Errorf("approved: %+v", approved)
	}
	for _, path := range []string{"/v1/actions/z", "/v1/actions/z/members"} {
		if w := r.do("GET", path, ""); w.Code != 404 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
