package habit

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var sameProfile = gocmp.Options{gocmp.AllowUnexported(Profile{}, count{}), cmpopts.EquateApprox(1e-9, 1e-9), cmpopts.EquateEmpty()}

func profileOf(halfLife int64, texts ...string) *Profile {
	p := &Profile{}
	for i, text := range texts {
		h, _ := of(text)
		p.Add(&h, int64(i), halfLife)
	}
	return p
}

func TestOldTextsCountLess(t *testing.T) {
	p := &Profile{}
	dots, plain := habitOf("m.o.n.e.y"), Habit{}
	p.Add(&dots, 0, 10)
	p.Add(&plain, 10, 10)
	p.Add(&dots, -10, 10) // late
	if all, obfuscated := p.Texts(); all != 1.75 || obfuscated != 0.75 {
		t.Errorf("got %v texts, %v obfuscated; want 1.75 and 0.75", all, obfuscated)
	}
	p.Add(&plain, 10000, 10)
	if got := p.Traits(); len(got) != 0 {
		t.Errorf("a thousand half-lives later there is still %v", got)
	}
}

func habitOf(text string) Habit {
	h, _ := of(text)
	return h
}

func TestTraits(t *testing.T) {
	got := profileOf(0, "frее mоney", "hеre", "plain").Traits()
	want := []Trait{
		{newFeature(lookalikes, 0, rune(cyrillicGroup)), 1},
		{newFeature(insteadOf, 'e', 'е'), 1},
		{newFeature(insteadOf, 'o', 'о'), 0.5},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestProfilesMerge: what two saw apart, merged, is what one would have seen.
func TestProfilesMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		halfLife := rapid.SampledFrom([]int64{0, 5, 100}).Draw(t, "half-life")
		var whole, left, right Profile
		for i, text := range rapid.SliceOfN(rapid.SampledFrom(devices), 0, 20).Draw(t, "texts") {
			h, _ := of("money " + text + " and m.o.n.e.y")
			at := rapid.Int64Range(0, 50).Draw(t, fmt.Sprint("time ", i))
			whole.Add(&h, at, halfLife)
			if rapid.Bool().Draw(t, fmt.Sprint("side ", i)) {
				left.Add(&h, at, halfLife)
			} else {
				right.Add(&h, at, halfLife)
			}
		}
		left.Merge(&right, halfLife)
		if diff := gocmp.Diff(&whole, &left, sameProfile); diff != "" {
			t.Fatalf("(-whole +merged):\n%s", diff)
		}
	})
}

func TestProfilesAreBounded(t *testing.T) {
	p := &Profile{}
	for i := range rune(2000) {
		var h Habit
		h.add(newFeature(invisible, 0, i))
		p.Add(&h, int64(i), 100)
	}
	if got := len(p.Append(nil)); len(p.counts) != MaxProfile || got > 16*MaxProfile+32 {
		t.Errorf("%d features in %d bytes, want %d", len(p.counts), got, MaxProfile)
	}
	if got := p.counts[len(p.counts)-1].feature; got != newFeature(invisible, 0, 1999) {
		t.Errorf("the last feature is gone; the highest is %v", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(profileOf(0, "frее mоney", "m.o.n.e.y").Append(nil))
	f.Add([]byte{version})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			return
		}
		q, err := Decode(p.Append(nil))
		if err != nil || !bytes.Equal(p.Append(nil), q.Append(nil)) {
			t.Errorf("a profile does not come back: %v", err)
		}
		for _, trait := range p.Traits() {
			if _ = trait.Feature.String(); !(trait.Share >= 0 && trait.Share <= 1) {
				t.Errorf("%v has the share %v", trait.Feature, trait.Share)
			}
		}
		crowd := NewCrowd(map[string]*Profile{"a": p, "b": q, "c": profileOf(0, "frее mоney")})
		if s := crowd.Similarity(p, q); math.IsNaN(s) || math.IsInf(s, 0) || s != crowd.Similarity(q, p) {
			t.Errorf("the similarity is %v", s)
		}
	})
}

func TestNearest(t *testing.T) {
	profiles := map[string]*Profile{"plain": profileOf(0, "hello")}
	for i := range 40 { // what many do
		profiles[fmt.Sprintf("usual %02d", i)] = profileOf(0, "frее mоnеy", "сhеар wоrds, mоrе")
	}
	for _, name := range []string{"rare 1", "rare 2"} {
		profiles[name] = profileOf(0, "mɑ\u2060ke mo\u2060re de\u2060als no\u2060w", "whɑt mɑ\u2060de yo\u2060u sɑ\u2060d to\u2060day")
	}
	crowd := NewCrowd(profiles)
	got := crowd.Nearest("rare 1", 3)
	if len(got) != 1 || got[0].Account != "rare 2" || got[0].Similarity < 5 {
		t.Fatalf("got %v, want rare 2 alone, at 5 or more", got)
	}
	if len(got[0].Shared) == 0 || crowd.Rarity(got[0].Shared[0]) < 3 {
		t.Errorf("shared: %v, want something rare", got[0].Shared)
	}
	usual := crowd.Nearest("usual 00", 100)
	if len(usual) > 0 && usual[0].Similarity > got[0].Similarity/2 {
		t.Errorf("the usual habit makes %v alike, the rare one %v", usual[0].Similarity, got[0].Similarity)
	}
	if got := crowd.Nearest("plain", 3); got != nil {
		t.Errorf("plain has neighbours: %v", got)
	}
}

// TestNearestIsWhatComparingAllFinds holds Nearest to the similarities of all accounts, where they are few.
func TestNearestIsWhatComparingAllFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		profiles := map[string]*Profile{}
		for i := range rapid.IntRange(2, 12).Draw(t, "accounts") {
			profiles[fmt.Sprint(i)] = profileOf(int64(i), rapid.SliceOfN(rapid.SampledFrom(devices), 0, 3).Draw(t, fmt.Sprint("texts of ", i))...)
		}
		crowd := NewCrowd(profiles)
		n := rapid.IntRange(1, 12).Draw(t, "n")
		for account, p := range profiles {
			var want []Neighbour
			for other, q := range profiles {
				if s := crowd.Similarity(p, q); other != account && s > 0 && len(crowd.shared(p, q)) > 0 {
					want = append(want, Neighbour{other, s, crowd.shared(p, q)})
				}
			}
			slices.SortFunc(want, func(a, b Neighbour) int {
				return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Account, b.Account))
			})
			if diff := gocmp.Diff(want[:min(n, len(want))], crowd.Nearest(account, n), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s, the nearest %d: want, got: %s", account, n, diff)
			}
		}
	})
}

// TestNearestComparesWithFew holds that accounts with one habit are compared with once, and with no more than the bound if all differ.
func TestNearestComparesWithFew(t *testing.T) {
	same, different := map[string]*Profile{}, map[string]*Profile{}
	for i := range 3000 {
		same[fmt.Sprint(i)] = profileOf(int64(i), "frее mоnеy")
		p := profileOf(0, "frее mоnеy")
		p.counts[0].texts *= 1 / float64(i+1)
		different[fmt.Sprint(i)] = p
	}
	for _, tc := range []struct {
		profiles map[string]*Profile
		want     int
	}{{same, 1}, {different, maxCandidates}} {
		crowd := NewCrowd(tc.profiles)
		if got := len(crowd.candidates(tc.profiles["0"])); got != tc.want {
			t.Errorf("%d profiles are compared with, want %d", got, tc.want)
		}
	}
	if got := NewCrowd(same).Nearest("7", 2); len(got) > 0 && (len(got) != 2 || got[0].Account != "0" || got[1].Account != "1") {
		t.Errorf("of equals the nearest are %v, want the first two", got)
	}
}

// TestSimilarityIsBounded holds for any profiles: symmetric, finite, and 0 without obfuscated texts.
func TestSimilarityIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		profiles := map[string]*Profile{}
		for i := range rapid.IntRange(2, 8).Draw(t, "accounts") {
			profiles[fmt.Sprint(i)] = profileOf(int64(i), rapid.SliceOfN(rapid.SampledFrom(devices), 0, 6).Draw(t, fmt.Sprint("texts of ", i))...)
		}
		crowd := NewCrowd(profiles)
		for a, p := range profiles {
			for b, q := range profiles {
				s := crowd.Similarity(p, q)
				if math.IsNaN(s) || math.IsInf(s, 0) || math.Abs(s-crowd.Similarity(q, p)) > 1e-9 {
					t.Fatalf("%s and %s: similarity %v, the other way %v", a, b, s, crowd.Similarity(q, p))
				}
			}
		}
	})
}
