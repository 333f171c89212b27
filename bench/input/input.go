// Package input is the input of the throughput comparison with other engines: the same posts in the simple form that their
// harnesses read, and as native events.
//
// It is a stream of 3% posts by a ring of 300 accounts, who share a few addresses and texts, among posts of 20,000 others, 5 to
// 40 ms apart. The peers' lines are byte for byte those of the Python script that the comparison was first made with; its
// generator, MT19937 with seed 7, is reproduced here, so that no figure depends on an interpreter being there.
package input

import (
	"fmt"
	"iter"
	"strings"
	"time"
)

// post is one event of the input.
type post struct {
	id   int
	at   int64 // milliseconds since 1970
	user string
	ip   string
	text string
	age  int // of the account, seconds
	link bool
}

const (
	start   = 1_760_000_000_000 // milliseconds since 1970
	members = 300               // of the ring
	users   = 20_000            // others
)

// posts are the first n of the input, in time order.
func posts(n int) iter.Seq[post] {
	return func(yield func(post) bool) {
		t, at := newTwister(7), int64(start)
		for id := 1; id <= n; id++ {
			at += int64(t.randint(5, 40))
			p := post{id: id, at: at}
			if t.random() < 0.03 {
				p.fromRing(t)
			} else {
				p.fromOthers(t)
			}
			if !yield(p) {
				return
			}
		}
	}
}

// The order of the draws in the next two functions is the input's: it must not change.

func (p *post) fromRing(t *twister) {
	p.user = fmt.Sprintf("did:plc:ring%020d", t.below(members))
	p.text = fmt.Sprintf(templates[t.below(len(templates))], t.randint(0, 4))
	p.ip = fmt.Sprintf("10.9.%d.%d", t.randint(0, 3), t.randint(1, 20))
	p.age = t.randint(100, 90_000)
	p.link = true
}

func (p *post) fromOthers(t *twister) {
	frequent := min(int(t.pareto(1.05))-1, users-1)
	user := frequent * 7919 % users
	if t.random() >= 0.3 {
		user = t.below(users)
	}
	p.user = fmt.Sprintf("did:plc:%024d", user)
	text := make([]string, t.randint(5, 30))
	for i := range text {
		text[i] = vocabulary[t.below(len(vocabulary))]
	}
	p.text = strings.Join(text, " ")
	p.ip = fmt.Sprintf("10.%d.%d.%d", t.randint(0, 3), t.randint(0, 255), t.randint(1, 254))
	p.age = t.randint(100_000, 99_999_999)
	p.link = t.random() < 0.1
}

var (
	templates = [...]string{
		"win free crypto giveaway now join t.me/abc%d today limited",
		"make money fast click https://spam%d.example/promo now friends",
		"vote for candidate %d he is the only choice share this",
	}
	vocabulary = strings.Fields("the quick brown fox jumps over lazy dog morning coffee news today game team music photo city rain " +
		"code build test market river cloud happy sad long short idea friend work home food travel")
)

// PeerLines are the first n posts in the form {"id","name","ts","data":{…}}, without line ends. A line is valid until the next.
func PeerLines(n int) iter.Seq[[]byte] {
	return lines(n, func(line []byte, p *post) []byte {
		return fmt.Appendf(line, `{"id": %d, "name": "create_post", "ts": %d, "data": {"user_id": "%s", "event_type": "create_post", `+
			`"ip": "%s", "message": "%s", "account_age_s": %d, "has_link": %t}}`, p.id, p.at, p.user, p.ip, p.text, p.age, p.link)
	})
}

// NativeLines are the same posts as native events, without line ends. A line is valid until the next.
func NativeLines(n int) iter.Seq[[]byte] {
	return lines(n, func(line []byte, p *post) []byte {
		line = fmt.Appendf(line, `{"id":"%d","time":"%s","kind":"post","actor":"%s","text":"%s"`, p.id, rfc3339(p.at), p.user, p.text)
		if p.link {
			line = append(line, `,"urls":["https://link.example/p"]`...)
		}
		created := rfc3339(p.at - int64(p.age)*1000)
		return fmt.Appendf(line, `,"ip":"%s","account":{"created":"%s"}}`, p.ip, created)
	})
}

func lines(n int, write func([]byte, *post) []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var line []byte
		for p := range posts(n) {
			line = write(line[:0], &p)
			if !yield(line) {
				return
			}
		}
	}
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
