package family

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const original = "Urgent! Your mobile number has been awarded a prize of 2000 pounds, call us now to claim it before it is gone"

func TestAssign(t *testing.T) {
	const other = "The weather in the mountains was lovely all week and we went for long walks with the dog every single day"
	for _, tc := range []struct {
		name, text string
		same       bool
	}{
		{"equal", original, true},
		{"another number, link and mention", "@you Urgent! Your mobile number has been awarded a prize of 5000 pounds, call us now to claim it before it is gone https://ex.example/7", true},
		{"disguised", "Urgеnt! Уour mоbile numbеr hаs bееn аwаrdеd а рrize оf 2000 роunds, саll us nоw tо сlаim it bеfоrе it is gоnе", true},
		{"typos", "Urgent! Yuor mobile numbr has been awarded a prise of 2000 pounds, cal us now to claim it befor it is gone", true},
		{"words dropped", "Urgent! Your number has been awarded a prize of 2000, call now to claim before it is gone", true},
		{"rotated", "call us now to claim it before it is gone Urgent! Your mobile number has been awarded a prize of 2000 pounds,", true},
		{"cut", "Urgent! Your mobile number has been awarded a prize of 2000", true},
		{"quoted", other + ". Then I read this: " + original + " and I laughed. " + strings.ToUpper(other[20:]), true},
		{"shouted with spaces", strings.ToUpper(strings.ReplaceAll(original, " ", "   ")), true},
		{"another text", other, false},
		{"some of its words", "a mobile prize to claim", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x := NewIndex(1 << 20)
			id := x.Assign(Of(original), "ann", 1)
			if got := x.Assign(Of(tc.text), "bob", 2); (got == id) != tc.same {
				t.Errorf("family %v after %v, want the same: %t", got, id, tc.same)
			}
		})
	}
}

func TestShortTextsAreTheSameOrNot(t *testing.T) {
	x := NewIndex(1 << 20)
	ok := x.Assign(Of("ok!"), "ann", 1)
	for _, tc := range []struct {
		text string
		same bool
	}{{"OK", true}, {"ok ok", false}, {"oki", false}, {"“ok”", true}} {
		if got := x.Assign(Of(tc.text), "bob", 2); (got == ok) != tc.same {
			t.Errorf("%q: family %v after %v, want the same: %t", tc.text, got, ok, tc.same)
		}
	}
	for _, text := range []string{"", "🔥🔥", "@ann https://ex.example/", "?!"} {
		if got := x.Assign(Of(text), "ann", 1); got != 0 {
			t.Errorf("%q is of family %v, want none", text, got)
		}
	}
}

func TestFamily(t *testing.T) {
	x := NewIndex(1 << 20)
	id := x.Assign(Of(original), "ann", 20)
	x.Assign(Of(original+" ok"), "bob", 10)
	x.Assign(Of(original+" now"), "bob", 30)
	got, ok := x.Family(id)
	if want := (Family{ID: id, First: 10, Last: 30, Texts: 3, Accounts: 2, Exact: true}); !ok || got != want {
		t.Errorf("family is %+v, %t, want %+v", got, ok, want)
	}
	if _, ok := x.Family(id + 1); ok {
		t.Error("a family is known that never was")
	}
	if _, ok := x.Template(id + 1); ok {
		t.Error("a family that never was has a template")
	}
}

// TestAFamilyDoesNotDrift changes a text little by little: what has nothing in common with the founder any more is another family.
func TestAFamilyDoesNotDrift(t *testing.T) {
	x := NewIndex(1 << 20)
	words := strings.Fields(original)
	first := x.Assign(Of(original), "ann", 0)
	var last ID
	for i := range words {
		words[i] = word(uint64(1000 + 37*i))
		last = x.Assign(Of(strings.Join(words, " ")), "ann", int64(i))
	}
	if last == first {
		t.Error("a text that shares no word with the founder is of its family")
	}
}

func TestAccounts(t *testing.T) {
	var a accounts
	for n := 1; n <= 100_000; n++ {
		a.add(fmt.Sprint("account ", n))
		a.add(fmt.Sprint("account ", (n+1)/2))
		got, exact := a.count()
		if n < maxAccounts && (got != n || !exact) {
			t.Fatalf("%d accounts count as %d, exact %t", n, got, exact)
		}
		if n >= maxAccounts && exact || float64(got) < .75*float64(n) || float64(got) > 1.25*float64(n) {
			t.Fatalf("%d accounts count as %d, exact %t", n, got, exact)
		}
	}
}

// TestForgetsTheOldest fills a small index: families go in the order of their latest text, and what is left is found.
func TestForgetsTheOldest(t *testing.T) {
	x := NewIndex(40_000)
	src := newStream(1)
	type known struct {
		id   ID
		last int64
		text string
	}
	var all []known
	pinned := x.Assign(Of(original), "ann", 0)
	for i := range 500 {
		text := word(uint64(i*7919)) + " " + src.next()
		all = append(all, known{x.Assign(Of(text), "ann", int64(i)), int64(i), text})
		if got := x.Assign(Of(original), "ann", int64(i)); got != pinned {
			t.Fatalf("after %d texts the family that is always used is %v, was %v", i, got, pinned)
		}
		if x.Bytes() > 40_000 {
			t.Fatalf("%d bytes, above the budget", x.Bytes())
		}
	}
	oldest := int64(500)
	for _, k := range all {
		if f, ok := x.Family(k.id); ok {
			oldest = min(oldest, f.Last)
		}
	}
	if oldest < 300 {
		t.Errorf("a family of time %d is still there", oldest)
	}
	for _, k := range all {
		if _, ok := x.Family(k.id); !ok && k.last > oldest {
			t.Errorf("family %v of time %d is forgotten, one of time %d is not", k.id, k.last, oldest)
		}
	}
	if got := x.Assign(Of(all[0].text), "ann", 501); got != all[0].id {
		t.Errorf("the forgotten text founds family %v, want %v as before", got, all[0].id)
	}
}

// TestViralText holds what a text costs that everybody copies.
func TestViralText(t *testing.T) {
	x := NewIndex(1 << 20)
	id := x.Assign(Of(original), "ann", 0)
	for i := range 20_000 {
		if got := x.Assign(Of(fmt.Sprintf("%s %s", original, word(uint64(i)))), fmt.Sprint(i), int64(i)); got != id {
			t.Fatalf("copy %d is of family %v, want %v", i, got, id)
		}
	}
	if len(x.queue) != 1 || x.Bytes() > 20_000 {
		t.Errorf("%d families with %d bytes, want one that is small", len(x.queue), x.Bytes())
	}
}

func TestAssigningWhatIsKnownTakesNoMemory(t *testing.T) {
	x := NewIndex(1 << 20)
	first, second := Of(original), Of(original+" at once")
	x.Assign(first, "ann", 0)
	x.Assign(second, "ann", 0)
	for name, s := range map[string]*Sketch{"equal": first, "near": second} {
		if n := testing.AllocsPerRun(50, func() { x.Assign(s, "ann", 1) }); n > 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// check holds what is worked out beside the families against them.
func (x *Index) check(t interface{ Errorf(string, ...any) }) {
	bytes, posted := 0, 0
	for _, d := range x.queue {
		bytes += d.family.size()
		for i := range d.family.exemplars {
			e := &d.family.exemplars[i]
			if f, at := x.slots[e.slot].exemplar(); f != d.family || at != e || x.byText[e.exact] != f {
				t.Errorf("exemplar %d of family %v is not where it is looked for", i, f.id)
			}
			for i, key := range e.keys() {
				if x.postings.has(key, e.slot) == e.isDisplaced(i) {
					t.Errorf("exemplar %d of family %v: whether it is under key %x is not what its bit says", i, d.family.id, key)
				}
				if !e.isDisplaced(i) {
					posted++
				}
			}
		}
	}
	for key, l := range x.postings.lists {
		posted -= int(l.len)
		if l.len == 0 || l.len > maxPosted {
			t.Errorf("list of %x has length %d", key, l.len)
		}
	}
	if posted != 0 {
		t.Errorf("%d postings too few, each being of an exemplar that has the key, and there once", posted)
	}
	if bytes != x.bytes {
		t.Errorf("families have %d bytes, %d are counted", bytes, x.bytes)
	}
}

// TestPostings compares with lists in a map.
func TestPostings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := postings{lists: map[uint32]list{}}
		want := map[uint32][]uint32{}
		for text := range uint32(rapid.IntRange(0, 200).Draw(t, "n")) {
			key := rapid.Uint32Range(0, 5).Draw(t, "key")
			if have := want[key]; len(have) > 0 && rapid.Bool().Draw(t, "remove") {
				gone := rapid.SampledFrom(append([]uint32{1000}, have...)).Draw(t, "gone")
				p.remove(key, gone)
				want[key] = slices.DeleteFunc(have, func(o uint32) bool { return o == gone })
			} else {
				oldest, full := p.add(key, text)
				if wasFull := len(have) == maxPosted; full != wasFull || full && oldest != have[0] {
					t.Fatalf("adding to %v displaced %d, %t", have, oldest, full)
				}
				want[key] = append(slices.Clone(have[max(0, len(have)-maxPosted+1):]), text)
			}
			var one [1]uint32
			for key, want := range want {
				if diff := cmp.Diff(append([]uint32{}, want...), append([]uint32{}, p.of(key, &one)...)); diff != "" {
					t.Fatalf("list of %d (-want +got):\n%s", key, diff)
				}
			}
		}
		if held := len(p.cells); held > 12*2*maxPosted {
			t.Errorf("%d places are held for 6 lists of %d", held, maxPosted)
		}
	})
}
