package match

import "testing"

func TestRussianMisspellings(t *testing.T) {
	bank := compile(t, "наркотики", "мошенник", "взятка")
	for _, tc := range []struct{ text, surface string }{
		{"тут продают нарктики всем", "нарктики"},
		{"тут продают наркотиик всем", "наркотиик"},
		{"он точно мошеник и все знают", "мошеник"},
		{"это была взякта для него", "взякта"},
		{"это была взята крепость", ""},            // a word
		{"он купил у Мошеника дом", ""},            // a name
		{"#мошеник это он", ""},                    // a tag
		{"він був мошеник і сусід", ""},            // Ukrainian
		{"это ошенник какой то был", ""},           // without the first letter
		{"они все наркотики продают", "наркотики"}, // as listed
		{"тут продают нарокткии всем людям", ""},   // two swaps
		{"он точно мошенничал вчера со всеми", ""}, // another word
	} {
		var f Finder
		found := f.Find(bank, tc.text)
		checkMatches(t, bank, tc.text, found)
		got := ""
		if len(found) == 1 {
			got = tc.text[found[0].Start:found[0].End]
		}
		if got != tc.surface || len(found) > 1 {
			t.Errorf("%q: found %s, want %q", tc.text, describe(bank, tc.text, found), tc.surface)
		}
	}
}
