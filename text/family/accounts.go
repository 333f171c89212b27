package family

import (
	"math"
	"slices"

	"github.com/zeebo/xxh3"
)

// accounts counts different accounts: it keeps the smallest of their hashes. Up to maxAccounts the count is exact; above, it
// follows from how dense those hashes lie, with a standard error of 6%.
type accounts []uint64

const maxAccounts = 256

// add counts an account, and gives by how many hashes the set grew.
func (a *accounts) add(account string) (grown int) {
	h := xxh3.HashString(account)
	i, found := slices.BinarySearch(*a, h)
	switch {
	case found || i == maxAccounts:
	case len(*a) == maxAccounts:
		copy((*a)[i+1:], (*a)[i:])
		(*a)[i] = h
	default:
		*a = slices.Insert(*a, i, h)
		return 1
	}
	return 0
}

// count is how many accounts there are, and whether that is exact.
func (a accounts) count() (n int, exact bool) {
	if len(a) < maxAccounts {
		return len(a), true
	}
	density := float64(a[maxAccounts-1]) / math.MaxUint64
	return int(math.Round((maxAccounts - 1) / density)), false
}
