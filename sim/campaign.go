package sim

import "strconv"

// campaign is one group that is staged, harmful or not.
type campaign struct {
	Dials
	w       *world
	d       dice // of this round
	group   string
	what    string // archetype or class
	harmful bool
	members []uint32
	from    int64 // it lies between these times
	until   int64
	base    uint64 // names what the campaign has: the same in every round until it moves
	first   map[uint32]int64
	lost    int // times that it lost accounts
}

// stageAll stages each kind of campaign and of look-alike once.
func (w *world) stageAll(i int) {
	for k, a := range archetypes {
		c := w.campaign(a.Name, true, uint64(k), i)
		c.Dials = a.draw(c.same(), w.scale)
		c.from = c.d.between(w.start+day/2, w.start+w.span-int64(c.Days)*day)
		c.until = c.from + int64(c.Days)*day
		dials := c.Dials
		a.stage(c)
		c.tell()
		w.drawn = append(w.drawn, Drawn{c.group, c.what, w.round.Number, c.lost, dials})
	}
	for k, l := range lookAlikes {
		c := w.campaign(l.Class, false, uint64(64+k), i)
		c.from, c.until = w.start, w.start+w.span
		c.Size = w.scale.crowd(l.Size)
		l.stage(c)
		c.tell()
	}
}

func (w *world) campaign(what string, harmful bool, kind uint64, i int) *campaign {
	return &campaign{
		w: w, d: w.dice(aboutCampaign+kind, uint64(i)), group: what + "-" + strconv.Itoa(i+1), what: what, harmful: harmful,
		base: scramble(w.seed<<8 + kind<<40 + uint64(i)), first: map[uint32]int64{},
	}
}

// crowd is the size of a look-alike on a platform of the scale: sizes are for 20,000 accounts in each repetition.
func (s Scale) crowd(size int) int {
	return max(5, min(size, size*s.Accounts/(20_000*max(1, s.Campaigns))))
}

// same is a stream of chance that is the same in every round.
func (c *campaign) same() dice { return newDice(c.base, aboutCampaign, 0) }

// tell writes down who took part.
func (c *campaign) tell() {
	times := firsts(c.first)
	var started, third int64
	if len(times) > 0 {
		started = times[0]
	}
	if len(times) > 2 {
		third = times[2]
	}
	for _, n := range c.members {
		c.w.truth = append(c.w.truth, told{n, c.group, c.what, c.harmful, c.first[n], started, third})
		c.w.grouped[n] = true
	}
}

// recruit makes the members, of accounts made young to old days before; and what became of the campaign by what it lost.
func (c *campaign) recruit(young, old int64) {
	for range c.Size {
		n := c.w.recruit(young, old)
		c.lost = max(c.lost, c.w.generation(n))
		c.members = append(c.members, n)
	}
	c.adapt()
}

// adapt makes the campaign harder to see as often as it lost accounts.
func (c *campaign) adapt() {
	tactics := c.same()
	for range c.lost {
		if tactics.chance(50) {
			c.Jitter *= 2
		} else {
			c.base = scramble(c.base)
		}
	}
}

// act adds an act of a member for the group.
func (c *campaign) act(a act) {
	a.at -= a.at % millisecond
	if !c.w.add(a) {
		return
	}
	if at, ok := c.first[a.actor]; !ok || a.at < at {
		c.first[a.actor] = a.at
	}
}

// post is a post of a member's for the group.
func (c *campaign) post(n uint32, at int64, says uint32) content {
	a := act{at: at, actor: n, kind: post, made: c.w.item(), line: says}
	c.act(a)
	return content{a.made, n}
}

// react is a repost, a like or a reply.
func (c *campaign) react(k kind, n uint32, at int64, to content, says uint32) content {
	a := act{at: at, actor: n, kind: k, of: to.id, target: to.author + 1, line: says}
	if k == repost || k == reply {
		a.made = c.w.item()
	}
	c.act(a)
	return content{a.made, n}
}

// some are the members that take part in one thing.
func (c *campaign) some() []uint32 {
	var part []uint32
	for _, n := range c.members {
		if c.d.chance(c.Participation) {
			part = append(part, n)
		}
	}
	return part
}

// soon is a time within the jitter after another.
func (c *campaign) soon(at int64) int64 { return c.d.between(at, at+int64(max(1, c.Jitter))*second) }

// moment is a time at which the campaign does something.
func (c *campaign) moment() int64 { return c.d.between(c.from, c.until-hour) }

// hide lets the members act as anybody, by the dial.
func (c *campaign) hide() {
	for _, n := range c.members {
		c.w.idle(c.d, n, c.d.count(c.Camouflage*c.d.among(50, 150)))
	}
}

// idle lets an account act as anybody would, so many times in the round, in its waking hours.
func (w *world) idle(d dice, n uint32, times int) {
	for made := 0; made < times; {
		at := d.between(w.start, w.start+w.span)
		if d.IntN(peak) < rhythm[(at-Start)/hour%24] {
			w.add(act{at: at, actor: n, kind: idle})
			made++
		}
	}
}

// link is an address of the campaign's own; n counts them.
func (c *campaign) link(n int) string {
	d := newDice(c.base, aboutLink, 0)
	domain := pick(d, adjectives) + "-" + pick(d, nouns) + ".example"
	if d.chance(40) {
		domain = "lnk.example"
	}
	return "https://" + domain + "/" + hex8(uint32(scramble(c.base + uint64(n))))[:6]
}

// objects are how many things the campaign acts on, each with the number that names it: its own, or an earlier one's.
func (c *campaign) objects() []int {
	list := make([]int, c.Objects)
	for i := range list {
		list[i] = i
		if i > 0 && c.d.chance(c.Reuse) {
			list[i] = list[c.d.IntN(i)]
		}
	}
	return list
}

// spin is a text of the campaign's own; n counts them.
func (c *campaign) spin(from []string, n int) string {
	return from[(scramble(c.base)+uint64(n))%uint64(len(from))]
}

// push is what the campaign says of the n-th thing that it passes on: words of a page, as others pass on, and its own.
func (c *campaign) push(n int) string {
	headline := appendHeadline(nil, newDice(c.base, aboutPicture, uint64(n)))
	return string(headline) + ". " + c.spin(pushLines, n)
}
