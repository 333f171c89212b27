package bank

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/rule"
)

// MaxFeatures is how many pictures' features the entries of a set may name: whoever looks for them holds some 30 kB of memory for each.
const MaxFeatures = 50_000

// features are the entries that name features, by their name. It never changes; lists are in the order of banks and values.
type features map[string][]ref

// Features are the names of the pictures' features that the set's entries name, in order.
func (s *Set) Features() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.shown))
}

// HasFeatures says whether there are any.
func (s *Set) HasFeatures() bool { return s != nil && len(s.shown) > 0 }

func (f features) put(name string, r ref) {
	list := slices.Clone(f[name])
	at, _ := slices.BinarySearchFunc(list, r, ref.compare)
	f[name] = slices.Insert(list, at, r)
}

func (f features) remove(name string, r ref) {
	list := slices.Clone(f[name])
	if list = slices.DeleteFunc(list, func(other ref) bool { return other == r }); len(list) == 0 {
		delete(f, name)
	} else {
		f[name] = list
	}
}

func (r ref) compare(o ref) int {
	return cmp.Or(strings.Compare(r.bank, o.bank), strings.Compare(r.value, o.value))
}

func (f features) check() error {
	if len(f) > MaxFeatures {
		return invalid("features of more than %d pictures in all banks", MaxFeatures)
	}
	return nil
}

// buildFeatures lists the features of all banks of hashes.
func (s *Set) buildFeatures() error {
	s.shown = features{}
	for _, b := range s.ofHashes {
		b.entries.each(func(e *Entry) {
			if e.Features != "" {
				s.shown.put(e.Features, ref{b.Name, e.Value})
			}
		})
	}
	return s.shown.check()
}

// editFeatures lists them after an edit, in parts, of a bank that was old.
func (s *Set) editFeatures(old, b *Bank, parts []*Edit) error {
	touched := map[string]bool{}
	for _, part := range parts {
		if part.Drop {
			old.entries.each(func(e *Entry) { touched[e.Value] = true })
		}
		for _, value := range part.Touched() {
			touched[value] = true
		}
	}
	next, forked := s.shown, false
	for value := range touched {
		was, _ := old.entries.get(value)
		is, _ := b.entries.get(value)
		if was.Features == is.Features {
			continue
		}
		if !forked {
			next, forked = maps.Clone(next), true
			if next == nil {
				next = features{}
			}
		}
		if was.Features != "" {
			next.remove(was.Features, ref{b.Name, value})
		}
		if is.Features != "" {
			next.put(is.Features, ref{b.Name, value})
		}
	}
	s.shown = next
	return next.check()
}

// Shown is a known picture that a picture shows, as it was found out.
type Shown struct {
	Features string `json:"features"` // names the known one; see [Entry]
	Method   string `json:"method"`   // as package media/lookup names it
	Distance int    `json:"distance,omitempty"`
	Inliers  int    `json:"inliers,omitempty"`
	Box      [4]int `json:"box"`   // left, top, right, bottom in pixels: where in the picture
	Known    [4]int `json:"known"` // and what of the known one
}

// LookShown appends to dst the entries of the known pictures that a picture shows, in the order of those, then of banks and values. Where a known-good
// one lies over half of a rectangle or more, no bad one is found there. surface names the picture in what is found.
func (r *Reader) LookShown(dst []rule.Found, s *Set, shown []Shown, surface string, at Occasion) []rule.Found {
	if s == nil {
		return dst
	}
	first := len(dst)
	for i := range shown {
		p := &shown[i]
		for _, of := range s.shown[p.Features] {
			b, ok := s.Bank(of.bank)
			if !ok {
				continue
			}
			e, _ := b.Entry(of.value)
			e.inherit(&b.Header)
			if s.refuses(&found{b, e}, p.Distance, at) {
				continue
			}
			dst = append(dst, rule.Found{Kind: string(Hashes), Bank: b.Name, Entry: e.Value, Policy: e.Policy, Severity: int64(e.Severity), Good: b.Header.Good,
				Surface: surface, Distance: p.Distance, Method: p.Method, Inliers: p.Inliers, Box: p.Box, Known: p.Known})
		}
	}
	var good [][4]int
	for i := range dst[first:] {
		if f := &dst[first+i]; f.Good {
			good = append(good, f.Box)
		}
	}
	if len(good) == 0 {
		return r.keep(dst, Hashes)
	}
	here := slices.DeleteFunc(dst[first:], func(f rule.Found) bool {
		return !f.Good && slices.ContainsFunc(good, func(g [4]int) bool { return 2*area(overlap(f.Box, g)) >= max(area(f.Box), 1) })
	})
	return r.keep(dst[:first+len(here)], Hashes)
}

func overlap(a, b [4]int) [4]int {
	return [4]int{max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])}
}

func area(r [4]int) int { return max(r[2]-r[0], 0) * max(r[3]-r[1], 0) }
