package bank

import (
	"maps"
	"slices"
)

// entries are the entries of a bank, by value. What an edit does not touch is shared with the version before, so that one entry more
// in a million costs no copy of the million.
type entries struct {
	base map[string]Entry   // shared, never changed
	over map[string]overlay // newer than base
	n    int
}

// overlay is what became of a value since base was made.
type overlay struct {
	entry Entry
	gone  bool
}

func entriesOf(list []Entry) entries {
	base := make(map[string]Entry, len(list))
	for _, e := range list {
		base[e.Value] = e
	}
	return entries{base: base, n: len(base)}
}

// fork gives entries that can be changed while these stay as they are. Where much has changed since base was made, it makes a new one.
func (m entries) fork() entries {
	if len(m.over) <= 1024+len(m.base)/256 {
		m.over = maps.Clone(m.over)
		return m
	}
	base := make(map[string]Entry, m.n)
	m.each(func(e *Entry) { base[e.Value] = *e })
	return entries{base: base, n: len(base)}
}

func (m *entries) get(value string) (Entry, bool) {
	if o, changed := m.over[value]; changed {
		return o.entry, !o.gone
	}
	e, ok := m.base[value]
	return e, ok
}

func (m *entries) put(e Entry) {
	if _, there := m.get(e.Value); !there {
		m.n++
	}
	m.set(e.Value, overlay{entry: e})
}

// remove takes an entry out, and says whether it was there.
func (m *entries) remove(value string) bool {
	if _, there := m.get(value); !there {
		return false
	}
	m.n--
	m.set(value, overlay{gone: true})
	return true
}

func (m *entries) set(value string, o overlay) {
	if m.over == nil {
		m.over = map[string]overlay{}
	}
	m.over[value] = o
}

// each calls use with every entry, in no order. What use is given is its until it returns.
func (m *entries) each(use func(*Entry)) {
	for value, e := range m.base {
		if _, changed := m.over[value]; !changed {
			use(&e)
		}
	}
	for _, o := range m.over {
		if !o.gone {
			use(&o.entry)
		}
	}
}

// values are those of all entries, sorted.
func (m *entries) values() []string {
	list := make([]string, 0, m.n)
	m.each(func(e *Entry) { list = append(list, e.Value) })
	slices.Sort(list)
	return list
}
