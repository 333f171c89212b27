package sim

import (
	"math/rand/v2"

	"github.com/ringfence/ringfence/event"
)

// zones are the offsets from UTC, in hours, that people live at, in equal parts.
var zones = [...]int{-8, -5, 0, 1, 9}

// rhythm is how active people are in each hour of their local day, in percent of the average; peak is its largest entry.
var rhythm = [24]int{40, 22, 12, 8, 8, 14, 40, 75, 100, 108, 112, 120, 134, 126, 116, 112, 116, 128, 148, 176, 208, 216, 176, 85}

const peak = 216

// memory is how many of the latest posts people may react to.
const memory = 2048

// crowd is the ordinary people. It makes their acts one after the other, in time order.
type crowd struct {
	w      *world
	rng    *rand.Rand
	now    int64     // nanoseconds since 1970
	gap    int64     // longest time between two chances to act, nanoseconds
	recent []content // a ring of the latest posts
	posted int
}

func newCrowd(w *world) *crowd {
	c := &crowd{w: w, rng: rand.New(rand.NewPCG(w.seed, 2)), now: Start}
	if w.scale.Events == 0 {
		c.now += w.span
	} else {
		// Chances come at the peak's rate, uniformly spaced; how many are taken follows the rhythm.
		c.gap = 2 * w.span / int64(w.scale.Events) * 100 / peak
	}
	return c
}

// act is the crowd's next act; ok is false at the end of the stream.
func (c *crowd) act() (e event.Event, ok bool) {
	for c.now += c.rng.Int64N(c.gap + 1); c.now < Start+c.w.span; c.now += c.rng.Int64N(c.gap + 1) {
		zone := c.rng.IntN(len(zones))
		local := (int(c.now/hour) + zones[zone] + 24) % 24
		if c.rng.IntN(peak) < rhythm[local] {
			who := c.someone(zone)
			return c.do(&who, c.now-c.now%millisecond), true
		}
	}
	return event.Event{}, false
}

// someone is a person of the zone, more likely one of the more active. One act in twenty-five is a newcomer's.
func (c *crowd) someone(zone int) person {
	if c.rng.IntN(25) == 0 {
		n := c.w.old + c.rng.IntN(c.w.scale.Accounts-c.w.old)
		if p := c.w.ordinary(n); p.created < c.now-minute {
			return p
		}
	}
	return c.w.ordinary(skewed(c.rng, c.w.old/len(zones))*len(zones) + zone)
}

// do is one act of a person.
func (c *crowd) do(p *person, at int64) event.Event {
	roll := c.rng.IntN(100)
	switch {
	case roll < 34 || len(c.recent) == 0:
		return c.remember(c.post(p, at))
	case roll < 54:
		to := c.find()
		return c.remember(c.w.reply(p, at, fill(c.rng, pick(c.rng, replies)), to))
	case roll < 80:
		return c.w.react(p, at, "like", c.find())
	case roll < 91:
		return c.w.react(p, at, "repost", c.find())
	case roll < 97:
		popular := c.w.ordinary(skewed(c.rng, c.w.old))
		return follow(p, at, popular.id)
	case roll < 99:
		return p.act(at, "login")
	default:
		e := p.act(at, "profile")
		e.Text = fill(c.rng, pick(c.rng, profiles))
		add(&e, event.FieldText)
		return e
	}
}

// post is an ordinary post: one in seven has a link, one in twelve a hashtag, one in sixteen a picture.
func (c *crowd) post(p *person, at int64) event.Event {
	text, lang := fill(c.rng, pick(c.rng, posts)), "en"
	if c.rng.IntN(2) == 0 {
		text += " " + fill(c.rng, pick(c.rng, posts))
	}
	if c.rng.IntN(20) == 0 {
		foreign := pick(c.rng, foreignPosts)
		text, lang = fill(c.rng, foreign.text), foreign.lang
	}
	link := ""
	if c.rng.IntN(7) == 0 {
		link = "https://" + pick(c.rng, sites) + "/" + pick(c.rng, topics) + "/" + hex8(uint32(skewed(c.rng, 4096))*2654435761)
		text += " " + link
	}
	e := c.w.post(p, at, text, link)
	e.Lang = lang
	if c.rng.IntN(12) == 0 {
		e.Hashtags = []string{pick(c.rng, topics)}
		e.Text += " #" + e.Hashtags[0]
		add(&e, event.FieldHashtags)
	}
	if c.rng.IntN(16) == 0 {
		e.Media = []event.Media{{ID: "m" + e.Object[1:], Type: "image/jpeg"}}
		add(&e, event.FieldMedia)
	}
	return e
}

// remember lets others react to the content.
func (c *crowd) remember(e event.Event) event.Event {
	made := content{id: e.Object, author: e.Actor}
	if len(c.recent) < memory {
		c.recent = append(c.recent, made)
	} else {
		c.recent[c.posted%memory] = made
	}
	c.posted++
	return e
}

// find is a recent post, more likely a newer one.
func (c *crowd) find() content {
	back := 1 + skewed(c.rng, len(c.recent))
	return c.recent[(c.posted-back)%len(c.recent)]
}
