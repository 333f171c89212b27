package sim

// What campaigns do that follow together.

// stageFollowTrain: each follows half of the others over the week, and whom a conductor names first.
func stageFollowTrain(c *campaign) {
	c.recruit(5, 300)
	for range 2 {
		conductor, at := pick(c.d, c.members), c.moment()
		call := c.post(conductor, at, c.w.say(line{spin: pick(c.d, trainLines), paraphrase: 60}))
		for _, n := range c.members {
			if n != conductor && c.d.chance(20) {
				c.react(repost, n, c.d.between(at, at+6*hour), call, 0)
			}
		}
	}
	for _, n := range c.members {
		for _, other := range c.members {
			if n != other && c.d.chance(c.Participation) {
				c.act(act{at: c.moment(), actor: n, kind: follow, target: other + 1})
			}
		}
	}
	c.hide()
}

// stageRing: members follow each other both ways, a pair at a time.
func stageRing(c *campaign) {
	c.recruit(40, 700)
	for i, n := range c.members {
		for _, other := range c.members[:i] {
			if c.d.chance(c.Participation) {
				at := c.moment()
				c.act(act{at: at, actor: n, kind: follow, target: other + 1})
				c.act(act{at: at + c.d.lognormal(3*hour, 100), actor: other, kind: follow, target: n + 1})
			}
		}
	}
	c.hide()
}

// stageCustomers: accounts for hire follow, repost and like for twelve people, to whom others do the same of their own will. Only the hired are harmful.
func stageCustomers(c *campaign) {
	c.recruit(20, 500)
	customers := c.w.passersby(c.d, 12)
	for _, customer := range customers {
		at := c.moment()
		for _, n := range c.some() {
			c.act(act{at: c.soon(at), actor: n, kind: follow, target: customer + 1})
		}
		for _, n := range c.w.passersby(c.d, c.Size/2) {
			c.w.add(act{at: c.moment(), actor: n, kind: follow, target: customer + 1})
		}
	}
	for range c.Objects {
		customer := pick(c.d, customers)
		p := act{at: c.moment(), actor: customer, kind: post, made: c.w.item()}
		c.w.add(p)
		to := content{p.made, customer}
		for _, n := range c.some() {
			k := repost
			if c.d.chance(50) {
				k = like
			}
			c.react(k, n, c.soon(p.at+minute), to, 0)
		}
		for _, n := range c.w.passersby(c.d, c.Size/3) {
			c.w.add(act{at: p.at + c.d.lognormal(2*hour, 130), actor: n, kind: repost, of: to.id, target: customer + 1, made: c.w.item()})
		}
	}
	c.hide()
}
