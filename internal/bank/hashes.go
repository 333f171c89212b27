package bank

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/rule"
)

// Distances of PDQ hashes, in bits.
const (
	MatchDistance = 31 // within which an entry that states none is found
	MaxDistance   = 50 // that an entry may state: beyond it the search costs as much as comparing with all, and says nothing
)

// sha256Prefix tells a SHA-256 from a PDQ, which has as many digits.
const sha256Prefix = "sha256:"

// ErrHash is wrapped by the errors of [NormalHash].
var ErrHash = errors.New("no hash: write 64 hexadecimal digits for PDQ, 32 for MD5, 40 for SHA-1, or sha256: and 64 of them")

// NormalHash is a hash as banks hold it: lower-case hexadecimal digits, 64 for PDQ, 32 for MD5, 40 for SHA-1, and sha256: with
// 64 of them. It also takes upper case, spaces around it, and the prefixes pdq:, md5: and sha1:.
func NormalHash(raw string) (string, error) {
	value := strings.ToLower(strings.TrimSpace(raw))
	for prefix, digits := range map[string]int{"pdq:": 64, "md5:": 32, "sha1:": 40} {
		if rest, ok := strings.CutPrefix(value, prefix); ok && len(rest) == digits {
			value = rest
		}
	}
	if !isHash(value) {
		return "", fmt.Errorf("%.80q is %w", raw, ErrHash)
	}
	return value, nil
}

// isHash says whether a value is a hash in the one way in which banks write it.
func isHash(value string) bool {
	digits, sha256 := strings.CutPrefix(value, sha256Prefix)
	if n := len(digits); n != 64 && (sha256 || n != 32 && n != 40) {
		return false
	}
	return strings.Trim(digits, "0123456789abcdef") == ""
}

// HashKind is the kind of a hash as banks write it: pdq, md5, sha1 or sha256.
func HashKind(value string) string {
	switch len(value) {
	case 32:
		return "md5"
	case 40:
		return "sha1"
	case 64:
		return "pdq"
	}
	return "sha256"
}

// HashKinds counts the entries of a bank of hashes by kind.
func (b *Bank) HashKinds() map[string]int {
	kinds := map[string]int{}
	b.entries.each(func(e *Entry) { kinds[HashKind(e.Value)]++ })
	return kinds
}

// pdqOf is the PDQ of a value that is one.
func pdqOf(value string) (hamming.Hash, bool) {
	if len(value) != 64 {
		return hamming.Hash{}, false
	}
	h, err := hamming.Parse(value)
	return h, err == nil
}

// Picture is a picture by its hashes.
type Picture struct {
	PDQ    []hamming.Hash // of the picture as it is, and of what else is to be looked up: turned, mirrored, parts of it
	Parts  int            // how many of PDQ, the last ones, are of parts of it
	MD5    string         // hexadecimal, in lower case; empty for unknown
	SHA1   string
	SHA256 string
}

// hashTable finds the PDQ entries of all banks of hashes. It never changes. Entries that were removed may still be in it: the banks
// say what is there.
type hashTable struct {
	index  *hamming.Index
	refs   []ref // by id in index
	fresh  []freshHash
	stale  int // entries of the table that edits removed
	radius int // the largest of any entry
}

// ref names an entry.
type ref struct{ bank, value string }

// freshHash is an entry that came after the index was built. They are compared one by one, at about a nanosecond each.
type freshHash struct {
	hash hamming.Hash
	ref  ref
}

// maxFresh is how many changes a table takes before it is built anew; it may be more where many entries are.
const maxFresh = 4096

// buildHashes makes the table of all banks of hashes.
func (s *Set) buildHashes() error {
	t := &hashTable{}
	var list []hamming.Entry
	for _, b := range s.Banks() {
		if b.Header.Kind != Hashes {
			continue
		}
		for _, value := range b.entries.values() {
			if !isHash(value) {
				return invalid("bank %s: %.80q is %v", b.Name, value, ErrHash)
			}
			if h, ok := pdqOf(value); ok {
				list = append(list, hamming.Entry{Hash: h, ID: uint64(len(t.refs))})
				t.refs = append(t.refs, ref{b.Name, value})
			}
			e, _ := b.entries.get(value)
			t.radius = max(t.radius, e.radius())
		}
	}
	t.index = hamming.Build(list)
	s.hashes = t
	return nil
}

// editHashes makes the table after an edit, in parts, of a bank that was old.
func (s *Set) editHashes(old, b *Bank, parts []*Edit) error {
	if s.hashes == nil {
		return s.buildHashes()
	}
	t := *s.hashes
	t.fresh = slices.Clip(t.fresh)
	for _, part := range parts {
		for i := range part.Add {
			e := &part.Add[i]
			if !isHash(e.Value) {
				return invalid("bank %s: %.80q is %v", b.Name, e.Value, ErrHash)
			}
			t.radius = max(t.radius, e.radius())
			if _, had := old.entries.get(e.Value); had {
				continue
			}
			if h, ok := pdqOf(e.Value); ok {
				t.fresh = append(t.fresh, freshHash{h, ref{b.Name, e.Value}})
			}
		}
		t.stale += len(part.Remove)
		if part.Drop {
			t.stale += old.Len()
		}
	}
	if len(t.fresh)+t.stale > maxFresh+len(t.refs)/8 {
		return s.buildHashes()
	}
	s.hashes = &t
	return nil
}

// radius is the distance within which a hash entry is found.
func (e *Entry) radius() int {
	if e.Distance != nil {
		return *e.Distance
	}
	return MatchDistance
}

// PDQ is the entry's PDQ hash and the distance within which it is found, in bits; ok is false for other entries.
func (e *Entry) PDQ() (h hamming.Hash, radius int, ok bool) {
	h, ok = pdqOf(e.Value)
	return h, e.radius(), ok
}

// maxNear is how many entries near one hash are looked at.
const maxNear = 1024

// LookAt appends to dst what the set's banks of hashes hold of a picture, the nearest first, and says whether a known-good bank holds the
// picture as a whole: it is then found in no bad one. A part that a known-good bank holds is found in no bad one itself, and takes nothing
// from the rest. surface names the picture in what is found. Of all the pictures in dst, [maxFound] entries are kept; see [Reader.Cut].
func (r *Reader) LookAt(dst []rule.Found, s *Set, h *Picture, surface string, at Occasion) (all []rule.Found, good bool) {
	if s == nil || s.hashes == nil {
		return dst, false
	}
	if r.near == nil {
		r.near = map[ref]met{}
	}
	clear(r.near)
	t := s.hashes
	for by, q := range h.PDQ {
		r.here = r.here[:0]
		r.matches = t.index.Nearest(r.matches[:0], q, maxNear, t.radius)
		for _, m := range r.matches {
			r.meet(s, t.refs[m.ID], m.Distance, by, at)
		}
		for i := range t.fresh {
			if d := hamming.Distance(q, t.fresh[i].hash); d <= t.radius {
				r.meet(s, t.fresh[i].ref, d, by, at)
			}
		}
		good = r.take() && by < len(h.PDQ)-h.Parts || good
	}
	r.here = r.here[:0]
	for _, value := range [...]string{h.MD5, h.SHA1, sha256Prefix + h.SHA256} {
		for _, b := range s.ofHashes {
			if _, ok := b.Entry(value); ok {
				r.meet(s, ref{b.Name, value}, 0, -1, at)
			}
		}
	}
	good = r.take() || good
	first := len(dst)
	for _, m := range r.near {
		if m.found.Good || !good {
			m.found.Surface = surface
			dst = append(dst, m.found)
		}
	}
	slices.SortFunc(dst[first:], func(a, b rule.Found) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), strings.Compare(a.Bank, b.Bank), strings.Compare(a.Entry, b.Entry))
	})
	return r.keep(dst, Hashes), good
}

// met is an entry that was met, and by which of the picture's PDQ hashes; −1 by a digest of its file.
type met struct {
	found rule.Found
	by    int
}

// meet notes an entry that is as near as that to the hash at hand, if it counts.
func (r *Reader) meet(s *Set, of ref, distance, by int, at Occasion) {
	b, ok := s.Bank(of.bank)
	if !ok || b.Header.Kind != Hashes {
		return
	}
	e, ok := b.Entry(of.value)
	if !ok {
		return
	}
	e.inherit(&b.Header)
	if s.refuses(&found{b, e}, distance, at) {
		return
	}
	r.here = append(r.here, met{rule.Found{Kind: string(Hashes), Bank: b.Name, Entry: e.Value, Policy: e.Policy, Severity: int64(e.Severity),
		Good: b.Header.Good, Distance: distance}, by})
}

// take moves what the hash at hand met to what the picture did, each entry where it is nearest. If a known-good bank holds the hash, that is
// all that it met.
func (r *Reader) take() (good bool) {
	good = slices.ContainsFunc(r.here, func(m met) bool { return m.found.Good })
	for i := range r.here {
		f := &r.here[i].found
		if good && !f.Good {
			continue
		}
		of := ref{f.Bank, f.Entry}
		if was, met := r.near[of]; !met || f.Distance < was.found.Distance {
			r.near[of] = r.here[i]
		}
	}
	return good
}

// By says which of the picture's PDQ hashes is near an entry that the last LookAt found, the nearest of them, the first of several as near; −1
// for a digest of its file.
func (r *Reader) By(f *rule.Found) int { return r.near[ref{f.Bank, f.Entry}].by }
