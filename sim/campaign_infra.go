package sim

import "strconv"

// What campaigns do whose accounts come from one place.

// settle gives the members addresses and devices of a few, in that many percent of their acts.
func (c *campaign) settle(addresses, devices, share int) {
	d := newDice(c.base, aboutHome, 0)
	pool := make([]place, addresses)
	for i := range pool {
		pool[i] = hosting(d)
	}
	phones := make([]string, devices)
	for i := range phones {
		phones[i] = "d" + hex8(d.Uint32())
	}
	for i, n := range c.members {
		a := alteration{share: share, at: pool[i%addresses]}
		if devices > 0 {
			a.device = phones[i%devices]
		}
		c.w.alter(n, a)
	}
}

// stageInfrastructure: accounts that have nothing in common but where they act from, and act as anybody.
func stageInfrastructure(c *campaign) {
	c.recruit(10, 500)
	c.settle(6, 3, c.Participation)
	for _, n := range c.members {
		for range c.d.count(c.Camouflage * c.d.among(50, 150)) {
			c.act(act{at: c.d.between(c.w.start, c.w.start+c.w.span), actor: n, kind: idle})
		}
	}
}

// batch lets the members sign up one after the other, within hours, by one program, with handles and addresses of one pattern. first is the time in a round.
func (c *campaign) batch(first, within int64) {
	agent := pick(newDice(c.base, aboutHome, 1), agents)
	step := within / int64(len(c.members))
	for i, n := range c.members {
		p, d := c.w.member(n), newDice(c.w.seed, aboutHome, uint64(n))
		at := Start + int64(c.w.generation(n))*c.w.span + first + int64(i)*step
		at -= at % millisecond
		p.created = d.between(at, at+step)
		p.handle = pick(d, adjectives) + pick(d, nouns) + strconv.Itoa(d.among(1000, 9999))
		p.email, p.confirmed, p.verified = p.handle+"@gmail.com", false, false
		p.followers, p.following, p.posts = 0, 0, 0
		p.agent, p.device = agent, ""
		if p.created >= c.w.start {
			c.act(act{at: p.created, actor: n, kind: signup})
		}
	}
}

// stageSleepers: a batch signs up on the first day, does next to nothing, and shares links together on the last.
func stageSleepers(c *campaign) {
	c.recruit(0, 1)
	c.settle(1+len(c.members)/4, 0, 100)
	c.batch(c.same().between(2*hour, day/2), 10*hour)
	c.hide()
	c.from = c.w.start + c.w.span - day
	c.until = c.w.start + c.w.span
	c.shareLinks(c.members)
}

// stageBatch: a batch signs up and spams from proxies that change with each act.
func stageBatch(c *campaign) {
	c.recruit(0, 1)
	first := c.same().between(day/2, c.w.span-int64(c.Days)*day)
	c.batch(first, 4*hour)
	c.from, c.until = c.w.start+first+5*hour, c.w.start+first+int64(c.Days)*day
	for _, n := range c.members {
		for share := 50; share <= 100; share += 25 {
			c.w.alter(n, alteration{share: share, at: hosting(c.d)})
		}
	}
	for _, o := range c.objects() {
		at := c.moment()
		says := c.w.say(line{spin: c.spin(spamLines, o), paraphrase: c.Paraphrase, link: c.link(o)})
		for _, n := range c.some() {
			c.post(n, c.soon(at), says)
		}
	}
	c.hide()
}
