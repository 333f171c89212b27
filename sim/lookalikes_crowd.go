package sim

// Look-alikes that are many people who care for the same thing at the same time.

// stageParty: one evening under one hashtag.
func stageParty(c *campaign) {
	c.borrow()
	at := c.from + c.d.between(1, int64(c.w.scale.Days)-1)/day*day + day + 19*hour
	says := c.w.say(line{spin: "{listening|dancing|crying} to {topic} {time}, {adj} {noun}! {n} {streams|plays}", paraphrase: 75, tags: []string{"streamparty"}})
	for _, n := range c.members {
		for range c.d.among(2, 8) {
			p := c.post(n, at+c.d.between(0, 2*hour), says)
			if c.d.chance(50) {
				c.react(like, pick(c.d, c.members), at+2*hour+c.d.exponential(20*minute), p, 0)
			}
		}
	}
}

// stageActivists: an hour on each of three evenings, announced days before.
func stageActivists(c *campaign) {
	c.borrow()
	first := c.from + c.d.between(day, c.until-c.from-3*day)/day*day + 18*hour
	link := "https://action.example/" + hex8(c.d.Uint32())
	says := c.w.say(line{spin: actionLine, paraphrase: 60, link: link, tags: []string{"actnow", "harbor"}})
	for evening := range int64(3) {
		at := first + evening*day
		for _, n := range c.members {
			if c.d.chance(55) {
				c.post(n, at+c.d.between(0, hour), says)
			}
		}
	}
}

// stageBreakingNews: two events with four links each; most who hear of one share within the first half hour.
func stageBreakingNews(c *campaign) {
	c.borrow()
	for range 2 {
		at := c.moment()
		heard := c.members[c.d.IntN(len(c.members)/6):]
		for i := range 4 {
			link := "https://news.example/breaking/" + hex8(c.d.Uint32())
			default_ := c.w.say(line{spin: newsDefault, link: link})
			own := c.w.say(line{spin: "{Big news|Wow|Finally|Important|Unbelievable} {time}: {name} and the {adj} {noun}. {I|We} {hope|doubt|knew} it.", paraphrase: 75, link: link})
			for _, n := range heard {
				if !c.d.chance(43) {
					continue
				}
				says := own
				if c.d.chance(33) {
					says = default_
				}
				c.post(n, at+int64(i)*20*minute+c.d.exponential(900*second), says)
			}
		}
	}
}

// stageGiveaway: followers, reposts and answers for a prize, three times, within a day each.
func stageGiveaway(c *campaign) {
	c.borrow()
	organisers := c.members[:3]
	at := min(c.moment(), c.until-day)
	for _, organiser := range organisers {
		asked := act{at: at, actor: organiser, kind: post, made: c.w.item(), line: c.w.say(line{spin: giveawayAsk, paraphrase: 60, tags: []string{"giveaway"}})}
		c.act(asked)
		prize := content{asked.made, organiser}
		says := c.w.say(line{spin: giveawayYes, paraphrase: 75})
		for _, n := range c.members[3:] {
			then := asked.at + c.d.between(minute, day)
			c.act(act{at: then, actor: n, kind: follow, target: organiser + 1})
			c.react(repost, n, then+8*second, prize, 0)
			if c.d.chance(40) {
				c.react(reply, n, then+25*second, prize, says)
			}
		}
	}
}

// stageCharity: a drive of three days to follow and boost a charity.
func stageCharity(c *campaign) {
	c.borrow()
	charity := c.members[0]
	at := c.d.between(c.from, c.until-3*day)
	call := act{at: at, actor: charity, kind: post, made: c.w.item(), line: c.w.say(line{spin: charityLine, link: "https://charity.example/drive"})}
	c.act(call)
	for _, n := range c.members[1:] {
		then := at + c.d.exponential(20*hour)
		c.act(act{at: then, actor: n, kind: follow, target: charity + 1})
		if c.d.chance(50) {
			c.react(repost, n, then+c.d.between(5*second, hour), content{call.made, charity}, 0)
		}
	}
}

// stageConference: two days of posts under one hashtag, half of them from the hall.
func stageConference(c *campaign) {
	c.borrow()
	hall := residence(c.d)
	first := c.from + c.d.between(0, c.until-c.from-3*day)/day*day + 9*hour
	says := c.w.say(line{spin: "{talk|panel|poster} on {topic} {time}: {name} {shows|says|asks} {adj} {noun}s, {n} {people|slides|questions}", paraphrase: 75, tags: []string{"conf26", "openscience"}})
	for _, n := range c.members {
		if c.d.chance(50) {
			c.w.alter(n, alteration{from: first, share: 60, at: hall})
		}
		for range c.d.among(1, 10) {
			c.post(n, first+int64(c.d.IntN(2))*day+c.d.between(0, 8*hour), says)
		}
	}
}

// stageClass: students who were all told what to post, in the evening before the deadline.
func stageClass(c *campaign) {
	c.borrow()
	deadline := c.from + c.d.between(2*day, c.until-c.from-day)/day*day + 23*hour
	says := c.w.say(line{spin: classLine, paraphrase: 50, link: "https://uni.example/course/7", tags: []string{"media101"}})
	for _, n := range c.members {
		c.post(n, deadline-c.d.exponential(2*hour), says)
	}
}

// stagePetition: people share a petition with the text that its page offers.
func stagePetition(c *campaign) {
	c.borrow()
	at := c.d.between(c.from, c.until-3*day)
	says := c.w.say(line{spin: petitionText, link: "https://petition.example/p/" + hex8(c.d.Uint32())[:5]})
	for _, n := range c.members {
		c.post(n, at+c.d.lognormal(15*hour, 130), says)
	}
}

// stageSupport: a company's team answers those who ask with the same few texts.
func stageSupport(c *campaign) {
	team := c.desk(c.Size, "support.example", true)
	for range 40 * c.w.scale.Days {
		at := c.moment()
		asks := c.w.passersby(c.d, 1)[0]
		q := act{at: at, actor: asks, kind: post, made: c.w.item(), line: c.w.say(line{spin: "@support my {noun} {order|parcel|invoice} {n} is {late|broken|missing|wrong} {time}", paraphrase: 75})}
		c.w.add(q)
		c.react(reply, pick(c.d, team), at+c.d.exponential(30*minute), content{q.made, asks}, c.w.say(line{spin: pick(c.d, macros), client: "helpdesk"}))
	}
}

// stageAlerts: authorities publish the same warning at the same second.
func stageAlerts(c *campaign) {
	for range c.Size {
		c.desk(1, "alerts.example", false)
	}
	for range c.w.scale.Days {
		at := c.moment()
		says := c.w.say(line{spin: alertLine, link: "https://alerts.example/" + hex8(c.d.Uint32())[:6], client: "alertd"})
		for _, n := range c.members {
			c.post(n, at+c.d.between(0, 2*second), says)
		}
	}
}

// stageBots: bots that say so, by template, on the hour.
func stageBots(c *campaign) {
	bots := c.desk(c.Size, "bots.example", true)
	for i, n := range bots {
		c.w.member(n).verified = false
		c.w.member(n).handle += "_bot"
		says := c.w.say(line{spin: pick(c.d, botLines), paraphrase: 75, client: "bot"})
		for h := range int64(c.w.scale.Days) * 6 {
			c.post(n, c.from+h*4*hour+int64(i%3)*hour+c.d.between(0, minute), says)
		}
	}
}
