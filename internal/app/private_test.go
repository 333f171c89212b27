package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/rule"
)

// TestAllowPrivateIsOneReceivers: the private addresses that one webhook may reach are closed to the others.
func TestAllowPrivateIsOneReceivers(t *testing.T) {
	c := clock{}
	r := startReceiver(t, c, 1, false)
	opts := options(t.TempDir(), r.URL, c)
	opts.Config.Rules.Dir = ""
	opts.Config.Webhooks[1].AllowPrivate = nil // of ops
	opts.Rules = []rule.File{{Name: "r.yaml", Data: []byte("rules:\n  - id: all\n    on: [post]\n    when: actor != \"\"\n    because: all\n    then: [{label: seen, on: actor}, {notify: ops}]\n")}}
	p := startProduct(t, opts)
	p.send(t, `{"id":"e1","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a"}`)
	eventually(t, "the platform's delivered and the channel's refused", func() bool {
		a, err := p.call(http.MethodGet, "/v1/effects", "")
		must(t, err)
		return strings.Contains(string(a.body), `"delivered"`) && strings.Contains(string(a.body), "address is not public")
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	for line := range r.order {
		if strings.HasPrefix(line, "/ops") {
			t.Errorf("the channel reached %s", line)
		}
	}
}
