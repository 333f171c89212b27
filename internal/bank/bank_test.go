package bank

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/event"

	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/rule"
	"github.com/ringfence/ringfence/text/link"
)

func zero() *int { n := 0; return &n }

// look gives what a set finds in an event of a text, links and a device, as bank:entry(surface).
func look(s *Set, text, device string, urls ...string) string {
	e := event.Event{Text: text, Device: device, Fields: 1<<event.FieldText | 1<<event.FieldDevice}
	var links []rule.Link
	for _, u := range urls {
		if l, ok := link.Parse(u); ok {
			links = append(links, rule.Link{Canonical: l.Canonical, Host: l.Host})
		}
	}
	var r Reader
	var found []string
	for _, f := range r.Look(nil, s, &e, links) {
		found = append(found, fmt.Sprintf("%s:%s(%s)%s%d", f.Bank, f.Entry, f.Surface, f.Policy, f.Severity))
	}
	return strings.Join(found, " ")
}

func set(t *testing.T, files ...*File) *Set {
	t.Helper()
	var banks []Stored
	for _, f := range files {
		if err := f.Check(); err != nil {
			t.Fatal(err)
		}
		banks = append(banks, f.Stored())
	}
	s, err := NewSet(&Compiler{}, banks)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLook(t *testing.T) {
	s := set(
		t,
		&File{Name: "scam", Header: Header{Kind: Terms, Policy: "spam", Severity: 2}, Entries: []Entry{{Value: "free crypto"}, {Value: "viagra", Policy: "drugs", Severity: 4}, {Value: "exactly", MaxCost: zero()}}},
		&File{Name: "names", Header: Header{Kind: Terms, Good: true}, Entries: []Entry{{Value: "viagra falls hotel"}}},
		&File{Name: "hosts", Header: Header{Kind: Links, Policy: "phishing", Severity: 3}, Entries: []Entry{{Value: "evil.example"}, {Value: "https://shop.example/fake?a=1"}}},
		&File{Name: "own", Header: Header{Kind: Links, Good: true}, Entries: []Entry{{Value: "help.evil.example"}}},
		&File{Name: "farm", Header: Header{Kind: Devices}, Entries: []Entry{{Value: "d1"}}},
	)
	for _, c := range []struct {
		text, device string
		urls         []string
		want         string
	}{
		{text: "nothing here", want: ""},
		{text: "get FR33 crypt0 today", want: "scam:free crypto(FR33 crypt0)spam2"},
		{text: "v.i.a.g.r.a", want: "scam:viagra(v.i.a.g.r.a)drugs4"},
		{text: "at the Viagra Falls Hotel", want: "names:viagra falls hotel(Viagra Falls Hotel)0"},
		{text: "exactly", want: "scam:exactly(exactly)spam2"},
		{text: "3x4ctly", want: ""},
		{urls: []string{"http://www.evil.example/x"}, want: "hosts:evil.example(https://www.evil.example/x)phishing3"},
		{urls: []string{"https://help.evil.example/x"}, want: "own:help.evil.example(https://help.evil.example/x)0"},
		{urls: []string{"https://notevil.example/", "https://shop.example/fake?a=1&utm_source=x", "https://shop.example/"}, want: "hosts:https://shop.example/fake?a=1(https://shop.example/fake?a=1)phishing3"},
		{device: "d1", want: "farm:d1(d1)0"},
		{device: "d11", want: ""},
	} {
		if got := look(s, c.text, c.device, c.urls...); got != c.want {
			t.Errorf("%q %q %v: got %q, want %q", c.text, c.device, c.urls, got, c.want)
		}
	}
	var none *Set
	if got := look(none, "viagra", "d1"); got != "" || none.Needs(Terms) || none.Banks() != nil || none.Version("x") != 0 {
		t.Errorf("without banks: %q", got)
	}
}

func TestApply(t *testing.T) {
	var s *Set
	step := func(e Edit) error {
		next, err := s.Apply(&e)
		if err == nil {
			s = next
		}
		return err
	}
	must := func(e Edit) {
		t.Helper()
		if err := step(e); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(want error, e Edit) {
		t.Helper()
		if err := step(e); !errors.Is(err, want) {
			t.Errorf("%+v: got %v, want %v", e, err, want)
		}
	}
	terms := &Header{Kind: Terms}
	refused(ErrInvalid, Edit{Bank: "a", Version: 1, Add: []Entry{{Value: "viagra"}}}) // no kind
	refused(ErrVersion, Edit{Bank: "a", Version: 2, Header: terms})
	must(Edit{Bank: "a", Version: 1, Header: terms, Add: []Entry{{Value: "viagra"}}})
	refused(ErrVersion, Edit{Bank: "a", Version: 1, Header: terms})
	refused(ErrInvalid, Edit{Bank: "a", Version: 2, Header: &Header{Kind: Links}})
	refused(ErrInvalid, Edit{Bank: "a", Version: 2, Remove: []string{"x"}})
	refused(ErrInvalid, Edit{Bank: "a", Version: 2, Add: []Entry{{Value: strings.Repeat("x", 300)}}}) // longer than a term
	refused(ErrInvalid, Edit{Bank: "b", Version: 1, Header: &Header{Kind: Links}, Add: []Entry{{Value: "no link"}}})
	refused(ErrInvalid, Edit{Bank: "b", Version: 1, Header: &Header{Kind: "faces"}})
	refused(ErrInvalid, Edit{Bank: "B b", Version: 1, Header: terms})

	// Nothing of a change in parts is there before the last part; other banks go on meanwhile.
	must(Edit{Bank: "a", Version: 2, Add: []Entry{{Value: "casino"}}, More: true})
	must(Edit{Bank: "b", Version: 1, Header: &Header{Kind: Devices}, Add: []Entry{{Value: "d1"}}})
	if got := look(s, "viagra casino", "d1"); got != "b:d1(d1)0 a:viagra(viagra)0" {
		t.Errorf("before the last part: %q", got)
	}
	must(Edit{Bank: "a", Version: 3, Remove: []string{"viagra"}})
	if got := look(s, "viagra casino", "d1"); got != "b:d1(d1)0 a:casino(casino)0" {
		t.Errorf("after the last part: %q", got)
	}
	must(Edit{Bank: "a", Version: 4, Drop: true})
	if _, there := s.Bank("a"); there || look(s, "viagra casino", "") != "" || s.Needs(Terms) {
		t.Error("a bank that was dropped is there")
	}
	refused(ErrInvalid, Edit{Bank: "a", Version: 5, Add: []Entry{{Value: "x"}}})
	must(Edit{Bank: "a", Version: 5, Header: &Header{Kind: Links}, Add: []Entry{{Value: "evil.example"}}})
	if got := look(s, "casino", "", "https://evil.example"); got != "a:evil.example(https://evil.example)0" {
		t.Errorf("after the bank was made anew: %q", got)
	}
}

// TestSetsAreWhatTheyHold holds that a set depends on its banks alone, not on how they came to be, and that an old set stays as it was.
func TestSetsAreWhatTheyHold(t *testing.T) {
	words := []string{"viagra", "casino", "free crypto", "cialis"}
	rapid.Check(t, func(t *rapid.T) {
		var s *Set
		var compiler Compiler
		has := map[string]bool{}
		for version := 1; version <= rapid.IntRange(1, 8).Draw(t, "edits"); version++ {
			e := Edit{Bank: "a", Version: version}
			if version == 1 {
				e.Header = &Header{Kind: Terms}
			}
			word := rapid.SampledFrom(words).Draw(t, "word")
			if has[word] {
				e.Remove = []string{word}
			} else {
				e.Add = []Entry{{Value: word}}
			}
			has[word] = !has[word]
			before, text := s, strings.Join(words, ", ")
			was := look(before, text, "")
			next, err := s.Apply(&e)
			if err != nil {
				t.Fatal(err)
			}
			if again := look(before, text, ""); again != was {
				t.Fatalf("an edit changed the set before it: %q, then %q", was, again)
			}
			s = next
			f := &File{Name: "a", Header: Header{Kind: Terms}}
			for word, in := range has {
				if in {
					f.Entries = append(f.Entries, Entry{Value: word})
				}
			}
			fresh, err := NewSet(&compiler, []Stored{f.Stored()})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := look(s, text, ""), look(fresh, text, ""); got != want {
				t.Fatalf("after edits %q, made at once %q", got, want)
			}
		}
	})
}

func TestFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"scam.txt", "# a comment\nfree crypto\n\n#hashtag\n", "scam terms [free crypto #hashtag]"},
		{"x.yaml", "bank: y\nkind: links\npolicy: spam\nentries:\n- value: evil.example\n", "y links [evil.example]"},
		{"x.ndjson", `{"bank":"y","kind":"devices","good":true}` + "\n" + `{"value":"d1"}` + "\n", "y devices [d1]"},
	} {
		f, err := ReadFile(strings.NewReader(c.text), c.name)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var values []string
		for _, e := range f.Entries {
			values = append(values, e.Value)
		}
		if got := fmt.Sprint(f.Name, " ", f.Kind, " ", values); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		var out strings.Builder
		if err := f.Write(&out); err != nil {
			t.Fatal(err)
		}
		if again, err := ReadFile(strings.NewReader(out.String()), "again.ndjson"); err != nil || !cmp.Equal(f, again) {
			t.Errorf("%s: written and read again: %v, %v", c.name, again, err)
		}
	}
	for _, c := range []struct{ name, text, want string }{
		{"x.xml", "a", "ends in"},
		{"x.yaml", "kind: terms\nentrys: []", "entrys"},
		{"x.yaml", "kind: faces", "faces"},
		{"x.yaml", "kind: terms\nentries: [{value: a}, {value: a}]", "twice"},
		{"x.yaml", "kind: terms # " + strings.Repeat("x", 9000), "longer"},
		{"x.ndjson", `{"kind":"terms"}` + "\n" + `{"valeu":"d1"}`, "line 2"},
		{"x.ndjson", "\n" + `{"kind":"terms"}` + "\n" + `{"value":"a"} {"value":"b"}`, "line 3: more than one"},
		{"x.yaml", "kind: links\nentries:\n- {value: a.example, except: [" + strings.Repeat("x", 300) + "]}", "200 bytes"},
		{"x.ndjson", `{"kind":"terms"}` + "\n" + `{"value":"d1","severity":9}`, "severity"},
		{"Bad Name.txt", "x", "name"},
	} {
		if f, err := ReadFile(strings.NewReader(c.text), c.name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.40q: got %v, %v, want %q", c.name, c.text, f, err, c.want)
		}
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add("kind: terms\nentries:\n- value: x\n", "a.yaml")
	f.Add(`{"kind":"links"}`+"\n"+`{"value":"evil.example"}`, "a.ndjson")
	f.Add("one\ntwo", "a.txt")
	f.Fuzz(func(t *testing.T, text, name string) {
		file, err := ReadFile(strings.NewReader(text), name)
		if err != nil || len(file.Entries) > 100 {
			return
		}
		s, err := NewSet(&Compiler{}, []Stored{file.Stored()})
		if err != nil {
			return
		}
		look(s, text, "d1", "https://evil.example")
	})
}

func TestLookAllocatesNothingWithoutAMatch(t *testing.T) {
	s := set(t, &File{Name: "scam", Header: Header{Kind: Terms}, Entries: []Entry{{Value: "viagra"}}},
		&File{Name: "hosts", Header: Header{Kind: Links}, Entries: []Entry{{Value: "evil.example"}}})
	e := event.Event{Text: "an ordinary post, 10/10 #fun", Fields: 1 << event.FieldText}
	links := []rule.Link{{Canonical: "https://news.example/a", Host: "news.example"}}
	var r Reader
	var dst []rule.Found
	r.Look(dst, s, &e, links)
	if n := testing.AllocsPerRun(100, func() { dst = r.Look(dst[:0], s, &e, links) }); n != 0 {
		t.Errorf("%v allocations an event, want 0", n)
	}
}

// TestNothingIsHiddenBehindHits holds that many hits of one entry, or of a known-good one, crowd out no other, and that good entries
// cover only what they may match.
func TestNothingIsHiddenBehindHits(t *testing.T) {
	limit := zero()
	s := set(
		t,
		&File{Name: "good", Header: Header{Kind: Terms, Good: true}, Entries: []Entry{{Value: "scunthorpe"}, {Value: "sussex", MaxCost: limit}}},
		&File{Name: "bad", Header: Header{Kind: Terms, Severity: 1}, Entries: []Entry{{Value: "casino"}, {Value: "kill yourself", Severity: 5}, {Value: "sex", Boundary: "none"}}},
		&File{Name: "hosts", Header: Header{Kind: Links}, Entries: []Entry{{Value: "bad.example"}}},
	)
	for _, filler := range []string{"scunthorpe ", "casino "} {
		got := look(s, strings.Repeat(filler, 400)+"kill yourself", "", "https://bad.example/x")
		if !strings.Contains(got, "kill yourself") || !strings.Contains(got, "bad.example") {
			t.Errorf("behind 400 times %q: %.200q", filler, got)
		}
	}
	if got := look(s, "sus sex shop", ""); !strings.Contains(got, "bad:sex") {
		t.Errorf("a good entry beyond its limit hides %q", got)
	}
	if got := look(s, "the Sussex shop", ""); strings.Contains(got, "bad:sex") {
		t.Errorf("a good entry does not cover: %q", got)
	}

	many := &File{Name: "many", Header: Header{Kind: Terms}}
	text := ""
	for i := range maxFound + 50 {
		word := "w" + strings.Map(func(r rune) rune { return 'a' + r - '0' }, fmt.Sprintf("%04d", i)) + "q"
		many.Entries = append(many.Entries, Entry{Value: word, Severity: 1 + i/(maxFound+49)})
		text += word + " "
	}
	found := look(set(t, many), text, "")
	if last := many.Entries[len(many.Entries)-1].Value; strings.Count(found, "many:") != maxFound || !strings.Contains(found, last) {
		t.Errorf("%d of %d terms, the most severe one among them: %v", strings.Count(found, "many:"), len(many.Entries), strings.Contains(found, last))
	}
}

// TestPartsFit holds that no part of an edit is much larger than asked for, whatever its entries hold.
func TestPartsFit(t *testing.T) {
	inflections := slices.Repeat([]string{"\"ending\"00"}, 100)
	e := Edit{Bank: "a", Version: 1, Header: &Header{Kind: Devices}}
	for i := range 2000 {
		e.Add = append(e.Add, Entry{Value: fmt.Sprint("<", i), Inflections: &inflections, Note: strings.Repeat("\x01", 500)})
		e.Remove = append(e.Remove, strings.Repeat("<", 2000))
	}
	const size = 1 << 20
	added, removed := 0, 0
	parts := e.Parts(size)
	for i, p := range parts {
		b, err := json.Marshal(&p)
		if err != nil || len(b) > size+size/4 {
			t.Errorf("part %d has %d bytes, %v", i+1, len(b), err)
		}
		if p.More != (i < len(parts)-1) || (p.Header != nil) != (i == 0) {
			t.Errorf("part %d: more %v, header %v", i+1, p.More, p.Header)
		}
		added, removed = added+len(p.Add), removed+len(p.Remove)
	}
	if added != 2000 || removed != 2000 {
		t.Errorf("%d added, %d removed, want 2000 each", added, removed)
	}
}

// TestRoomOfEachKind: what is harmless takes no place from what is not, and what is left out is said.
func TestRoomOfEachKind(t *testing.T) {
	good, bad := &File{Name: "fine", Header: Header{Kind: Links, Good: true}}, &File{Name: "evil", Header: Header{Kind: Links}}
	var fine, evil []rule.Link
	for i := range maxFound + 44 {
		host := fmt.Sprintf("fine%d.example", i)
		good.Entries, fine = append(good.Entries, Entry{Value: host}), append(fine, rule.Link{Canonical: "https://" + host + "/", Host: host})
		host = fmt.Sprintf("evil%d.example", i)
		bad.Entries, evil = append(bad.Entries, Entry{Value: host, Severity: 1 + i/(maxFound+43)}), append(evil, rule.Link{Canonical: "https://" + host + "/", Host: host})
	}
	last := bad.Entries[len(bad.Entries)-1].Value
	s := set(t, good, bad, &File{Name: "gore", Header: Header{Kind: Hashes}, Entries: []Entry{{Value: apart(0).String()}}})
	var same []rule.Link // one host, again and again, before another
	for i := range 2 * maxFound {
		same = append(same, rule.Link{Canonical: fmt.Sprintf("https://evil0.example/%d", i), Host: "evil0.example"})
	}
	for _, c := range []struct {
		name            string
		links           []rule.Link
		of              string // an entry that must be found
		good, bad       int
		cutGood, cutBad bool
	}{
		{"good links, then a bad one", append(slices.Clone(fine), evil[0]), "evil0.example", maxFound, 1, true, false},
		{"bad ones, the worst last", evil, last, 0, maxFound, false, true},
		{"one bad host, then another", append(same, evil[1]), "evil1.example", 0, 2, false, false},
	} {
		var r Reader
		found := r.Look(nil, s, &event.Event{}, c.links)
		found, _ = r.LookAt(found, s, &Picture{PDQ: []hamming.Hash{apart(3)}}, "m", Occasion{})
		count := map[string]int{}
		for _, f := range found {
			count[f.Bank]++
			count[f.Entry]++
		}
		cut := r.Cut()
		if count["fine"] != c.good || count["evil"] != c.bad || count[c.of] != 1 || count["gore"] != 1 {
			t.Errorf("%s: %d good, %d bad, %d of %s, %d pictures", c.name, count["fine"], count["evil"], count[c.of], c.of, count["gore"])
		}
		if cut.Has("links", true) != c.cutGood || cut.Has("links", false) != c.cutBad || cut.Has("hashes", false) || r.Cut() != 0 {
			t.Errorf("%s: left out is %b", c.name, cut)
		}
	}
}
