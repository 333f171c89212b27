package main

import (
	"crypto/sha1"
	"encoding/hex"
	"regexp"
	"strings"

	appbsky "github.com/bluesky-social/indigo/api/bsky"
	"github.com/bluesky-social/indigo/automod"
	"github.com/bluesky-social/indigo/automod/countstore"
)

// rules are the comparison's five rules. The engine reads counters as they were before the event, so each adds one for it.
type rules struct {
	post  *post          // the event that is processed
	fires map[string]int // by rule
}

var (
	badWords = regexp.MustCompile(`(free crypto|giveaway|t\.me/|make money fast)`)
	digits   = regexp.MustCompile(`\d+`)
)

// fire counts a rule and puts its flag on the account.
func (r *rules) fire(c *automod.RecordContext, rule, flag string) error {
	r.fires[rule]++
	c.AddAccountFlag(flag)
	return nil
}

func (r *rules) keyword(c *automod.RecordContext, p *appbsky.FeedPost) error {
	if badWords.MatchString(p.Text) {
		return r.fire(c, "Keyword", "watch")
	}
	return nil
}

// velocity is more than 20 posts of an account in an hour. It counts the posts, for newAccountLinks as well.
func (r *rules) velocity(c *automod.RecordContext, _ *appbsky.FeedPost) error {
	account := c.Account.Identity.DID.String()
	c.Increment("posts", account)
	if c.GetCount("posts", account, countstore.PeriodHour)+1 > 20 {
		return r.fire(c, "Velocity", "watch")
	}
	return nil
}

// sameTextManyUsers is one text, but for numbers, of more than 5 accounts in an hour.
func (r *rules) sameTextManyUsers(c *automod.RecordContext, p *appbsky.FeedPost) error {
	sum := sha1.Sum([]byte(digits.ReplaceAllString(strings.ToLower(p.Text), "")))
	text := hex.EncodeToString(sum[:8])
	c.IncrementDistinct("text-users", text, c.Account.Identity.DID.String())
	if c.GetCountDistinct("text-users", text, countstore.PeriodHour) > 5 {
		return r.fire(c, "SameTextManyUsers", "suspect")
	}
	return nil
}

// ipRate is more than 10 posts from an address in an hour.
func (r *rules) ipRate(c *automod.RecordContext, _ *appbsky.FeedPost) error {
	c.Increment("ip", r.post.Data.IP)
	if c.GetCount("ip", r.post.Data.IP, countstore.PeriodHour)+1 > 10 {
		return r.fire(c, "IpRate", "suspect")
	}
	return nil
}

// newAccountLinks is a link of an account younger than a day that posts more than 3 times in an hour.
func (r *rules) newAccountLinks(c *automod.RecordContext, _ *appbsky.FeedPost) error {
	posts := c.GetCount("posts", c.Account.Identity.DID.String(), countstore.PeriodHour) + 1
	if r.post.Data.Age < 86_400 && r.post.Data.HasLink && posts > 3 {
		return r.fire(c, "NewAccountLinks", "suspect")
	}
	return nil
}
