package gallery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/blob"
	"github.com/ringfence/ringfence/internal/blob/folder"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/picture"
)

// bench is a gallery with a clock of its own.
type bench struct {
	*Gallery
	t     *testing.T
	store blob.Store
	now   int64
	banks *bank.Set
}

func newBench(t *testing.T, rules Rules) *bench {
	t.Helper()
	s, err := folder.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b := &bench{t: t, store: s, now: int64(1000 * time.Hour)}
	b.open(rules, 1<<20)
	return b
}

func (b *bench) open(rules Rules, quota int64) {
	b.t.Helper()
	g, err := Open(b.t.Context(), b.store, Options{Rules: rules, Banks: func() *bank.Set { return b.banks }, Retention: 24 * time.Hour, Quota: quota, Now: func() int64 { return b.now },
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.t.Fatal(err)
	}
	b.Gallery = g
}

func digest(n int) string { return fmt.Sprintf("%064x", n) }

func (b *bench) see(n int, account string, policies ...string) {
	b.t.Helper()
	p := &picture.Picture{W: 300, H: 200, Pix: bytes.Repeat([]byte{byte(n), 99, 200}, 300*200)}
	if err := b.Keep(b.t.Context(), Sighting{Digest: digest(n), Account: account, Policies: policies, File: fmt.Append(nil, "file ", n), Picture: p}); err != nil {
		b.t.Fatal(err)
	}
}

// kept says what can be seen of a picture.
func (b *bench) kept(n int) string {
	b.t.Helper()
	var words []string
	if _, err := b.Find(digest(n)); err == nil {
		words = append(words, "known")
	}
	blurred, err := b.Preview(b.t.Context(), digest(n))
	if err == nil {
		m, err := jpeg.Decode(bytes.NewReader(blurred))
		if g, ok := m.(*image.Gray); err != nil || !ok || max(g.Rect.Dx(), g.Rect.Dy()) > 240 {
			b.t.Errorf("the preview is %T: %v", m, err)
		}
		words = append(words, "preview")
	} else if !errors.Is(err, ErrNone) {
		b.t.Error(err)
	}
	if file, _, err := b.Original(b.t.Context(), digest(n)); err == nil {
		words = append(words, string(file))
	} else if !errors.Is(err, ErrNone) {
		b.t.Error(err)
	}
	return strings.Join(words, ", ")
}

// names are the blobs that are stored of a picture.
func (b *bench) names(n int) (list []string) {
	b.t.Helper()
	blobs, err := b.store.List(b.t.Context(), prefix, "", 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, info := range blobs {
		if before, part, _ := strings.Cut(strings.TrimPrefix(info.Name, prefix+"00/"), "/"); before == digest(n) {
			list = append(list, part)
		}
	}
	return list
}

var rules = Rules{Default: Preview, Policies: map[string]Keep{"spam": Original, "privacy": Nothing}, Never: []string{"child-safety"}}

// TestPolicies: what is kept follows from the strictest policy, also one that comes later, and in the next life.
func TestPolicies(t *testing.T) {
	b := newBench(t, rules)
	b.see(1, "a", "gore")
	b.see(2, "a", "spam")
	b.see(3, "a", "spam", "gore")
	b.see(4, "a", "privacy", "spam")
	b.see(5, "a", "child-safety", "spam")
	b.see(6, "a", "spam")
	b.see(6, "b", "child-safety")
	b.see(7, "a", "spam")
	b.see(7, "b", "gore")
	b.see(6, "c", "spam") // it stays what it was found to be
	for range 2 {
		for n, want := range map[int]string{
			1: "known, preview", 2: "known, preview, file 2", 3: "known, preview", 4: "known", 5: "known", 6: "known", 7: "known, preview", 8: "",
		} {
			if got := b.kept(n); got != want {
				t.Errorf("picture %d: got %q, want %q", n, got, want)
			}
		}
		if got := b.names(6); !slices.Equal(got, []string{"about"}) {
			t.Errorf("what is stored of a picture that was kept before: %q", got)
		}
		b.open(rules, 1<<20)
	}
	stricter := rules
	stricter.Never = []string{"child-safety", "gore"}
	b.open(stricter, 1<<20)
	if got := b.kept(1); got != "known" || len(b.names(1)) != 1 {
		t.Errorf("of a policy that came under never since: %q, %q", got, b.names(1))
	}
}

func TestRetentionAndQuota(t *testing.T) {
	b := newBench(t, Rules{Default: Original})
	b.see(1, "a", "x")
	b.see(2, "a", "x")
	b.now += int64(20 * time.Hour)
	b.see(2, "a", "x") // it lives on
	b.now += int64(10 * time.Hour)
	if err := b.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.kept(1) != "" || b.names(1) != nil || b.kept(2) == "" {
		t.Errorf("after the retention: %q of the first, %q of the second", b.names(1), b.kept(2))
	}
	each := b.Stats().Bytes
	b.open(Rules{Default: Original}, 10*each)
	for n := range 50 {
		b.now++
		b.see(100+n, "a", "x")
		if got := b.Stats(); got.Bytes > 10*each {
			t.Fatalf("%d bytes are kept of %d allowed", got.Bytes, 10*each)
		}
	}
	if b.kept(149) == "" || b.kept(100) != "" || b.kept(2) != "" {
		t.Error("the quota keeps others than the latest")
	}
}

func TestErase(t *testing.T) {
	b := newBench(t, Rules{Default: Original})
	b.see(1, "a", "x")
	b.see(2, "a", "x")
	b.see(2, "b", "x")
	b.see(3, "b", "x")
	if n, err := b.Erase(t.Context(), "a"); n != 1 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	b.open(Rules{Default: Original}, 1<<20)
	p, err := b.Find(digest(2))
	if b.kept(1) != "" || b.names(1) != nil || err != nil || !slices.Equal(p.Accounts, []string{"b"}) || b.kept(3) == "" {
		t.Errorf("after the erasure: %q, %+v %v, %q", b.kept(1), p, err, b.kept(3))
	}
}

// failing is a store that fails at the nth change.
type failing struct {
	blob.Store
	left int
}

var errDisk = errors.New("disk full")

func (f *failing) change() error {
	if f.left--; f.left < 0 {
		return errDisk
	}
	return nil
}

func (f *failing) Put(ctx context.Context, name string, data []byte) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.Store.Put(ctx, name, data)
}

func (f *failing) Delete(ctx context.Context, name string) error {
	if err := f.change(); err != nil {
		return err
	}
	return f.Store.Delete(ctx, name)
}

// TestFailures: wherever storing fails, nothing is shown that must not be, also in the next life, and nothing is left that nobody knows.
func TestFailures(t *testing.T) {
	for n := range 12 {
		b := newBench(t, rules)
		whole := b.store
		b.store = &failing{whole, n}
		b.open(rules, 1<<20)
		see := func(policy string) {
			_ = b.Keep(t.Context(), Sighting{Digest: digest(1), Account: policy, Policies: []string{policy}, File: []byte("f"),
				Picture: &picture.Picture{W: 4, H: 4, Pix: make([]byte, 48)}})
		}
		see("spam")
		b.store.(*failing).left = n
		err := b.Keep(t.Context(), Sighting{Digest: digest(1), Account: "z", Policies: []string{"child-safety"}})
		if got := b.kept(1); err == nil && got != "known" {
			t.Errorf("failing at change %d: %q is kept, %v", n, got, err)
		}
		if _, err := b.Erase(t.Context(), "nobody"); err != nil {
			t.Error(err)
		}
		b.store = whole
		b.open(rules, 1<<20)
		if got := b.kept(1); err == nil && got != "known" {
			t.Errorf("failing at change %d, and after: %q is kept", n, got)
		}
		if got := b.names(1); b.kept(1) == "" && got != nil {
			t.Errorf("failing at change %d: %q is left", n, got)
		}
	}
}

// TestFor: another policy never makes more of a picture to be kept.
func TestFor(t *testing.T) {
	policy := rapid.SampledFrom([]string{"spam", "privacy", "child-safety", "gore"})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(policy, 1, 4).Draw(t, "policies")
		more := append(slices.Clone(list), policy.Draw(t, "more"))
		if rules.For(more) > rules.For(list) {
			t.Fatalf("%q: %s, %q: %s", list, rules.For(list), more, rules.For(more))
		}
		if slices.Contains(more, "child-safety") && rules.For(more) != Nothing {
			t.Fatalf("%q: %s", more, rules.For(more))
		}
	})
	if diff := cmp.Diff(Nothing, rules.For(nil)); diff != "" {
		t.Error(diff)
	}
}

// sight is a picture that is seen with a store that may fail and a caller that may be gone.
func (b *bench) sight(ctx context.Context, account, policy string) error {
	return b.Keep(ctx, Sighting{Digest: digest(1), Account: account, Policies: []string{policy}, File: []byte("f"),
		Hashes: bank.Picture{PDQ: []hamming.Hash{{1, 2, 3, 4}}}, Picture: &picture.Picture{W: 4, H: 4, Pix: make([]byte, 48)}})
}

// TestNeverLeavesNothing: what failed when a picture turned out to be of a policy under never is not shown meanwhile, and is done with the next sighting or
// sweep.
func TestNeverLeavesNothing(t *testing.T) {
	for name, again := range map[string]func(*bench) error{
		"sighting": func(b *bench) error { return b.sight(t.Context(), "b", "child-safety") },
		"sweep":    func(b *bench) error { return b.Sweep(t.Context()) },
	} {
		for n := range 3 { // the first change that fails, after which all do
			b := newBench(t, rules)
			whole := b.store
			b.Gallery.store = &failing{whole, 1000}
			if err := b.sight(t.Context(), "a", "spam"); err != nil {
				t.Fatal(err)
			}
			b.Gallery.store.(*failing).left = n
			if err := b.sight(t.Context(), "b", "child-safety"); !errors.Is(err, errDisk) {
				t.Fatalf("%s, change %d: got %v, want %v", name, n, err, errDisk)
			}
			if got := b.kept(1); got != "known" {
				t.Errorf("%s, change %d: %q is shown while the store fails", name, n, got)
			}
			b.Gallery.store = whole
			if err := again(b); err != nil {
				t.Fatal(err)
			}
			if got := b.names(1); !slices.Equal(got, []string{"about"}) {
				t.Errorf("%s, change %d: %q are stored", name, n, got)
			}
			b.open(rules, 1<<20)
			if got := b.kept(1); got != "known" {
				t.Errorf("%s, change %d: %q in the next life", name, n, got)
			}
		}
	}
}

// TestOpenRemovesWhatIsLeft: originals above what their description allows, as a crash leaves them, go at the start.
func TestOpenRemovesWhatIsLeft(t *testing.T) {
	b := newBench(t, rules)
	b.see(1, "a", "child-safety")
	for _, part := range []string{previewPart, originalPart} {
		if err := b.store.Put(t.Context(), name(digest(1), part), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	b.open(rules, 1<<20)
	if got := b.names(1); !slices.Equal(got, []string{"about"}) {
		t.Errorf("%q are stored", got)
	}
}

// TestCallerOutOfTime: a caller whose time is over does not leave an original behind.
func TestCallerOutOfTime(t *testing.T) {
	b := newBench(t, rules)
	b.see(1, "a", "spam")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.sight(gone, "b", "child-safety"); err != nil {
		t.Error(err)
	}
	if got := b.names(1); !slices.Equal(got, []string{"about"}) {
		t.Errorf("%q are stored", got)
	}
}

// TestBanksChange: an entry that comes later hides a picture that was kept before at once, and the next sweep removes it, also in the next life.
func TestBanksChange(t *testing.T) {
	for name, value := range map[string]string{"pdq": hamming.Hash{1, 2, 3, 4}.String(), "md5": strings.Repeat("a", 32), "sha256": "sha256:" + digest(1)} {
		b := newBench(t, rules)
		if err := b.Keep(t.Context(), Sighting{Digest: digest(1), Account: "a", Policies: []string{"spam"}, File: []byte("f"),
			Hashes:  bank.Picture{PDQ: []hamming.Hash{{1, 2, 3, 4}}, MD5: strings.Repeat("a", 32)},
			Picture: &picture.Picture{W: 4, H: 4, Pix: make([]byte, 48)}}); err != nil {
			t.Fatal(err)
		}
		b.open(rules, 1<<20)
		if got := b.kept(1); got != "known, preview, f" {
			t.Fatalf("%s: at first %q", name, got)
		}
		set, err := (*bank.Set)(nil).Apply(&bank.Edit{Bank: "known", Version: 1, Header: &bank.Header{Kind: bank.Hashes, Policy: "child-safety"}, Add: []bank.Entry{{Value: value}}})
		if err != nil {
			t.Fatal(err)
		}
		b.banks = set
		p, err := b.Find(digest(1))
		if got := b.kept(1); got != "known" || err != nil || p.Keep != Nothing || !slices.Contains(p.Policies, "child-safety") {
			t.Errorf("%s: as soon as the bank has it, %q, %+v, %v", name, got, p, err)
		}
		if err := b.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.banks = nil
		if got := b.names(1); !slices.Equal(got, []string{"about"}) || b.kept(1) != "known" {
			t.Errorf("%s: after the sweep %q are stored", name, got)
		}
	}
}

// TestNoPolicy: of an entry that states no policy nobody knows what it is of, so nothing is kept unless the rules say so.
func TestNoPolicy(t *testing.T) {
	if got := rules.For([]string{NoPolicy}); got != Nothing {
		t.Errorf("got %s, want nothing", got)
	}
	if got := (Rules{Policies: map[string]Keep{NoPolicy: Preview}}).For([]string{NoPolicy}); got != Preview {
		t.Errorf("stated: got %s, want preview", got)
	}
}
