package classify

import (
	"bytes"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/text/fold"
)

// What is read of a text. Another choice is another version of the model's format.
const (
	bits       = 18
	shortest   = 2 // characters in an n-gram
	longest    = 5
	maxFolded  = 16 << 10 // bytes of canonical text, at which the rest is left out
	maxTextLen = 64 << 10 // bytes of text
)

// canonical appends the form of a text that n-grams are cut from: folded, every link an "http" and every mention an "@", so that
// no model learns who was spoken to, between two spaces, which mark where words begin and end.
func canonical(dst []byte, scratch *[]byte, text string) []byte {
	if len(text) > maxTextLen {
		text = text[:maxTextLen]
	}
	*scratch = fold.Fold((*scratch)[:0], text)
	dst = append(dst, ' ')
	start := len(dst)
	for rest := *scratch; len(rest) > 0 && len(dst)-start < maxFolded; {
		word := rest
		if end := bytes.IndexByte(rest, ' '); end >= 0 {
			word = rest[:end+1]
		}
		rest = rest[len(word):]
		dst = appendWord(dst, word)
	}
	dst = dst[:min(len(dst), start+maxFolded)]
	return append(dst, ' ')
}

// appendWord appends a word with the space after it.
func appendWord(dst, word []byte) []byte {
	if bytes.HasPrefix(word, []byte("http://")) || bytes.HasPrefix(word, []byte("https://")) || bytes.HasPrefix(word, []byte("www.")) {
		dst = append(dst, "http"...)
		if word[len(word)-1] == ' ' {
			dst = append(dst, ' ')
		}
		return dst
	}
	for i := 0; i < len(word); i++ {
		dst = append(dst, word[i])
		if word[i] == '@' {
			for i+1 < len(word) && isName(word[i+1]) {
				i++
			}
		}
	}
	return dst
}

func isName(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' }

// grams calls each for every n-gram of a canonical text: where it lies, and its place in the table of weights. Its order is that
// of the text. The cost is linear in the text.
func grams(text []byte, each func(start, end int, index uint32)) {
	for start := 0; start < len(text); {
		h := learn.HashSeed
		_, first := utf8.DecodeRune(text[start:])
		end := start
		for n := 1; n <= longest && end < len(text); n++ {
			_, size := utf8.DecodeRune(text[end:])
			for range size {
				h = h.Add(text[end])
				end++
			}
			if n >= shortest {
				each(start, end, h.Index(bits))
			}
		}
		start += first
	}
}

// scale makes texts of any length comparable: each of n n-grams counts 1/√n.
func scale(n int) float64 { return 1 / math.Sqrt(float64(max(1, n))) }

// features is what a canonical text is in training: an n-gram that occurs k times counts k times. indexes is scratch memory.
func features(dst learn.Vector, indexes *[]uint32, text []byte) learn.Vector {
	dst, list := dst[:0], (*indexes)[:0]
	grams(text, func(_, _ int, index uint32) { list = append(list, index) })
	slices.Sort(list)
	value := float32(scale(len(list)))
	for _, index := range list {
		if n := len(dst); n > 0 && dst[n-1].Index == index {
			dst[n-1].Value += value
			continue
		}
		dst = append(dst, learn.Feature{Index: index, Value: value})
	}
	*indexes = list
	return dst
}
