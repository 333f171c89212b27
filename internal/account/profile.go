package account

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/ringfence/ringfence/event"
)

// The features of a profile, by their place in a row. Model files name them: a change of meaning needs another name.
const (
	pAge = iota
	pFollowers
	pFollowing
	pPosts
	pFollowingPerFollower
	pPostsPerFollower
	pPostsPerDay
	pFollowersPerDay
	pHandleLength
	pHandleDigits
	pHandleTail
	pHandleEntropy
	pHandleConsonants
	pHandleMarks
	pEmailDigits
	pEmailEqualsHandle
	pConfirmed
	pVerified
	pNameLength
	pBioLength
	profileFeatures
)

var profileNames = [profileFeatures]string{
	pAge:                  "age",                    // log of days since the account was made, plus one, as all logs here
	pFollowers:            "followers",              // log
	pFollowing:            "following",              // log
	pPosts:                "posts",                  // log
	pFollowingPerFollower: "following_per_follower", // difference of logs
	pPostsPerFollower:     "posts_per_follower",     // likewise
	pPostsPerDay:          "posts_per_day",          // likewise
	pFollowersPerDay:      "followers_per_day",      // likewise
	pHandleLength:         "handle_length",          // characters before the first dot
	pHandleDigits:         "handle_digits",          // share of them
	pHandleTail:           "handle_tail",            // digits at its end
	pHandleEntropy:        "handle_entropy",         // bits a character
	pHandleConsonants:     "handle_consonants",      // longest run of Latin letters without a vowel
	pHandleMarks:          "handle_marks",           // characters that are neither letters nor digits
	pEmailDigits:          "email_digits",           // share of the address's name
	pEmailEqualsHandle:    "email_equals_handle",    // 0 or 1
	pConfirmed:            "confirmed",              // 0 or 1
	pVerified:             "verified",               // 0 or 1
	pNameLength:           "name_length",            // characters of attrs.name
	pBioLength:            "bio_length",             // characters of attrs.bio
}

// nothing is a value that is not known.
var nothing = math.NaN()

// AppendProfile adds the features of the profile that an event came with: what the source said of the account, and nothing of when, where or
// in which order the event was collected. It is a function of the event alone; what the event leaves out is missing.
func AppendProfile(row []float64, e *event.Event) []float64 {
	var v [profileFeatures]float64
	for i := range v {
		v[i] = nothing
	}
	a := &e.Account
	if e.Fields.Has(event.FieldAccountCreated) && a.Created <= e.Time {
		v[pAge] = math.Log1p((float64(e.Time) - float64(a.Created)) / day)
	}
	count := func(f event.Field, n int64) float64 {
		if !e.Fields.Has(f) || n < 0 {
			return nothing
		}
		return math.Log1p(float64(n))
	}
	v[pFollowers] = count(event.FieldAccountFollowers, a.Followers)
	v[pFollowing] = count(event.FieldAccountFollowing, a.Following)
	v[pPosts] = count(event.FieldAccountPosts, a.Posts)
	v[pFollowingPerFollower] = v[pFollowing] - v[pFollowers]
	v[pPostsPerFollower] = v[pPosts] - v[pFollowers]
	v[pPostsPerDay] = v[pPosts] - v[pAge]
	v[pFollowersPerDay] = v[pFollowers] - v[pAge]
	handle, _, _ := strings.Cut(a.Handle, ".") // the host of a handle says where, not who
	if e.Fields.Has(event.FieldAccountHandle) && handle != "" {
		readHandle(&v, handle)
	}
	if local, _, ok := strings.Cut(a.Email, "@"); ok && local != "" && e.Fields.Has(event.FieldAccountEmail) {
		v[pEmailDigits] = float64(digits(local)) / float64(utf8.RuneCountInString(local))
		if handle != "" {
			v[pEmailEqualsHandle] = truth(strings.EqualFold(local, handle))
		}
	}
	if e.Fields.Has(event.FieldAccountConfirmed) {
		v[pConfirmed] = truth(a.Confirmed)
	}
	if e.Fields.Has(event.FieldAccountVerified) {
		v[pVerified] = truth(a.Verified)
	}
	for _, attr := range e.Attrs {
		if attr.Value.Kind != event.String {
			continue
		}
		switch attr.Key {
		case "name":
			v[pNameLength] = float64(utf8.RuneCountInString(attr.Value.Str))
		case "bio":
			v[pBioLength] = float64(utf8.RuneCountInString(attr.Value.Str))
		}
	}
	return append(row, v[:]...)
}

const day = 24 * 3600 * 1e9 // nanoseconds

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func digits(s string) (n int) {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// readHandle looks at how a handle is spelt. Only its first 64 bytes count.
func readHandle(v *[profileFeatures]float64, handle string) {
	handle = handle[:min(len(handle), 64)]
	var seen [256]int // by byte: other scripts than Latin come out a little more random
	run, longest, tail, marks := 0, 0, 0, 0
	for i := range len(handle) {
		c := handle[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		seen[c]++
		tail++
		switch {
		case c >= '0' && c <= '9':
			run = 0
			continue
		case c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y' || c >= utf8.RuneSelf:
			run = 0
		case c >= 'a' && c <= 'z':
			run++
			longest = max(longest, run)
		default:
			run = 0
			marks++
		}
		tail = 0
	}
	n, entropy := float64(len(handle)), 0.0
	for _, k := range seen {
		if k > 0 {
			p := float64(k) / n
			entropy -= p * math.Log2(p)
		}
	}
	v[pHandleLength] = float64(utf8.RuneCountInString(handle))
	v[pHandleDigits] = float64(digits(handle)) / n
	v[pHandleTail], v[pHandleEntropy], v[pHandleConsonants], v[pHandleMarks] = float64(tail), entropy, float64(longest), float64(marks)
}
