package match

import "testing"

func TestVocabulary(t *testing.T) {
	for word, want := range map[string]rank{
		"the": common, "house": common, "houses": common, "dont": common, "scunthorpe": rare, "kjqwp": unknown,
		"qwzx": unknown, "zoe": rare,
	} {
		h := noHash
		for _, r := range word {
			h = h.with(r)
		}
		if got := english().rank(h); got != want {
			t.Errorf("%q has rank %d, want %d", word, got, want)
		}
	}
}

func TestSpelling(t *testing.T) {
	for _, tc := range []struct {
		spelling, word string
		want           edit
	}{
		{"casino", "casino", sameWord},
		{"casio", "casino", dropped},
		{"csaino", "casino", swapped},
		{"casimo", "casino", typed},
		{"xasino", "casino", notEdited},
		{"asino", "casino", notEdited},
		{"casinoo", "casino", notEdited},
		{"", "", sameWord},
		{"a", "", notEdited},
	} {
		if got := editOf([]byte(tc.spelling), []byte(tc.word)); got != tc.want {
			t.Errorf("editOf(%s, %s) = %d, want %d", tc.spelling, tc.word, got, tc.want)
		}
	}
	for _, tc := range [][2]string{{"qazino", "casino"}, {"phree", "free"}, {"sity", "city"}, {"kity", "city"}, {"stashun", "station"}, {"ur", "your"}, {"seks", "sex"}} {
		if !soundsLike([]byte(tc[0]), []byte(tc[1])) {
			t.Errorf("%s does not sound like %s", tc[0], tc[1])
		}
	}
	if got := string(skeleton(nil, []byte("assassinate"))); got != "assssnt" {
		t.Errorf("skeleton %s", got)
	}
}
