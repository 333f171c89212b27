package habit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/fold"
)

// Of is the habit of a text and of the symbols that a fold.Reader read it as; false if the text is plain.
//
// It takes time linear in the text, for plain ones one look at each symbol, and does not allocate.
func Of(symbols []fold.Symbol, text string) (Habit, bool) {
	if !odd(symbols, text) {
		return Habit{}, false
	}
	return scanned(symbols, text)
}

// odd reports whether there is anything in a text that could be a device. It has to be quick, and right only when it says no.
func odd(symbols []fold.Symbol, text string) bool {
	plain := false // the symbol before is a letter in ASCII
	for i := range symbols {
		y := &symbols[i]
		letter := y.Kind == fold.Letter && y.Rune < utf8.RuneSelf
		if letter && plain && y.Hidden == 0 {
			continue
		}
		plain = letter
		if y.Hidden != 0 || y.Rune >= utf8.RuneSelf && (y.Way >= fold.Font && y.Alike != 0 || typefaceOf(y.Rune) >= 0) {
			return true
		}
		if i < 2 {
			continue
		}
		switch before := &symbols[i-1]; {
		case y.Kind != fold.Letter:
		case before.Kind == fold.Letter:
			if (y.Rune < utf8.RuneSelf) != (before.Rune < utf8.RuneSelf) && (y.Alike|before.Alike)&fold.Cyrillic != 0 {
				return true
			}
		case symbols[i-2].Kind == fold.Letter && (before.Way == fold.Leet || i >= 6 && symbols[i-3].Kind == before.Kind && symbols[i-4].Kind == fold.Letter):
			return true
		}
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	return unseen(last)
}

// device is a way to hide, in the order of the kinds of its manners.
type device = kind

// enough is how much evidence of a device makes a text obfuscated by it.
var enough = [escape + 1]int{lookalikes: 2, digits: 3, pictures: 2, typeface: 3, invisible: 2, separator: 4, marks: 2, override: 2, escape: 2}

// scan gathers the features of one text, and how much speaks for each device.
type scan struct {
	symbols  []fold.Symbol
	text     string
	found    Habit
	evidence [escape + 1]int
	replaced [pictures + 1]letters // by device
	kept     letters

	cjk, rtl bool // the text has letters that make some things ordinary
	foreign  bool // and words all in another script than Latin
	cyrillic bool // most of its letters are Cyrillic

	faces     [8]face // the typefaces
	gaps      [10]int // between invisible characters, in letters; the last is for longer ones
	invisible rune    // the last one within a word
	at        int     // and its letter
}

// letters is a set of those from a to z.
type letters uint32

func (l *letters) add(letter rune) {
	if 'a' <= letter && letter <= 'z' {
		*l |= 1 << (letter - 'a')
	}
}

// face is how much there is of one typeface.
type face struct {
	index   int // into typefaces
	letters int
}

func scanned(symbols []fold.Symbol, text string) (Habit, bool) {
	s := scan{symbols: symbols, text: text, at: -1}
	s.look()
	for i := 0; i < len(symbols); {
		if symbols[i].Kind == fold.Space {
			i++
			continue
		}
		j := i
		for j < len(symbols) && symbols[j].Kind != fold.Space {
			j++
		}
		if !s.isLink(i, j) {
			s.token(i, j)
		}
		i = j
	}
	s.hidden()
	s.typefaces()
	return s.settle()
}

// settle keeps the features of the devices with enough evidence.
func (s *scan) settle() (Habit, bool) {
	var h Habit
	for _, f := range s.found.Features() {
		if d := s.deviceOf(f); s.evidence[d] >= enough[d] {
			h.add(f)
		}
	}
	if h.n == 0 {
		return Habit{}, false
	}
	for d := lookalikes; d <= pictures; d++ {
		if s.evidence[d] >= enough[d] {
			h.kept = uint32(s.kept &^ (s.replaced[lookalikes] | s.replaced[digits] | s.replaced[pictures]))
		}
	}
	s.spacing(&h)
	return h, true
}

// deviceOf is the device that a feature belongs to.
func (s *scan) deviceOf(f Feature) device {
	switch k := f.kind(); {
	case k == insteadOf && fold.Of(f.by())&fold.Digits != 0 || k == insteadOf && strings.ContainsRune(leetSigns, f.by()):
		return digits
	case k == insteadOf && unicode.Is(unicode.So, f.by()):
		return pictures
	case k == insteadOf:
		return lookalikes
	case k == placeOf || k == periodOf:
		return invisible
	case k == depthOf:
		return marks
	default:
		return k
	}
}

// look sees which scripts there are.
func (s *scan) look() {
	balance, own := 0, fold.Set(0)
	for i := 0; i < len(s.symbols); {
		if s.symbols[i].Kind != fold.Letter {
			i++
			continue
		}
		plain, other := false, false // letters of Latin, and letters that do not pass for it
		for ; i < len(s.symbols) && s.symbols[i].Kind == fold.Letter; i++ {
			y := &s.symbols[i]
			switch {
			case y.Rune < 0x250 || y.Way == fold.Font:
				plain = true
				balance--
				continue
			case isCyrillic(y.Rune):
				balance++
				if strings.ContainsRune(unlikeLatin, unicode.ToLower(y.Rune)) {
					own |= y.Own
				}
			case unicode.In(y.Rune, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
				s.cjk = true
			case unicode.In(y.Rune, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko):
				s.rtl = true
			}
			other = other || y.Alike&fold.Latin == 0
		}
		s.foreign = s.foreign || !plain && other
	}
	s.cyrillic = balance > 0 && (s.foreign || own&(own-1) != 0)
}

// unlikeLatin are Cyrillic letters that few take for Latin ones. Where there are two of them the text is Cyrillic.
const unlikeLatin = "бджзийлфцшщъыэюя"

// isLink reports whether the symbols between two spaces are a link, or a name on a platform.
func (s *scan) isLink(i, j int) bool {
	if s.symbols[i].Rune == '@' && s.symbols[i].Hidden == 0 {
		return true
	}
	for k := i; k+2 < j; k++ {
		switch a, b, c := s.symbols[k].Rune, s.symbols[k+1].Rune, s.symbols[k+2].Rune; {
		case a == ':' && b == '/' && c == '/', k == i && a|0x20 == 'w' && b|0x20 == 'w' && c|0x20 == 'w':
			return true
		}
	}
	return false
}

// token reads what stands between two spaces.
func (s *scan) token(i, j int) {
	s.leet(i, j)
	s.parted(i, j)
	for k := i; k < j; {
		if s.symbols[k].Kind != fold.Letter {
			if s.symbols[k].Way == fold.Emoji && k > i && k+1 < j && s.symbols[k-1].Kind == fold.Letter && s.symbols[k+1].Kind == fold.Letter {
				s.substituted(pictures, 0, k)
				s.evidence[pictures]++
			}
			k++
			continue
		}
		end := k
		for end < j && s.symbols[end].Kind == fold.Letter {
			end++
		}
		s.word(k, end)
		k = end
	}
}

// substituted adds the manner and the choice of a symbol that stands for a letter. g is 0 where there are no groups.
func (s *scan) substituted(d device, g group, i int) {
	y := &s.symbols[i]
	letter := (y.Alike & fold.Latin).First()
	if g == latinGroup {
		letter = (y.Alike & fold.Cyrillic).First()
	}
	s.replaced[d].add(letter)
	s.found.add(newFeature(d, 0, rune(g)))
	s.found.add(newFeature(insteadOf, uint32(letter), y.Rune))
}

// leave notes the letters of a word in which others were replaced.
func (s *scan) leave(i, j int) {
	for k := i; k < j; k++ {
		if y := &s.symbols[k]; y.Rune < utf8.RuneSelf && y.Kind == fold.Letter {
			s.kept.add(y.Text)
		}
	}
}

// word looks for letters of one script among those of another.
func (s *scan) word(i, j int) {
	var (
		latin, alien, cyrillic, stray, changes int
		first                                  group // of the letters of other scripts
		mixed                                  bool  // they are of more than one
		before                                 bool  // the letter before is of another script
	)
	for k := i; k < j; k++ {
		y := &s.symbols[k]
		switch {
		case y.Rune < utf8.RuneSelf:
			latin++
		case isCyrillic(y.Rune):
			cyrillic++
		}
		passes := s.alien(k)
		if passes {
			alien++
			g := groupOf(y.Rune)
			if first == 0 {
				first = g
			}
			mixed = mixed || g != first
		} else if y.Rune >= 0x250 && typefaceOf(y.Rune) < 0 && !unicode.In(y.Rune, unicode.Latin, unicode.Common) {
			stray++
		}
		if k > i && passes != before {
			changes++
		}
		before = passes
	}
	switch {
	case latin > 0 && cyrillic > 0 && s.cyrillic:
		s.amongCyrillic(i, j)
	case stray == 0 && (mixed || latin > 0 && alien > 0 && (latin >= alien || !s.foreign)):
		s.amongLatin(i, j, changes)
	}
}

// alien reports whether a letter is of another script and passes for a Latin one. Letters of Latin alphabets are at home.
func (s *scan) alien(i int) bool {
	y := &s.symbols[i]
	return y.Rune >= 0x250 && y.Way == fold.Lookalike && y.Alike&fold.Latin != 0 && typefaceOf(y.Rune) < 0 &&
		(groupOf(y.Rune) != otherGroup || unicode.In(y.Rune, unicode.Latin, unicode.Common)) && !orthographic(y.Rune)
}

// orthographic reports whether a letter of phonetics is one that alphabets of Africa have, too.
func orthographic(r rune) bool {
	switch r {
	case 'ɓ', 'ɔ', 'ɖ', 'ɗ', 'ə', 'ɛ', 'ɣ', 'ɨ', 'ɩ', 'ɲ', 'ʉ', 'ʊ', 'ʋ', 'ʒ', 'ʼ':
		return true
	}
	return false
}

func isCyrillic(r rune) bool { return 0x400 <= r && r <= 0x52F }

// amongLatin adds the letters of other scripts in a word of Latin ones, or of letters from several scripts. A beginning or an ending in another script is often a
// particle, where the text has words of that script.
func (s *scan) amongLatin(i, j, changes int) {
	points := 2
	if changes == 1 { // else the scripts alternate, or there are several
		if s.foreign || s.quantity(i, j) {
			return
		}
		if s.alien(j - 1) {
			points = 1
		}
	}
	s.evidence[lookalikes] += points
	s.leave(i, j)
	for k := i; k < j; k++ {
		if s.alien(k) {
			s.substituted(lookalikes, groupOf(s.symbols[k].Rune), k)
		}
	}
}

// quantity reports whether a word begins or ends with one Greek letter, as names of quantities do: μTorrent, TNFα.
func (s *scan) quantity(i, j int) bool {
	first, last := groupOf(s.symbols[i].Rune) == greekGroup, groupOf(s.symbols[j-1].Rune) == greekGroup
	return first && !s.alien(i+1) || last && !s.alien(j-2)
}

// latinInCyrillic are the letters that look like Cyrillic ones.
const latinInCyrillic = "ABCEHIKMOPTXYaceiopxyk"

// amongCyrillic adds the Latin letters in a Cyrillic word, if all of them look like Cyrillic ones.
func (s *scan) amongCyrillic(i, j int) {
	n, changes := 0, 0
	for k := i; k < j; k++ {
		y := &s.symbols[k]
		if y.Rune < utf8.RuneSelf {
			if n++; !strings.ContainsRune(latinInCyrillic, y.Rune) {
				return
			}
		}
		if k > i && (y.Rune < utf8.RuneSelf) != (s.symbols[k-1].Rune < utf8.RuneSelf) {
			changes++
		}
	}
	if changes == 1 && n > 1 {
		return // two words as one
	}
	s.evidence[lookalikes] += min(n, 2)
	for k := i; k < j; k++ {
		if s.symbols[k].Rune < utf8.RuneSelf && s.symbols[k].Alike&fold.Cyrillic != 0 {
			s.substituted(lookalikes, latinGroup, k)
		}
	}
}
