// Package extract turns a journal record into what decide works on: the decoded event, its identity and its signals. It is a
// pure function of the record's bytes, of the banks and rules as of its position ([Pins]), and of this build, so it runs on any number of workers; [Pool] puts the results back
// into journal order.
package extract

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/rule"
	"github.com/ringfence/ringfence/text/family"
	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/habit"
	"github.com/ringfence/ringfence/text/lang"
	"github.com/ringfence/ringfence/text/link"
)

// Item is one record, ready to be decided.
type Item struct {
	Record   journal.Record
	Identity [16]byte // hash of (source, id): what makes a second one a duplicate
	Content  uint64   // hash of the body: tells a duplicate from another event under the same id
	Event    event.Event
	Signals  rule.Signals
	Change   *Change       // of a record that is one
	Sketch   family.Sketch // of the event's own text; without letters where it brings none
	Pictures []Picture     // of the event that have a hash
	Acts     []group.Act   // what the event does at which keys, but for its text and pictures, if rules read groups
	Of       Reference     // of fetched signals: their event
	Stage    rule.Stage    // of fetched signals: what is known with them
	Err      error         // the record cannot be read by this build; Event and Signals are empty
}

// Extractor holds the scratch of one worker. It is not safe for concurrent use.
type Extractor struct {
	decoder *event.Decoder
	mac     hash.Hash
	links   links
	inText  []link.Link
	banks   bank.Reader
	reader  fold.Reader
	folder  fold.Folder
	fold    []byte
	sketch  family.Sketcher
	picture bank.Picture
	seen    []rule.Found // of a frame
	good    []int        // places in the event's media of pictures that known-good banks hold as a whole
	id      []byte
}

// Limits are those by which the events of a journal are read, everywhere alike. What may come in is decided at the door: a smaller
// limit there, set later or in a replay, must not change decisions.
func Limits() event.Limits {
	l := event.DefaultLimits()
	l.Line = journal.MaxRecordSize
	return l
}

// New makes an extractor. emailKey keys the hash by which rules can compare e-mail addresses without seeing them.
func New(emailKey []byte) *Extractor {
	return &Extractor{decoder: event.NewDecoder(Limits()), mac: hmac.New(sha256.New, emailKey), links: links{}}
}

// Identity is the hash that stands for (source, id). Lengths are part of it, so that no two pairs read alike.
func Identity(source, id string) [16]byte {
	hash, _ := identity(nil, source, id)
	return hash
}

func identity(buf []byte, source, id string) (hash [16]byte, scratch []byte) {
	buf = binary.AppendUvarint(buf[:0], uint64(len(source)))
	buf = append(buf, source...)
	buf = append(buf, id...)
	return xxh3.Hash128(buf).Bytes(), buf
}

// Into fills it from rec, by what its pin says. Memory of a former use of it is used again; strings may share memory with rec.Body.
// The id of an event may be left out of its record, where no journal needs it: it is in the body.
func (x *Extractor) Into(it *Item, rec journal.Record, pin Pin) {
	it.Record, it.Err, it.Change = rec, nil, pin.Change
	it.Content, it.Identity, it.Of, it.Stage = 0, [16]byte{}, Reference{}, rule.Arrived
	it.Pictures, it.Acts = it.Pictures[:0], it.Acts[:0]
	x.sketch.Into(&it.Sketch, "")
	it.Signals = rule.Signals{Links: it.Signals.Links[:0], Domains: it.Signals.Domains[:0], Canonical: it.Signals.Canonical[:0],
		HabitFeatures: it.Signals.HabitFeatures[:0], Scores: it.Signals.Scores[:0], Found: it.Signals.Found[:0], Failures: it.Signals.Failures[:0],
		TextFound: it.Signals.TextFound[:0], TextFailures: it.Signals.TextFailures[:0], VideoFound: it.Signals.VideoFound[:0],
		ShownFound: it.Signals.ShownFound[:0], ShownFailures: it.Signals.ShownFailures[:0],
		VideoSegments: it.Signals.VideoSegments[:0], VideoFailures: it.Signals.VideoFailures[:0], MediaScores: it.Signals.MediaScores[:0], ScoreFailures: it.Signals.ScoreFailures[:0]}
	switch rec.Kind {
	case journal.Tick:
		return
	case journal.Signals:
		if err := x.fetched(it, &rec, pin); err != nil {
			it.Event.Reset()
			it.Err = fmt.Errorf("signals of event %q of source %q: %w", rec.ID, rec.Source, err)
		}
		it.Content, it.Identity = xxh3.Hash(rec.Body), it.Of.identity(it.Stage)
		return
	case journal.Event, journal.Import:
		it.Content = content(rec.Body)
		if err := x.decoder.Decode(rec.Body, &it.Event); err != nil {
			it.Event.Reset()
			it.Err = fmt.Errorf("event %q of source %q: %w", rec.ID, rec.Source, err)
		} else {
			x.read(it, pin)
			x.hashed(it, pin)
			if rec.ID == "" {
				it.Record.ID = it.Event.ID
			}
		}
	default:
		it.Content = xxh3.Hash(rec.Body)
	}
	it.Identity, x.id = identity(x.id, rec.Source, it.Record.ID)
}

// read finds what the event holds, but for its pictures.
func (x *Extractor) read(it *Item, pin Pin) {
	x.signals(&it.Event, &it.Signals, pin)
	if pin.wants&wantSketch != 0 && authored(it.Event.Kind) {
		x.sketch.Into(&it.Sketch, it.Event.Text)
	}
	if pin.wants&wantActs != 0 {
		it.Acts = group.Acts(it.Acts, &it.Event)
		if group.Authored(&it.Event) {
			if h, obfuscated := habit.Of(x.reader.Read(it.Event.Text), it.Event.Text); obfuscated {
				it.Acts = append(it.Acts, group.HabitAct(h.Fingerprint()))
			}
		}
	}
}

// authored says whether the text of such an event is the actor's own. Of others it is a text that somebody else wrote, which does not
// become a copy by being liked.
func authored(kind string) bool {
	switch kind {
	case "like", "repost", "share", "report", "delete", "metrics":
		return false
	}
	return true
}

func (x *Extractor) signals(e *event.Event, s *rule.Signals, pin Pin) {
	if e.Fields.Has(event.FieldText) {
		s.TextLength = int64(utf8.RuneCountInString(e.Text))
		if pin.wants&wantFold != 0 {
			x.fold = x.folder.Fold(x.fold[:0], e.Text)
			if string(x.fold) == e.Text {
				s.Fold = e.Text
			} else {
				s.Fold = string(x.fold)
			}
			s.HasFold = true
		}
		if pin.wants&wantLang != 0 {
			s.Lang = lang.Detect(e.Text).Lang
		}
		if pin.wants&wantHabit != 0 {
			x.habit(e.Text, s)
		}
	}
	for _, name := range pin.scores {
		if p, ok := pin.Models.Score(name, e); ok {
			s.Scores = append(s.Scores, rule.Score{Model: name, P: p})
		}
	}
	if pin.wants&wantAccount != 0 {
		s.AccountScore, s.HasAccountScore = pin.Models.AccountScore(e)
	}
	if pin.wants&wantLinks != 0 {
		x.linksOf(e, s)
	}
	if pin.Banks != nil {
		s.Banks = pin.Banks
		s.Found = x.banks.Look(s.Found, pin.Banks, e, s.Links)
		s.Cut = x.banks.Cut()
	}
	if e.Fields.Has(event.FieldAccountEmail) {
		x.email(e, s)
	}
}

// habit notes how a text is obfuscated. Plain text, which most is, costs a look at each character.
func (x *Extractor) habit(text string, s *rule.Signals) {
	h, obfuscated := habit.Of(x.reader.Read(text), text)
	if !obfuscated {
		return
	}
	s.Habit = h.String()
	for _, f := range h.Features() {
		s.HabitFeatures = append(s.HabitFeatures, f.String())
	}
}

// email reduces an address to what rules may know of it. The address itself stays in the journal's record and its archive, and with
// what reads those: an export, a replay.
func (x *Extractor) email(e *event.Event, s *rule.Signals) {
	address := strings.ToLower(strings.TrimSpace(e.Account.Email))
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 {
		return
	}
	local := address[:at]
	s.HasEmail = true
	s.EmailDomain = address[at+1:]
	s.EmailPattern = shape(local)
	handle := strings.ToLower(e.Account.Handle)
	first, _, _ := strings.Cut(handle, ".")
	s.EmailEqualsHandle = handle != "" && (local == handle || local == first)
	x.mac.Reset()
	x.mac.Write([]byte(address))
	s.EmailHash = hex.EncodeToString(x.mac.Sum(nil)[:16])
}

// shape is a name's pattern: a for a run of letters, 9 for a run of digits, everything else as it is.
func shape(s string) string {
	var b strings.Builder
	var last byte
	for _, r := range s {
		c := byte('a')
		switch {
		case r >= '0' && r <= '9':
			c = '9'
		case r == '.' || r == '_' || r == '-' || r == '+':
			b.WriteByte(byte(r))
			last = 0
			continue
		}
		if c != last {
			b.WriteByte(c)
			last = c
		}
	}
	return b.String()
}
