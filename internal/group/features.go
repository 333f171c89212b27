package group

import (
	"math"
	"slices"
	"strings"
)

// feature is an input of the model of harm, and what is said when it speaks for harm. It is NaN where nothing is known.
type feature struct {
	name   string
	reason string
}

// The features, by their index. Model files name them: a change of meaning needs a new model.
const (
	fSize = iota
	fDensity
	fUnconfirmed
	fVerified
	fAge
	fAgeSpread
	fYoung
	fBornTogether
	fChangedTogether
	fSameDevice
	fSameAddress
	fSamePattern
	fFollowers
	fFollowing
	fActs
	fPosts
	fCopied
	fLinks
	fOneDomain
	fReplies
	fOneTarget
	fReactions
	fFollows
	fDeletes
	fReports
	fHours
	fBots
	fHits
	fTraces   // and the share of edges with each trace
	nFeatures = fTraces + nTraces
)

var features = func() [nFeatures]feature {
	all := [nFeatures]feature{
		fSize:            {"size", "how many accounts there are"},
		fDensity:         {"density", "how many of the pairs are tied"},
		fUnconfirmed:     {"unconfirmed", "mail addresses that are not confirmed"},
		fVerified:        {"verified", "hardly any verified accounts"},
		fAge:             {"age", "the age of the accounts"},
		fAgeSpread:       {"age_spread", "how alike the ages of the accounts are"},
		fYoung:           {"young", "accounts younger than 30 days when first seen"},
		fBornTogether:    {"born_together", "accounts made within one day"},
		fChangedTogether: {"changed_together", "accounts whose devices changed within one day"},
		fSameDevice:      {"same_device", "few devices for many accounts"},
		fSameAddress:     {"same_address", "few addresses for many accounts"},
		fSamePattern:     {"same_pattern", "handles and addresses of one pattern"},
		fFollowers:       {"followers", "few followers"},
		fFollowing:       {"following", "following more than they are followed"},
		fActs:            {"acts", "how much the accounts do"},
		fPosts:           {"posts", "how much of it is posts of their own"},
		fCopied:          {"copied", "posts that copy one another's text"},
		fLinks:           {"links", "posts with links"},
		fOneDomain:       {"one_domain", "links of one domain"},
		fReplies:         {"replies", "mostly replies"},
		fOneTarget:       {"one_target", "replies to one account"},
		fReactions:       {"reactions", "reposts and likes"},
		fFollows:         {"follows", "mostly follows"},
		fDeletes:         {"deletes", "posts that are deleted again"},
		fReports:         {"reports", "reports of others"},
		fHours:           {"hours", "active in few hours of the day"},
		fBots:            {"bots", "not declared as automatic"},
		fHits:            {"hits", "members with something of a known-bad bank"},
	}
	for i, t := range traces {
		all[fTraces+i] = feature{"by_" + t.Name, "tied by " + t.Name}
	}
	return all
}()

// row computes the features of a group of n edges, of which tied is how many have each trace, and hits how many members had a hit.
func row(members []*profile, edges int, tied [nTraces]int, hits int) []float64 {
	v := make([]float64, nFeatures)
	n := float64(len(members))
	var t totals
	for _, p := range members {
		t.add(p)
	}
	v[fSize] = math.Log2(max(1, n))
	v[fDensity] = ratio(2*float64(edges), n*(n-1))
	v[fUnconfirmed] = partOf(t.unconfirmed, t.confirmedKnown)
	v[fVerified] = partOf(t.verified, t.verifiedKnown)
	v[fAge], v[fAgeSpread] = quartiles(t.ages)
	v[fYoung] = partOf(t.young, float64(len(t.ages)))
	v[fBornTogether] = partOf(float64(densest(t.created, day)), float64(len(t.created)))
	v[fChangedTogether] = ratio(float64(densest(t.changed, day)), n)
	v[fSameDevice] = repeated(t.devices)
	v[fSameAddress] = repeated(t.addresses)
	v[fSamePattern] = ratio(float64(commonest(t.patterns)), n)
	v[fFollowers], _ = quartiles(t.followers)
	v[fFollowing], _ = quartiles(t.following)
	v[fActs] = math.Log2(1 + ratio(t.acts, n))
	v[fPosts] = ratio(t.posts-t.replies, t.acts)
	v[fCopied] = partOf(t.copied, t.posts)
	v[fLinks] = partOf(t.links, t.posts)
	v[fOneDomain] = ratio(float64(commonest(t.domains)), n)
	v[fReplies] = ratio(t.replies, t.acts)
	v[fOneTarget] = ratio(float64(commonest(t.targets)), n)
	v[fReactions] = ratio(t.reactions, t.acts)
	v[fFollows] = ratio(t.follows, t.acts)
	v[fDeletes] = partOf(t.deletes, t.posts)
	v[fReports] = ratio(t.reports, t.acts)
	v[fHours] = entropy(&t.hours)
	v[fBots] = ratio(t.bots, n)
	v[fHits] = ratio(float64(hits), n)
	for i, count := range tied {
		v[fTraces+i] = ratio(float64(count), float64(edges))
	}
	return v
}

// totals is what the profiles of a group's members add up to.
type totals struct {
	acts, posts, copied, links, replies, reactions, follows, deletes, reports float64
	confirmedKnown, unconfirmed, verifiedKnown, verified, young, bots         float64
	devices, addresses, patterns, domains, targets                            []uint64
	created, changed                                                          []int64
	ages, followers, following                                                []float64
	hours                                                                     [24]float64
}

func (t *totals) add(p *profile) {
	t.acts += float64(p.acts)
	t.posts += float64(p.posts)
	t.copied += float64(p.copied)
	t.links += float64(p.links)
	t.replies += float64(p.replies)
	t.reactions += float64(p.reactions)
	t.follows += float64(p.follows)
	t.deletes += float64(p.deletes)
	t.reports += float64(p.reports)
	if p.known&knowsConfirmed != 0 {
		t.confirmedKnown++
		if !p.confirmed {
			t.unconfirmed++
		}
	}
	if p.known&knowsVerified != 0 {
		t.verifiedKnown++
		if p.verified {
			t.verified++
		}
	}
	if p.known&knowsFollowers != 0 {
		t.followers = append(t.followers, math.Log2(1+float64(max(0, p.followers))))
		t.following = append(t.following, math.Log2(1+float64(max(0, p.following)))-math.Log2(1+float64(max(0, p.followers))))
	}
	if p.created != 0 {
		age := max(0, p.first-p.created)
		t.created = append(t.created, p.created)
		t.ages = append(t.ages, math.Log2(1+float64(age)/float64(day)))
		if age < 30*day {
			t.young++
		}
	}
	if p.changed != 0 {
		t.changed = append(t.changed, p.changed)
	}
	if p.declared {
		t.bots++
	}
	t.devices, t.addresses, t.patterns = some(t.devices, p.device), some(t.addresses, p.ip), some(t.patterns, p.pattern)
	if p.domain.lead > 0 {
		t.domains = append(t.domains, p.domain.value)
	}
	if p.target.lead > 0 {
		t.targets = append(t.targets, p.target.value)
	}
	for h, n := range p.hours {
		t.hours[h] += float64(n)
	}
}

// declares says whether an account says of itself that it is automatic: by its program or its handle.
func declares(client, handle string) bool {
	handle = strings.ToLower(handle)
	return strings.EqualFold(client, "bot") || strings.HasSuffix(handle, "_bot") || strings.HasSuffix(handle, "-bot")
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

// partOf is a share of what is known; NaN if nothing is.
func partOf(part, whole float64) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return part / whole
}

// quartiles are the median, and how far the quartiles are apart; NaN without values.
func quartiles(values []float64) (median, spread float64) {
	n := len(values)
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	slices.Sort(values)
	return values[n/2], values[3*n/4] - values[n/4]
}

// entropy is that of the hours of the day, in bits: at most 4.6, of accounts that act at any hour.
func entropy(hours *[24]float64) float64 {
	all, sum := 0.0, 0.0
	for _, n := range hours {
		all += n
	}
	for _, n := range hours {
		if n > 0 {
			sum -= n / all * math.Log2(n/all)
		}
	}
	return sum
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

// repeated is the share of values that are not the first of their kind; NaN without values.
func repeated(values []uint64) float64 {
	slices.Sort(values)
	n := len(values)
	return partOf(float64(n-len(slices.Compact(values))), float64(n))
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
