package sim

// What campaigns do that say things together.

// stageParaphrase: one message in other words each time, or in another language. No link and no post is common to them.
func stageParaphrase(c *campaign) {
	c.recruit(30, 700)
	for i := range c.Objects {
		at := c.moment()
		says := c.w.say(c.message(i))
		for _, n := range c.some() {
			c.post(n, c.soon(at), says)
		}
	}
	c.hide()
}

func (c *campaign) message(i int) line {
	m := messages[(scramble(c.base)+uint64(i))%uint64(len(messages))]
	return line{spin: m.en, also: []string{m.de, m.es}, langs: []string{"de", "es"}, paraphrase: c.Paraphrase}
}

// stageCopypasta: bursts of copies, from few addresses and devices; disguised in half of the campaigns, and with a picture in half.
func stageCopypasta(c *campaign) {
	c.recruit(5, 60)
	c.settle(6, 8, 80)
	hidden := plain
	if c.same().chance(50) {
		hidden = disguise(1 + scramble(c.base)%uint64(nDisguises-1))
	}
	for i, o := range c.objects() {
		l := line{spin: c.spin(spamLines, o%3), paraphrase: c.Paraphrase, disguise: hidden, link: c.link(o % 3)}
		if scramble(c.base)%2 == 0 {
			l.picture, l.altered = c.base+uint64(o%2)<<8, 16
		}
		at, says := c.from+int64(i)*(c.until-c.from)/int64(c.Objects), c.w.say(l)
		for _, n := range c.some() {
			c.post(n, c.soon(at), says)
		}
	}
	c.hide()
}

// stageBrigade: each post of one victim is answered with abuse, and some of it is reported.
func stageBrigade(c *campaign) {
	c.recruit(10, 900)
	victim := c.w.passersby(c.d, 1)[0]
	for range c.Objects {
		p := act{at: c.moment(), actor: victim, kind: post, made: c.w.item(), line: c.w.say(line{spin: victimPost})}
		c.w.add(p)
		to := content{p.made, victim}
		for _, n := range c.some() {
			at := c.soon(p.at + minute)
			c.react(reply, n, at, to, c.w.say(line{spin: pick(c.d, abuse), paraphrase: c.Paraphrase}))
			if c.d.chance(10) {
				c.act(act{at: at + c.d.between(second, minute), actor: n, kind: report, of: to.id, target: victim + 1, line: c.w.say(line{reason: "spam"})})
			}
		}
	}
	c.hide()
}

// stageTrend: one or two hashtags are pushed in bursts, and each post is deleted seconds later.
func stageTrend(c *campaign) {
	c.recruit(5, 500)
	for i, o := range c.objects() {
		at := c.moment()
		tag := pick(newDice(c.base, aboutLink, uint64(o%2)), adjectives) + pick(newDice(c.base, aboutLink, uint64(o%2)+2), nouns) + "now"
		says := c.w.say(line{spin: c.spin(trendLines, i), paraphrase: c.Paraphrase, tags: []string{tag}})
		for _, n := range c.some() {
			at := c.soon(at)
			p := c.post(n, at, says)
			c.act(act{at: at + c.d.between(3*second, 20*second), actor: n, kind: remove, of: p.id})
		}
	}
	c.hide()
}
