package gallery

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/rule"
)

// NoPolicy stands for the policy of a bank's entry that states none.
const NoPolicy = "none"

// Offended gives the policies of the bad entries that were found.
func Offended(found []rule.Found) (policies []string) {
	for i := range found {
		if f := &found[i]; !f.Good {
			policies = append(policies, cmp.Or(f.Policy, NoPolicy))
		}
	}
	return policies
}

// Keep is how much is kept of a picture; more is greater.
type Keep int

// What can be kept.
const (
	Nothing  Keep = iota // that it was seen, by its digest
	Preview              // and a blurred preview
	Original             // and the file
)

var words = [...]string{"nothing", "preview", "original"}

// String is the word for it.
func (k Keep) String() string { return words[k] }

// ParseKeep reads the word.
func ParseKeep(word string) (Keep, error) {
	if i := slices.Index(words[:], word); i >= 0 {
		return Keep(i), nil
	}
	return Nothing, fmt.Errorf("%q is none of nothing, preview and original", word)
}

// MarshalText writes the word.
func (k Keep) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads it.
func (k *Keep) UnmarshalText(word []byte) (err error) {
	*k, err = ParseKeep(string(word))
	return err
}

// Rules say what is kept of a picture, by the policies that it offends.
type Rules struct {
	Default  Keep
	Policies map[string]Keep // of those that differ; NoPolicy is Nothing unless it is here, for nobody knows what such an entry is of
	Never    []string        // policies of whose pictures nothing is kept, whatever else is said
}

// For is what may be kept of a picture that offends some policies: the least that any of them allows; nothing if there are none.
func (r Rules) For(policies []string) Keep {
	if len(policies) == 0 {
		return Nothing
	}
	least := Original
	for _, p := range policies {
		keep, differs := r.Policies[p]
		switch {
		case slices.Contains(r.Never, p):
			keep = Nothing
		case !differs && p != NoPolicy:
			keep = r.Default
		}
		least = min(least, keep)
	}
	return least
}
