package sim

// rhythm is how active people are in each hour of their local day, in percent of the average; peak is its largest entry.
var rhythm = [24]int{40, 22, 12, 8, 8, 14, 40, 75, 100, 108, 112, 120, 134, 126, 116, 112, 116, 128, 148, 176, 208, 216, 176, 85}

const peak = 216

// week is how active people are on each day from Monday, in percent of the average.
var week = [7]int{98, 97, 99, 100, 104, 106, 96}

// crowd is the ordinary people, and what everybody does in order of time.
type crowd struct {
	w      *world
	d      dice
	first  [communities + 1]uint32
	recent []pass
	passed int
	tally  [][2]uint32     // posts and follows by account: ordinary ones, then the cast
	shared map[uint64]bool // who of the cast passed on what
	link   uint32
}

// pass is an act of passing something on: what it was and by whom it was made.
type pass struct {
	content
	link uint32
}

// memory is how many of the latest acts people who act as anybody would look at.
const memory = 4096

func newCrowd(w *world) *crowd {
	return &crowd{
		w: w, d: w.dice(aboutCrowd, 0), first: circles(w.scale.Accounts),
		tally:  make([][2]uint32, w.scale.Accounts+len(w.cast)),
		shared: map[uint64]bool{},
	}
}

// before is for how long before the start things were made that people still react to.
const before = 36

// hour lets the crowd start everything that it starts in an hour of the round. What follows from it goes to later hours. Before the first hour it starts what
// people still react to then.
func (c *crowd) hour(h int) {
	if h == 0 {
		for earlier := -before; earlier < 0; earlier++ {
			c.start(earlier, c.share(earlier))
		}
	}
	c.start(h, c.share(h))
}

// share is how many acts of the round an hour is to start.
func (c *crowd) share(h int) int {
	today := week[((h+24*7)/24)%7]
	active := 0
	for _, z := range zones {
		active += rhythm[(h+24*7+z)%24]
	}
	average := c.w.scale.Events / len(c.w.hours)
	return average * active / (100 * len(zones)) * today / 100
}

// start starts things in an hour until they are expected to come to a number of acts.
func (c *crowd) start(h, acts int) {
	from := c.w.start + int64(h)*hour
	for made := 0; made < acts; {
		at := c.d.between(from, from+hour)
		community := c.circle()
		n, ok := c.someone(community, at)
		if !ok {
			made++
			continue
		}
		switch roll := c.d.IntN(1000); {
		case roll < 330:
			made += c.cascade(n, community, at)
		case roll < 480:
			made += c.links(community, at)
		case roll < 640:
			made += c.put(c.written(act{at: at, actor: n}))
		case roll < 900:
			made += c.put(act{at: at, actor: n, kind: follow, target: c.popular(community) + 1})
		case roll < 970:
			made += c.put(act{at: at, actor: n, kind: login})
		case roll < 985:
			made += c.put(act{at: at, actor: n, kind: profile})
		default:
			made += c.put(act{at: at, actor: n, kind: unfollow, target: c.popular(community) + 1})
		}
	}
}

// put adds an act and counts it, also if it lies outside the round: what was started before makes up for what comes after.
func (c *crowd) put(a act) int {
	c.w.add(a)
	return 1
}

// written is an act that makes content of its own.
func (c *crowd) written(a act) act {
	a.made = c.w.item()
	return a
}

// circle is a community, the larger the likelier.
func (c *crowd) circle() int {
	n := uint32(c.d.IntN(c.w.scale.Accounts))
	low, high := 0, communities
	for low+1 < high {
		if middle := (low + high) / 2; c.first[middle] <= n {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// someone is a person of a community who is up at a time, more likely one of the more active; ok is false if none was found.
func (c *crowd) someone(community int, at int64) (n uint32, ok bool) {
	low, high := c.first[community], c.first[community+1]
	for range 12 {
		n = low + uint32(c.d.skewed(int(high-low)))
		local := (int((at-Start)/hour%24) + 24 + zones[c.w.zone(n, community)] + 24) % 24
		if c.d.IntN(peak) < rhythm[local] {
			return n, true
		}
	}
	return n, false
}

// other is somebody who reacts to what is of a community: mostly of the same, unless it has grown large.
func (c *crowd) other(community, size int, at int64) (n uint32, ok bool) {
	if c.d.chance(min(90, 20+size/4)) {
		community = c.circle()
	}
	return c.someone(community, at)
}

// popular is whom people follow: mostly of their own community, and few take most.
func (c *crowd) popular(community int) uint32 {
	if c.d.chance(20) {
		community = c.circle()
	}
	low, high := c.first[community], c.first[community+1]
	return low + uint32(c.d.skewed(int(high-low)))
}

// size is to how many shares something grows. It follows the sizes of CooRTweet's data sets, and above their 99th percentile a power law.
func (c *crowd) size(quantiles []int, tail int) int {
	u := c.d.IntN(1000)
	for i := 0; i+1 < len(quantiles); i += 2 {
		if u < quantiles[i+1] {
			low := 1
			if i > 0 {
				low = quantiles[i-2] + 1
			}
			return c.d.among(low, quantiles[i])
		}
	}
	last := int64(quantiles[len(quantiles)-2])
	x := (32<<16 - log2(uint64(c.d.Uint32())+1)) * 100 / int64(tail) // log2 of a Pareto number
	return min(int(power(last, min(x, 8<<16))), c.w.scale.Accounts/8)
}

// passedOn and linked are pairs of a size and the share of things, in thousandths, that are not larger.
var (
	passedOn = []int{1, 678, 2, 770, 3, 815, 5, 862, 7, 900, 16, 950, 36, 975, 72, 990}
	linked   = []int{1, 40, 2, 480, 3, 650, 4, 730, 6, 850, 9, 920, 14, 955, 28, 982}
)

// cascade is a post that others pass on, like and answer. It gives how many acts that makes.
func (c *crowd) cascade(author uint32, community int, at int64) (made int) {
	root := c.written(act{at: at, actor: author})
	if c.d.chance(3) {
		made += c.put(act{at: at + c.d.lognormal(hour, 150), actor: author, kind: remove, of: root.made})
	} else if c.d.chance(3) {
		made += c.put(act{at: at + c.d.lognormal(10*minute, 100), actor: author, kind: edit, of: root.made})
	}
	made += c.put(root)
	size := c.size(passedOn, 150)
	made += c.spread(act{kind: repost, of: root.made, target: author + 1}, size, community, at, c.d.lognormal(70*minute, 120))
	made += c.spread(act{kind: like, of: root.made, target: author + 1}, c.d.count(30*size), community, at, 40*minute)
	made += c.spread(act{kind: reply, of: root.made, target: author + 1}, c.d.count(25*size), community, at, 90*minute)
	if size >= 40 {
		for _, after := range [...]int64{hour, 6 * hour, day} {
			made += c.put(act{at: at + after, actor: author, kind: metrics, of: root.made, counts: [2]uint32{uint32(size * c.d.among(20, 60)), uint32(size)}})
		}
	}
	if c.d.IntN(200) == 0 {
		if n, ok := c.someone(community, at+hour); ok && n != author {
			made += c.put(act{at: at + hour, actor: n, kind: report, of: root.made, target: author + 1})
		}
	}
	return made
}

// links is a link that people post, each in a post of their own.
func (c *crowd) links(community int, at int64) int {
	c.link++
	return c.spread(act{kind: post, link: c.link}, c.size(linked, 150), community, at, c.d.lognormal(9*hour, 130))
}

// spread lets different people do something, over times after a start whose median is given; most of it early, and the rest long after.
func (c *crowd) spread(a act, size, community int, at, median int64) (made int) {
	seen := make(map[uint32]bool, size)
	for tries := 0; len(seen) < size && tries < 2*size; tries++ {
		a.at = at + c.d.lognormal(median, 170)
		n, ok := c.other(community, size, a.at)
		if !ok || seen[n] || n+1 == a.target {
			continue
		}
		seen[n] = true
		a.actor = n
		if a.kind != like {
			a.made = c.w.item()
		}
		made += c.put(a)
	}
	return made
}

// settle says of the acts of an hour, in their order, what only the time before them tells: what those do who act as anybody would, and what each
// account has posted and followed so far.
func (c *crowd) settle(acts []act) []act {
	kept := acts[:0]
	for _, a := range acts {
		if a.kind == idle && !c.resolve(&a) {
			continue
		}
		if a.kind == repost || a.link != 0 {
			c.remember(pass{content{a.of, a.target - 1}, a.link})
		}
		if a.kind != metrics {
			t := c.of(a.actor)
			a.counts = *t
			switch a.kind {
			case post, reply, quote:
				t[0]++
			case follow:
				t[1]++
			}
		}
		kept = append(kept, a)
	}
	return kept
}

// of is what an account did so far.
func (c *crowd) of(n uint32) *[2]uint32 {
	if ordinary := uint32(c.w.scale.Accounts); n >= ordinary {
		n = ordinary + (n-ordinary)%maxCast
	}
	return &c.tally[n]
}

func (c *crowd) remember(p pass) {
	if len(c.recent) < memory {
		c.recent = append(c.recent, p)
	} else {
		c.recent[c.passed%memory] = p
	}
	c.passed++
}

// resolve makes an idle act a real one: it passes on what others just did, so what is popular most, or it posts. It is false where nothing comes of it.
func (c *crowd) resolve(a *act) bool {
	if len(c.recent) == 0 {
		a.kind, a.made = post, c.w.item()
		return true
	}
	p := c.recent[c.d.IntN(len(c.recent))]
	key := uint64(a.actor)<<32 | uint64(p.id) | uint64(p.link)<<31
	if c.d.chance(15) {
		a.kind, a.made = post, c.w.item()
		return true
	}
	if c.shared[key] || p.link == 0 && p.author == a.actor {
		return false
	}
	c.shared[key] = true
	a.made = c.w.item()
	if p.link != 0 {
		a.kind, a.link = post, p.link
		return true
	}
	a.kind, a.of, a.target = repost, p.id, p.author+1
	return true
}
