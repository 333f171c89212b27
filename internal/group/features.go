package group

import (
	"math"
	"slices"

	"github.com/ringfence/ringfence/learn"
)

// feature is an input of the model: a number of about 0 to 1, and what is said when it speaks for harm.
type feature struct {
	name   string
	reason string
}

// The features, by their index. Model files name weights by these: a change of meaning or order needs a new model.
const (
	fSize = iota
	fUnconfirmed
	fVerified
	fYoung
	fBornTogether
	fSameDevice
	fSameAddress
	fCopied
	fLinks
	fOneDomain
	fReplies
	fOneTarget
	fReactions
	fFollows
	fFollowers
	fSamePattern
	fTraces   // and the share of edges with each trace
	nFeatures = fTraces + nTraces
)

var features = func() []feature {
	all := []feature{
		fSize:         {"size", "many accounts"},
		fUnconfirmed:  {"unconfirmed", "mail addresses not confirmed"},
		fVerified:     {"verified", "verified accounts"},
		fYoung:        {"young", "accounts younger than 30 days when first seen"},
		fBornTogether: {"born_together", "accounts made within one day"},
		fSameDevice:   {"same_device", "few devices for many accounts"},
		fSameAddress:  {"same_address", "few addresses for many accounts"},
		fCopied:       {"copied", "posts that copy one another's text"},
		fLinks:        {"links", "most posts have a link"},
		fOneDomain:    {"one_domain", "links of one domain"},
		fReplies:      {"replies", "mostly replies"},
		fOneTarget:    {"one_target", "replies to one account"},
		fReactions:    {"reactions", "mostly reposts and likes"},
		fFollows:      {"follows", "mostly follows"},
		fFollowers:    {"followers", "many followers"},
		fSamePattern:  {"same_pattern", "handles and addresses of one pattern"},
	}
	for _, t := range traces {
		all = append(all, feature{"by_" + t.Name, "tied by " + t.Name})
	}
	return all
}()

// vector computes the features of a group. tied is how many of its edges have each trace.
func vector(members []*profile, edges int, tied [nTraces]int) learn.Vector {
	var v [nFeatures]float64
	n := float64(len(members))
	var posts, acts, copied, links, replies, reactions, follows int
	var confirmedKnown, unconfirmed, verifiedKnown, verified, young, born float64
	var devices, addresses, patterns, domains, targets []uint64
	var created, followers []int64
	for _, p := range members {
		posts, acts, copied, links = posts+p.posts, acts+p.acts, copied+p.copied, links+p.links
		replies, reactions, follows = replies+p.replies, reactions+p.reactions, follows+p.follows
		if p.known&knowsConfirmed != 0 {
			confirmedKnown++
			if !p.confirmed {
				unconfirmed++
			}
		}
		if p.known&knowsVerified != 0 {
			verifiedKnown++
			if p.verified {
				verified++
			}
		}
		if p.known&knowsFollowers != 0 {
			followers = append(followers, p.followers)
		}
		if p.created != 0 {
			born++
			created = append(created, p.created)
			if p.first-p.created < 30*day {
				young++
			}
		}
		devices, addresses, patterns = some(devices, p.device), some(addresses, p.ip), some(patterns, p.pattern)
		if p.domain.lead > 0 {
			domains = append(domains, p.domain.value)
		}
		if p.target.lead > 0 {
			targets = append(targets, p.target.value)
		}
	}
	v[fSize] = math.Log2(n) / 10
	v[fUnconfirmed] = ratio(unconfirmed, confirmedKnown)
	v[fVerified] = ratio(verified, verifiedKnown)
	v[fYoung] = ratio(young, born)
	v[fBornTogether] = ratio(float64(densest(created, day)), n)
	v[fSameDevice] = repeated(devices)
	v[fSameAddress] = repeated(addresses)
	v[fCopied] = ratio(float64(copied), float64(posts))
	v[fLinks] = ratio(float64(links), float64(posts))
	v[fOneDomain] = ratio(float64(commonest(domains)), n)
	v[fReplies] = ratio(float64(replies), float64(acts))
	v[fOneTarget] = ratio(float64(commonest(targets)), n)
	v[fReactions] = ratio(float64(reactions), float64(acts))
	v[fFollows] = ratio(float64(follows), float64(acts))
	if len(followers) > 0 {
		slices.Sort(followers)
		v[fFollowers] = math.Log2(1+float64(max(0, followers[len(followers)/2]))) / 10
	}
	v[fSamePattern] = ratio(float64(commonest(patterns)), n)
	for t, count := range tied {
		v[fTraces+t] = ratio(float64(count), float64(edges))
	}
	var out learn.Vector
	for i, x := range v {
		if x != 0 {
			out = append(out, learn.Feature{Index: uint32(i), Value: float32(x)})
		}
	}
	return out
}

func some(list []uint64, value uint64) []uint64 {
	if value == 0 {
		return list
	}
	return append(list, value)
}

func ratio(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// densest is the most times within a span.
func densest(times []int64, span int64) int {
	slices.Sort(times)
	most, from := 0, 0
	for i, t := range times {
		for t-times[from] > span {
			from++
		}
		most = max(most, i+1-from)
	}
	return most
}

// repeated is the share of values that are not the first of their kind.
func repeated(values []uint64) float64 {
	slices.Sort(values)
	n := len(values)
	return ratio(float64(n-len(slices.Compact(values))), float64(n))
}

// commonest is how often the most frequent value is there.
func commonest(values []uint64) int {
	slices.Sort(values)
	most, run := 0, 0
	for i, v := range values {
		if i > 0 && v != values[i-1] {
			run = 0
		}
		run++
		most = max(most, run)
	}
	return most
}
