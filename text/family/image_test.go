package family

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type change struct {
	key, value string
	deleted    bool
}

type images struct{ changes []change }

func (s *images) Set(key, value []byte) {
	s.changes = append(s.changes, change{key: string(key), value: string(value)})
}
func (s *images) Delete(key []byte) {
	s.changes = append(s.changes, change{key: string(key), deleted: true})
}

// reporter is a test of Go or of rapid.
type reporter interface {
	Errorf(string, ...any)
	Fatal(...any)
}

// kept is an index whose images are kept.
type kept struct {
	*Index
	records map[string]string
	begun   *images // the image that is being written; nil while none is
	next    *images
	was     string // what the index was when that image was begun
	saved   string // what it was when that one was begun which is kept
}

func newKept(budget int) *kept {
	k := &kept{Index: NewIndex(budget), records: map[string]string{}, next: &images{}}
	k.Mark(k.next)
	return k
}

func (k *kept) begin() {
	if k.begun != nil {
		k.commit()
	}
	k.begun, k.next, k.was = k.next, &images{}, k.dump()
	k.Mark(k.next)
}

// commit ends the image that was begun.
func (k *kept) commit() {
	for k.Step(3) == 0 {
	}
	for _, c := range k.begun.changes {
		if c.deleted {
			delete(k.records, c.key)
		} else {
			k.records[c.key] = c.value
		}
	}
	k.begun, k.saved = nil, k.was
}

func load(records map[string]string, budget int) (*Index, error) {
	x := NewIndex(budget)
	for _, key := range slices.Sorted(maps.Keys(records)) {
		if err := x.Load([]byte(key), []byte(records[key])); err != nil {
			return nil, err
		}
	}
	return x, x.Loaded()
}

// restored is the index as its last image has it, and whether that is what the index was.
func (k *kept) restored(t reporter) *kept {
	x, err := load(k.records, k.budget)
	if err != nil {
		t.Fatal(err)
	}
	if got := x.dump(); got != k.saved {
		t.Errorf("the image is of\n%s\nbut what was then is\n%s", got, k.saved)
	}
	next := &kept{Index: x, records: k.records, next: &images{}, saved: k.saved}
	x.Mark(next.next)
	return next
}

// dump is everything that a later answer could depend on.
func (x *Index) dump() string {
	families := map[ID]*family{}
	for _, d := range x.queue {
		families[d.family.id] = d.family
	}
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(families)) {
		f := families[id]
		fmt.Fprintln(&b, f.id, f.first, f.last, f.texts, f.accounts, f.samples)
		for _, e := range f.exemplars {
			fmt.Fprintln(&b, " ", e.seq, e.exact, e.all, e.hashes)
		}
	}
	lists := map[uint32][]uint64{}
	for key := range x.postings.lists {
		var one [1]uint32
		for _, slot := range x.postings.of(key, &one) {
			_, e := x.slots[slot].exemplar()
			lists[key] = append(lists[key], e.seq)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		fmt.Fprintln(&b, key, lists[key])
	}
	fmt.Fprintln(&b, x.bytes)
	return b.String()
}

// TestImages drives an index through images at any points, which are written at any pace, and through crashes at any points: it
// says what one that nothing disturbed says, however small the budget.
func TestImages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.SampledFrom([]int{0, 3_000, 30_000, 1 << 20}).Draw(t, "budget")
		// Few words, so that texts are alike and keys are shared by many.
		words := rapid.SampledFrom([]string{"free", "money", "now", "call", "prize", "winner", "claim", "today", "https://ex.example/1", "2000"})
		text := rapid.Map(rapid.SliceOfN(words, 0, 14), func(w []string) string { return strings.Join(w, " ") })
		type post struct {
			sketch  *Sketch
			account string
			at      int64
		}
		var posts []post
		var want []ID
		plain, k := NewIndex(budget), newKept(budget)
		saved := 0 // posts that the last image has
		for i := range rapid.IntRange(1, 80).Draw(t, "n") {
			p := post{Of(text.Draw(t, "text")), fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "account")), int64(i/3 - rapid.IntRange(0, 5).Draw(t, "late"))}
			posts, want = append(posts, p), append(want, plain.Assign(p.sketch, p.account, p.at))
		}
		begun := 0
		for i := 0; i < len(posts); i++ {
			if got := k.Assign(posts[i].sketch, posts[i].account, posts[i].at); got != want[i] {
				t.Fatalf("text %d is of family %v, want %v", i, got, want[i])
			}
			switch rapid.IntRange(0, 7).Draw(t, "then") {
			case 0:
				if k.begun != nil {
					saved = begun
				}
				k.begin()
				begun = i + 1
			case 1:
				k.Step(rapid.IntRange(0, 4).Draw(t, "step"))
			case 2:
				if k.begun != nil {
					k.commit()
					saved = begun
				}
			case 3:
				if saved > 0 && rapid.Bool().Draw(t, "crash") {
					k = k.restored(t)
					k.check(t)
					i = saved - 1
				}
			}
		}
		plain.check(t)
		k.check(t)
		k.begin()
		k.commit()
		end := k.restored(t)
		for _, x := range []*Index{k.Index, end.Index} {
			for _, d := range plain.queue {
				if diff := diffFamilies(plain, x, d.family.id); diff != "" {
					t.Error(diff)
				}
			}
		}
	})
}

func diffFamilies(want, got *Index, id ID) string {
	a, _ := want.Family(id)
	b, _ := got.Family(id)
	s, _ := want.Template(id)
	u, _ := got.Template(id)
	if a != b || s.String() != u.String() {
		return fmt.Sprintf("family %+v %q, want %+v %q", b, u, a, s)
	}
	return ""
}

// TestRestoredUnderLoad does so with posts as they come, where lists of keys are full.
func TestRestoredUnderLoad(t *testing.T) {
	const budget = 400_000
	src := newStream(5)
	plain, k := NewIndex(budget), newKept(budget)
	for i := range 5_000 {
		s := Of(src.next())
		account := fmt.Sprint(i % 100)
		if got, want := k.Assign(s, account, int64(i)), plain.Assign(s, account, int64(i)); got != want {
			t.Fatalf("text %d is of family %v, want %v", i, got, want)
		}
		switch k.Step(1); i % 500 {
		case 100:
			k.begin()
		case 250: // at once
			k.begin()
			k.commit()
			k = k.restored(t)
			k.check(t)
		}
	}
	plain.check(t)
	if n := len(k.records); n > 4*len(k.queue) {
		t.Errorf("the store has %d records for %d families", n, len(k.queue))
	}
}

func recordsOf(n int) map[string]string {
	k := newKept(1 << 20)
	src := newStream(2)
	for i := range n {
		k.Assign(Of(src.next()), "ann", int64(i))
	}
	k.begin()
	k.commit()
	return k.records
}

func TestLoadRefuses(t *testing.T) {
	good := recordsOf(20)
	keys := slices.Sorted(maps.Keys(good))
	first := keys[0]
	part := func(p byte) string { return first[:keySize-1] + string([]byte{p}) }
	for _, tc := range []struct {
		name   string
		change func(r map[string]string)
	}{
		{"a key of another length", func(r map[string]string) { r[first+"x"] = "" }},
		{"no head", func(r map[string]string) { delete(r, first) }},
		{"no exemplar", func(r map[string]string) { delete(r, part(partExemplar)) }},
		{"no sample", func(r map[string]string) { delete(r, part(partSample)) }},
		{"a sample too many", func(r map[string]string) { r[part(partSample+1)] = r[part(partSample)] }},
		{"an exemplar too many", func(r map[string]string) { r[part(partExemplar+1)] = r[part(partExemplar)] }},
		{"an exemplar out of its place", func(r map[string]string) { r[part(partExemplar+2)] = r[part(partExemplar)] }},
		{"more after a head", func(r map[string]string) { r[first] += "x" }},
		{"a head cut short", func(r map[string]string) { r[first] = r[first][:3] }},
		{"an exemplar cut short", func(r map[string]string) { r[part(partExemplar)] = r[part(partExemplar)][:30] }},
		{"a sample too long", func(r map[string]string) { r[part(partSample)] += strings.Repeat("x", maxText) }},
		{"the id of another text", func(r map[string]string) {
			for _, p := range []byte{partHead, partExemplar, partSample} {
				r["12345678"+string([]byte{p})] = r[part(p)]
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			records := maps.Clone(good)
			tc.change(records)
			if _, err := load(records, 1<<20); !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v, want %v", err, ErrDamaged)
			}
		})
	}
	if _, err := load(good, 1<<20); err != nil {
		t.Errorf("what was not changed: %v", err)
	}
}

func TestLoadWithinASmallerBudget(t *testing.T) {
	x, err := load(recordsOf(200), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	x.Assign(Of(original), "ann", 1000)
	x.check(t)
	if x.Bytes() > 20_000 || len(x.queue) == 0 {
		t.Errorf("%d families of %d bytes, want some in 20000", len(x.queue), x.Bytes())
	}
}

// FuzzLoad loads any records. What is loaded must be usable, and its image must load again.
func FuzzLoad(f *testing.F) {
	for _, n := range []int{0, 1, 3} {
		f.Add(flat(recordsOf(n)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		records := map[string]string{}
		for len(data) >= keySize+2 {
			n := min(int(binary.LittleEndian.Uint16(data[keySize:])), len(data)-keySize-2)
			records[string(data[:keySize])], data = string(data[keySize+2:keySize+2+n]), data[keySize+2+n:]
		}
		loadAny(t, records)
	})
}

// loadAny loads records, and uses what it gives if they are not refused: its image must load again.
func loadAny(t reporter, records map[string]string) {
	x, err := load(records, 1<<20)
	if err != nil {
		return
	}
	x.check(t)
	k := &kept{Index: x, records: maps.Clone(records), next: &images{}}
	x.Mark(k.next)
	x.Assign(Of(original), "ann", 1)
	for _, d := range x.queue {
		x.Template(d.family.id)
		x.Family(d.family.id)
	}
	x.check(t)
	k.begin()
	k.commit()
	k.restored(t)
}

// TestLoadOfDamagedRecords changes bytes of good records, cuts them short, and puts one in the place of another.
func TestLoadOfDamagedRecords(t *testing.T) {
	good := recordsOf(8)
	keys := slices.Sorted(maps.Keys(good))
	rapid.Check(t, func(t *rapid.T) {
		records := maps.Clone(good)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			key := rapid.SampledFrom(keys).Draw(t, "key")
			value := []byte(records[key])
			at := rapid.IntRange(0, max(0, len(value)-1)).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				if len(value) > 0 {
					value[at] = rapid.Byte().Draw(t, "to")
				}
			case 1:
				value = value[:min(at, len(value))]
			case 2:
				value = []byte(records[rapid.SampledFrom(keys).Draw(t, "other")])
			case 3:
				delete(records, key)
				key = string(append([]byte(key[:keySize-1]), rapid.Byte().Draw(t, "part")))
			}
			records[key] = string(value)
		}
		loadAny(t, records)
	})
}

func flat(records map[string]string) []byte {
	var b bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(records)) {
		b.WriteString(key)
		b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(records[key]))))
		b.WriteString(records[key])
	}
	return b.Bytes()
}
