package habit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// MaxProfile is the number of features that a profile holds at most. Those that were seen least give way.
const MaxProfile = 128

// A Profile is what habits an account has: how many of its texts were obfuscated, and with which features, old texts counting
// less. The zero Profile is that of an account without texts. It is for one goroutine at a time and takes at most some 2 kB.
type Profile struct {
	at         int64   // the latest time, which the counts are as of
	texts      float64 // of the account
	obfuscated float64 // of them
	counts     []count // by feature, ascending
}

// count is in how many of an account's obfuscated texts a feature was.
type count struct {
	feature Feature
	texts   float64
}

// Add counts the habit of a text, or a plain text if it is the zero Habit. A text counts half after halfLife, in the unit of at;
// for ever if that is 0. Texts need not come in order.
func (p *Profile) Add(h *Habit, at, halfLife int64) {
	weight := p.advance(at, halfLife)
	p.texts += weight
	if h.n == 0 {
		return
	}
	p.obfuscated += weight
	for _, f := range h.Features() {
		p.count(f, weight)
	}
	for letter := range rune(26) {
		if h.kept&(1<<letter) != 0 {
			p.count(kept('a'+letter), weight)
		}
	}
	p.trim()
}

// Merge adds what another profile of the same account counted.
func (p *Profile) Merge(q *Profile, halfLife int64) {
	if q.texts == 0 {
		return
	}
	weight := p.advance(q.at, halfLife)
	p.texts += weight * q.texts
	p.obfuscated += weight * q.obfuscated
	for _, c := range q.counts {
		p.count(c.feature, weight*c.texts)
	}
	p.trim()
}

// advance moves the profile to a time, and is what something of that time counts then: less than one if it is the older.
func (p *Profile) advance(at, halfLife int64) float64 {
	switch {
	case p.texts == 0:
		p.at = at
	case halfLife <= 0:
		p.at = max(p.at, at)
	case at <= p.at:
		return math.Exp2((float64(at) - float64(p.at)) / float64(halfLife))
	default:
		old := math.Exp2((float64(p.at) - float64(at)) / float64(halfLife))
		p.at = at
		p.texts *= old
		p.obfuscated *= old
		for i := range p.counts {
			p.counts[i].texts *= old
		}
		p.counts = slices.DeleteFunc(p.counts, func(c count) bool { return c.texts < forgotten })
	}
	return 1
}

// forgotten is how little a feature counts when it goes.
const forgotten = 1e-6

func (p *Profile) find(f Feature) (int, bool) {
	return slices.BinarySearchFunc(p.counts, f, func(c count, f Feature) int {
		switch {
		case c.feature < f:
			return -1
		case c.feature > f:
			return 1
		}
		return 0
	})
}

func (p *Profile) count(f Feature, texts float64) {
	i, found := p.find(f)
	if !found {
		p.counts = slices.Insert(p.counts, i, count{feature: f})
	}
	p.counts[i].texts += texts
}

// trim takes out features until there are no more than MaxProfile: those of the fewest texts, the highest of equals.
func (p *Profile) trim() {
	for len(p.counts) > MaxProfile {
		least := 0
		for i := range p.counts {
			if p.counts[i].texts <= p.counts[least].texts {
				least = i
			}
		}
		p.counts = slices.Delete(p.counts, least, least+1)
	}
}

// Texts is how many texts the profile counts, decayed, and how many of them were obfuscated.
func (p *Profile) Texts() (all, obfuscated float64) { return p.texts, p.obfuscated }

// A Trait is a feature and the share of an account's obfuscated texts that have it.
type Trait struct {
	Feature Feature
	Share   float64 // from 0 to 1
}

// Traits are the features of the profile, those of most texts first.
func (p *Profile) Traits() []Trait {
	var traits []Trait
	for _, c := range p.counts {
		if !c.feature.isKept() {
			traits = append(traits, Trait{c.feature, min(1, c.texts/p.obfuscated)})
		}
	}
	slices.SortStableFunc(traits, func(a, b Trait) int {
		switch {
		case a.Share > b.Share:
			return -1
		case a.Share < b.Share:
			return 1
		}
		return 0
	})
	return traits
}

// ErrFormat is what Decode gives for bytes that are no profile of this version.
var ErrFormat = errors.New("habit: not a profile of this version")

// version of what Append writes.
const version = 1

// Append appends the profile to dst. Equal profiles give equal bytes.
func (p *Profile) Append(dst []byte) []byte {
	dst = append(dst, version)
	dst = binary.AppendVarint(dst, p.at)
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(p.texts))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(p.obfuscated))
	dst = binary.AppendUvarint(dst, uint64(len(p.counts)))
	for _, c := range p.counts {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(c.feature))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(c.texts))
	}
	return dst
}

// Decode reads a profile, which is all of b. The error is ErrFormat, with what is wrong.
func Decode(b []byte) (*Profile, error) {
	bad := func(what string) (*Profile, error) { return nil, fmt.Errorf("%w: %s", ErrFormat, what) }
	if len(b) == 0 || b[0] != version {
		return bad("it does not begin with version 1")
	}
	p := &Profile{}
	at, n := binary.Varint(b[1:])
	if n <= 0 || len(b) < 1+n+16 {
		return bad("it is cut off")
	}
	b = b[1+n:]
	p.at = at
	p.texts = math.Float64frombits(binary.LittleEndian.Uint64(b))
	p.obfuscated = math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
	size, n := binary.Uvarint(b[16:])
	if n <= 0 || size > MaxProfile || uint64(len(b)-16-n) != 16*size {
		return bad("its features have another length than it says")
	}
	if !counts(p.texts) || !counts(p.obfuscated) || p.obfuscated > p.texts || size > 0 && p.obfuscated == 0 {
		return bad("its numbers of texts are none")
	}
	b = b[16+n:]
	for ; len(b) > 0; b = b[16:] {
		c := count{Feature(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))}
		if last := len(p.counts) - 1; !counts(c.texts) || c.texts > 2*p.obfuscated || last >= 0 && p.counts[last].feature >= c.feature {
			return bad("its features are out of order, or their numbers are none")
		}
		p.counts = append(p.counts, c)
	}
	return p, nil
}

// counts reports whether a number can be one of texts.
func counts(x float64) bool { return x >= 0 && x <= 1e15 }
