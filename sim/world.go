package sim

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/ringfence/ringfence/event"
)

// smallHost is the host that the sleeper batch signs up on. It has smallHostPeople ordinary accounts.
const (
	smallHost       = "pds.smallhost.example"
	smallHostFirst  = 300
	smallHostPeople = 165
)

// world is the state of one simulation: who exists, and the acts that are staged before the crowd plays.
type world struct {
	scale  Scale
	seed   uint64
	rng    *rand.Rand
	span   int64 // nanoseconds
	old    int   // ordinary accounts below this number exist before the start; the others sign up during the stream
	people uint64
	items  uint64
	staged []event.Event
	truth  []Truth
	cast   map[string]bool // accounts with a group
}

func newWorld(seed uint64, scale Scale) *world {
	return &world{
		scale:  scale,
		seed:   seed,
		rng:    rand.New(rand.NewPCG(seed, 1)),
		span:   int64(scale.Days) * day,
		old:    scale.Accounts - scale.Accounts/25,
		people: uint64(scale.Accounts),
		cast:   map[string]bool{},
	}
}

// person is an account as the platform sees it.
type person struct {
	id, host, ip, device, agent     string
	handle, email                   string
	created                         int64
	followers, following, posts     int64
	confirmed, verified, deviceless bool
}

// accountID is the name of the n-th account. Numbers are scrambled one to one, so that a name tells nothing about its bearer.
func (w *world) accountID(n uint64) string {
	return "u" + hex8(uint32(n)*2654435761+uint32(w.seed)*40503)
}

// item is the name of a new piece of content.
func (w *world) item() string {
	w.items++
	return "p" + hex8(uint32(w.items)*2246822519+uint32(w.seed))
}

func hex8(n uint32) string {
	s := strconv.FormatUint(uint64(n), 16)
	return strings.Repeat("0", 8-len(s)) + s
}

// ordinary is the n-th ordinary account. It is computed from the seed and n alone, so that nobody need be kept in memory.
func (w *world) ordinary(n int) person {
	rng := rand.New(rand.NewPCG(w.seed, uint64(n)+1000))
	p := w.newcomer(rng, uint64(n))
	if n >= smallHostFirst && n < smallHostFirst+smallHostPeople {
		p.host = smallHost
	}
	// Two of a household share an address; one in twelve people is behind a carrier's.
	home := rand.New(rand.NewPCG(w.seed+1, uint64(n/2)))
	p.ip = address(home)
	if rng.IntN(12) == 0 {
		carrier := rand.New(rand.NewPCG(w.seed+2, uint64(rng.IntN(1+w.scale.Accounts/120))))
		p.ip = address(carrier)
	}
	if n >= w.old {
		p.created = between(rng, Start, Start+w.span)
		p.followers, p.following, p.posts = 0, 0, 0
	}
	return p
}

// recruit is a new account for a campaign or a look-alike, aged from young to old days before the start.
func (w *world) recruit(young, old int64) person {
	p := w.newcomer(w.rng, w.people)
	w.people++
	p.created = between(w.rng, Start-old*day, Start-young*day)
	p.followers, p.following, p.posts = w.rng.Int64N(40), w.rng.Int64N(60), w.rng.Int64N(30)
	return p
}

func (w *world) newcomer(rng *rand.Rand, n uint64) person {
	first, last := pick(rng, firstNames), pick(rng, lastNames)
	p := person{
		id:        w.accountID(n),
		host:      pick(rng, hosts),
		ip:        address(rng),
		device:    "d" + hex8(rng.Uint32()),
		agent:     pick(rng, agents),
		created:   between(rng, Start-1500*day, Start-5*day),
		following: rng.Int64N(400),
		posts:     rng.Int64N(3000),
		confirmed: rng.IntN(20) > 0,
		verified:  rng.IntN(100) == 0,
	}
	p.followers = int64(5_000 / (1 + skewed(rng, 5_000)))
	switch rng.IntN(4) {
	case 0:
		p.handle = first + last
	case 1:
		p.handle = first + pick(rng, nouns) + strconv.Itoa(rng.IntN(100))
	case 2:
		p.handle = pick(rng, adjectives) + pick(rng, nouns)
	default:
		p.handle = first + "_" + strconv.Itoa(1950+rng.IntN(60))
	}
	p.email = first + "." + last + strconv.Itoa(rng.IntN(1000)) + "@" + pick(rng, mailDomains)
	if rng.IntN(10) == 0 {
		p.email = p.handle + "@gmail.com"
	}
	p.deviceless = rng.IntN(3) == 0 // a web browser gives no device
	return p
}

func address(rng *rand.Rand) string {
	n := rng.Uint32()
	return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, 1+n&255%254)
}

// act is what every event of the person holds.
func (p *person) act(at int64, kind string) event.Event {
	e := event.Event{Time: at, Kind: kind, Actor: p.id, IP: p.ip, UserAgent: p.agent}
	e.Account = event.Account{
		Created: p.created, Handle: p.handle, Email: p.email, Confirmed: p.confirmed,
		Followers: p.followers, Following: p.following, Posts: p.posts, Verified: p.verified,
	}
	add(&e, event.FieldIP, event.FieldUserAgent, event.FieldAccountCreated, event.FieldAccountHandle, event.FieldAccountEmail,
		event.FieldAccountConfirmed, event.FieldAccountFollowers, event.FieldAccountFollowing, event.FieldAccountPosts,
		event.FieldAccountVerified)
	if !p.deviceless {
		e.Device = p.device
		add(&e, event.FieldDevice)
	}
	e.Attrs = []event.Attr{{Key: "host", Value: event.Value{Kind: event.String, Str: p.host}}}
	return e
}

func add(e *event.Event, fields ...event.Field) {
	for _, f := range fields {
		e.Fields.Add(f)
	}
}

// post is a new post with an optional link.
func (w *world) post(p *person, at int64, text, link string) event.Event {
	e := p.act(at, "post")
	e.Object, e.Text, e.Lang = w.item(), text, "en"
	add(&e, event.FieldObject, event.FieldText, event.FieldLang)
	if link != "" {
		e.URLs = []string{link}
		add(&e, event.FieldURLs)
	}
	return e
}

// reply is a reply to an author's content.
func (w *world) reply(p *person, at int64, text string, to content) event.Event {
	e := w.post(p, at, text, "")
	e.Kind, e.Parent, e.Target = "reply", to.id, to.author
	add(&e, event.FieldParent, event.FieldTarget)
	return e
}

// react is a like or a repost of an author's content.
func (w *world) react(p *person, at int64, kind string, to content) event.Event {
	e := p.act(at, kind)
	e.Object, e.Content, e.Target = to.id, w.item(), to.author
	add(&e, event.FieldObject, event.FieldContent, event.FieldTarget)
	return e
}

func follow(p *person, at int64, target string) event.Event {
	e := p.act(at, "follow")
	e.Target = target
	add(&e, event.FieldTarget)
	return e
}

// content is something that others react to.
type content struct{ id, author string }

// stage puts acts into the stream.
func (w *world) stage(acts ...event.Event) { w.staged = append(w.staged, acts...) }

// tell records what an account is.
func (w *world) tell(account, group string, harmful bool, what string) {
	t := Truth{Account: account, Group: group, Harmful: harmful}
	if harmful {
		t.Archetype = what
	} else {
		t.Class = what
	}
	w.truth = append(w.truth, t)
	w.cast[account] = true
}

// truths adds the accounts that are in no group to what was told.
func (w *world) truths() []Truth {
	for n := range w.scale.Accounts {
		if id := w.accountID(uint64(n)); !w.cast[id] {
			w.truth = append(w.truth, Truth{Account: id, Class: "organic"})
		}
	}
	return w.truth
}

// passersby are distinct ordinary accounts that were there before the start.
func (w *world) passersby(count int) []person {
	seen := make(map[int]bool, count)
	people := make([]person, 0, count)
	for len(people) < count {
		n := w.rng.IntN(w.old)
		if !seen[n] {
			seen[n] = true
			people = append(people, w.ordinary(n))
		}
	}
	return people
}

func groupName(what string, i int) string { return what + "-" + strconv.Itoa(i+1) }
