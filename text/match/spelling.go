package match

import "strings"

// maxWord bounds the words in which misspelling is looked for.
const maxWord = 32

func vowel(c byte) bool { return c < 'z' && 1<<(c-'a')&vowelSet != 0 }

// skeleton appends the word without its vowels, but for one at its beginning.
func skeleton(dst, word []byte) []byte {
	for i, c := range word {
		if i == 0 || !vowel(c) {
			dst = append(dst, c)
		}
	}
	return dst
}

// sounds are spellings of one sound, longest first; what is not listed sounds as it is written.
var sounds = [26][]struct{ from, to string }{
	'c' - 'a': {{"ck", "k"}, {"cq", "k"}, {"c", "k"}},
	'e' - 'a': {{"er", "a"}},
	'g' - 'a': {{"ggs", "ks"}, {"gz", "ks"}},
	'k' - 'a': {{"kk", "k"}, {"kn", "n"}},
	'o' - 'a': {{"ooo", "u"}, {"oo", "u"}, {"ou", "u"}},
	'p' - 'a': {{"ph", "f"}},
	'q' - 'a': {{"qu", "kw"}, {"q", "k"}},
	's' - 'a': {{"sion", "shun"}},
	't' - 'a': {{"tion", "shun"}},
	'w' - 'a': {{"wh", "w"}},
	'x' - 'a': {{"x", "ks"}},
	'y' - 'a': {{"y", "i"}},
	'z' - 'a': {{"z", "s"}},
}

// sound appends the word as it sounds: one letter for each sound, none twice in a row. With soft, a c before e, i and y is an s.
func sound(dst, word []byte, soft bool) []byte {
	start := len(dst)
	for i := 0; i < len(word); {
		from, to := string(word[i:i+1]), string(word[i:i+1])
		if soft && from == "c" && i+1 < len(word) && strings.IndexByte("eiy", word[i+1]) >= 0 {
			to = "s"
		} else {
			for _, s := range sounds[word[i]-'a'] {
				if strings.HasPrefix(string(word[i:]), s.from) {
					from, to = s.from, s.to
					break
				}
			}
		}
		i += len(from)
		for _, c := range []byte(to) {
			if len(dst) == start || dst[len(dst)-1] != c {
				dst = append(dst, c)
			}
		}
	}
	return dst
}

// soundsLike reports whether the spelling is read as the word is.
func soundsLike(spelling, word []byte) bool {
	var a, b [2 * maxWord]byte
	heard := string(sound(a[:0], spelling, false))
	return heard == string(sound(b[:0], word, false)) || heard == string(sound(b[:0], word, true)) ||
		string(spelling) == "ur" && string(word) == "your"
}

// keyboard is the rows of a keyboard, each key between those of the row above.
var keyboard = func() (near [26]uint32) {
	rows := [...]string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}
	link := func(a, b byte) {
		near[a-'a'] |= 1 << (b - 'a')
		near[b-'a'] |= 1 << (a - 'a')
	}
	for r, row := range rows {
		for i := range row {
			if i > 0 {
				link(row[i], row[i-1])
			}
			if r > 0 {
				link(row[i], rows[r-1][i])
				if i+1 < len(rows[r-1]) {
					link(row[i], rows[r-1][i+1])
				}
			}
		}
	}
	return near
}()

// edit is how one word came from another.
type edit int

const (
	notEdited edit = iota
	sameWord
	dropped // a letter is missing
	swapped // two letters changed places
	typed   // a neighbour on the keyboard
)

// editOf says how the spelling came from the word by one slip; its first letter stays, but for a swap.
func editOf(spelling, word []byte) edit {
	i := 0
	for i < min(len(spelling), len(word)) && spelling[i] == word[i] {
		i++
	}
	switch len(word) - len(spelling) {
	case 0:
		if i == len(word) {
			return sameWord
		}
		rest := string(spelling[i+1:]) == string(word[i+1:])
		if rest && i > 0 && keyboard[spelling[i]-'a']&(1<<(word[i]-'a')) != 0 {
			return typed
		}
		if i+1 < len(word) && spelling[i] == word[i+1] && spelling[i+1] == word[i] && string(spelling[i+2:]) == string(word[i+2:]) {
			return swapped
		}
	case 1:
		if i > 0 && string(spelling[i:]) == string(word[i+1:]) {
			return dropped
		}
	}
	return notEdited
}
