package sim

import "strconv"

// smallHost is the host that the sleepers of the incident sign up on. It has 165 ordinary accounts.
const (
	smallHost       = "pds.smallhost.example"
	smallHostFirst  = 300
	smallHostPeople = 165
)

func (w *world) onSmallHost(n uint32) bool {
	return n >= smallHostFirst && n < smallHostFirst+smallHostPeople
}

// stageIncident stages a batch of the shape of a real incident: on a small host, 693 sign-ups in 14 hours that are most of its accounts, with handles of one
// pattern and addresses handle@gmail.com, none confirmed. On the next day 18 of them post filler; on the day after, the 18 post 116 records with one short
// link, seconds apart.
func (w *world) stageIncident() {
	const size, span, woken, records = 693, 14 * hour, 18, 116
	c := w.campaign("sleeper-batch", true, 62, 0)
	d := c.same()
	var pool [23]place
	for j := range pool {
		pool[j] = residence(d)
	}
	agent := pick(d, agents)
	first := Start + day + 6*hour
	for j := range size {
		n := w.recruit(0, 1)
		p := w.member(n)
		if w.generation(n) == 0 {
			p.created = first + int64(j)*(span/size)/millisecond*millisecond
		}
		p.handle = pick(d, adjectives) + pick(d, nouns) + strconv.Itoa(d.among(1000, 9999))
		p.email, p.confirmed, p.verified = p.handle+"@gmail.com", false, false
		p.followers, p.following, p.posts = 0, 0, 0
		p.host, p.at, p.agent, p.device = smallHost, pool[j%len(pool)], agent, ""
		c.members = append(c.members, n)
		c.act(act{at: p.created, actor: n, kind: signup})
	}
	awake := append([]uint32(nil), c.members...)
	d.Shuffle(len(awake), func(a, b int) { awake[a], awake[b] = awake[b], awake[a] })
	awake = awake[:woken]
	at := w.start + 2*day + 6*hour
	filler := w.say(line{spin: sleeperFiller})
	for _, n := range awake {
		for range 3 {
			c.post(n, c.d.between(at, at+12*hour), filler)
		}
	}
	at += day
	says := w.say(line{spin: sleeperLine, link: "https://lnk.example/" + hex8(uint32(c.base))[:6]})
	for j := range records {
		at += c.d.between(2*second, 7*second)
		c.post(awake[j%woken], at, says)
	}
	c.tell()
}
