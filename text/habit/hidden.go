package habit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/fold"
)

// unseen reports whether a character is shown as nothing and is none that ordinary texts are full of.
func unseen(r rune) bool {
	switch {
	case r == 0x640, 0x1F3FB <= r && r <= 0x1F3FF: // the tatweel and the colours of skin are seen
		return false
	case r < utf8.RuneSelf:
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7F
	}
	return unicode.Is(unicode.Cf, r) && r != 0x600 || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// hidden looks at what a reader does not see: invisible characters, marks, reversed text, escapes.
func (s *scan) hidden() {
	letters := 0
	for i := range s.symbols {
		y := &s.symbols[i]
		if y.Kind == fold.Letter {
			letters++
		}
		if y.Hidden == 0 {
			continue
		}
		if y.Hidden&fold.Invisible != 0 && y.Hidden&fold.Escaped == 0 {
			s.before(i, letters)
		}
		if y.Hidden&fold.Stacked != 0 && y.Hidden&fold.Escaped == 0 {
			s.marks(y)
		}
		if y.Hidden&fold.Overridden != 0 && !s.rtl && y.Kind == fold.Letter {
			s.evidence[override]++
			s.found.add(newFeature(override, 0, 0))
		}
		if y.Hidden&fold.Escaped != 0 && y.Kind == fold.Letter && y.Rune < utf8.RuneSelf {
			s.evidence[escape]++
			s.found.add(newFeature(escape, 0, escapeForm(s.text[y.Start:y.End])))
		}
	}
	s.run(len(s.text))
	s.period()
}

// before looks at the invisible characters before a symbol, which is the letter with that number if it is one.
func (s *scan) before(i, letter int) {
	y := &s.symbols[i]
	r, n := s.run(int(y.Start))
	if n == 0 {
		return
	}
	if i == 0 || y.Kind != fold.Letter || s.symbols[i-1].Kind != fold.Letter {
		s.found.add(newFeature(placeOf, uint32(r), between))
		if y.Kind != fold.Letter {
			letter++
		}
		s.gap(letter)
		return
	}
	hyphen := r == 0xAD && (s.at < 0 || letter-s.at > 2) // where a word may be broken
	if !s.joins(r, &s.symbols[i-1], y) && !hyphen {
		s.evidence[invisible]++
		s.found.add(newFeature(invisible, 0, r))
		s.found.add(newFeature(placeOf, uint32(r), within))
		s.invisible = r
	}
	s.gap(letter)
}

// gap counts the letters since the last invisible character, for one before the letter with that number.
func (s *scan) gap(letter int) {
	if s.at >= 0 {
		s.gaps[min(letter-s.at, len(s.gaps)-1)]++
	}
	s.at = letter
}

// run is the last of the invisible characters that end at a byte of the text, and their number. Three in a row, where no emoji
// is made of them, are a device by themselves.
func (s *scan) run(end int) (last rune, n int) {
	base := rune(0)
	for end > 0 && n < 64 {
		r, size := utf8.DecodeLastRuneInString(s.text[:end])
		if !unseen(r) {
			base = r
			break
		}
		if n == 0 {
			last = r
		}
		n++
		end -= size
	}
	if n >= 3 && base != 0x1F3F4 && !s.rtl {
		s.evidence[invisible] += enough[invisible]
		s.found.add(newFeature(invisible, 0, last))
		s.found.add(newFeature(placeOf, uint32(last), runs))
	}
	return last, n
}

// joins reports whether an invisible character has a function between two letters.
func (s *scan) joins(r rune, a, b *fold.Symbol) bool {
	switch {
	case unicode.Is(unicode.Variation_Selector, r):
		return true
	case a.Rune < utf8.RuneSelf && b.Rune < utf8.RuneSelf:
		return s.rtl && unicode.Is(unicode.Bidi_Control, r)
	case r == 0x200C || r == 0x200D:
		return !plainScript(a) || !plainScript(b)
	case r == 0x200B: // where a line may break, in scripts without spaces
		return unicode.In(a.Rune, unspaced...) || unicode.In(b.Rune, unspaced...)
	case unicode.Is(unicode.Bidi_Control, r):
		return s.rtl
	}
	return false
}

var unspaced = []*unicode.RangeTable{unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Tibetan, unicode.Javanese}

// plainScript reports whether a letter is of a script whose letters are not joined to one another.
func plainScript(y *fold.Symbol) bool {
	return y.Rune < utf8.RuneSelf || y.Way == fold.Font || unicode.In(y.Rune, unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Han, unicode.Hangul)
}

// period adds the distance that most invisible characters keep.
func (s *scan) period() {
	all, most := 0, 0
	for i, n := range s.gaps {
		if all += n; n > s.gaps[most] {
			most = i
		}
	}
	if s.invisible != 0 && all >= 3 && most > 0 && most < len(s.gaps)-1 && 10*s.gaps[most] >= 7*all {
		s.found.add(newFeature(periodOf, uint32(s.invisible), rune(most)))
	}
}

// marks looks at the marks on a letter.
func (s *scan) marks(y *fold.Symbol) {
	if unicode.In(y.Rune, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana) {
		return
	}
	n := 0
	struck := rune(0)
	for _, r := range s.text[y.Start:y.End] {
		switch {
		case 0x334 <= r && r <= 0x338 || 0x20D2 <= r && r <= 0x20D3:
			struck = 1
			n++
		case unicode.Is(unicode.M, r):
			n++
		}
	}
	if n < 3 && struck == 0 {
		return
	}
	s.evidence[marks]++
	s.found.add(newFeature(marks, 0, struck))
	if n >= 3 {
		depth := 3
		for 2*depth <= n {
			depth *= 2
		}
		s.found.add(newFeature(depthOf, 0, rune(depth)))
	}
}

// escapeForm is how a letter was escaped.
func escapeForm(raw string) rune {
	switch {
	case strings.HasPrefix(raw, "&#x"), strings.HasPrefix(raw, "&#X"):
		return hexadecimal
	case strings.HasPrefix(raw, "&#"):
		return decimal
	case strings.HasPrefix(raw, "&"):
		return named
	case strings.HasPrefix(raw, "%"):
		return percent
	}
	return backslash
}

// typefaces counts the letters of each typeface, but for what is ordinary: full width in East Asian texts, flags, and a lone
// letter in a ring or above the line.
func (s *scan) typefaces() {
	for i := 0; i < len(s.symbols); i++ {
		index := typefaceOf(s.symbols[i].Rune)
		if index < 0 {
			continue
		}
		first := typefaces[index].first
		if first == firstRegional {
			j := i
			for j < len(s.symbols) && typefaceOf(s.symbols[j].Rune) == index {
				j++
			}
			if n := j - i; n%2 == 1 { // flags are pairs
				s.face(index, n)
			}
			i = j - 1
			continue
		}
		if first == firstFullWidth && s.cjk {
			continue
		}
		s.face(index, 1)
	}
	for _, f := range s.faces {
		if f.letters >= enough[typeface] {
			s.evidence[typeface] = f.letters
			s.found.add(newFeature(typeface, 0, typefaces[f.index].first))
		}
	}
}

func (s *scan) face(index, letters int) {
	for i := range s.faces {
		if f := &s.faces[i]; f.letters == 0 || f.index == index {
			f.index = index
			f.letters += letters
			return
		}
	}
}

// parted looks for letters in a token with one and the same sign between them, or with emoji. Capitals with dots or dashes are an
// abbreviation, or somebody shouting, as is whoever puts spaces.
func (s *scan) parted(i, end int) {
	for i+2 < end {
		by := partedBy(&s.symbols[i+1])
		if by < 0 || !s.single(i) {
			i++
			continue
		}
		j, upper, same := i, 0, true
		for {
			if unicode.IsUpper(s.symbols[j].Rune) {
				upper++
			}
			same = same && s.symbols[j].Text == s.symbols[i].Text
			if j+2 >= end || partedBy(&s.symbols[j+1]) != by || !s.single(j+2) {
				break
			}
			j += 2
		}
		letters := (j-i)/2 + 1
		shouted := 2*upper > letters && strings.ContainsRune(".-•·~", by)
		if letters >= enough[separator] && !same && !shouted {
			s.evidence[separator] += letters
			s.found.add(newFeature(separator, 0, by))
		}
		i = j + 1
	}
}

// emoji stands for all emoji as separators.
const emoji = '\U0001F600'

// partedBy is the separator that a symbol is; -1 if it is none.
func partedBy(y *fold.Symbol) rune {
	switch {
	case y.Kind == fold.Picture:
		return emoji
	case y.Kind == fold.Sign && y.Rune != '\\' && y.Rune != '\'' && y.Rune != '’':
		return y.Rune
	}
	return -1
}

// single reports whether a symbol is a letter with none beside it.
func (s *scan) single(i int) bool {
	return s.symbols[i].Kind == fold.Letter && s.symbols[i].Text != 0 &&
		(i == 0 || s.symbols[i-1].Kind != fold.Letter && s.symbols[i-1].Kind != fold.Digit) &&
		(i+1 == len(s.symbols) || s.symbols[i+1].Kind != fold.Letter && s.symbols[i+1].Kind != fold.Digit)
}

// spacing adds whether most punctuation has a space before it.
func (s *scan) spacing(h *Habit) {
	spaced, all := 0, 0
	for i := 1; i < len(s.symbols); i++ {
		if r := s.symbols[i].Rune; r == ',' || r == '.' || r == '!' || r == '?' {
			switch s.symbols[i-1].Kind {
			case fold.Space:
				spaced++
				all++
			case fold.Letter, fold.Digit:
				all++
			}
		}
	}
	if all > 0 {
		by := rune(0)
		if 2*spaced > all {
			by = 1
		}
		h.add(newFeature(spacing, 0, by))
	}
}
