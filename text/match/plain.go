package match

import (
	"math/bits"
	"slices"

	"github.com/ringfence/ringfence/text/fold"
)

// FindPlain is the terms of the bank in the text as they are listed, up to case and the white space between words; in scripts other
// than Latin up to what counts as the same letter. It has the order of Find, and what Find gives no cost. It is many times as fast:
// it reads bytes, and little more than the first three of each word; only text beyond ASCII, if there are terms beyond ASCII, is
// read as symbols. What is listed with signs in it, as t-shirt or don't, is in ASCII text found without them alone.
func (f *Finder) FindPlain(b *Bank, text string) []Match {
	text = fold.Cut(text)
	f.found.reset()
	f.text = text
	foreign := b.plain.find(b, text, &f.found)
	if foreign && (b.native.size > 0 || b.plain.wide) {
		f.lattice.read(f.reader.Read(text))
		f.native.straights(b, &f.lattice, &f.found)
		if b.plain.wide {
			f.walker.straights(b, &f.lattice, &f.found)
		}
		f.found.list = slices.DeleteFunc(f.found.list, func(m Match) bool { return m.Term >= len(b.terms) })
	}
	return slices.DeleteFunc(f.settle(b), func(m Match) bool { return m.Cost > 0 })
}

// plain walks the trie along bytes.
type plain struct {
	leads  [1 << 15 / 64]uint64 // by the first three characters of a term, 5 bits each
	inside bool                 // terms may begin within words
	wide   bool                 // a term has letters beyond ASCII, which only the walk along symbols knows
}

// What a byte is: its step in the trie and one, or one of these.
const (
	between = 0   // words
	other   = 255 // part of a character beyond ASCII, which may be a letter
)

var byteClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 128:
			t[c] = other
		case 'A' <= c && c <= 'Z':
			t[c] = uint8(c-'A') + 1
		case 'a' <= c && c <= 'z':
			t[c] = uint8(c-'a') + 1
		case '0' <= c && c <= '9':
			t[c] = uint8(c-'0') + 27
		}
	}
	return t
}()

// leadsAt is the place of three classes in leads.
func leadsAt(a, b, c uint8) (word, bit uint32) {
	i := uint32(a)&31<<10 | uint32(b)&31<<5 | uint32(c)&31
	return i / 64, i % 64
}

// add notes a path of the trie.
func (p *plain) add(path []uint8, boundary string) {
	p.inside = p.inside || boundary == "none" || boundary == "end"
	class := func(i int) uint8 {
		if i >= len(path) || path[i] == space {
			return between
		}
		return path[i] + 1
	}
	if len(path) > 2 {
		if path[1] == space { // there may be more spaces
			word, bit := leadsAt(class(0), between, between)
			p.leads[word] |= 1 << bit
		}
		word, bit := leadsAt(class(0), class(1), class(2))
		p.leads[word] |= 1 << bit
		return
	}
	for third := range uint8(32) { // whatever follows a short term
		second := class(1)
		if len(path) == 1 {
			for second := range uint8(32) {
				word, bit := leadsAt(class(0), second, third)
				p.leads[word] |= 1 << bit
			}
			continue
		}
		word, bit := leadsAt(class(0), second, third)
		p.leads[word] |= 1 << bit
	}
}

// find reports whether the text holds characters beyond ASCII. It looks for the beginnings of words eight bytes at a time.
func (p *plain) find(b *Bank, s string, found *finds) (foreign bool) {
	var before uint64 // 0x80 if the byte before is of a word
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		foreign = foreign || x&high != 0
		word := wordBytes(x)
		begins := word &^ (word<<8 | before)
		if p.inside {
			begins = word
		}
		before = word >> 56
		for ; begins != 0; begins &= begins - 1 {
			at := i + bits.TrailingZeros64(begins)/8
			if p.mayLead(s, at) {
				p.from(b, s, at, found)
			}
		}
	}
	for ; i < len(s); i++ {
		foreign = foreign || s[i] >= 0x80
		if byteClass[s[i]] != between && (p.inside || i == 0 || byteClass[s[i-1]] == between) && p.mayLead(s, i) {
			p.from(b, s, i, found)
		}
	}
	return foreign
}

const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// wordBytes has the highest bit of each byte that is a letter, a digit or beyond ASCII.
func wordBytes(x uint64) uint64 {
	low := x &^ high
	small := low | 0x20*ones
	letter := (small + (0x80-'a')*ones) &^ (small + (0x7F-'z')*ones)
	digit := (low + (0x80-'0')*ones) &^ (low + (0x7F-'9')*ones)
	return (letter | digit | x) & high
}

// mayLead reports whether a term may begin at i, by its first characters.
func (p *plain) mayLead(s string, i int) bool {
	if i+2 >= len(s) {
		return true
	}
	word, bit := leadsAt(byteClass[s[i]], byteClass[s[i+1]], byteClass[s[i+2]])
	return p.leads[word]&(1<<bit) != 0
}

// spaces reports whether a byte is white space.
func spaces(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// from walks from one place.
func (p *plain) from(b *Bank, s string, start int, found *finds) {
	n := &b.trie.nodes[0]
	inner := start > 0 && byteClass[s[start-1]] != between
	blank := 0 // spaces beside the first
	for i := start; i < len(s); {
		c := byteClass[s[i]]
		step := int(c) - 1
		if c == between {
			if !spaces(s[i]) {
				return
			}
			if byteClass[s[i-1]] == between {
				if blank++; blank == maxSpace {
					return
				}
				i++
				continue
			}
			step, blank = space, 0
		}
		if c == other || n.kids&(1<<step) == 0 {
			return
		}
		n = &b.trie.nodes[n.child(step)]
		i++
		if n.out == 0 {
			continue
		}
		ends := i == len(s) || byteClass[s[i]] == between
		for o := n.out - 1; b.trie.outs[o] >= 0; o++ {
			term := b.trie.outs[o]
			if int(term) >= len(b.terms) {
				continue // a romanisation
			}
			boundary := b.endings[term].boundary
			if (ends || boundary == "none" || boundary == "start") && (!inner || boundary == "none" || boundary == "end") {
				found.makeRoom(b)
				found.add(Match{Term: int(term), Start: start, End: i})
			}
		}
	}
}
