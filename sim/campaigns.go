package sim

import (
	"strconv"
	"strings"
)

// stageSpamRing stages a copy-paste spam ring: 60 accounts of one to five weeks, on six addresses and ten devices, fill three
// templates and post one of three short links in bursts every six hours for three days, hidden among idle chatter and likes.
func (w *world) stageSpamRing(i int) {
	const size, bursts, addresses, devices = 60, 12, 6, 10
	group := groupName("spam", i)
	links := make([]string, 3)
	for j := range links {
		links[j] = "https://lnk.example/" + hex8(w.rng.Uint32())[:6]
	}
	var pool [addresses]string
	for j := range pool {
		pool[j] = address(w.rng)
	}
	var phones [devices]string
	for j := range phones {
		phones[j] = "d" + hex8(w.rng.Uint32())
	}
	ring := make([]person, size)
	for j := range ring {
		ring[j] = w.recruit(7, 35)
		ring[j].ip, ring[j].device, ring[j].deviceless = pool[j%addresses], phones[j%devices], false
		w.tell(ring[j].id, group, true, "copypasta")
	}
	first := between(w.rng, Start+day, Start+w.span-4*day)
	for b := range int64(bursts) {
		link, template := pick(w.rng, links), pick(w.rng, spamTemplates)
		start := first + b*6*hour
		for j := range ring {
			p := &ring[j]
			if w.rng.IntN(10) < 7 {
				text := strings.ReplaceAll(template, "{link}", link)
				w.stage(w.post(p, between(w.rng, start, start+10*minute), fill(w.rng, text), link))
			}
			if w.rng.IntN(2) == 0 {
				w.stage(w.post(p, between(w.rng, start+hour, start+5*hour), fill(w.rng, pick(w.rng, spamFiller)), ""))
			}
		}
	}
}

// The sleeper batch has the shape of a real incident: on a small host, sign-ups that are most of its accounts; on the next day
// idle chatter; then a few of the accounts post one short link, seconds apart.
const (
	sleepers       = 693
	sleeperSpan    = 14 * hour
	wokenSleepers  = 18
	sleeperRecords = 116
)

// stageSleeperBatch stages the sleeper batch: 693 sign-ups in 14 hours, handles of one pattern and addresses handle@gmail.com, none
// confirmed. On the next day 18 of them post filler; on the day after, the 18 post 116 records with one short link.
func (w *world) stageSleeperBatch() {
	group := groupName("sleepers", 0)
	var pool [23]string
	for j := range pool {
		pool[j] = address(w.rng)
	}
	link := "https://lnk.example/" + hex8(w.rng.Uint32())[:6]
	first := Start + day + 6*hour
	agent := pick(w.rng, agents)
	batch := make([]person, sleepers)
	for j := range batch {
		p := w.recruit(0, 1)
		p.created = first + int64(j)*(sleeperSpan/sleepers)/millisecond*millisecond
		p.handle = pick(w.rng, adjectives) + pick(w.rng, nouns) + strconv.Itoa(1000+w.rng.IntN(9000))
		p.email, p.confirmed, p.verified = p.handle+"@gmail.com", false, false
		p.followers, p.following, p.posts = 0, 0, 0
		p.host, p.ip, p.agent, p.deviceless = smallHost, pool[j%len(pool)], agent, true
		batch[j] = p
		w.tell(p.id, group, true, "sleeper-batch")
		w.stage(p.act(p.created, "signup"))
	}
	w.rng.Shuffle(len(batch), func(a, b int) { batch[a], batch[b] = batch[b], batch[a] })
	woken := batch[:wokenSleepers]
	nextDay := first + day
	for j := range woken {
		for range 3 {
			w.stage(w.post(&woken[j], between(w.rng, nextDay, nextDay+12*hour), "gm 🌸", ""))
		}
	}
	at := nextDay + day
	for j := range sleeperRecords {
		at += between(w.rng, 2*second, 7*second)
		w.stage(w.post(&woken[j%wokenSleepers], at, strings.ReplaceAll(sleeperLine, "{link}", link), link))
	}
}

// stageBrigade stages a reply brigade: 25 accounts of mixed age, on addresses of their own, answer each new post of one victim with
// abuse, within 40 minutes, three days in a row.
func (w *world) stageBrigade(i int) {
	const size, days = 25, 3
	group := groupName("brigade", i)
	victim := w.passersby(1)[0]
	brigade := make([]person, size)
	for j := range brigade {
		brigade[j] = w.recruit(10, 900)
		w.tell(brigade[j].id, group, true, "reply-brigade")
	}
	first := between(w.rng, Start+day, Start+w.span-(days+1)*day)
	for d := range int64(days) {
		at := first + d*day
		post := w.post(&victim, at, fill(w.rng, victimPost), "")
		w.stage(post)
		for j := range brigade {
			for range w.rng.IntN(4) {
				answer := fill(w.rng, pick(w.rng, brigadeLines))
				w.stage(w.reply(&brigade[j], between(w.rng, at+2*minute, at+40*minute), answer, content{post.Object, victim.id}))
			}
		}
	}
}

// stageFollowTrain stages a follow train: 40 accounts follow three conductors of theirs within minutes, then most of each other
// within two days, and repost each other's calls.
func (w *world) stageFollowTrain(i int) {
	const size, conductors = 40, 3
	group := groupName("train", i)
	train := make([]person, size)
	for j := range train {
		train[j] = w.recruit(2, 200)
		w.tell(train[j].id, group, true, "follow-train")
	}
	first := between(w.rng, Start+day, Start+w.span-3*day)
	var calls []content
	for j := range conductors {
		call := w.post(&train[j], first, fill(w.rng, pick(w.rng, trainLines)), "")
		calls = append(calls, content{call.Object, call.Actor})
		w.stage(call)
	}
	for j := range train {
		p := &train[j]
		for k := range train {
			switch {
			case j == k:
			case k < conductors:
				w.stage(follow(p, between(w.rng, first+minute, first+15*minute), train[k].id))
			case w.rng.IntN(10) < 7:
				w.stage(follow(p, between(w.rng, first+15*minute, first+2*day), train[k].id))
			}
		}
		w.stage(w.react(p, between(w.rng, first+minute, first+hour), "repost", pick(w.rng, calls)))
	}
}
