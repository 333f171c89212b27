package sim

// LookAlike is a kind of benign group that resembles campaigns.
type LookAlike struct {
	Class string
	Why   string // it looks bad
	Size  int    // accounts in each repetition of all kinds on a platform of 20,000, about
}

// LookAlikes are the kinds that are staged.
func LookAlikes() []LookAlike {
	all := make([]LookAlike, len(lookAlikes))
	for i, l := range lookAlikes {
		all[i] = l.LookAlike
	}
	return all
}

type lookAlike struct {
	LookAlike
	stage func(*campaign)
}

var lookAlikes = []lookAlike{
	{LookAlike{"nat", "hundreds behind each of a few addresses of a carrier", 1270}, stageCarrier},
	{LookAlike{"campus", "sign up within hours behind one address of a university", 100}, stageCampus},
	{LookAlike{"workplace", "one address, in office hours", 60}, stageWorkplace},
	{LookAlike{"household", "five to an address, and one tablet for all", 60}, stageHouseholds},
	{LookAlike{"kiosk", "dozens use the devices of a library", 60}, stageKiosk},
	{LookAlike{"newsroom", "post the same link of their paper within a minute, daily", 112}, stageNewsroom},
	{LookAlike{"sister-outlets", "papers of one owner that post the same stories", 24}, stageSisters},
	{LookAlike{"autoposter", "a feed that posts to many accounts of its own at once", 16}, stageAutoposter},
	{LookAlike{"fan", "repost all that their idol posts", 520}, stageFans},
	{LookAlike{"streaming-party", "post and like under one hashtag, one evening", 80}, stageParty},
	{LookAlike{"activist", "act in declared hours, with one link and hashtag", 120}, stageActivists},
	{LookAlike{"breaking-news", "thousands pass on the same within an hour", 2400}, stageBreakingNews},
	{LookAlike{"giveaway", "follow, repost and answer the same within a day", 800}, stageGiveaway},
	{LookAlike{"charity", "follow and boost a charity for a cause", 160}, stageCharity},
	{LookAlike{"conference", "post under one hashtag for two days, some from one address", 100}, stageConference},
	{LookAlike{"class-assignment", "post much the same before a deadline", 40}, stageClass},
	{LookAlike{"default-share-text", "share a petition with the text that it offers", 240}, stagePetition},
	{LookAlike{"support-macros", "answer customers with the same few texts", 8}, stageSupport},
	{LookAlike{"alerts", "publish an emergency alert at the same second", 6}, stageAlerts},
	{LookAlike{"declared-bots", "translate or tell the weather by template, and say that they are bots", 24}, stageBots},
}

// borrow makes ordinary accounts the members.
func (c *campaign) borrow() { c.members = c.w.passersby(c.same(), c.Size) }

// stageCarrier: five addresses of one carrier.
func stageCarrier(c *campaign) {
	c.borrow()
	d := c.same()
	gateway := residence(d)
	for _, n := range c.members {
		at := place{quad(250, int(gateway.asn%200), 1+d.IntN(5)), gateway.asn}
		c.w.alter(n, alteration{share: d.among(70, 100), at: at})
	}
}

// stageCampus: the first day of term.
func stageCampus(c *campaign) {
	d := c.same()
	gateway := place{quad(251, d.IntN(256), 1+d.IntN(254)), 64_600}
	first := c.w.start + d.between(day, 3*day)
	for range c.Size {
		n := c.w.recruit(0, 1)
		p := c.w.member(n)
		own := newDice(c.w.seed, aboutHome, uint64(n))
		p.at, p.email, p.confirmed = gateway, p.handle+"@campus.example", true
		if c.w.round.Number == 0 {
			p.created = own.between(first, first+3*hour)
			p.followers, p.following, p.posts = 0, 0, 0
			c.members = append(c.members, n)
			c.act(act{at: p.created, actor: n, kind: signup})
		} else {
			c.members = append(c.members, n)
		}
		for range c.d.IntN(4) {
			c.post(n, c.d.between(p.created+10*minute, p.created+day), c.w.say(line{spin: pick(c.d, studentLines), paraphrase: 75}))
		}
		c.w.idle(c.d, n, c.d.IntN(12))
	}
}

// stageWorkplace: one address in office hours, and home at others.
func stageWorkplace(c *campaign) {
	c.borrow()
	d := c.same()
	office := residence(d)
	for _, n := range c.members {
		c.w.alter(n, alteration{share: 45, at: office})
	}
}

// stageHouseholds: families of five.
func stageHouseholds(c *campaign) {
	c.borrow()
	d := c.same()
	for i := 0; i < len(c.members); i += 5 {
		home, tablet := residence(d), "d"+hex8(d.Uint32())
		for _, n := range c.members[i:min(i+5, len(c.members))] {
			c.w.alter(n, alteration{share: 90, at: home})
			c.w.alter(n, alteration{share: 40, device: tablet})
		}
	}
}

// stageKiosk: two devices at one address, that people use beside their own.
func stageKiosk(c *campaign) {
	c.borrow()
	d := c.same()
	library := residence(d)
	devices := [2]string{"d" + hex8(d.Uint32()), "d" + hex8(d.Uint32())}
	for _, n := range c.members {
		c.w.alter(n, alteration{share: d.among(20, 90), at: library, device: devices[d.IntN(2)], agent: agents[2]})
	}
}

// desk makes verified accounts of one office, made years ago.
func (c *campaign) desk(size int, domain string, sharedAddress bool) []uint32 {
	office := residence(c.same())
	var desk []uint32
	for range size {
		n := c.w.recruit(200, 2000)
		p := c.w.member(n)
		p.verified, p.confirmed, p.email = true, true, p.handle+"@"+domain
		p.followers += 2000
		if sharedAddress {
			p.at = office
		}
		desk = append(desk, n)
	}
	c.members = append(c.members, desk...)
	return desk
}

// stageNewsroom: newsrooms of eight, each behind one address; links of their paper within 45 seconds.
func stageNewsroom(c *campaign) {
	for first := 0; first < c.Size; first += 8 {
		base := c.base
		c.base = scramble(base + uint64(first))
		domain := "daily" + hex8(uint32(c.base))[:3] + ".example"
		desk := c.desk(8, domain, true)
		for range 11 * c.w.scale.Days {
			at := c.from + c.d.between(0, c.until-c.from)/day*day + c.d.between(6*hour, 20*hour)
			link := "https://" + domain + "/" + pick(c.d, topics) + "/" + hex8(c.d.Uint32())
			says := c.w.say(line{spin: pick(c.d, deskLines), paraphrase: 30, link: link})
			for _, n := range desk {
				if c.d.chance(70) {
					c.post(n, at+c.d.between(0, 45*second), says)
				}
			}
		}
		c.base = base
	}
}

// stageSisters: three papers each of one owner, with domains of their own and one story; minutes apart.
func stageSisters(c *campaign) {
	for range max(1, c.Size/3) {
		sisters := c.desk(3, "press.example", false)
		for range 5 * c.w.scale.Days {
			at := c.moment()
			link := "https://press.example/" + pick(c.d, topics) + "/" + hex8(c.d.Uint32())
			says := c.w.say(line{spin: pick(c.d, deskLines), paraphrase: 0, link: link})
			for _, n := range sisters {
				c.post(n, at+c.d.between(0, 10*minute), says)
			}
		}
	}
}

// stageAutoposter: a feed is posted to sixteen regional accounts by one program, within seconds.
func stageAutoposter(c *campaign) {
	feed := c.desk(c.Size, "feed.example", true)
	for h := range int64(c.w.scale.Days) * 8 {
		at := c.from + h*3*hour + 5*minute
		link := "https://feed.example/" + pick(c.d, topics) + "/" + hex8(c.d.Uint32())
		says := c.w.say(line{spin: pick(c.d, deskLines), link: link, client: "feedbot"})
		for i, n := range feed {
			c.post(n, at+int64(i)*second, says)
		}
	}
}

// stageFans: circles of 130, each with an idol who posts sixty times; a third of them repost each within hours, most within minutes.
func stageFans(c *campaign) {
	d := c.same()
	for rest := c.Size; rest > 0; rest -= 130 {
		community := d.IntN(12)
		fans := c.w.neighbours(d, community, min(130, rest))
		c.members = append(c.members, fans...)
		for _, n := range fans {
			c.w.grouped[n] = true
		}
		idol := c.w.passersby(d, 1)[0]
		for range 60 {
			p := act{at: c.moment(), actor: idol, kind: post, made: c.w.item()}
			c.w.add(p)
			for _, n := range fans {
				switch roll := c.d.IntN(100); {
				case roll < 35:
					c.react(repost, n, p.at+c.d.lognormal(400*second, 130), content{p.made, idol}, 0)
				case roll < 50:
					c.react(like, n, p.at+c.d.lognormal(400*second, 130), content{p.made, idol}, 0)
				case roll < 55:
					c.react(reply, n, p.at+c.d.lognormal(600*second, 130), content{p.made, idol}, 0)
				}
			}
		}
	}
}
