package sim

// What campaigns do that pass things on together: links, posts, or by turns.

// stageCoShare: links are posted within seconds by some of the members each.
func stageCoShare(c *campaign) {
	c.recruit(10, 700)
	c.shareLinks(c.members)
	c.hide()
}

func (c *campaign) shareLinks(members []uint32) {
	for i, o := range c.objects() {
		at := c.moment()
		says := c.w.say(line{spin: c.push(i), paraphrase: c.Paraphrase, link: c.link(o)})
		for _, n := range members {
			if c.d.chance(c.Participation) {
				c.post(n, c.soon(at), says)
			}
		}
	}
}

// stageBoost: the posts of three customers are reposted and liked within minutes.
func stageBoost(c *campaign) {
	c.recruit(5, 400)
	customers := c.w.passersby(c.d, 3)
	for range c.Objects {
		customer := pick(c.d, customers)
		p := act{at: c.moment(), actor: customer, kind: post, made: c.w.item()}
		c.w.add(p)
		to := content{p.made, customer}
		for _, n := range c.some() {
			at := c.soon(p.at + second)
			c.react(repost, n, at, to, 0)
			if c.d.chance(40) {
				c.react(like, n, at+c.d.between(second, 5*second), to, 0)
			}
		}
	}
	c.hide()
}

// stageDrip: the same things are passed on by most, each hours or days after the one before.
func stageDrip(c *campaign) {
	c.recruit(60, 900)
	for i, o := range c.objects() {
		at := c.d.between(c.from, c.from+(c.until-c.from)*2/3)
		says := c.w.say(line{spin: c.push(i), paraphrase: c.Paraphrase, link: c.link(o)})
		for _, n := range c.some() {
			c.post(n, at+c.d.exponential(int64(c.Jitter)*second), says)
		}
	}
	c.hide()
}

// stageCamouflage: co-shares among much else.
func stageCamouflage(c *campaign) {
	c.recruit(100, 1200)
	c.shareLinks(c.members)
	c.hide()
}

// stageSquads: another few members share each link.
func stageSquads(c *campaign) {
	c.recruit(30, 700)
	for i, o := range c.objects() {
		at := c.moment()
		says := c.w.say(line{spin: c.push(i), paraphrase: c.Paraphrase, link: c.link(o)})
		squad := append([]uint32(nil), c.members...)
		c.d.Shuffle(len(squad), func(a, b int) { squad[a], squad[b] = squad[b], squad[a] })
		for _, n := range squad[:min(5, len(squad))] {
			c.post(n, c.soon(at), says)
		}
	}
	c.hide()
}

// stageHijacked: accounts of people go on as before, and from one day on others use them from elsewhere as well.
func stageHijacked(c *campaign) {
	c.members = c.w.passersby(c.d, c.Size)
	c.from = c.w.start + int64(c.w.scale.Days-2)*day
	c.until = c.from + day
	proxies := make([]place, 1+len(c.members)/4)
	for i := range proxies {
		proxies[i] = hosting(c.d)
	}
	agent := pick(c.d, agents)
	for i, n := range c.members {
		c.w.alter(n, alteration{from: c.from, share: 80, at: proxies[i%len(proxies)], device: "d" + hex8(c.d.Uint32()), agent: agent})
		c.w.add(act{at: c.d.between(c.from, c.from+hour), actor: n, kind: login})
	}
	c.from += hour
	c.shareLinks(c.members)
}

// stageRelay: a few post, some answer at once, and the others boost what was posted or answered.
func stageRelay(c *campaign) {
	c.recruit(20, 600)
	third := max(1, len(c.members)/3)
	posters, answerers, boosters := c.members[:third], c.members[third:2*third], c.members[2*third:]
	for i := range c.Objects {
		says := c.w.say(line{spin: c.push(i), paraphrase: c.Paraphrase, link: c.link(i)})
		at := c.moment()
		p := c.post(pick(c.d, posters), at, says)
		to := []content{p}
		for _, n := range answerers {
			if c.d.chance(c.Participation) {
				at := c.soon(at + second)
				to = append(to, c.react(reply, n, at, p, c.w.say(line{spin: c.spin(cheerLines, i), paraphrase: 60})))
			}
		}
		for _, n := range boosters {
			if c.d.chance(c.Participation) {
				c.react(repost, n, c.soon(at+int64(c.Jitter)*second), pick(c.d, to), 0)
			}
		}
	}
	c.hide()
}

// stageBridge: two campaigns that share links of their own have a few accounts in common.
func stageBridge(c *campaign) {
	c.recruit(10, 700)
	half := len(c.members) / 2
	other := c.w.campaign(c.what, true, 63, 0)
	other.Dials, other.from, other.until = c.Dials, c.from, c.until
	other.group, other.base, other.d = c.group+"b", scramble(c.base+1), c.d
	other.members = append(other.members, c.members[half-2:]...)
	c.members = c.members[:half+2]
	c.shareLinks(c.members)
	other.shareLinks(other.members)
	c.hide()
	other.tell()
}
