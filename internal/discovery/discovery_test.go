package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/archive"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
)

const hour = int64(time.Hour)

// fakeLoop knows banks, and labelled accounts.
type fakeLoop struct {
	banks *bank.Set
	bears map[string]string // account → label
	fail  error
	most  int // accounts asked for at a time
}

func (l *fakeLoop) Banks() *bank.Set { return l.banks }

func (l *fakeLoop) Labelled(_ context.Context, accounts []event.Entity, labels []string) ([]bool, error) {
	l.most = max(l.most, len(accounts))
	bear := make([]bool, len(accounts))
	for i, a := range accounts {
		bear[i] = slices.Contains(labels, l.bears[a.ID])
	}
	return bear, l.fail
}

// list makes the loop's banks hold bad and good terms.
func (l *fakeLoop) list(t testing.TB, bad, good []string) {
	t.Helper()
	stored := []bank.Stored{{Name: "bad", Version: 1, Header: bank.Header{Kind: bank.Terms}}, {Name: "good", Version: 1, Header: bank.Header{Kind: bank.Terms, Good: true}}}
	for i, terms := range [][]string{bad, good} {
		for _, term := range terms {
			stored[i].Entries = append(stored[i].Entries, bank.Entry{Value: term})
		}
	}
	var err error
	if l.banks, err = bank.NewSet(&bank.Compiler{}, stored); err != nil {
		t.Fatal(err)
	}
}

// rig is a finder over a journal in memory and records in a file.
type rig struct {
	*Finder
	t       testing.TB
	journal journal.Log
	store   record.Store
	loop    *fakeLoop
	now     int64
	posts   int
}

func newRig(t testing.TB, adjust ...func(*Options)) *rig {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := pebblelog.OpenStore("store", vfs.NewMem(), pebblelog.StoreOptions{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	j, err := pebblelog.New(db, pebblelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(j.Close(), db.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	r := &rig{t: t, journal: j, store: store, loop: &fakeLoop{bears: map[string]string{}}, now: 100 * hour}
	o := Options{Window: time.Hour, Labels: []string{"spam"}, Most: 20, Now: func() int64 { return r.now }, Log: log,
		FS: vfs.NewMem(), Archive: "archive"}
	for _, a := range adjust {
		a(&o)
	}
	r.Finder = New(o, j, r.loop, store)
	return r
}

// append puts a record into the journal, received now.
func (r *rig) append(rec journal.Record) {
	r.t.Helper()
	r.posts++
	rec.Received, rec.Source, rec.ID = r.now, "http", fmt.Sprint("e", r.posts)
	if _, err := r.journal.Append(r.t.Context(), partition, []journal.Record{rec}); err != nil {
		r.t.Fatal(err)
	}
}

// post lets an account write.
func (r *rig) post(actor, text string) {
	r.t.Helper()
	body, err := json.Marshal(map[string]any{"id": fmt.Sprint("e", r.posts+1), "time": event.FormatTime(r.now), "kind": "post", "actor": actor, "text": text})
	if err != nil {
		r.t.Fatal(err)
	}
	r.append(journal.Record{Kind: journal.Event, Time: r.now, Body: body})
}

// crowd lets forty accounts write ordinary posts.
func (r *rig) crowd() {
	r.t.Helper()
	words := strings.Fields("the river park is old we walk with a fine dog out near our today lovely morning coffee train garden")
	for i := range 120 {
		r.post(fmt.Sprint("b", i%40), words[i%20]+" "+words[(i*7+3)%20]+" "+words[(i*3+11)%20]+" "+words[(i*11+5)%20])
	}
}

// wave lets n accounts write a word, each within other words.
func (r *rig) wave(prefix string, n int, format string) {
	r.t.Helper()
	around := strings.Fields("park today river coffee garden morning walk dog")
	for i := range n {
		r.post(fmt.Sprint(prefix, i), fmt.Sprintf(format, around[i%8], around[(i*3+1)%8]))
	}
}

// archive moves what is older than an age to the archive.
func (r *rig) archive(age int64) {
	r.t.Helper()
	s, err := archive.NewSealer(r.opts.FS, r.opts.Archive, r.journal,
		archive.Options{Records: 50, Age: time.Duration(age), Retention: time.Duration(age)})
	if err == nil {
		err = errors.Join(s.Step(r.t.Context(), time.Unix(0, r.now)), s.Close())
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) once() Report {
	r.t.Helper()
	report, err := r.Once(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return report
}

// open gives the open discoveries by term.
func (r *rig) open() map[string]record.Discovery {
	r.t.Helper()
	ds, err := r.store.ListDiscoveries(r.t.Context(), record.DiscoveryOpen, record.Page{})
	if err != nil {
		r.t.Fatal(err)
	}
	byTerm := map[string]record.Discovery{}
	for _, d := range ds {
		byTerm[d.Term] = d
	}
	return byTerm
}

func (r *rig) wants(terms string) {
	r.t.Helper()
	var got []string
	for term := range r.open() {
		got = append(got, term)
	}
	slices.Sort(got)
	if diff := cmp.Diff(strings.Fields(terms), got, cmpopts.EquateEmpty()); diff != "" {
		r.t.Errorf("open discoveries (-want +got):\n%s", diff)
	}
}

func TestFindsWhatLabelledAccountsWrite(t *testing.T) {
	r := newRig(t)
	r.append(journal.Record{Kind: journal.Tick, Time: r.now})
	r.append(journal.Record{Kind: journal.Event, Time: r.now, Actor: "a", Body: []byte("{")})
	r.crowd()
	for i := range 6 {
		r.loop.bears[fmt.Sprint("s", i)] = "spam"
		r.loop.bears[fmt.Sprint("x", i)] = "other"
	}
	r.wave("s", 6, "%s zestycorn %s")
	r.wave("x", 6, "%s lemonfizz %s")
	r.now += 5
	got := r.once()
	want := Report{Began: r.now, Ended: r.now, Records: 134, Suspect: 6, Background: 126, Proposed: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&want, r.Last()); diff != "" {
		t.Errorf("last report (-want +got):\n%s", diff)
	}
	r.wants("zestycorn")
	if r.loop.most > batch {
		t.Errorf("the loop was asked for %d accounts at a time, more than %d", r.loop.most, batch)
	}

	d := r.open()["zestycorn"]
	var e Evidence
	var examples []struct{ ID, Text string }
	if err := errors.Join(json.Unmarshal(d.Evidence, &e), json.Unmarshal(d.Examples, &examples)); err != nil {
		t.Fatal(err)
	}
	if d.Kind != "word" || d.Accounts != 6 || e.Suspect != 6 || e.Background != 0 || e.First != 100*hour || e.Z < 1.64 || d.Score <= 0 {
		t.Errorf("got %+v with evidence %+v", d, e)
	}
	if len(examples) != 3 || examples[0].ID != "e123" || examples[0].Text != "park zestycorn today" {
		t.Errorf("examples: got %v", examples)
	}
}

func TestFindsWhatIsWrittenBesideListedTerms(t *testing.T) {
	r := newRig(t)
	r.loop.list(t, []string{"free crypto"}, []string{"rovers"})
	r.crowd()
	r.wave("s", 8, "%s fr33 crypto %s zestycorn")
	r.wave("t", 8, "%s free crypto %s rovers")
	r.once()
	r.wants("zestycorn")
	var e Evidence
	if err := json.Unmarshal(r.open()["zestycorn"].Evidence, &e); err != nil || !slices.Equal(e.Beside, []string{"free crypto"}) {
		t.Errorf("beside: got %v, %v", e.Beside, err)
	}

	// What somebody lists by hand is no candidate any more, also in its disguises.
	r.loop.list(t, []string{"free crypto", "zestycorn"}, []string{"rovers"})
	r.once()
	r.wants("")
}

func TestDecidedTermsStayDecided(t *testing.T) {
	r := newRig(t)
	for i := range 40 {
		r.loop.bears[fmt.Sprint("s", i)] = "spam"
	}
	r.crowd()
	r.wave("s", 5, "%s zestycorn %s")
	r.once()
	r.wants("zestycorn")
	refuse := func() {
		t.Helper()
		if err := r.store.RefuseDiscovery(t.Context(), r.open()["zestycorn"].ID, "person:ada", "a snack", r.now); err != nil {
			t.Fatal(err)
		}
	}
	refuse()
	r.once()
	r.wants("")
	r.wave("s", 30, "%s zestycorn %s")
	r.once()
	r.wants("zestycorn")
	refuse()
	r.wants("")
}

func TestWindow(t *testing.T) {
	r := newRig(t)
	for i := range 6 {
		r.loop.bears[fmt.Sprint("s", i)] = "spam"
	}
	r.wave("s", 6, "%s lemonfizz %s")
	r.now += 2 * hour
	r.crowd()
	r.wave("s", 6, "%s zestycorn %s")
	r.now += hour / 2
	if got := r.once(); got.Records != 126 || got.Shortened {
		t.Errorf("got %+v, want 126 records", got)
	}
	r.wants("zestycorn")

	// What went to the archive is read there: a part of the window, and then the whole.
	r.archive(hour / 4)
	r.wave("s", 6, "%s zestycorn %s")
	if got := r.once(); got.Records != 132 {
		t.Errorf("got %d records, want 132", got.Records)
	}
	r.now += hour / 4
	r.archive(1)
	if first, last := r.journal.Bounds(partition); first != last+1 {
		t.Errorf("the journal keeps %d to %d", first, last)
	}
	if got := r.once(); got.Records != 132 || got.Failed != "" {
		t.Errorf("got %+v, want 132 records", got)
	}
	if d := r.open()["zestycorn"]; !strings.Contains(string(d.Evidence), `"suspect":12,`) {
		t.Errorf("got evidence %s, want 12 posts", d.Evidence)
	}
	r.now += 2 * hour
	if got := r.once(); got.Records != 0 || got.Failed != "" {
		t.Errorf("got %+v, want nothing read and no failure", got)
	}
}

// longJournal holds more than a run reads.
type longJournal struct{ emptyJournal }

func (longJournal) Bounds(journal.Partition) (first, last journal.Position) { return 1, maxRecords + 5 }

func TestReadsNoMoreThanTheLastRecords(t *testing.T) {
	f := New(Options{}, longJournal{}, &fakeLoop{}, nil)
	var r Report
	next, last, err := f.window(t.Context(), &r)
	if err != nil || next != 6 || last != maxRecords+5 || !r.Shortened {
		t.Errorf("got positions %d to %d, shortened %t, %v; want %d to %d", next, last, r.Shortened, err, 6, maxRecords+5)
	}
}

func TestNothingIsSuspect(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Labels = nil })
	r.crowd()
	if got := r.once(); got.Records != 0 || !strings.Contains(got.Failed, "nothing is suspect") {
		t.Errorf("got %+v", got)
	}
	r.loop.list(t, []string{"coffee"}, nil)
	if got := r.once(); got.Failed != "" || got.Suspect == 0 {
		t.Errorf("got %+v, want suspect posts", got)
	}
}

func TestFailuresAreReported(t *testing.T) {
	r := newRig(t)
	r.crowd()
	r.loop.fail = errors.New("the loop is gone")
	if _, err := r.Once(t.Context()); !errors.Is(err, r.loop.fail) {
		t.Errorf("got %v, want %v", err, r.loop.fail)
	}
	if got := r.Last(); got == nil || got.Failed != "discovery: the loop is gone" {
		t.Errorf("got %+v", got)
	}
	r.loop.fail = nil
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Once(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestExamplesAreBounded: whatever users write and call their posts, what is stored of it has a limit.
func TestExamplesAreBounded(t *testing.T) {
	r := newRig(t)
	r.loop.list(t, []string{strings.Repeat("free crypto ", 16)}, nil)
	for i := range 6 {
		r.loop.bears[fmt.Sprint("s", i)] = "spam"
	}
	r.crowd()
	r.wave("s", 6, "%s zestycorn %s "+strings.Repeat("\x01<&\u2028", 2000))
	r.once()
	d := r.open()["zestycorn"]
	if d.ID == "" || len(d.Examples) > record.MaxDiscoveryEvidence || len(d.Examples) < 100 {
		t.Errorf("got %d bytes of examples of %q", len(d.Examples), d.Term)
	}
}

// fakeStore counts what Run does.
type fakeStore struct {
	record.Discoveries
	runs   []int64
	pruned []int64
	now    func() int64
}

func (s *fakeStore) PutDiscoveries(context.Context, []record.Discovery, int, int64) (int, error) {
	s.runs = append(s.runs, s.now())
	return 0, nil
}

func (s *fakeStore) ListDiscoveries(context.Context, record.DiscoveryState, record.Page) ([]record.Discovery, error) {
	return nil, nil
}

func (s *fakeStore) ForgetDiscoveries(context.Context, []string) error { return nil }

func (s *fakeStore) PruneDiscoveries(_ context.Context, before int64) error {
	s.pruned = append(s.pruned, before)
	return nil
}

// emptyJournal has no records.
type emptyJournal struct{ Journal }

func (emptyJournal) Bounds(journal.Partition) (first, last journal.Position) { return 1, 0 }

func (emptyJournal) PositionAt(journal.Partition, int64) (journal.Position, error) { return 1, nil }

func TestRunsAtItsTimesAndWhenAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		now := func() int64 { return int64(time.Since(began)) }
		store := &fakeStore{now: now}
		f := New(Options{Every: time.Hour, Window: time.Hour, Labels: []string{"spam"}, Most: 20, Now: now, Log: slog.New(slog.DiscardHandler)},
			emptyJournal{}, &fakeLoop{}, store)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		f.Ask()
		f.Ask() // one run answers both
		go func() { ended <- f.Run(ctx) }()
		time.Sleep(90 * time.Minute)
		f.Ask()
		time.Sleep(45 * time.Minute)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int64{0, hour, hour * 3 / 2, 2 * hour}, store.runs); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
		if len(store.pruned) != 13 || store.pruned[0] != int64(10*time.Minute-keep) {
			t.Errorf("pruned %d times, first before %d", len(store.pruned), store.pruned[0])
		}
	})
}

// BenchmarkOnce reads posts of some 80 bytes, one in 20 of a suspect account, with 200 listed terms.
func BenchmarkOnce(b *testing.B) {
	now := func() int64 { return 100 * hour }
	r := newRig(b, func(o *Options) { o.Now = now })
	var terms, words []string
	for i := range 2000 {
		words = append(words, fmt.Sprintf("%c%c%c%c%c", 'a'+i%7, "aeiou"[i%5], 'k'+i%11, "aeiou"[i/5%5], 'l'+i/11%13))
	}
	for i := range 200 {
		terms = append(terms, "listed"+words[i*7])
	}
	r.loop.list(b, terms, nil)
	for i := range 20 {
		r.loop.bears[fmt.Sprint("a", i)] = "spam"
	}
	const posts = 20_000
	var recs []journal.Record
	for i := range posts {
		var text []string
		for j := range 14 {
			text = append(text, words[(i*31+j*j*17+i*j)%len(words)])
		}
		body := fmt.Sprintf(`{"id":"e%d","time":%q,"kind":"post","actor":"a%d","text":%q}`, i, event.FormatTime(now()), i%400, strings.Join(text, " "))
		recs = append(recs, journal.Record{Kind: journal.Event, Time: now(), Received: now(), Source: "http", ID: fmt.Sprint("e", i), Body: []byte(body)})
	}
	if _, err := r.journal.Append(b.Context(), partition, recs); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if got := r.once(); got.Suspect < posts/20 {
			b.Fatalf("got %+v", got)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(posts*b.N), "µs/post")
}
