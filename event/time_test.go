package event

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseTime(t *testing.T) {
	for _, s := range []string{
		"1970-01-01T00:00:00Z", "2026-11-23T03:22:00.123Z", "2000-02-29T23:59:59.999999999Z", "2100-02-28T00:00:00Z", "2026-01-01T00:30:00+02:00",
		"1969-12-31T23:00:00-02:00", "2262-04-11T23:47:15Z", "2026-11-23T03:22:00.5-11:45", "2026-11-23t03:22:00z",
	} {
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil && s[10] != 't' {
			t.Fatal(err)
		}
		if s[10] == 't' {
			want = time.Date(2026, 11, 23, 3, 22, 0, 0, time.UTC)
		}
		if got, err := ParseTime(s); got != want.UnixNano() || err != nil {
			t.Errorf("ParseTime(%s) = %d, %v, want %d", s, got, err, want.UnixNano())
		}
	}
	if got, err := ParseTime("2026-11-23T03:22:00.1234567899Z"); err != nil || got%1e9 != 123456789 {
		t.Errorf("digits after the ninth: got %d, %v", got, err)
	}
	for _, s := range []string{
		"", "2026", "2026-11-23", "2026-11-23T03:22:00", "2026-11-23 03:22:00Z", "2026-11-23T03:22Z", "2026-11-23T03:22:00.Z", "2026-11-23T03:22:00,5Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2025-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01:60",
		"2026-01-01T00:00:00ZZ", "-026-01-01T00:00:00Z", "2026-+1-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "2262-04-12T00:00:00Z", "9999-01-01T00:00:00Z",
		"2026-01-01T00:00:0aZ", "20２6-01-01T00:00:00Z",
	} {
		if got, err := ParseTime(s); err == nil {
			t.Errorf("ParseTime(%s) = %d, want an error", s, got)
		}
	}
}

func TestParseTimeReadsWhatFormatTimeWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(0, (maxUnix+1)*1e9-1).Draw(t, "ns")
		if got, err := ParseTime(FormatTime(want)); got != want || err != nil {
			t.Fatalf("ParseTime(%s) = %d, %v, want %d", FormatTime(want), got, err, want)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-11-23T03:22:00.123Z", "2000-02-29T23:59:59+23:59", "1970-01-01T00:00:00-00:00", "2026-02-30T00:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTime(s)
		want, wantErr := time.Parse(time.RFC3339Nano, s)
		switch {
		case err != nil:
			if wantErr == nil && want.Unix() >= 0 && want.Unix() <= maxUnix {
				// time.Parse also takes a comma before the fraction and offsets beyond a day.
				if canonical, err := ParseTime(want.Format(time.RFC3339Nano)); err == nil && s == want.Format(time.RFC3339Nano) {
					t.Fatalf("ParseTime refuses %q, which is %d", s, canonical)
				}
			}
		case wantErr == nil && got != want.UnixNano():
			t.Fatalf("ParseTime(%q) = %d, time.Parse gives %d", s, got, want.UnixNano())
		}
	})
}
