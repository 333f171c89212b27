package config

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationIsWrittenShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 50 * time.Millisecond: "50ms", 2 * time.Minute: "2m", 90 * time.Minute: "1h30m", time.Hour: "1h", 24 * time.Hour: "1d",
		25 * time.Hour: "25h", 10 * time.Second: "10s", time.Minute + 10*time.Second: "1m10s", -time.Minute: "-1m",
	} {
		if got := Duration(d).String(); got != want {
			t.Errorf("Duration(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestUnitsAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, s := Duration(rapid.Int64().Draw(t, "duration")), Size(rapid.Int64Min(0).Draw(t, "size"))
		var d2 Duration
		var s2 Size
		if err := d2.UnmarshalText([]byte(d.String())); err != nil && d >= 0 || err == nil && d2 != d {
			t.Errorf("%d is written %s and read %d, %v", d, d, d2, err)
		}
		if err := s2.UnmarshalText([]byte(s.String())); err != nil || s2 != s {
			t.Errorf("%d is written %s and read %d, %v", s, s, s2, err)
		}
	})
}

func TestUnitsAreRefused(t *testing.T) {
	for _, text := range []string{"", "5", "d", "-1d", "1.5d", "999999999d", "1 hour", "5x", "99999999h"} {
		if d := new(Duration); d.UnmarshalText([]byte(text)) == nil {
			t.Errorf("Duration takes %q as %v", text, *d)
		}
	}
	for _, text := range []string{"", "5", "B", "-1B", "1.5GiB", "8388608TiB", "1GB", "1 gib", "0x10B"} {
		if s := new(Size); s.UnmarshalText([]byte(text)) == nil {
			t.Errorf("Size takes %q as %v", text, *s)
		}
	}
}
