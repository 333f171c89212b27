package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
)

// squadRules keep groups.
const squadRules = `rules: [{id: member, on: "*", share: 100%, when: group.size >= 4, because: "{group.id}", then: [{label: member, on: group}]}]`

func TestGroups(t *testing.T) {
	r := newRig(t)
	r.pushRules(squadRules)
	if w := r.do("GET", "/v1/groups/g0", ""); w.Code != http.StatusNotFound {
		t.Errorf("an unknown group: %d", w.Code)
	}
	var lines []string
	at := start
	add := func(actor, url string, after time.Duration) {
		at += int64(after)
		lines = append(lines, fmt.Sprintf(`{"id":"e%d","time":%q,"kind":"post","actor":%q,"urls":[%q]}`, len(lines), event.FormatTime(at), actor, url))
	}
	for i := range 300 {
		add(fmt.Sprint("reader", i), fmt.Sprint("https://news.example/", i), time.Second)
	}
	for link := range 20 {
		for i := range 6 {
			add(fmt.Sprint("squad", i), fmt.Sprint("https://pills.example/", link), 15*time.Second)
		}
	}
	r.clock.Store(at)
	if w := r.do("POST", "/v1/events", strings.Join(lines, "\n")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	r.settle()

	list := get[struct {
		Items []Group
		Total int
	}](r, "GET", "/v1/groups?min_size=4", "")
	if list.Total != 1 || len(list.Items) != 1 || list.Items[0].Size != 6 || list.Items[0].State != "active" || fmt.Sprint(list.Items[0].Traces) != "[share domain]" {
		t.Fatalf("got %+v, want a group of six by links and their domain", list)
	}
	id := list.Items[0].ID
	detail := get[GroupDetail](r, "GET", "/v1/groups/"+id, "")
	if len(detail.Members) != 6 || len(detail.Timeline) == 0 || detail.Timeline[0].Kind != "formed" || len(detail.Evidence) == 0 || len(detail.Features) == 0 {
		t.Errorf("got %+v", detail)
	}
	for _, m := range detail.Members {
		if m.Ties < 2 || m.Confidence < .75 || len(m.Strongest) == 0 || m.Probation || !strings.HasPrefix(m.Account, "squad") {
			t.Errorf("got member %+v", m)
		}
	}
	graph := get[GroupGraph](r, "GET", "/v1/groups/"+id+"/graph?depth=1", "")
	if len(graph.Nodes) != 6 || len(graph.Edges) < 10 || graph.Cut || len(graph.Edges[0].Why) == 0 || len(graph.Edges[0].Where) == 0 {
		t.Errorf("got %d nodes and edges %+v", len(graph.Nodes), graph.Edges)
	}
	of := get[AccountGroup](r, "GET", "/v1/accounts/squad3/group", "")
	if of.Group != id {
		t.Errorf("squad3 is in %q, want %q", of.Group, id)
	}
	of = get[AccountGroup](r, "GET", "/v1/accounts/reader3/group", "")
	if of.Group != "" {
		t.Errorf("reader3 is in %q", of.Group)
	}
}
