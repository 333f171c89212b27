package api

import (
	"strings"
	"testing"
)

func TestBankRoutes(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		name, method, path, key, body string
		status                        int
		want                          string
	}{
		{"no banks yet", "GET", "/v1/banks", "", "", 200, `"items":[]`},
		{"no such bank", "GET", "/v1/banks/hosts/entries", "", "", 404, "hosts"},
		{"nor its versions", "GET", "/v1/banks/hosts/versions", "", "", 404, "hosts"},
		{"a bank needs a kind", "PUT", "/v1/banks/hosts", "", `{"entries":[],"reason":"r"}`, 422, "kind"},
		{"and a reason", "PUT", "/v1/banks/hosts", "", `{"kind":"links","entries":[]}`, 422, "reason"},
		{"what it holds is checked", "PUT", "/v1/banks/hosts", "", `{"kind":"links","entries":[{"value":"no link"}],"reason":"r"}`, 422, "no link"},
		{"put", "PUT", "/v1/banks/hosts", "k1", `{"kind":"links","severity":3,"entries":[{"value":"one.example"},{"value":"two.example"}],"reason":"r"}`, 200, `"version":1`},
		{"the same again", "PUT", "/v1/banks/hosts", "k1", `{"kind":"links","severity":3,"entries":[{"value":"one.example"},{"value":"two.example"}],"reason":"r"}`, 200, `"version":1`},
		{"something else under its key", "PUT", "/v1/banks/hosts", "k1", `{"kind":"links","entries":[],"reason":"r"}`, 409, ""},
		{"an edit under its key", "PATCH", "/v1/banks/hosts", "k1", `{"add":[{"value":"three.example"}],"reason":"r"}`, 409, ""},
		{"edit", "PATCH", "/v1/banks/hosts", "k2", `{"add":[{"value":"three.example"}],"remove":["one.example","one.example","never"],"reason":"r"}`, 200, `"version":2`},
		{"a page", "GET", "/v1/banks/hosts/entries?limit=1", "", "", 200, `"items":[{"value":"three.example"}],"next":"three.example"`},
		{"the next", "GET", "/v1/banks/hosts/entries?limit=1&after=three.example", "", "", 200, `"items":[{"value":"two.example"}]`},
		{"the kind stays", "PUT", "/v1/banks/hosts", "", `{"kind":"terms","entries":[],"reason":"r"}`, 422, "kind cannot change"},
		{"versions", "GET", "/v1/banks/hosts/versions", "", "", 200, `"version":2`},
		{"rollback", "POST", "/v1/banks/hosts/rollback", "", `{"version":1,"reason":"r"}`, 200, `"version":3`},
		{"to what never was", "POST", "/v1/banks/hosts/rollback", "", `{"version":9,"reason":"r"}`, 404, ""},
		{"list", "GET", "/v1/banks", "", "", 200, `"name":"hosts","kind":"links","good":false,"severity":3,"version":3`},
		{"drop", "POST", "/v1/banks/hosts/drop", "k3", `{"reason":"r"}`, 200, `"version":4`},
		{"the same drop again", "POST", "/v1/banks/hosts/drop", "k3", `{"reason":"r"}`, 200, `"version":4`},
		{"another drop", "POST", "/v1/banks/hosts/drop", "k4", `{"reason":"r"}`, 404, ""},
		{"an edit of what was dropped", "PATCH", "/v1/banks/hosts", "", `{"add":[{"value":"x.example"}],"reason":"r"}`, 404, ""},
		{"changes of banks", "GET", "/v1/changes?kind=bank", "", "", 200, `"kind":"bank"`},
	} {
		var headers []string
		if c.key != "" {
			headers = []string{"Idempotency-Key: " + c.key}
		}
		got := r.do(c.method, c.path, c.body, headers...)
		if got.Code != c.status || !strings.Contains(got.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d with %s", c.name, got.Code, got.Body, c.status, c.want)
		}
	}
}
