package match

import (
	"strings"
	"testing"
)

// listed are terms of every kind of script, each of which is found behind any of the fillers. They begin as the fillers do.
var listed = []string{
	"kill yourself", "free crypto", "viagra", "cocaine", "casino", "nazi", "ass", "tits", "boobs", "coon", "faggot", "whore", "slut", "porn", "meth", "heroin", "bomb", "suicide",
	"gg", "scatterbrained vegetarian", "café crème", "a-okay", "don't",
	"自杀", "法轮功", "씨발", "انتحار", "самоубийство", "αυτοκτονία", "ちんこ", "ฆ่าตัวตาย", "🍆🍑",
}

// fillers are cheap texts that take all the steps that a text has.
var fillers = []string{"$s ", "v ", "s@s ", "g g ", "|-|ㅋ", "自", "씨", "ㅅ", "ち", "ا", "ٮ,", "с о ", "$s自", "k1 "}

// TestNothingHidesTermsAsListed holds that a term is found as it is listed whatever stands before it.
func TestNothingHidesTermsAsListed(t *testing.T) {
	bank := compile(t, listed...)
	var f Finder
	for _, filler := range fillers {
		for _, n := range []int{20, 400} {
			text := strings.Repeat(filler, n) + " . "
			for i, term := range listed {
				for name, find := range map[string]func(*Bank, string) []Match{"Find": f.Find, "FindPlain": f.FindPlain} {
					if name == "FindPlain" && strings.ContainsAny(term, "-'") {
						continue // not as bytes
					}
					found := find(bank, text+term+" . ")
					if m := last(found); m == nil || m.Term != i || m.Cost > 0 || m.Start != len(text) || m.End != len(text)+len(term) {
						t.Errorf("%s: %q behind %d times %q: the last match is %+v", name, term, n, filler, m)
					}
				}
			}
		}
	}
}

func last(found []Match) *Match {
	if len(found) == 0 {
		return nil
	}
	return &found[len(found)-1]
}

// TestNothingHidesTermsInLongTexts holds the same where the starts of walks have few steps of their own.
func TestNothingHidesTermsInLongTexts(t *testing.T) {
	bank := compile(t, listed...)
	text := " . " + strings.Join(listed, " . ")
	var f Finder
	for _, filler := range []string{"$s ", "自", "|-|ㅋ"} {
		before := strings.Repeat(filler, longText/2)
		var free int
		for _, m := range f.Find(bank, before+text) {
			if m.Start > len(before) && m.Cost == 0 {
				free++
			}
		}
		if free != len(listed) {
			t.Errorf("behind %q: %d terms of %d are found", filler, free, len(listed))
		}
	}
}

// TestFillersHideLittle holds that usual disguises are found behind fillers, too.
func TestFillersHideLittle(t *testing.T) {
	bank := compile(t, listed...)
	var f Finder
	for _, filler := range fillers {
		for _, disguised := range []string{"k1ll y0urself", "v1agra", "vi@gra", "c0caine", "s.u.i.c.i.d.e", "h e r o i n", "fаggot", "wh0re", "самоубийcтво", "发轮功", "씨빨"} {
			if filler == "ち" && disguised == "发轮功" {
				continue // in Japanese text nothing is read so
			}
			text := strings.Repeat(filler, 400) + " . "
			if m := last(f.Find(bank, text+disguised)); m == nil || m.Start != len(text) || m.End != len(text)+len(disguised) {
				t.Errorf("%q behind %q is not found; the last match is %+v", disguised, filler, m)
			}
		}
	}
}
