package sim

import (
	"strings"

	"github.com/ringfence/ringfence/event"
)

// stageSignups stages the sign-ups of the ordinary accounts that join during the stream.
func (w *world) stageSignups() {
	for n := w.old; n < w.scale.Accounts; n++ {
		p := w.ordinary(n)
		w.stage(p.act(p.created, "signup"))
	}
}

// stageBreakingNews stages a link that 300 ordinary accounts share within three hours, most in the first, a third of them with the
// site's own text.
func (w *world) stageBreakingNews(i int) {
	const size = 300
	group := groupName("news", i)
	link := "https://news.example/breaking/" + hex8(w.rng.Uint32())
	first := between(w.rng, Start+day, Start+w.span-day)
	headline := fill(w.rng, strings.ReplaceAll(newsDefault, "{link}", link))
	for _, p := range w.passersby(size) {
		w.tell(p.id, group, false, "breaking-news")
		text := headline
		if w.rng.IntN(3) > 0 {
			text = fill(w.rng, pick(w.rng, newsLines)) + " " + link
		}
		within := hour
		if w.rng.IntN(3) == 0 {
			within = 3 * hour
		}
		w.stage(w.post(&p, between(w.rng, first, first+within), text, link))
	}
}

// stageNewsroom stages a newsroom: 12 verified accounts behind one address that post the same link of their paper within minutes of
// each other, eight times a day.
func (w *world) stageNewsroom(i int) {
	const size, perDay = 12, 8
	group := groupName("newsroom", i)
	office := address(w.rng)
	desk := make([]person, size)
	for j := range desk {
		desk[j] = w.recruit(200, 2000)
		desk[j].ip, desk[j].verified, desk[j].confirmed = office, true, true
		desk[j].email = desk[j].handle + "@daily.example"
		desk[j].followers += 2000
		w.tell(desk[j].id, group, false, "newsroom")
	}
	for d := range int64(w.scale.Days) {
		for s := range int64(perDay) {
			at := Start + d*day + 7*hour + s*90*minute
			link := "https://daily.example/" + pick(w.rng, topics) + "/" + hex8(w.rng.Uint32())
			line := fill(w.rng, pick(w.rng, deskLines)) + " " + link
			for j := range desk {
				if w.rng.IntN(10) < 4 {
					w.stage(w.post(&desk[j], between(w.rng, at, at+8*minute), line, link))
				}
			}
		}
	}
}

// stageCampus stages a campus's first day of term: 80 sign-ups in three hours behind one address, each with a device and an address
// of the university's, confirmed, and a few posts afterwards.
func (w *world) stageCampus(i int) {
	const size = 80
	group := groupName("campus", i)
	gateway := address(w.rng)
	first := between(w.rng, Start+day, Start+w.span-2*day)
	for range size {
		p := w.recruit(0, 1)
		p.created = between(w.rng, first, first+3*hour)
		p.ip, p.email, p.confirmed, p.deviceless = gateway, p.handle+"@campus.example", true, false
		p.followers, p.following, p.posts = 0, 0, 0
		w.tell(p.id, group, false, "campus-signup")
		w.stage(p.act(p.created, "signup"))
		for range w.rng.IntN(4) {
			text := fill(w.rng, pick(w.rng, studentPost))
			w.stage(w.post(&p, between(w.rng, p.created+10*minute, p.created+day), text, ""))
		}
	}
}

// stageGiveaway stages a giveaway: 200 ordinary accounts follow an organiser, repost and reply the word asked for within two days.
func (w *world) stageGiveaway(i int) {
	const size = 200
	group := groupName("giveaway", i)
	people := w.passersby(size)
	organiser := &people[0]
	first := between(w.rng, Start+day, Start+w.span-3*day)
	ask := w.post(organiser, first, fill(w.rng, giveawayAsk), "")
	ask.Hashtags = []string{"giveaway"}
	add(&ask, event.FieldHashtags)
	w.stage(ask)
	w.tell(organiser.id, group, false, "giveaway")
	for j := range people[1:] {
		p := &people[1+j]
		w.tell(p.id, group, false, "giveaway")
		at := between(w.rng, first+minute, first+2*day)
		prize := content{ask.Object, organiser.id}
		w.stage(
			follow(p, at, organiser.id),
			w.react(p, at+8*second, "repost", prize),
			w.reply(p, at+25*second, pick(w.rng, giveawayYes), prize),
		)
	}
}
