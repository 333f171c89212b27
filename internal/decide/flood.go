package decide

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// A bad entry that many accounts match all of a sudden is more often a mistake (a blank frame, a popular meme) than a campaign, and would
// act on all of them. It goes into quarantine: from the next record on it is found in nothing, until a person releases it, and a case
// tells people so. It counts as a flood when, within an hour of event time, as many accounts match the entry as its bank allows
// ([bank.Header.Flood]), and floodGrowth times as many as in the mean hour of about the last day. Entries whose matches people confirmed
// are left alone.
const (
	floodGrowth   = 10
	floodMemory   = 24 // hours that the mean goes back
	floodConfirms = 3  // confirmed matches, and more than were disputed, that keep an entry out of quarantine
	sparedFor     = dayLength * 7
	crowdHour     = int64(3600 * 1e9)
	maxCrowds     = 1 << 16 // entries that are watched at a time; one that nothing matched for a week is let go
	crowdBits     = 1024
	floodPolicy   = "banks" // of cases about entries that have none
)

// crowd is how many accounts matched an entry lately.
type crowd struct {
	Hour     int64                  // that Seen is of
	Hours    int64                  // that Mean is of, up to floodMemory
	Mean     float64                // accounts an hour, before Hour
	Seen     [crowdBits / 64]uint64 // a bit for each account, by hash
	Since    int64                  // event time at which it went into quarantine; 0 if it is not there
	Accounts int64                  // in the hour that brought it there
	Spared   int64                  // until then a person's release stands
}

// accounts estimates how many there are, by linear counting (Whang, Vander-Zanden & Taylor, A linear-time probabilistic counting algorithm,
// TODS 1990): within some 3% for 500, 8% for 5000.
func (c *crowd) accounts() float64 {
	empty := crowdBits
	for _, w := range c.Seen {
		empty -= bits.OnesCount64(w)
	}
	return -crowdBits * math.Log(math.Max(float64(empty), 0.5)/crowdBits)
}

// at brings a crowd to an hour.
func (c *crowd) at(hour int64) {
	if hour <= c.Hour {
		return
	}
	if c.Hour > 0 {
		past := c.accounts()
		for range min(hour-c.Hour, 7*floodMemory) {
			c.Hours = min(c.Hours+1, floodMemory)
			c.Mean += (past - c.Mean) / float64(c.Hours)
			past = 0 // in the hours between, if any
		}
	}
	c.Hour, c.Seen = hour, [crowdBits / 64]uint64{}
}

// Quarantine is an entry that suddenly matched a flood.
type Quarantine struct {
	Bank, Value string
	Since       int64 // event time, nanoseconds since 1970
	Accounts    int64 // about so many matched it within the hour
	Mean        int64 // and so many in the mean hour before
}

// Quarantines lists the entries that are in quarantine for a flood, by bank and value.
func (l *Loop) Quarantines() []Quarantine {
	list := []Quarantine{}
	for key, c := range l.facts.crowds.All() {
		if c.Since > 0 {
			name, value, _ := strings.Cut(key, "\x00")
			list = append(list, Quarantine{Bank: name, Value: value, Since: c.Since, Accounts: c.Accounts, Mean: int64(c.Mean)})
		}
	}
	slices.SortFunc(list, func(a, b Quarantine) int {
		if c := strings.Compare(a.Bank, b.Bank); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	return list
}

// sift takes out of what was found of an event what is in quarantine. Extract knows nothing of it: it runs ahead of the loop.
func (l *Loop) sift(s *rule.Signals) {
	if len(s.Found)+len(s.TextFound)+len(s.VideoFound)+len(s.ShownFound) == 0 || l.facts.crowds.Len() == 0 {
		return
	}
	apart := func(f rule.Found) bool {
		c, ok := l.facts.crowds.Get(f.Bank + "\x00" + f.Entry)
		return ok && c.Since > 0
	}
	s.Found, s.TextFound, s.VideoFound = slices.DeleteFunc(s.Found, apart), slices.DeleteFunc(s.TextFound, apart), slices.DeleteFunc(s.VideoFound, apart)
	s.ShownFound = slices.DeleteFunc(s.ShownFound, apart)
}

// watch counts the event's account among those that match the entries found in it, and puts an entry that a flood matches into quarantine.
func (l *Loop) watch(it *extract.Item, out *Output) {
	for _, list := range [...][]rule.Found{it.Signals.Found, it.Signals.ShownFound} {
		l.count(list, it, out)
	}
}

// count counts the event's account for each entry of a list.
func (l *Loop) count(list []rule.Found, it *extract.Item, out *Output) {
	for i := range list {
		f := &list[i]
		if most := l.floodOf(f); most > 0 {
			l.meet(f, most, it, out)
		}
	}
}

// floodOf is how many accounts an hour may match an entry; 0 for any number.
func (l *Loop) floodOf(f *rule.Found) int {
	b, ok := l.banks.Bank(f.Bank)
	switch {
	case !ok || f.Good:
		return 0
	case b.Header.Flood != nil:
		return *b.Header.Flood
	case b.Header.Kind == bank.Hashes:
		return bank.DefaultFlood
	}
	return 0 // words and links of lists are often popular from the first hour on
}

func (l *Loop) meet(f *rule.Found, most int, it *extract.Item, out *Output) {
	key := f.Bank + "\x00" + f.Entry
	c, known := l.facts.crowds.Get(key)
	if !known && l.facts.crowds.Len() >= maxCrowds {
		return
	}
	c.at(it.Event.Time / crowdHour)
	h := xxh3.HashString(it.Event.Actor)
	word, bit := &c.Seen[h/64%uint64(len(c.Seen))], uint64(1)<<(h%64)
	if *word&bit != 0 {
		return // the account was counted, or one that looks like it
	}
	*word |= bit
	if n := c.accounts(); n >= float64(most) && n >= floodGrowth*c.Mean && it.Event.Time >= c.Spared && !l.confirmed(f) {
		c.Since, c.Accounts = it.Event.Time, int64(n)
		l.tell(f, &c, it, out)
	}
	expires := int64(0)
	if c.Since == 0 {
		expires = max(it.Event.Time, c.Spared) + sparedFor
	}
	l.facts.crowds.Put(key, c, expires)
}

// confirmed says whether people looked at the entry's matches and found them right.
func (l *Loop) confirmed(f *rule.Found) bool {
	b, ok := l.banks.Bank(f.Bank)
	if !ok {
		return false
	}
	s, _ := b.Standing(f.Entry)
	yes, no := s.Counts()
	return yes >= floodConfirms && yes > no
}

// tell opens a case about the event at which an entry went into quarantine.
func (l *Loop) tell(f *rule.Found, c *crowd, it *extract.Item, out *Output) {
	target := event.Entity{Kind: event.ContentEntity, ID: it.Event.Object}
	if target.ID == "" {
		target = event.Entity{Kind: event.AccountEntity, ID: it.Event.Actor}
	}
	e := effect.Effect{
		Kind: effect.Review, Target: target, Rule: "bank/" + f.Bank, Policy: f.Policy, Severity: int(f.Severity), State: effect.Queued,
		Reason: fmt.Sprintf("entry %.80s of bank %s matched about %d accounts within an hour, after %d in the mean hour before: it is in quarantine and found in nothing until a person releases it",
			f.Entry, f.Bank, c.Accounts, int64(c.Mean)),
		Source: it.Record.Source, EventID: it.Event.ID, Time: it.Event.Time, Position: uint64(it.Record.Position),
	}
	if e.Policy == "" {
		e.Policy = floodPolicy
	}
	e.ID, l.scratch = effectID(l.scratch, &e, int(xxh3.HashString(f.Entry)&0xffff))
	if open, _ := l.facts.cases.Get(target.String()); open[e.Policy].Effect != "" {
		e.State, e.Why = effect.Absorbed, "its case is open"
	}
	out.Effects = append(out.Effects, e)
	l.apply(out.Effects[len(out.Effects)-1:])
}

// settleCrowds does what an edit of banks says of quarantines.
func (l *Loop) settleCrowds(c *change.Change) {
	e := c.Bank
	for _, value := range e.Release {
		if was, ok := l.facts.crowds.Get(e.Bank + "\x00" + value); ok {
			was.Since, was.Accounts, was.Spared = 0, 0, l.state.Clock()+sparedFor
			l.facts.crowds.Put(e.Bank+"\x00"+value, was, was.Spared+sparedFor)
		}
	}
	for _, value := range e.Remove {
		l.facts.crowds.Delete(e.Bank + "\x00" + value)
	}
	if e.Drop {
		var gone []string
		for key := range l.facts.crowds.All() {
			if strings.HasPrefix(key, e.Bank+"\x00") {
				gone = append(gone, key)
			}
		}
		for _, key := range gone {
			l.facts.crowds.Delete(key)
		}
	}
}

// crowdCodec has a fixed size: what counting does must not change what an entry costs.
var crowdCodec = state.Codec[crowd]{
	Append: func(dst []byte, c crowd) []byte {
		for _, n := range [...]int64{c.Hour, c.Hours, int64(math.Float64bits(c.Mean)), c.Since, c.Accounts, c.Spared} {
			dst = binary.BigEndian.AppendUint64(dst, uint64(n))
		}
		for _, w := range c.Seen {
			dst = binary.BigEndian.AppendUint64(dst, w)
		}
		return dst
	},
	Decode: func(b []byte) (c crowd, err error) {
		if len(b) != 8*(6+len(c.Seen)) {
			return c, errors.New("decide: what is known of an entry's matches has another size")
		}
		next := func() int64 {
			n := int64(binary.BigEndian.Uint64(b))
			b = b[8:]
			return n
		}
		c.Hour, c.Hours, c.Mean, c.Since, c.Accounts, c.Spared = next(), next(), math.Float64frombits(uint64(next())), next(), next(), next()
		for i := range c.Seen {
			c.Seen[i] = uint64(next())
		}
		return c, nil
	},
}
