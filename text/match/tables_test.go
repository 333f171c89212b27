package match

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/internal/wordset"
)

func TestReadingsOfCharacters(t *testing.T) {
	m := pinyin()
	for c, want := range map[rune]string{'法': "fa", '行': "xing hang heng", '女': "nv"} {
		var got []string
		for _, id := range m.readings[c] {
			got = append(got, m.names[id])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%c is read %q, want %q", c, got, want)
		}
	}
	for syllable, want := range map[string]string{"zhang": "zan", "chi": "ci", "shi": "si", "nan": "lan", "ling": "lin", "long": "long", "a": "a", "n": "n"} {
		if got := roughly(syllable); got != want {
			t.Errorf("%s is roughly %s, want %s", syllable, got, want)
		}
	}
}

func TestPartsAndForms(t *testing.T) {
	if !slices.ContainsFunc(compoundsOf()['贝'], func(c compound) bool { return c.whole == '贱' && c.parts == [2]rune{'戋'} }) {
		t.Error("贝 and 戋 are not the parts of 贱")
	}
	if !slices.Contains(formsOf()['逼'], '偪') {
		t.Error("偪 is no form of 逼")
	}
	if !slices.ContainsFunc(hangulLike()['水'], func(l likeness) bool { return string(l.keys) == "ㅅㅜ" }) {
		t.Error("水 is not read 수")
	}
}

func TestVocabulariesOfScripts(t *testing.T) {
	for _, tc := range []struct{ words, has, hasNot string }{
		{chineseWords, "上海", "法纶"},
		{koreanWords, "신발", "씨빨"},
		{japaneseWords, "はか", "ぬぺむ"},
		{russianWords, "крепость", "мошеник"},
	} {
		set := wordset.Set(tc.words)
		if !set.Has([]rune(tc.has)) || set.Has([]rune(tc.hasNot)) {
			t.Errorf("the vocabulary has %s: %t, want true; %s: %t, want false", tc.has, set.Has([]rune(tc.has)), tc.hasNot, set.Has([]rune(tc.hasNot)))
		}
	}
}

func TestRomanisations(t *testing.T) {
	var r fold.Reader
	for _, tc := range []struct{ term, want string }{
		{"法轮功", "falungong, fa lun gong"},
		{"妈的", "madi"}, // made is a word
		{"しね", ""},     // sine and shine are words
		{"ちゃっと", "chatto, tyatto"},
		{"시발", "sibal, sipal, shibal, shipal"},
		{"死", ""},
		{"كلب", ""},
	} {
		ways, _ := romanisations(r.Read(tc.term))
		if got := strings.Join(ways, ", "); got != tc.want {
			t.Errorf("%s is romanised %q, want %q", tc.term, got, tc.want)
		}
	}
}

func TestTurnedHangul(t *testing.T) {
	for _, tc := range []struct{ term, want string }{
		{"눈물", "ㄹㅗㅁㄱㅗㄱ flipped"},
		{"시발", ""},
		{"가나다라", "ㄴㅏㄱㅏㄷㅏㄹㅏ edited, ㄱㅏㄷㅏㄴㅏㄹㅏ edited, ㄱㅏㄴㅏㄹㅏㄷㅏ edited"},
	} {
		var got []string
		for _, turned := range turnedHangul([]rune(tc.term)) {
			got = append(got, string(turned.keys)+" "+turned.how.String())
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s is turned to %q, want %q", tc.term, got, tc.want)
		}
	}
}
