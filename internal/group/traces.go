package group

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/graph/evidence"
	"github.com/ringfence/ringfence/text/family"
	"github.com/ringfence/ringfence/text/link"
)

const (
	second = int64(1_000_000_000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// The traces, by their index in traces.
const (
	share = iota
	domain
	text
	habits
	media
	tags
	reply
	report
	repost
	like
	relay
	follow
	synchrony
	ip
	device
	signup
	network
	program
	pattern
	nTraces
)

// traces are the kinds of co-action. A post is one act of its link, text, tags and of whom it answers, so these are one class.
var traces = [nTraces]evidence.Trace{
	share:     {Name: "share", Class: "post", Windows: []int64{10 * second, minute, 10 * minute, hour, day}},
	domain:    {Name: "domain", Class: "post", Windows: []int64{minute, 10 * minute, hour}},
	text:      {Name: "text", Class: "post", Windows: []int64{minute, 10 * minute, hour, day}},
	habits:    {Name: "habit", Class: "post", Windows: []int64{hour, day}},
	media:     {Name: "media", Class: "post", Windows: []int64{minute, hour, day}},
	tags:      {Name: "tags", Class: "post", Windows: []int64{10 * second, minute, 10 * minute, hour}},
	reply:     {Name: "reply", Class: "post", Windows: []int64{minute, 10 * minute, 2 * hour}},
	report:    {Name: "report", Class: "report", Windows: []int64{10 * minute, 2 * hour}},
	repost:    {Name: "repost", Class: "reaction", Windows: []int64{10 * second, minute, 10 * minute, hour, day}},
	like:      {Name: "like", Class: "reaction", Windows: []int64{10 * second, minute, 10 * minute, hour}},
	relay:     {Name: "relay", Class: "reaction", Windows: []int64{10 * second, minute, 10 * minute}},
	follow:    {Name: "follow", Class: "follow", Windows: []int64{hour, day, 7 * day}},
	synchrony: {Name: "synchrony", Class: "clock", Windows: []int64{10 * second, minute}},
	ip:        {Name: "ip", Class: "address", Windows: []int64{hour, 30 * day}},
	device:    {Name: "device", Windows: []int64{30 * day}, Batch: true, Usual: .1},
	signup:    {Name: "signup", Windows: []int64{day}, Batch: true, Usual: 1},
	network:   {Name: "network", Windows: []int64{hour}, Batch: true, Usual: 2},
	program:   {Name: "program", Windows: []int64{hour}, Batch: true, Usual: 4},
	pattern:   {Name: "pattern", Windows: []int64{day}, Batch: true, Usual: 1},
}

// leastText is how long a text has to be, in bytes, for copies of it to say anything.
const leastText = 24

// Act is an event at a key of a trace. Its key may share memory with the event.
type Act struct {
	trace int
	key   string
}

// Authored says whether the event's text is its actor's own, and long enough for copies of it to say anything.
func Authored(e *event.Event) bool {
	switch e.Kind {
	case "post", "quote", "reply", "comment":
		return len(e.Text) >= leastText
	}
	return false
}

// TextAct is that of a text of a family of near-copies.
func TextAct(id family.ID) Act { return Act{text, id.String()} }

// HabitAct is that of a text that is obfuscated in a manner, by its fingerprint.
func HabitAct(fingerprint uint64) Act { return Act{habits, strconv.FormatUint(fingerprint, 16)} }

// Acts appends the acts of an event, but those of its text's family and habit. It is a pure function.
func Acts(to []Act, e *event.Event) []Act {
	switch e.Kind {
	case "post", "quote", "reply", "comment":
		to = postActs(to, e)
	case "repost", "share":
		if e.Object != "" {
			to = append(to, Act{repost, e.Object}, Act{relay, e.Object})
		}
	case "like":
		if e.Object != "" {
			to = append(to, Act{like, e.Object}, Act{relay, e.Object})
		}
	case "follow":
		if e.Target != "" {
			to = append(to, Act{follow, e.Target})
		}
	case "report":
		if e.Target != "" {
			to = append(to, Act{report, e.Target})
		}
	case "signup":
		to = signupActs(to, e)
	}
	if e.IP != "" {
		to = append(to, Act{ip, e.IP})
	}
	if e.Device != "" {
		to = append(to, Act{device, e.Device})
	}
	return to
}

// postActs are those of what an account wrote. Its own post is the object that others answer and boost, which makes it part of the relay.
func postActs(to []Act, e *event.Event) []Act {
	for i, raw := range e.URLs {
		if i == maxLinks {
			break
		}
		to = append(to, Act{share, canonical(raw)})
		if d := domainOf(raw); i == 0 && d != raw {
			to = append(to, Act{domain, d})
		}
	}
	for i := range e.Media {
		if i == maxLinks {
			break
		}
		if e.Media[i].PDQ != "" {
			to = append(to, Act{media, e.Media[i].PDQ})
		}
	}
	if len(e.Hashtags) > 0 {
		sorted := slices.Clone(e.Hashtags)
		slices.Sort(sorted)
		to = append(to, Act{tags, strings.ToLower(strings.Join(slices.Compact(sorted), " "))})
	}
	if e.Parent != "" {
		if e.Target != "" && e.Target != e.Actor {
			to = append(to, Act{reply, e.Target})
		}
		return append(to, Act{relay, e.Parent})
	}
	if e.Object != "" {
		to = append(to, Act{relay, e.Object})
	}
	return to
}

// signupActs are those of an account that is made: the address, the network that it is part of, what program made it there, and how handle and mail address look.
func signupActs(to []Act, e *event.Event) []Act {
	if e.IP != "" {
		to = append(to, Act{signup, e.IP})
		if n := networkOf(e.IP); n != "" {
			to = append(to, Act{network, n})
		}
	}
	if e.ASN != 0 && e.UserAgent != "" {
		to = append(to, Act{program, "AS" + strconv.FormatInt(e.ASN, 10) + " " + e.UserAgent})
	}
	if p := registration(e); p != "" {
		to = append(to, Act{pattern, p})
	}
	return to
}

// networkOf is the /24 of an IPv4 address or the /64 of an IPv6 one, which one customer of a provider has; empty for what is no address.
func networkOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	a = a.Unmap()
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// inStep is the act of an account that was active in one minute and then, after a pause of leastPause or more, in this one, with nothing between: of people awake at the same hours few
// come back in the same two minutes.
func (p *profile) inStep(at int64) (Act, bool) {
	now := at - at%minute
	before := p.active
	p.active = now
	if before == 0 || now-before < leastPause {
		return Act{}, false
	}
	return Act{synchrony, strconv.FormatInt(before/minute, 36) + "-" + strconv.FormatInt(now/minute, 36)}, true
}

const leastPause = 5 * minute

// maxLinks is how many links of an event are read.
const maxLinks = 8

// domainOf is the registrable domain of a link; the link itself if it has none.
func domainOf(raw string) string {
	if l, ok := link.Parse(raw); ok && l.Domain != "" {
		return l.Domain
	}
	return raw
}

func canonical(raw string) string {
	if l, ok := link.Parse(raw); ok {
		return l.Canonical
	}
	return raw
}

// registration is how the accounts of one batch look alike: the shape of the handle, the mail address by its domain and its likeness to the handle, and
// the program. It is empty where the event does not say both handle and address.
func registration(e *event.Event) string {
	local, domain, ok := strings.Cut(e.Account.Email, "@")
	if !ok || e.Account.Handle == "" {
		return ""
	}
	who := shape(local)
	if local == e.Account.Handle {
		who = "handle"
	}
	return shape(e.Account.Handle) + " " + who + "@" + domain + " " + e.UserAgent
}

// shape writes letters in a row as one a and each digit as 0, and cuts what is longer than 32 of these.
func shape(s string) string {
	var b []byte
	for _, r := range s {
		switch {
		case len(b) >= 32:
			return string(b)
		case unicode.IsLetter(r):
			if len(b) == 0 || b[len(b)-1] != 'a' {
				b = append(b, 'a')
			}
		case unicode.IsDigit(r):
			b = append(b, '0')
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}
