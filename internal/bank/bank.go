// Package bank holds banks: named, versioned sets of what is known to be bad, or good: terms, links, devices, hashes of pictures. People change
// them by edits that the journal carries, so that every event is read with the banks as of its own position, live and replayed.
//
// A [Set] is all the banks as of one record. It never changes; [Set.Apply] gives the next one, and a [Reader] says what of it an
// event holds. What is good wins over what is bad: a link under a good host is found in no bad bank, nor is a term within a good one,
// nor a picture that is like a good one.
package bank

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/text/link"
	"github.com/ringfence/ringfence/text/match"
)

// Kind says what the entries of a bank are.
type Kind string

// The kinds.
const (
	Terms   Kind = "terms"   // words and phrases, found in texts also when disguised; see package match
	Links   Kind = "links"   // pages ("https://host/path") and hosts with all below them ("host")
	Devices Kind = "devices" // device ids
	Hashes  Kind = "hashes"  // hashes of pictures: PDQ, found also when altered a little; MD5, SHA-1, SHA-256 of files
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Terms, Links, Devices, Hashes} }

// Header is what is said of a bank as a whole.
type Header struct {
	Kind     Kind   `json:"kind" yaml:"kind"`
	Good     bool   `json:"good,omitempty" yaml:"good,omitempty"`         // known-good: what it holds is not found by bad banks
	Policy   string `json:"policy,omitempty" yaml:"policy,omitempty"`     // of entries that state none
	Severity int    `json:"severity,omitempty" yaml:"severity,omitempty"` // likewise; 0 to 5
	Source   string `json:"source,omitempty" yaml:"source,omitempty"`     // where the entries come from
	Note     string `json:"note,omitempty" yaml:"note,omitempty"`
	Sharing  string `json:"sharing,omitempty" yaml:"sharing,omitempty"` // of entries that state none; see Entry
	Enabled  *int   `json:"enabled,omitempty" yaml:"enabled,omitempty"` // likewise
	Flood    *int   `json:"flood,omitempty" yaml:"flood,omitempty"`     // accounts an hour from which an entry's matches may be a flood; 0 never, [DefaultFlood] unless given
}

// Entry is one thing of a bank. Its value names it within the bank.
type Entry struct {
	Value    string   `json:"value" yaml:"value"`
	Policy   string   `json:"policy,omitempty" yaml:"policy,omitempty"`
	Severity int      `json:"severity,omitempty" yaml:"severity,omitempty"`
	Source   string   `json:"source,omitempty" yaml:"source,omitempty"`
	Note     string   `json:"note,omitempty" yaml:"note,omitempty"`
	Tags     []string `json:"tags,omitempty" yaml:"tags,omitempty"` // whoever lists it says of it

	// Sharing is with whom the entry may be shared, by the Traffic Light Protocol: red (nobody), amber, green, clear. One that states
	// nothing is shared with nobody.
	Sharing string     `json:"sharing,omitempty" yaml:"sharing,omitempty"`
	Enabled *int       `json:"enabled,omitempty" yaml:"enabled,omitempty"` // percent of accounts on whose events it is found, by hash; all unless given
	Expires *time.Time `json:"expires,omitempty" yaml:"expires,omitempty"` // event time from which it is found no more

	// Of terms; see match.Term.
	Lang        string    `json:"lang,omitempty" yaml:"lang,omitempty"`
	Boundary    string    `json:"boundary,omitempty" yaml:"boundary,omitempty"`
	Inflections *[]string `json:"inflections,omitempty" yaml:"inflections,omitempty"`
	Except      []string  `json:"except,omitempty" yaml:"except,omitempty"`
	Near        []string  `json:"near,omitempty" yaml:"near,omitempty"`
	Unless      []string  `json:"unless,omitempty" yaml:"unless,omitempty"`
	MaxCost     *int      `json:"max_cost,omitempty" yaml:"max_cost,omitempty"` // hundredths; 0 is only as listed; no limit unless given

	Distance *int `json:"distance,omitempty" yaml:"distance,omitempty"` // of a PDQ hash: bits in which a picture may differ, 31 unless given

	// Features names what is kept of the local features of the picture that a hash is of, by the SHA-256 of their bytes in lower-case
	// hexadecimal digits: by them the picture is found also in one that shows a part of it.
	Features string `json:"features,omitempty" yaml:"features,omitempty"`
}

// Edit changes one bank. Edits of a bank are numbered from 1 without gaps, so that one that comes twice, or was made for another
// version, changes nothing.
type Edit struct {
	Bank    string   `json:"bank"`
	Version int      `json:"version"`           // the one it makes
	Header  *Header  `json:"header,omitempty"`  // makes the bank, or replaces what is said of it; the kind stays
	Request string   `json:"request,omitempty"` // hash of what was asked for, so that a repeated request is told from another
	Add     []Entry  `json:"add,omitempty"`     // replaces entries of the same value
	Remove  []string `json:"remove,omitempty"`  // values
	Drop    bool     `json:"drop,omitempty"`    // removes the bank; its name can be used anew, and goes on counting

	Feedback   []Feedback `json:"feedback,omitempty"`   // what people said of matches
	Quarantine []string   `json:"quarantine,omitempty"` // values that are to be found in nothing until they are released
	Release    []string   `json:"release,omitempty"`

	// More says that the change goes on in the next edit of the bank: nothing of it is looked for before the last.
	More bool `json:"more,omitempty"`
}

// Bounds.
const (
	maxBanks    = 1000
	maxEntries  = 1_000_000 // of all banks together; of terms as many as match.Compile takes
	maxPending  = 1000      // edits with More, one after the other
	maxValue    = 4096
	maxWords    = 1000 // characters of a note or source
	maxTexts    = 100  // of each list of an entry
	maxText     = 200  // bytes of each
	maxSeverity = 5
	maxFlood    = 5000

	// DefaultFlood is how many accounts an hour may match an entry before anybody asks whether that is a flood.
	DefaultFlood = 500
)

// Errors of edits.
var (
	ErrInvalid = errors.New("bank: bad edit")
	ErrVersion = errors.New("bank: the edit was made for another version")
)

var (
	namePattern     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	featuresPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// Check says what is wrong with an edit by itself; [Set.Apply] also knows what it meets.
func (e *Edit) Check() error {
	switch {
	case !namePattern.MatchString(e.Bank):
		return invalid("bank %.70q: a name is of a-z, 0-9 and -, at most 64 characters", e.Bank)
	case e.Version < 1:
		return invalid("bank %s: version %d; the first is 1", e.Bank, e.Version)
	case e.Drop && (e.Header != nil || e.More || len(e.Touched()) > 0):
		return invalid("bank %s: an edit that drops it does nothing else", e.Bank)
	}
	if e.Header != nil {
		if err := e.Header.check(); err != nil {
			return invalid("bank %s: %v", e.Bank, err)
		}
	}
	for i := range e.Add {
		if err := e.Add[i].check(); err != nil {
			return invalid("bank %s: entry %.80q: %v", e.Bank, e.Add[i].Value, err)
		}
	}
	for i := range e.Feedback {
		if err := e.Feedback[i].check(); err != nil {
			return invalid("bank %s: feedback on %.80q: %v", e.Bank, e.Feedback[i].Value, err)
		}
	}
	return nil
}

func (h *Header) check() error {
	if !slices.Contains(Kinds(), h.Kind) {
		return fmt.Errorf("kind %q; there are terms, links, devices and hashes", h.Kind)
	}
	if h.Flood != nil && (*h.Flood < 0 || *h.Flood > maxFlood) {
		return fmt.Errorf("flood %d; it goes from 0, never, to %d accounts an hour", *h.Flood, maxFlood)
	}
	if err := checkUse(h.Sharing, h.Enabled); err != nil {
		return err
	}
	return checkWords(h.Policy, h.Severity, h.Source, h.Note)
}

// Sharings are the words for with whom an entry may be shared, the strictest first.
func Sharings() []string { return []string{"red", "amber", "green", "clear"} }

func checkUse(sharing string, enabled *int) error {
	switch {
	case sharing != "" && !slices.Contains(Sharings(), sharing):
		return fmt.Errorf("sharing %.20q; there are red, amber, green and clear", sharing)
	case enabled != nil && (*enabled < 0 || *enabled > 100):
		return fmt.Errorf("enabled %d; it is a percentage", *enabled)
	}
	return nil
}

func checkWords(policy string, severity int, source, note string) error {
	switch {
	case policy != "" && !namePattern.MatchString(policy):
		return fmt.Errorf("policy %.70q: use a-z, 0-9 and -, at most 64 characters", policy)
	case severity < 0 || severity > maxSeverity:
		return fmt.Errorf("severity %d; it goes from 0 to %d", severity, maxSeverity)
	case len(source) > maxWords || len(note) > maxWords:
		return fmt.Errorf("source or note of more than %d bytes", maxWords)
	}
	return nil
}

func (e *Entry) check() error {
	switch {
	case strings.TrimSpace(e.Value) == "":
		return errors.New("it has no value")
	case len(e.Value) > maxValue || !utf8.ValidString(e.Value):
		return fmt.Errorf("a value is UTF-8 of at most %d bytes", maxValue)
	case e.MaxCost != nil && *e.MaxCost < 0:
		return fmt.Errorf("max_cost %d; it is 0 or more, in hundredths", *e.MaxCost)
	case e.Distance != nil && (*e.Distance < 0 || *e.Distance > MaxDistance):
		return fmt.Errorf("distance %d; it goes from 0 to %d", *e.Distance, MaxDistance)
	}
	if e.Features != "" && !featuresPattern.MatchString(e.Features) {
		return fmt.Errorf("features %.70q; they are named by 64 lower-case hexadecimal digits, which adding the picture gives", e.Features)
	}
	lists := [][]string{e.Tags, e.Except, e.Near, e.Unless}
	if e.Inflections != nil {
		lists = append(lists, *e.Inflections)
	}
	for _, list := range lists {
		if len(list) > maxTexts || slices.ContainsFunc(list, func(s string) bool { return len(s) > maxText }) {
			return fmt.Errorf("a list of more than %d texts, or a text of more than %d bytes", maxTexts, maxText)
		}
	}
	if err := checkUse(e.Sharing, e.Enabled); err != nil {
		return err
	}
	return checkWords(e.Policy, e.Severity, e.Source, e.Note)
}

// limit is the farthest that a match may be from an entry of a kind that states no other.
func (e *Entry) limit(kind Kind) int {
	switch {
	case kind == Hashes:
		return e.radius()
	case kind == Terms && e.MaxCost != nil:
		return *e.MaxCost
	}
	return math.MaxInt
}

// takesIn says whether an account is among the percent of accounts for which an entry is enabled: always the same ones, and with a larger
// share those and others.
func takesIn(bank, value, actor string, percent int) bool {
	return xxh3.HashString(bank+"\x00"+value+"\x00"+actor)%100 < uint64(percent)
}

// inherit takes from the bank what the entry does not state.
func (e *Entry) inherit(h *Header) {
	if e.Policy == "" {
		e.Policy = h.Policy
	}
	if e.Severity == 0 {
		e.Severity = h.Severity
	}
	if e.Sharing == "" {
		e.Sharing = h.Sharing
	}
	if e.Enabled == nil {
		e.Enabled = h.Enabled
	}
}

// term is the entry for package match, which checks it.
func (e *Entry) term() match.Term {
	return match.Term{Text: e.Value, Lang: e.Lang, Boundary: e.Boundary, Inflections: e.Inflections, Except: e.Except, Near: e.Near, Unless: e.Unless}
}

// linkKey is what a link entry is looked up by: a page's canonical form, or a host.
func linkKey(value string) (key string, err error) {
	value = strings.TrimSpace(value)
	l, ok := link.Parse(value)
	if !ok && !strings.Contains(value, "://") {
		l, ok = link.Parse("https://" + value) // a host under no public top-level domain
	}
	if !ok {
		return "", errors.New("it is no link; write https://host/path for a page, or a host such as bad.example")
	}
	if l.Canonical == "https://"+l.Host {
		return l.Host, nil
	}
	return l.Canonical, nil
}
