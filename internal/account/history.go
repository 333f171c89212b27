package account

import (
	"math"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/learn"
)

// The features of behaviour, by their place behind the profile's.
const (
	bActs = iota
	bActsPerDay
	bGapMean
	bGapSpread
	bHours
	bQuiet
	bPosts
	bReplies
	bReposts
	bLikes
	bFollows
	bRepeated
	bLinks
	bTargets
	bClients
	bAddresses
	historyFeatures
)

var historyNames = [historyFeatures]string{
	bActs:       "acts",            // log of how many were seen
	bActsPerDay: "acts_per_day",    // log of the rate between the first and the last
	bGapMean:    "gap_mean",        // mean log of the seconds between two acts
	bGapSpread:  "gap_spread",      // standard deviation of that log: small for a clock
	bHours:      "hours",           // of the day, UTC, in which it acted
	bQuiet:      "quiet_hours",     // longest run of hours without an act, over midnight too
	bPosts:      "share_posts",     // of its acts
	bReplies:    "share_replies",   // likewise
	bReposts:    "share_reposts",   // likewise, and shares
	bLikes:      "share_likes",     // likewise
	bFollows:    "share_follows",   // likewise
	bRepeated:   "share_repeated",  // of its texts: equal to one of the eight before
	bLinks:      "share_links",     // of its texts: with a link
	bTargets:    "share_targets",   // of its acts on accounts: on none of the eight accounts before
	bClients:    "share_clients",   // of its acts: from another client than the one before
	bAddresses:  "share_addresses", // of its acts: from another address than the one before
}

// History is what an account did, in 160 bytes whatever it did. The zero History is of an account that was never seen. It is plain data.
type History struct {
	first, last        int64   // event times in nanoseconds
	gapMean, gapSpread float64 // of the logs of gaps: mean, and sum of squared distances from it (Welford 1962)
	acts               uint32
	kinds              [5]uint32 // posts, replies, reposts, likes, follows
	texts              uint32
	repeated, links    uint32 // among them
	onOthers           uint32 // acts on other accounts
	newTargets         uint32 // among them
	clients, addresses uint32 // changes
	client, address    uint32 // hashes of the last
	hours              uint32 // a bit each
	lastTexts          [8]uint32
	lastTargets        [8]uint32
}

// Add takes an act of the account in. Acts come in the order of time; an earlier one counts as of the last.
func (h *History) Add(e *event.Event) {
	if h.acts == math.MaxUint32 {
		return
	}
	if h.acts == 0 {
		h.first, h.last = e.Time, e.Time
	} else {
		gap := math.Log1p(max(0, float64(e.Time)-float64(h.last)) / 1e9)
		away := gap - h.gapMean
		h.gapMean += away / float64(h.acts)
		h.gapSpread += away * (gap - h.gapMean)
		h.last = max(h.last, e.Time)
	}
	h.acts++
	h.hours |= 1 << uint(((e.Time/hour)%24+24)%24)
	switch e.Kind {
	case "post", "quote":
		h.kinds[0]++
	case "reply":
		h.kinds[1]++
	case "repost", "share":
		h.kinds[2]++
	case "like":
		h.kinds[3]++
	case "follow":
		h.kinds[4]++
	}
	switch e.Kind {
	case "post", "quote", "reply", "message":
		if e.Text != "" {
			h.texts++
			h.repeated += among(&h.lastTexts, h.texts, e.Text)
			if len(e.URLs) > 0 {
				h.links++
			}
		}
	}
	if e.Target != "" && e.Target != e.Actor {
		h.onOthers++
		h.newTargets += 1 - among(&h.lastTargets, h.onOthers, e.Target)
	}
	change(&h.client, &h.clients, e.Client, e.UserAgent)
	change(&h.address, &h.addresses, e.IP, "")
}

const hour = 3600 * 1_000_000_000 // nanoseconds

// among says 1 if a value is among the last eight, and puts it in as the n-th.
func among(last *[8]uint32, n uint32, value string) uint32 {
	h := hash(value)
	if slices.Contains(last[:], h) {
		return 1
	}
	last[n%8] = h
	return 0
}

// change counts a value that is there and is not the one before.
func change(last, changes *uint32, value, more string) {
	if value == "" && more == "" {
		return
	}
	h := hash(value + "\x00" + more)
	if *last != 0 && *last != h {
		*changes++
	}
	*last = h
}

// hash is never 0.
func hash(s string) uint32 {
	h := learn.HashSeed
	for i := range len(s) {
		h = h.Add(s[i])
	}
	return h.Index(32) | 1
}

// Append adds the features of behaviour: of an account that was never seen all are missing, and of one that never wrote those of texts.
func (h *History) Append(row []float64) []float64 {
	var v [historyFeatures]float64
	for i := range v {
		v[i] = nothing
	}
	if h.acts == 0 {
		return append(row, v[:]...)
	}
	n := float64(h.acts)
	v[bActs] = math.Log1p(n)
	if h.acts > 1 {
		v[bActsPerDay] = math.Log1p(n / max((float64(h.last)-float64(h.first))/day, 1./24))
		v[bGapMean], v[bGapSpread] = h.gapMean, math.Sqrt(h.gapSpread/(n-1))
	}
	active, quiet, longest := 0, 0, 0
	for i := range 48 { // twice round, so that a run may pass midnight
		if h.hours&(1<<(i%24)) == 0 {
			quiet++
			longest = max(longest, min(quiet, 24))
			continue
		}
		quiet = 0
		if i < 24 {
			active++
		}
	}
	v[bHours], v[bQuiet] = float64(active), float64(longest)
	for i, k := range h.kinds {
		v[bPosts+i] = float64(k) / n
	}
	if h.texts > 0 {
		v[bRepeated], v[bLinks] = float64(h.repeated)/float64(h.texts), float64(h.links)/float64(h.texts)
	}
	if h.onOthers > 0 {
		v[bTargets] = float64(h.newTargets) / float64(h.onOthers)
	}
	v[bClients], v[bAddresses] = float64(h.clients)/n, float64(h.addresses)/n
	return append(row, v[:]...)
}
