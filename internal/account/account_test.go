package account

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/learn"
)

func decode(t testing.TB, line string) *event.Event {
	t.Helper()
	var e event.Event
	if err := event.NewDecoder(event.DefaultLimits()).Decode([]byte(line), &e); err != nil {
		t.Fatal(err)
	}
	return &e
}

// named are the features of a row that are not missing.
func named(kind Kind, row []float64) map[string]float64 {
	found := map[string]float64{}
	for i, v := range row {
		if !math.IsNaN(v) {
			found[kind.Names()[i]] = v
		}
	}
	return found
}

func TestProfile(t *testing.T) {
	const head = `{"id":"e","time":"2026-01-11T00:00:00Z","kind":"post","actor":"a"`
	l := func(n float64) float64 { return math.Log1p(n) }
	for _, tc := range []struct {
		name, line string
		want       map[string]float64
	}{
		{"nothing", head + `}`, map[string]float64{}},
		{
			"counts", head + `,"account":{"created":"2026-01-01T00:00:00Z","followers":3,"following":99,"posts":20,"confirmed":true,"verified":false}}`,
			map[string]float64{
				"age": l(10), "followers": l(3), "following": l(99), "posts": l(20), "following_per_follower": l(99) - l(3), "posts_per_follower": l(20) - l(3),
				"posts_per_day": l(20) - l(10), "followers_per_day": l(3) - l(10), "confirmed": 1, "verified": 0,
			},
		},
		{
			"a handle", head + `,"account":{"handle":"Mxkrt_a77.host.example","email":"mxkrt_A77@mail.example"}}`,
			map[string]float64{
				"handle_length": 9, "handle_digits": 2. / 9, "handle_tail": 2, "handle_entropy": math.Log2(9) - 2./9, "handle_consonants": 5, "handle_marks": 1,
				"email_digits": 2. / 9, "email_equals_handle": 1,
			},
		},
		{"half a ratio", head + `,"account":{"followers":3}}`, map[string]float64{"followers": l(3)}},
		{"a name and a bio", head + `,"name":"Zoë","bio":"I knit."}`, map[string]float64{"name_length": 3, "bio_length": 7}},
		{"made later than now", head + `,"account":{"created":"2026-01-12T00:00:00Z","posts":1}}`, map[string]float64{"posts": l(1)}},
		{"negative counts", head + `,"account":{"followers":-3,"handle":".host"}}`, map[string]float64{}},
	} {
		got := named(Profile, AppendProfile(nil, decode(t, tc.line)))
		if diff := cmp.Diff(tc.want, got, cmpopts.EquateApprox(1e-12, 1e-12)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestHistory(t *testing.T) {
	var h History
	if got := named(Behaviour, append(make([]float64, 0), h.Append(AppendProfile(nil, decode(t, `{"id":"e","time":"2026-01-11T00:00:00Z","kind":"x","actor":"a"}`)))...)); len(got) != 0 {
		t.Errorf("of an account that was never seen: %v", got)
	}
	for i, line := range []string{
		`"2026-01-11T23:00:00Z","kind":"post","text":"buy","urls":["https://x.example"],"client":"web","ip":"10.0.0.1"`,
		`"2026-01-11T23:01:00Z","kind":"reply","text":"buy","target":"b","client":"web","ip":"10.0.0.2"`,
		`"2026-01-11T23:02:00Z","kind":"like","target":"b","client":"app"`,
		`"2026-01-12T01:02:00Z","kind":"follow","target":"c"`,
	} {
		h.Add(decode(t, fmt.Sprintf(`{"id":"e%d","actor":"a","time":%s}`, i, line)))
	}
	gaps := []float64{math.Log1p(60), math.Log1p(60), math.Log1p(7200)}
	mean := (gaps[0] + gaps[1] + gaps[2]) / 3
	spread := 0.0
	for _, g := range gaps {
		spread += (g - mean) * (g - mean) / 3
	}
	want := map[string]float64{
		"acts": math.Log1p(4), "acts_per_day": math.Log1p(4 / (122. / 1440)), "gap_mean": mean, "gap_spread": math.Sqrt(spread), "hours": 2, "quiet_hours": 21,
		"share_posts": .25, "share_replies": .25, "share_reposts": 0, "share_likes": .25, "share_follows": .25, "share_repeated": .5, "share_links": .5,
		"share_targets": 2. / 3, "share_clients": .25, "share_addresses": .25,
	}
	row := slices.Repeat([]float64{math.NaN()}, profileFeatures)
	if diff := cmp.Diff(want, named(Behaviour, h.Append(row)), cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := unsafe.Sizeof(h); got != 160 {
		t.Errorf("a history takes %d bytes, the documentation says 160", got)
	}
}

func TestRowsAreFinite(t *testing.T) {
	number := rapid.OneOf(rapid.Int64(), rapid.Just[int64](math.MinInt64), rapid.Just[int64](math.MaxInt64))
	text := rapid.OneOf(rapid.String(), rapid.StringN(0, 200, -1))
	rapid.Check(t, func(t *rapid.T) {
		var h History
		var row []float64
		for range rapid.IntRange(1, 8).Draw(t, "acts") {
			e := event.Event{Time: number.Draw(t, "time"), Kind: rapid.SampledFrom([]string{"post", "reply", "like", "x"}).Draw(t, "kind"), Actor: "a",
				Text: text.Draw(t, "text"), Target: text.Draw(t, "target"), Client: text.Draw(t, "client"), IP: text.Draw(t, "ip"), Fields: 1<<event.FieldCount - 1,
				Account: event.Account{Created: number.Draw(t, "created"), Handle: text.Draw(t, "handle"), Email: text.Draw(t, "email"),
					Followers: number.Draw(t, "followers"), Following: number.Draw(t, "following"), Posts: number.Draw(t, "posts")}}
			h.Add(&e)
			row = h.Append(AppendProfile(row[:0], &e))
		}
		if !finite(row) || len(row) != len(Behaviour.Names()) {
			t.Fatalf("row %v", row)
		}
	})
}

// crowd draws accounts: the automated follow many, have handles of letters and digits and act by the clock.
func crowd(seed uint64, n int) []Example {
	r := rand.New(rand.NewPCG(seed, 1))
	var examples []Example
	for i := range n {
		bot := r.IntN(3) == 0
		var w Watch
		for act := range 1 + r.IntN(6) {
			e := event.Event{Actor: fmt.Sprintf("a%d", i), Kind: "post", Time: int64(act) * 3600e9 * int64(1+r.IntN(5)), Text: fmt.Sprint(r.IntN(1000))}
			e.Fields.Add(event.FieldAccountFollowers)
			e.Fields.Add(event.FieldAccountFollowing)
			e.Fields.Add(event.FieldAccountHandle)
			e.Account = event.Account{Followers: r.Int64N(500), Following: r.Int64N(500), Handle: "anna"}
			if bot && r.IntN(8) > 0 {
				e.Account.Following *= 5
				e.Account.Handle = fmt.Sprintf("anna%d", r.IntN(100000))
				e.Time = int64(act) * 60e9
			}
			if err := w.Add(&e); err != nil {
				panic(err)
			}
		}
		_ = w.Each(Behaviour, func(account string, row []float64) error {
			examples = append(examples, Example{account, row, bot})
			return nil
		})
	}
	return examples
}

func TestTrain(t *testing.T) {
	examples := crowd(1, 600)
	m, report, err := Train(Behaviour, examples)
	if err != nil {
		t.Fatal(err)
	}
	if report.AUC < 0.9 || report.CalibrationError > 0.06 || report.Positive+report.Negative != 600 || len(report.Scored) != 600 {
		t.Errorf("report: AUC %.3f, calibration error %.3f, %d and %d accounts", report.AUC, report.CalibrationError, report.Positive, report.Negative)
	}
	banded := 0
	for _, b := range report.Bands {
		banded += len(b.Scored)
		if r := b.FalseRate(0.5); r.Low > r.Value || r.High < r.Value {
			t.Errorf("band %s: %v", b.Followers, r)
		}
	}
	if banded != 600 || report.Bands[0].Followers != "0-9" {
		t.Errorf("%d accounts in %d bands from %s", banded, len(report.Bands), report.Bands[0].Followers)
	}
	var fresh []learn.Scored
	for _, x := range crowd(2, 1000) {
		fresh = append(fresh, learn.Scored{Score: m.Score(x.Row), Positive: x.Positive})
	}
	if auc, err := learn.AUC(fresh); err != nil || math.Abs(auc-report.AUC) > 0.05 {
		t.Errorf("AUC of fresh accounts = %.3f (%v), the report says %.3f", auc, err, report.AUC)
	}
	slices.Reverse(examples)
	again, _, err := Train(Behaviour, examples)
	if err != nil || !bytes.Equal(again.Append(nil), m.Append(nil)) {
		t.Errorf("in another order the model is another (%v)", err)
	}
	decoded, err := Decode(m.Append(nil))
	if err != nil || decoded.Kind() != Behaviour || decoded.Score(examples[0].Row) != m.Score(examples[0].Row) {
		t.Errorf("the model does not survive its encoding: %v", err)
	}
	effects := m.Explain(examples[0].Row, 3)
	if len(effects) == 0 || len(effects) > 3 {
		t.Errorf("effects: %v", effects)
	}
	if _, ok := m.ScoreEvent(decode(t, `{"id":"e","time":"2026-01-11T00:00:00Z","kind":"x","actor":"a","account":{"posts":1}}`)); ok {
		t.Error("a model of behaviour scored an event alone")
	}
}

func TestTrainRefuses(t *testing.T) {
	fine := crowd(1, 300)
	for name, change := range map[string]func([]Example) []Example{
		"too few":    func(x []Example) []Example { return x[:60] },
		"one kind":   func(x []Example) []Example { return slices.DeleteFunc(x, func(e Example) bool { return e.Positive }) },
		"both kinds": func(x []Example) []Example { return append(x, Example{x[0].Account, x[0].Row, !x[0].Positive}) },
		"short rows": func(x []Example) []Example { return append(x, Example{"z", x[0].Row[1:], true}) },
		"infinite": func(x []Example) []Example {
			return append(x, Example{"z", slices.Repeat([]float64{math.Inf(1)}, len(x[0].Row)), true})
		},
	} {
		if _, _, err := Train(Behaviour, change(slices.Clone(fine))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLooksAreAtActsThatDouble(t *testing.T) {
	w := Watch{Looks: true}
	for i := range 11 {
		e := event.Event{Actor: "a", Kind: "post", Time: int64(i) * hour}
		if err := w.Add(&e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Add(&event.Event{Actor: "b", Kind: "like"}); err != nil {
		t.Fatal(err)
	}
	var acts []float64
	for _, x := range w.Examples(Behaviour, map[string]bool{"a": true}) {
		acts = append(acts, math.Round(math.Expm1(x.Row[profileFeatures+bActs])))
		if x.Account != "a" || !x.Positive {
			t.Errorf("example %+v", x)
		}
	}
	if want := []float64{1, 2, 4, 8, 11}; !slices.Equal(acts, want) {
		t.Errorf("looks after %v acts, want %v", acts, want)
	}
	if got := len(w.Examples(Profile, map[string]bool{"a": true})[0].Row); got != profileFeatures {
		t.Errorf("a row of %d features, want %d", got, profileFeatures)
	}
}

func TestDefaultModels(t *testing.T) {
	for _, kind := range []Kind{Profile, Behaviour} {
		m, err := Default(kind)
		if err != nil || m.Kind() != kind {
			t.Fatalf("the program's own model: %v", err)
		}
	}
	m, err := Default(Profile)
	if err != nil {
		t.Fatal(err)
	}
	e := decode(t, `{"id":"e","time":"2026-01-11T00:00:00Z","kind":"post","actor":"a","account":{"created":"2019-01-01T00:00:00Z","handle":"anna","followers":300,"following":200,"posts":900,"confirmed":true}}`)
	p, ok := m.ScoreEvent(e)
	if !ok || p <= 0 || p > 0.2 {
		t.Errorf("an old account scores %g (%v)", p, ok)
	}
	if _, ok := m.ScoreEvent(decode(t, `{"id":"e","time":"2026-01-11T00:00:00Z","kind":"post","actor":"a","text":"x"}`)); ok {
		t.Error("an event without a profile was scored")
	}
	if got := testing.AllocsPerRun(100, func() { m.ScoreEvent(e) }); got != 0 {
		t.Errorf("%g allocations, want 0", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(profileModel[:2000])
	f.Add([]byte(magic + "\x41\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01x\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error %v is not ErrFormat", err)
			}
			return
		}
		if again := m.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x was read as a model that is written %x", b, again)
		}
		if p := m.Score(slices.Repeat([]float64{math.NaN()}, len(m.kind.Names()))); !(p >= 0 && p <= 1) {
			t.Fatalf("probability %g", p)
		}
	})
}

func BenchmarkScoreEvent(b *testing.B) {
	m, err := Default(Profile)
	if err != nil {
		b.Fatal(err)
	}
	e := decode(b, `{"id":"e","time":"2026-01-11T00:00:00Z","kind":"post","actor":"a","account":{"created":"2019-01-01T00:00:00Z","handle":"anna","followers":300,"following":200,"posts":900,"confirmed":true}}`)
	b.ReportAllocs()
	for b.Loop() {
		m.ScoreEvent(e)
	}
}
