package sim

import "strconv"

// person is an account as the platform sees it.
type person struct {
	number        uint32
	host          string
	at            place
	device, agent string // the device is empty where a browser gives none
	handle, email string
	created       int64
	followers     int64
	following     int64
	posts         int64
	confirmed     bool
	verified      bool
}

// place is where on the net somebody is.
type place struct {
	ip  string
	asn int64
}

// alteration is what an account has instead of its own from a time on, in that many of a hundred of its acts. Empty fields stay as they are.
type alteration struct {
	from   int64
	share  int
	at     place
	device string
	agent  string
}

// communities is how many circles of interest there are. The c-th is of a size in proportion to 1/(c+6).
const communities = 48

// circles are the first numbers of the communities' accounts, which lie one after the other; in each, the more active come first.
func circles(accounts int) (first [communities + 1]uint32) {
	total := 0
	for c := range communities {
		total += 1 << 20 / (c + 6)
	}
	sum := 0
	for c := range communities {
		first[c] = uint32(uint64(accounts) * uint64(sum) / uint64(total))
		sum += 1 << 20 / (c + 6)
	}
	first[communities] = uint32(accounts)
	return first
}

// zones are the offsets from UTC, in hours, that people live at. Most of a community live at one.
var zones = [...]int{-8, -5, 0, 1, 9}

func (w *world) zone(n uint32, community int) int {
	if h := scramble(uint64(n)^w.seed<<32) >> 7; h%10 < 3 {
		return int(h / 16 % uint64(len(zones)))
	}
	return community * 2 % len(zones)
}

// newcomer says whether an ordinary account signs up during the first round: one in twenty-five does.
func (w *world) newcomer(n uint32) bool { return scramble(uint64(n)+w.seed<<32)%25 == 0 }

// createdAt is when an account was made.
func (w *world) createdAt(n uint32) int64 {
	if n >= uint32(w.scale.Accounts) {
		return w.member(n).created
	}
	h := scramble(scramble(uint64(n)+w.seed<<32) + 1)
	if w.newcomer(n) {
		return Start + int64(h%uint64(w.span/millisecond))*millisecond
	}
	return Start - 5*day - int64(h%uint64(1500*day/millisecond))*millisecond
}

// who is an account as it was at first, without alterations. d is restarted for it.
func (w *world) who(d dice, n uint32) person {
	if n >= uint32(w.scale.Accounts) {
		return *w.member(n)
	}
	d.restart(w.seed, aboutPerson, uint64(n))
	p := w.stranger(d, n)
	p.created = w.createdAt(n)
	if w.newcomer(n) {
		p.followers, p.following, p.posts = 0, 0, 0
	}
	if w.scale.Incident && w.onSmallHost(n) {
		p.host = smallHost
	}
	// Three of a household share an address; one in thirty shares a device with another of them.
	d.restart(w.seed, aboutHome, uint64(n/3))
	p.at = residence(d)
	if family := "d" + hex8(d.Uint32()); d.IntN(30) == 0 {
		p.device = family
	}
	return p
}

// stranger is a person with a name, a device and a history of their own.
func (w *world) stranger(d dice, n uint32) person {
	first, last := pick(d, firstNames), pick(d, lastNames)
	p := person{
		number:    n,
		host:      pick(d, hosts),
		at:        residence(d),
		device:    "d" + hex8(d.Uint32()),
		agent:     pick(d, agents),
		following: d.Int64N(400),
		posts:     d.Int64N(3000),
		confirmed: !d.chance(5),
		verified:  d.chance(1),
	}
	p.followers = 5_000 / int64(1+d.skewed(5_000)) * 2
	switch d.IntN(5) {
	case 0:
		p.handle = first + last
	case 1:
		p.handle = first + pick(d, nouns) + strconv.Itoa(d.IntN(100))
	case 2:
		p.handle = pick(d, adjectives) + pick(d, nouns)
	case 3:
		p.handle = last + "." + first[:1]
	default:
		p.handle = first + "_" + strconv.Itoa(1950+d.IntN(60))
	}
	p.email = first + "." + last + strconv.Itoa(d.IntN(1000)) + "@" + pick(d, mailDomains)
	if d.chance(10) {
		p.email = p.handle + "@gmail.com"
	}
	if d.chance(33) {
		p.device = "" // a web browser gives none
	}
	return p
}

// residence is an address of one of forty access providers; each has networks and a number of its own.
func residence(d dice) place {
	provider := d.IntN(40)
	return place{quad(provider*4+d.IntN(4), d.IntN(256), 1+d.IntN(254)), int64(64_512 + provider)}
}

// hosting is an address of one of twelve data centres, where proxies stand.
func hosting(d dice) place {
	centre := d.IntN(12)
	return place{quad(200+centre, d.IntN(256), 1+d.IntN(254)), int64(65_100 + centre)}
}

// quad is an address of 10.0.0.0/8.
func quad(b, c, d int) string {
	return "10." + strconv.Itoa(b) + "." + strconv.Itoa(c) + "." + strconv.Itoa(d)
}

// recruit adds an account of a campaign or a look-alike, made young to old days before the round. generation counts the accounts that its slot had before.
func (w *world) recruit(young, old int64) uint32 {
	slot := uint32(len(w.cast))
	n, generation := uint32(w.scale.Accounts)+slot, uint32(0)
	for ; generation < uint32(w.round.Number) && w.suspended[w.accountID(n)]; generation++ {
		n += maxCast
	}
	own := newDice(w.seed, aboutPerson+uint64(generation+1)<<16, uint64(n))
	p := w.stranger(own, n)
	made := Start + int64(generation)*w.span
	p.created = own.between(made-old*day, made-young*day)
	p.followers, p.following, p.posts = own.Int64N(60), own.Int64N(90), own.Int64N(60)
	w.cast = append(w.cast, p)
	return n
}

// maxCast is more than there are slots.
const maxCast = 1 << 24

// member is an account of the cast.
func (w *world) member(n uint32) *person {
	return &w.cast[(n-uint32(w.scale.Accounts))%maxCast]
}

// generation is how many accounts the slot of a member had before.
func (w *world) generation(n uint32) int {
	if n < uint32(w.scale.Accounts) {
		return 0
	}
	return int((n - uint32(w.scale.Accounts)) / maxCast)
}

// alter gives an account something else from a time on.
func (w *world) alter(n uint32, a alteration) {
	if a.share == 0 {
		a.share = 100
	}
	w.altered[n] = append(w.altered[n], a)
}

// passersby are distinct ordinary accounts that were there before the start and are in no group yet.
func (w *world) passersby(d dice, count int) []uint32 {
	people := make([]uint32, 0, count)
	seen := make(map[uint32]bool, count)
	for tries := 0; len(people) < count && tries < 50*count; tries++ {
		n := uint32(d.IntN(w.scale.Accounts))
		if !seen[n] && !w.grouped[n] && !w.newcomer(n) && !w.silenced(n) {
			seen[n] = true
			people = append(people, n)
		}
	}
	return people
}

// neighbours are distinct accounts, of no group yet, of one community.
func (w *world) neighbours(d dice, community, count int) []uint32 {
	first := circles(w.scale.Accounts)
	low, high := first[community], first[community+1]
	people := make([]uint32, 0, count)
	seen := make(map[uint32]bool, count)
	for tries := 0; len(people) < count && tries < 50*count; tries++ {
		n := low + uint32(d.IntN(int(high-low)))
		if !seen[n] && !w.grouped[n] && !w.newcomer(n) && !w.silenced(n) {
			seen[n] = true
			people = append(people, n)
		}
	}
	return people
}

// stageSignups stages the sign-ups of the ordinary accounts that join.
func (w *world) stageSignups() {
	if w.round.Number > 0 {
		return
	}
	for n := range uint32(w.scale.Accounts) {
		if w.newcomer(n) {
			w.add(act{at: w.createdAt(n), actor: n, kind: signup})
		}
	}
}
