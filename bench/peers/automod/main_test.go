package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

const line = `{"id": 1, "name": "create_post", "ts": 1760000000015, "data": {"user_id": "did:plc:a", "ip": "10.0.0.1", ` +
	`"message": "make money fast", "account_age_s": 7, "has_link": true}}` + "\n"

// The rules with windows are not tested: the engine keys its counters by the time of day, so that no test of them is certain.
func TestRunPrintsTheResult(t *testing.T) {
	var out bytes.Buffer
	quiet := strings.Replace(line, "make money fast", "good morning", 1)
	if err := run(nil, strings.NewReader(line+quiet+line), &out); err != nil {
		t.Fatal(err)
	}
	var got result
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Events != 3 || got.Fires["Keyword"] != 2 || got.WallSeconds <= 0 {
		t.Errorf("%s, want 3 events and 2 fires of Keyword", out.String())
	}
}

func TestRunNamesTheBadLine(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		in   string
		want string
	}{
		"not JSON":      {nil, line + "{\n", "line 2"},
		"no file":       {[]string{"none.jsonl"}, "", "none.jsonl"},
		"two arguments": {[]string{"a", "b"}, "", "usage"},
	} {
		err := run(tc.args, strings.NewReader(tc.in), new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
}
