// Package discover finds terms and disguises that nobody listed: words, phrases, hashtags, emoji and odd spellings that accounts
// under suspicion use and others do not.
//
// A Miner reads posts in two parts: suspect ones, of labelled accounts or with a listed term in them, and the background. It
// proposes what tells the two apart, best first, with the evidence that a person needs to accept it into a bank or to refuse it.
// Four things count: how much more often suspect accounts write it (log-odds with an informative Dirichlet prior: Monroe,
// Colaresi and Quinn, "Fightin' Words", Political Analysis 16(4), 2008); in how many accounts, so that one account's spam is
// none; whether it is used where listed terms are used, judged by the words beside it; and whether it became more usual of late.
//
// Memory is bounded: the background is counted in a count-min sketch (Cormode and Muthukrishnan, 2005), which at times says more
// than there was; of suspect posts the terms of the most posts are kept, and Stats says how many posts a term may have had that
// is not. The same posts in the same order give the same candidates.
//
// It proposes; it does not know. What suspect accounts talk about beside what they are suspected of (their team, their town)
// comes out as well. The package stands alone.
package discover

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/match"
)

// A Post is a text to learn from.
type Post struct {
	ID, Account string // without an account, the post counts as one of an account of its own
	Text        string
	At          int64 // in any unit; 0 if unknown
	Suspect     bool  // by a label of its account; a post with a listed term is suspect anyway
}

// Limits of what a miner holds and reads.
const (
	DefaultCapacity = 1 << 16 // terms of suspect posts; some 50 MB with the background
	maxCapacity     = 1 << 22
	MaxText         = 4 << 10 // bytes of a post that are read
	maxTokens       = 400     // of a post
	maxWords        = 4       // of a phrase
	maxTerm         = 120     // bytes of a term
	maxExample      = 200     // bytes of an example
	maxExamples     = 3
	unread          = 2 // posts with the beginning of a phrase before the phrase itself is counted
)

// A Miner gathers posts. It is for one goroutine at a time.
type Miner struct {
	bank     *match.Bank
	finder   match.Finder
	capacity int

	terms      map[string]*term // of suspect posts
	floor      int              // of the posts of what is not in terms
	background sketch           // posts by term
	grams      [2]float64       // how many terms in how many posts there were: background, suspect
	times      moments          // of suspect posts
	posts      [2]int

	listed, all company // of listed terms, and of all words in suspect posts

	tokens []token
	seen   map[string]bool
}

// term is what is known of a candidate.
type term struct {
	kind     Kind
	posts    int // since it is known
	missed   int // posts at most before
	accounts distinct
	first    int64
	last     int // the suspect post of its latest use, counted
	times    float64
	company  *company
	examples []Example
	beside   []neighbour
}

// neighbour is a listed term and in how many of a candidate's posts it was.
type neighbour struct{ term, posts int }

// NewMiner makes a miner that looks for what is not in the bank, and holds at most so many terms of suspect posts: from 16 to 4,194,304.
//
// A term takes some 500 bytes if suspect posts use it often, and 256 more for the background.
func NewMiner(bank *match.Bank, capacity int) *Miner {
	capacity = min(max(capacity, 16), maxCapacity)
	return &Miner{bank: bank, capacity: capacity, terms: map[string]*term{}, background: newSketch(capacity), seen: map[string]bool{}}
}

// Stats says what a miner has read and how exact it is.
type Stats struct {
	Suspect, Background int // posts
	Terms               int // held
	Floor               int // a term that is not held was in no more suspect posts than this
}

// Stats says what was read so far.
func (m *Miner) Stats() Stats {
	return Stats{Suspect: m.posts[1], Background: m.posts[0], Terms: len(m.terms), Floor: m.floor}
}

// Add reads a post. It takes some microseconds, for a suspect post some tens.
func (m *Miner) Add(p Post) {
	p.Text = cut(p.Text, MaxText)
	found := m.finder.Find(m.bank, p.Text)
	suspect := p.Suspect || len(found) > 0
	m.tokens = tokenize(m.tokens[:0], p.Text)
	for i := range m.tokens {
		t := &m.tokens[i]
		t.listed = slices.ContainsFunc(found, func(f match.Match) bool { return f.Start < t.end && t.start < f.End })
	}
	clear(m.seen)
	part := 0
	if suspect {
		part = 1
		m.times.add(float64(p.At))
	}
	m.posts[part]++
	for i := range m.tokens {
		m.from(i, &p, found, suspect)
	}
	m.grams[part] += float64(len(m.seen))
	if suspect {
		m.learnCompany()
		m.prune()
	}
}

// from reads the terms that begin at a token.
func (m *Miner) from(i int, p *Post, found []match.Match, suspect bool) {
	kind := m.tokens[i].kind
	key := ""
	for n := 1; n <= maxWords && i+n <= len(m.tokens); n++ {
		t := &m.tokens[i+n-1]
		if t.listed || n > 1 && (t.apart || t.kind == Emoji != (kind == Emoji)) {
			return
		}
		key = join(key, t)
		if len(key) > maxTerm {
			return
		}
		if n > 1 && kind != Emoji {
			kind = Phrase
		}
		if m.seen[key] {
			continue
		}
		m.seen[key] = true
		if !suspect {
			m.background.add(key)
			continue
		}
		used := m.use(key, kind, p, found)
		if n > 1 && used.posts == 1 {
			used.missed += unread
		}
		used.learn(m, i, i+n)
		if used.posts <= unread {
			return // a longer phrase is no more frequent
		}
	}
}

// join appends a token to a term.
func join(key string, t *token) string {
	switch {
	case key == "":
		return t.text
	case t.kind == Emoji || t.unspaced:
		return key + t.text
	}
	return key + " " + t.text
}

// use counts a suspect post with a term.
func (m *Miner) use(key string, kind Kind, p *Post, found []match.Match) *term {
	t := m.terms[key]
	if t == nil {
		t = &term{kind: kind, missed: m.floor, first: p.At}
		m.terms[strings.Clone(key)] = t
	}
	t.posts++
	t.last = m.posts[1]
	account := p.Account
	if account == "" {
		account = p.ID
	}
	known := !t.accounts.add(hash(account))
	t.first = min(t.first, p.At)
	t.times += float64(p.At)
	if len(t.examples) < maxExamples && (!known || t.posts == 1) {
		t.examples = append(t.examples, Example{ID: strings.Clone(p.ID), Text: strings.Clone(cut(p.Text, maxExample))})
	}
	for i, f := range found {
		if !slices.ContainsFunc(found[:i], func(e match.Match) bool { return e.Term == f.Term }) {
			t.stoodBeside(f.Term)
		}
	}
	return t
}

// stoodBeside counts a listed term; of more than four the one of the fewest posts gives way.
func (t *term) stoodBeside(listed int) {
	least := 0
	for i := range t.beside {
		if t.beside[i].term == listed {
			t.beside[i].posts++
			return
		}
		if t.beside[i].posts < t.beside[least].posts {
			least = i
		}
	}
	switch {
	case len(t.beside) < 4:
		t.beside = append(t.beside, neighbour{listed, 1})
	case t.beside[least].posts == 1:
		t.beside[least].term = listed
	default:
		t.beside[least].posts--
	}
}

// prune makes room when there are more terms than there may be: it takes the half with the fewest posts, of equals those not used
// for longest.
func (m *Miner) prune() {
	if len(m.terms) <= m.capacity {
		return
	}
	keys := make([]string, 0, len(m.terms))
	for key := range m.terms {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, y := m.terms[a], m.terms[b]
		if d := (x.posts + x.missed) - (y.posts + y.missed); d != 0 {
			return d
		} else if d := x.last - y.last; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, key := range keys[:len(keys)/2] {
		m.floor = max(m.floor, m.terms[key].posts+m.terms[key].missed)
		delete(m.terms, key)
	}
}

// cut is the text up to a number of bytes, on a rune boundary.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
