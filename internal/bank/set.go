package bank

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/ringfence/ringfence/text/match"
)

// Bank is one bank as of a version. It never changes.
type Bank struct {
	Name    string
	Version int
	Header  Header
	Dropped bool // it holds nothing any more; the version is kept, so that an old edit cannot come again

	entries   entries
	standings map[string]Standing // by value; never changed in place
	pending   []*Edit             // with More, that wait for their last
}

// Len is the number of entries.
func (b *Bank) Len() int { return b.entries.n }

// Entry is the entry of a value.
func (b *Bank) Entry(value string) (Entry, bool) { return b.entries.get(value) }

// Entries are all of them, by value. It sorts them, and copies.
func (b *Bank) Entries() []Entry {
	list := make([]Entry, 0, b.entries.n)
	b.entries.each(func(e *Entry) { list = append(list, *e) })
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Value, b.Value) })
	return list
}

// found is where something looked up stands.
type found struct {
	bank  *Bank
	entry Entry // with the bank's policy and severity where it states none
}

// Set is all banks as of one record. It is safe for concurrent use. The nil set has no banks.
type Set struct {
	banks map[string]*Bank
	kinds map[Kind]bool // of which there are banks

	terms    *match.Bank
	termOf   []found // by index in terms
	anyGood  bool    // a bank of terms is good
	links    map[string][]found
	devices  map[string][]found
	hashes   *hashTable // nil before the first bank of hashes
	shown    features
	ofHashes []*Bank // of that kind, by name
	compiler *Compiler
}

// Compiler remembers the last compiled lists of terms, so that a list that was compiled to check an edit is not compiled again when
// the edit comes by in the journal. It is safe for concurrent use.
type Compiler struct {
	mu   sync.Mutex
	last []compiled
}

type compiled struct {
	terms []match.Term
	bank  *match.Bank
}

// maxCompiled bounds what a compiler remembers: the set in use, and some that are about to be.
const maxCompiled = 2

func (c *Compiler) compile(terms []match.Term) (*match.Bank, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, known := range c.last {
		if slices.EqualFunc(known.terms, terms, sameTerm) {
			c.last = append(slices.Delete(c.last, i, i+1), known)
			return known.bank, nil
		}
	}
	bank, err := match.Compile(terms)
	if err != nil {
		return nil, err
	}
	if len(c.last) == maxCompiled {
		c.last = slices.Delete(c.last, 0, 1)
	}
	c.last = append(c.last, compiled{terms, bank})
	return bank, nil
}

func sameTerm(a, b match.Term) bool {
	if (a.Inflections == nil) != (b.Inflections == nil) || a.Inflections != nil && !slices.Equal(*a.Inflections, *b.Inflections) {
		return false
	}
	return a.Text == b.Text && a.Lang == b.Lang && a.Boundary == b.Boundary && slices.Equal(a.Except, b.Except) &&
		slices.Equal(a.Near, b.Near) && slices.Equal(a.Unless, b.Unless)
}

// NewSet makes a set of banks as they were; see [Bank.Entries]. It has no banks if there are none.
func NewSet(c *Compiler, banks []Stored) (*Set, error) {
	s := &Set{banks: make(map[string]*Bank, len(banks)), compiler: c}
	for _, stored := range banks {
		b := &Bank{Name: stored.Name, Version: stored.Version, Header: stored.Header, Dropped: stored.Dropped, pending: stored.Pending,
			entries: entriesOf(stored.Entries)}
		if len(stored.Standings) > 0 {
			b.standings = make(map[string]Standing, len(stored.Standings))
		}
		for _, st := range stored.Standings {
			b.standings[st.Value] = st
		}
		s.banks[b.Name] = b
	}
	return s, s.build("")
}

// Stored gives a bank as it is kept, without its entries and their standings; also one that was dropped.
func (s *Set) Stored(name string) Stored {
	if s == nil || s.banks[name] == nil {
		return Stored{}
	}
	b := s.banks[name]
	return Stored{Name: name, Version: b.Version, Header: b.Header, Dropped: b.Dropped, Pending: b.pending}
}

// Stored is a bank as it is kept outside a set.
type Stored struct {
	Name    string
	Version int
	Header  Header
	Dropped bool
	Pending []*Edit // with More, in order
	Entries []Entry

	Standings []Standing `json:",omitempty"`
}

// Bank is the bank of a name.
func (s *Set) Bank(name string) (*Bank, bool) {
	if s == nil {
		return nil, false
	}
	b, ok := s.banks[name]
	if !ok || b.Dropped {
		return nil, false
	}
	return b, true
}

// Version is the number of the last edit of a bank, also of one that was dropped; 0 if there was none.
func (s *Set) Version(name string) int {
	if s == nil || s.banks[name] == nil {
		return 0
	}
	return s.banks[name].Version
}

// Banks are all of them, by name.
func (s *Set) Banks() []*Bank {
	if s == nil {
		return nil
	}
	var list []*Bank
	for _, name := range slices.Sorted(maps.Keys(s.banks)) {
		if b := s.banks[name]; !b.Dropped {
			list = append(list, b)
		}
	}
	return list
}

// Apply gives the set after an edit. For terms it costs the compilation of all of them, for links and devices a table of all of them,
// for hashes what the edit adds, and now and then a new index, which takes a second for a million. The edit must not change afterwards.
func (s *Set) Apply(e *Edit) (*Set, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	if have := s.Version(e.Bank); have != e.Version-1 {
		return nil, fmt.Errorf("%w: bank %s is at version %d, the edit makes %d", ErrVersion, e.Bank, have, e.Version)
	}
	next := &Set{banks: map[string]*Bank{}, compiler: &Compiler{}}
	old := &Bank{Name: e.Bank, Dropped: true}
	if s != nil {
		next = &Set{banks: maps.Clone(s.banks), compiler: s.compiler, kinds: s.kinds, terms: s.terms, termOf: s.termOf,
			anyGood: s.anyGood, links: s.links, devices: s.devices, hashes: s.hashes, ofHashes: s.ofHashes, shown: s.shown}
		if was := s.banks[e.Bank]; was != nil {
			old = was
		}
	}
	b := *old
	b.Version = e.Version
	next.banks[e.Bank] = &b
	if e.More {
		b.pending = append(slices.Clone(old.pending), e)
		if len(next.banks) > maxBanks || len(b.pending) > maxPending {
			return nil, invalid("more than %d banks, or than %d edits at once", maxBanks, maxPending)
		}
		return next, nil
	}
	b.pending, b.entries = nil, old.entries.fork()
	parts := append(slices.Clone(old.pending), e)
	for _, part := range parts {
		if err := b.edit(part); err != nil {
			return nil, err
		}
	}
	total := 0
	for _, each := range next.banks {
		total += each.Len()
	}
	if len(next.banks) > maxBanks || total > maxEntries {
		return nil, invalid("more than %d banks, or than %d entries in all", maxBanks, maxEntries)
	}
	if len(parts) == 1 && e.restands() {
		next.list()
		return next, nil
	}
	if b.Header.Kind == Hashes {
		next.list()
		if err := next.editFeatures(old, &b, parts); err != nil {
			return nil, err
		}
		return next, next.editHashes(old, &b, parts)
	}
	return next, next.build(b.Header.Kind)
}

// edit changes a bank that is being made.
func (b *Bank) edit(e *Edit) error {
	if e.Drop {
		b.Dropped, b.entries = true, entries{}
		return b.stand(e, nil)
	}
	switch {
	case e.Header == nil && b.Dropped:
		return invalid("there is no bank %s; the edit that makes it names its kind", e.Bank)
	case e.Header != nil && !b.Dropped && e.Header.Kind != b.Header.Kind:
		return invalid("bank %s is of %s; its kind cannot change", e.Bank, b.Header.Kind)
	case e.Header != nil:
		b.Header, b.Dropped = *e.Header, false
	}
	restated := b.restated(e)
	for _, value := range e.Remove {
		if !b.entries.remove(value) {
			return invalid("bank %s has no entry %.80q to remove", e.Bank, value)
		}
	}
	for _, entry := range e.Add {
		b.entries.put(entry)
	}
	return b.stand(e, restated)
}

// build makes what is looked up of one kind anew; of all kinds if none is named. Everything is in the order of names and values,
// so that equal banks give equal sets, however they came to be.
func (s *Set) build(kind Kind) error {
	s.list()
	if kind == Terms || kind == "" {
		if err := s.buildTerms(); err != nil {
			return err
		}
	}
	var err error
	if kind == Links || kind == "" {
		if s.links, err = s.table(Links, linkKey); err != nil {
			return err
		}
	}
	if kind == Devices || kind == "" {
		if s.devices, err = s.table(Devices, func(value string) (string, error) { return value, nil }); err != nil {
			return err
		}
	}
	if kind == "" && s.kinds[Hashes] {
		if err = s.buildFeatures(); err == nil {
			err = s.buildHashes()
		}
	}
	return err
}

// list notes which kinds there are, and the banks of hashes.
func (s *Set) list() {
	s.kinds, s.ofHashes = map[Kind]bool{}, nil
	for _, b := range s.Banks() {
		s.kinds[b.Header.Kind] = true
		if b.Header.Kind == Hashes {
			s.ofHashes = append(s.ofHashes, b)
		}
	}
}

// each calls use with the entries of a kind, in order, with what they inherit.
func (s *Set) each(kind Kind, use func(found) error) error {
	for _, b := range s.Banks() {
		if b.Header.Kind != kind {
			continue
		}
		for _, e := range b.Entries() {
			e.inherit(&b.Header)
			if err := use(found{b, e}); err != nil {
				return invalid("bank %s: entry %.80q: %v", b.Name, e.Value, err)
			}
		}
	}
	return nil
}

func (s *Set) buildTerms() error {
	s.termOf, s.anyGood, s.terms = nil, false, nil
	var terms []match.Term
	_ = s.each(Terms, func(f found) error {
		terms = append(terms, f.entry.term())
		s.termOf = append(s.termOf, f)
		s.anyGood = s.anyGood || f.bank.Header.Good
		return nil
	})
	if len(terms) == 0 {
		return nil
	}
	bank, err := s.compiler.compile(terms)
	if err != nil {
		return invalid("terms: %s", strings.TrimPrefix(err.Error(), "match: "))
	}
	s.terms = bank
	return nil
}

func (s *Set) table(kind Kind, key func(string) (string, error)) (map[string][]found, error) {
	t := map[string][]found{}
	err := s.each(kind, func(f found) error {
		k, err := key(f.entry.Value)
		t[k] = append(t[k], f)
		return err
	})
	return t, err
}
