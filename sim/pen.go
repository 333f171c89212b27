package sim

import (
	"strconv"
	"strings"

	"github.com/ringfence/ringfence/event"
)

// pen writes acts out as events. It is for one goroutine; several may write acts of one world.
type pen struct {
	w     *world
	d     dice
	e     event.Event
	text  []byte
	round string // begins the names of what a later round makes
}

func newPen(w *world) *pen {
	p := &pen{w: w, d: newDice(w.seed, aboutAct, 0)}
	if w.round.Number > 0 {
		p.round = strconv.Itoa(w.round.Number) + "-"
	}
	return p
}

// write is the event of an act, valid until the next call. It depends on the act alone.
func (p *pen) write(a *act) *event.Event {
	e, w := &p.e, p.w
	e.Reset()
	e.ID, e.Time, e.Kind = "e"+p.round+pad(a.serial, 8), a.at, kinds[a.kind]
	who := w.who(p.d, a.actor)
	p.d.restart(w.seed, aboutAct+uint64(w.round.Number)<<16, a.serial)
	e.Actor = w.accountID(a.actor)
	if a.of != 0 {
		switch a.kind {
		case reply:
			e.Parent = p.content(a.of)
			add(e, event.FieldParent)
		default:
			e.Object = p.content(a.of)
			add(e, event.FieldObject)
		}
	}
	if a.made != 0 {
		switch a.kind {
		case repost, quote:
			e.Content = p.content(a.made)
			add(e, event.FieldContent)
		default:
			e.Object = p.content(a.made)
			add(e, event.FieldObject)
		}
	}
	if a.target != 0 {
		e.Target = w.accountID(a.target - 1)
		add(e, event.FieldTarget)
	}
	if a.kind == metrics { // told by the platform, not by a device
		e.Views, e.Reshares = int64(a.counts[0]), int64(a.counts[1])
		add(e, event.FieldViews, event.FieldReshares)
		return e
	}
	p.account(&who, a)
	said := &w.lines[a.line]
	switch a.kind {
	case post, quote, reply, edit, profile:
		p.say(a, said)
	case report:
		e.Reason = said.reason
		if e.Reason == "" {
			e.Reason = pick(p.d, reasons)
		}
		add(e, event.FieldReason)
	}
	e.Client = said.client
	if e.Client == "" {
		e.Client = clientOf(e.UserAgent)
	}
	add(e, event.FieldClient)
	return e
}

var reasons = []string{"spam", "harassment", "hate", "misinformation", "impersonation", "other"}

// clientOf is the program that a user agent belongs to.
func clientOf(agent string) string {
	switch {
	case strings.Contains(agent, "iPhone"):
		return "ios"
	case strings.Contains(agent, "Android"):
		return "android"
	}
	return "web"
}

func (p *pen) content(n uint32) string {
	id := p.w.contentID(n)
	if p.round == "" {
		return id
	}
	return id[:1] + p.round + id[1:]
}

func add(e *event.Event, fields ...event.Field) {
	for _, f := range fields {
		e.Fields.Add(f)
	}
}

// account says what the platform knows of the actor at the time of the act.
func (p *pen) account(who *person, a *act) {
	for _, other := range p.w.altered[a.actor] {
		if a.at < other.from || !p.d.chance(other.share) {
			continue
		}
		if other.at.ip != "" {
			who.at = other.at
		}
		if other.device != "" {
			who.device = other.device
		}
		if other.agent != "" {
			who.agent = other.agent
		}
	}
	e := &p.e
	e.IP, e.ASN, e.UserAgent = who.at.ip, who.at.asn, who.agent
	e.Account = event.Account{
		Created: who.created, Handle: who.handle, Email: who.email, Confirmed: who.confirmed, Verified: who.verified,
		Followers: who.followers, Following: who.following + int64(a.counts[1]), Posts: who.posts + int64(a.counts[0]),
	}
	add(e, event.FieldIP, event.FieldASN, event.FieldUserAgent, event.FieldAccountCreated, event.FieldAccountHandle, event.FieldAccountEmail,
		event.FieldAccountConfirmed, event.FieldAccountFollowers, event.FieldAccountFollowing, event.FieldAccountPosts,
		event.FieldAccountVerified)
	if who.device != "" {
		e.Device = who.device
		add(e, event.FieldDevice)
	}
	e.Attrs = append(e.Attrs, event.Attr{Key: "host", Value: event.Value{Kind: event.String, Str: who.host}})
}

// say fills in what an act says.
func (p *pen) say(a *act, l *line) {
	e, d := &p.e, p.d
	p.text = p.text[:0]
	lang := "en"
	link := l.link
	switch {
	case l.spin != "":
		spin := l.spin
		if len(l.also) > 0 {
			if i := d.IntN(len(l.also) + 1); i > 0 {
				spin, lang = l.also[i-1], l.langs[i-1]
			}
		}
		p.text = appendSpun(p.text, d, spin, l.paraphrase)
		p.text = l.disguise.apply(d, p.text)
	case a.kind == profile:
		p.text = appendProfile(p.text, d)
	case a.kind == reply:
		p.text = appendReply(p.text, d)
	case a.link != 0:
		link = p.link(a.link)
		p.text = p.appendShare(a.link)
	default:
		p.text, lang = appendPost(p.text, d)
		switch d.IntN(24) {
		case 0, 1:
			e.Hashtags = append(e.Hashtags, pick(d, topics))
		case 2:
			picture := uint64(d.skewed(20_000)) + 1
			p.show(picture, 8)
		}
	}
	if l.tags != nil {
		e.Hashtags = append(e.Hashtags, l.tags...)
	}
	for _, tag := range e.Hashtags {
		p.text = append(append(p.text, " #"...), tag...)
	}
	if link != "" && a.kind != profile {
		if !strings.Contains(string(p.text), link) {
			p.text = append(append(p.text, ' '), link...)
		}
		e.URLs = append(e.URLs, link)
		add(e, event.FieldURLs)
	}
	if len(e.Hashtags) > 0 {
		add(e, event.FieldHashtags)
	}
	if l.picture != 0 {
		p.show(l.picture, l.altered)
	}
	e.Text, e.Lang = string(p.text), lang
	add(e, event.FieldText, event.FieldLang)
}

// link is an address that people pass on.
func (p *pen) link(n uint32) string {
	p.d.restart(p.w.seed, aboutLink+uint64(p.w.round.Number)<<16, uint64(n))
	return "https://" + pick(p.d, sites) + "/" + pick(p.d, topics) + "/" + hex8(uint32(scramble(uint64(n)<<8^p.w.seed)))
}

// appendShare is what somebody writes beside a link: a third leave the site's own words.
func (p *pen) appendShare(n uint32) []byte {
	d := p.d
	own := d.Uint64()
	d.restart(p.w.seed, aboutLink+uint64(p.w.round.Number)<<16, uint64(n)+1<<33)
	text := appendHeadline(p.text, d)
	d.source.Seed(own, 1)
	if own%3 == 0 {
		return text
	}
	text, _ = appendPost(p.text, d)
	return text
}

// show adds a picture: the hash of the named one, with up to some bits altered as a copy's are.
func (p *pen) show(picture uint64, altered int) {
	e := &p.e
	var hash [4]uint64
	for i := range hash {
		hash[i] = scramble(p.w.seed<<20 + picture<<2 + uint64(i))
	}
	for range p.d.IntN(altered/2+1) * 2 { // PDQ distances are even, as half of the bits of each hash are set
		bit := p.d.IntN(256)
		hash[bit/64] ^= 1 << (bit % 64)
	}
	var pdq [64]byte
	for i, word := range hash {
		copy(pdq[16*i:], hex8(uint32(word>>32)))
		copy(pdq[16*i+8:], hex8(uint32(word)))
	}
	e.Media = append(e.Media, event.Media{ID: "m" + e.Object[1:], Type: "image/jpeg", PDQ: string(pdq[:])})
	add(e, event.FieldMedia)
}
