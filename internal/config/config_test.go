package config

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file, or writes the file under -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what is made now; `go test -update` writes it anew (-file +now):\n%s", path, diff)
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			c, err := Load(file)
			if err == nil {
				t.Fatalf("Load takes %s: %+v", file, c)
			}
			var first *Error
			if !errors.As(err, &first) || first.File != file {
				t.Errorf("error %v is no *Error about %s", err, file)
			}
			got := strings.ReplaceAll(err.Error(), filepath.ToSlash(filepath.Dir(file))+"/", "") + "\n"
			golden(t, strings.TrimSuffix(file, ".yaml")+".err", got)
		})
	}
}

func TestEveryFieldIsRead(t *testing.T) {
	got, err := Load("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		DataDir: "/var/lib/ringfence",
		Listen:  "[::1]:9000",
		Rules:   Rules{Dir: "/etc/ringfence/rules"},
		Ingest: Ingest{
			MaxEvent: 64 << 10, MaxBatch: 1000, MaxBody: 8 << 20, Quota: Quota{EventsPerSecond: 500, Burst: 1000}, ClockSkew: Duration(time.Minute), IdleTick: Duration(5 * time.Second),
		},
		Decide: Decide{
			Lateness: Duration(30 * time.Second), Memory: 512 << 20, DedupeHorizon: Duration(48 * time.Hour), DedupeIDs: 1_000_000,
			Deadline: Duration(20 * time.Millisecond), DefaultVerdict: "friction",
		},
		Image:     Image{Every: Duration(10 * time.Second)},
		Discovery: Discovery{Every: Duration(30 * time.Minute), Window: Duration(48 * time.Hour), Labels: []string{"spam", "scam"}, Candidates: 50},
		Archive: Archive{
			Dir: "/var/lib/ringfence/old", SegmentSize: 64 << 20, SegmentAge: Duration(90 * time.Minute), JournalRetention: Duration(72 * time.Hour),
		},
		Sources: Sources{Jetstream: Jetstream{URL: "wss://jetstream.example/subscribe", AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}},
		Media: Media{Fetch: true, AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}, Keep: Keep{
			Default: "nothing", Policies: []KeepPolicy{{"spam", "original"}}, Never: []string{"child-safety", "gore"},
			Retention: Duration(7 * 24 * time.Hour), Quota: 512 << 20,
		}, Scorers: []Scorer{{
			Name: "safety", URL: "https://10.3.0.1:9000/score", Policies: []string{"nudity", "gore"}, TokenEnv: "SCORER_TOKEN",
			Timeout: Duration(2 * time.Second), Batch: 8, AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.3.0.0/16")},
		}}},
		Webhooks: []Webhook{
			{
				Name: "platform", URL: "https://platform.example/hooks", SecretEnv: "PLATFORM_KEY", Kinds: []string{"label", "enforce"},
				AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")},
			},
			{Name: "on-call", URL: "https://alerts.example/", SecretFile: "/run/secrets/alerts", Kinds: []string{"notify"}},
		},
		Log: Log{Level: "warn", Format: "json"},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("full.yaml (-want +got):\n%s", diff)
	}
}

func TestNothingWrittenMeansTheDefaults(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "comment": "# nothing\n", "null section": "log:\nwebhooks:\n", "document start": "---\n", "null field": "listen: null\n",
	} {
		got, err := Parse("f.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(Defaults(), got); diff != "" {
			t.Errorf("%s (-defaults +got):\n%s", name, diff)
		}
	}
}

func TestLoadNamesTheFileItCannotRead(t *testing.T) {
	if _, err := Load("testdata/none.yaml"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("error %v, want one about none.yaml", err)
	}
	large := filepath.Join(t.TempDir(), "large.yaml")
	if err := os.WriteFile(large, []byte(strings.Repeat("#", maxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(large); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("error %v, want one about the size", err)
	}
}

func TestSecret(t *testing.T) {
	const key = "whsec_0123456789abcdef0123"
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	env := map[string]string{"KEY": key, "SHORT": "hunter2"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	for _, tc := range []struct {
		name    string
		hook    Webhook
		want    string
		wantErr string
	}{
		{"environment", Webhook{Name: "a", SecretEnv: "KEY"}, key, ""},
		{"file", Webhook{Name: "a", SecretFile: file(key + "\n")}, key, ""},
		{"unset", Webhook{Name: "a", SecretEnv: "NONE"}, "", "secret of webhook a: environment variable NONE is not set"},
		{"short", Webhook{Name: "a", SecretEnv: "SHORT"}, "", "environment variable SHORT holds fewer than 24 characters"},
		{"empty file", Webhook{Name: "a", SecretFile: file("\n")}, "", "holds fewer than 24 characters"},
		{"no file", Webhook{Name: "a", SecretFile: "testdata/none"}, "", "testdata/none"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.hook.Secret(lookup)
			if got != tc.want || (err == nil) != (tc.wantErr == "") {
				t.Fatalf("Secret() = %q, %v; want %q and an error with %q", got, err, tc.want, tc.wantErr)
			}
			if err != nil && (!strings.Contains(err.Error(), tc.wantErr) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("error %q, want it to say %q and no secret", err, tc.wantErr)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/full.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			return
		}
		c, err := Parse("f.yaml", data)
		if err != nil && err.Error() == "" {
			t.Error("an error that says nothing")
		}
		if err == nil && c.DataDir == "" {
			t.Error("a configuration without data_dir is taken")
		}
	})
}
