package event

import "testing"

// TestErrorOutlivesLine: a line's memory is used again before its error is told.
func TestErrorOutlivesLine(t *testing.T) {
	for _, line := range []string{
		`{"id":"e","time":"2026-01-01T00:00:00Z","kind":"post","actor":"a","views":"many"}`,
		`{"id":"e","time":"2026-01-01T00:00:00Z","kind":"post","actor":"a","attrs":{"colour":{}}}`,
		`{"id":"e","time":"2026-01-01T00:00:00Z","kind":"post","actor":"a","actor":"a"}`,
		`{"id":"e","time":"2026-01-01T00:00:00Z","kind":"post","actor":"a","account":{"handle":7}}`,
		`{"id":"e","time":"2026-01-01T00:00:00Z","kind" "post"}`,
	} {
		raw := []byte(line)
		var e Event
		err := NewDecoder(DefaultLimits()).Decode(raw, &e)
		if err == nil {
			t.Fatalf("%s: no error", line)
		}
		want := err.Error()
		clear(raw)
		if got := err.Error(); got != want {
			t.Errorf("%s: the error was %q and is %q once the line is gone", line, want, got)
		}
	}
}
