package match

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sync"
)

//go:generate go run ./gen

// wordsData is the English vocabulary, made from SCOWL; words.LICENSE holds its notice.
//
//go:embed words.gz
var wordsData []byte

// A rank says how usual a word is.
type rank uint8

const (
	unknown rank = iota
	rare         // in large dictionaries, or a name
	common
)

// vocabulary is a set of words by hash: 15 bits of the hash and whether the word is common, small enough to stay in a
// processor's cache. With 155,000 words one unknown word in some thousand is taken for a word.
type vocabulary struct {
	slots [1 << 18]uint16
	usual [1 << 14]uint16 // fingerprints of the most usual words by hash, the last of each place: most words of a text are here
}

// english is read at the first use, in about 30 ms.
var english = sync.OnceValue(func() *vocabulary {
	z, err := gzip.NewReader(bytes.NewReader(wordsData))
	if err != nil {
		panic(err) // the file is part of the program
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	v := &vocabulary{}
	var word []byte
	for len(text) > 0 {
		head := text[0]
		end := 1 + bytes.IndexByte(text[1:], '\n')
		word = append(word[:head&0x3F], text[1:end]...)
		h := noHash
		for _, c := range word {
			h = h.with(rune(c))
		}
		v.add(h, head&0x80 != 0)
		if head&0x40 != 0 {
			x := h.mixed()
			v.usual[x>>50] = fingerprint(x)
		}
		text = text[end+1:]
	}
	return v
})

// hash is that of a word, letter by letter.
type hash uint64

const noHash hash = 0xcbf29ce484222325

func (h hash) with(r rune) hash { return (h ^ hash(r)) * 0x100000001b3 }

// mixed spreads the hash over all its bits.
func (h hash) mixed() uint64 {
	x := uint64(h)
	x ^= x >> 32
	x *= 0x9E3779B97F4A7C15
	return x ^ x>>29
}

// fingerprint is what is kept of a hash; never 0, and even.
func fingerprint(x uint64) uint16 { return max(uint16(x)&^1, 2) }

func (v *vocabulary) add(h hash, isCommon bool) {
	x := h.mixed()
	want := fingerprint(x)
	for i := x >> 40; ; i++ {
		slot := &v.slots[i%uint64(len(v.slots))]
		if *slot == 0 {
			*slot = want
		}
		if *slot&^1 == want {
			if isCommon {
				*slot |= 1
			}
			return
		}
	}
}

func (v *vocabulary) rank(h hash) rank {
	x := h.mixed()
	want := fingerprint(x)
	if v.usual[x>>50] == want {
		return common
	}
	for i := x >> 40; ; i++ {
		switch slot := v.slots[i%uint64(len(v.slots))]; {
		case slot == 0:
			return unknown
		case slot == want:
			return rare
		case slot == want|1:
			return common
		}
	}
}
