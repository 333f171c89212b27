package bank

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Difference is the edit that makes the bank what a file says. It has no version.
func (b *Bank) Difference(f *File) Edit {
	header := f.Header
	e := Edit{Bank: b.Name, Header: &header}
	wanted := make(map[string]bool, len(f.Entries))
	for _, entry := range f.Entries {
		wanted[entry.Value] = true
		if have, ok := b.Entry(entry.Value); !ok || !reflect.DeepEqual(have, entry) {
			e.Add = append(e.Add, entry)
		}
	}
	for _, value := range b.entries.values() {
		if !wanted[value] {
			e.Remove = append(e.Remove, value)
		}
	}
	return e
}

// Parts splits an edit into edits of about so many bytes each, of which all but the last say that more comes. There is one at least.
func (e *Edit) Parts(size int) []Edit {
	const quotes = 3 // and a comma
	rest := *e
	var parts []Edit
	cut := func(part Edit) {
		part.Bank, part.More = e.Bank, true
		parts = append(parts, part)
	}
	room := size
	for len(rest.Remove) > 0 {
		n := 0
		for ; n < len(rest.Remove) && room > 0; n++ {
			room -= quotes + 6*len(rest.Remove[n]) // at most: every byte may be escaped
		}
		if n == len(rest.Remove) {
			break
		}
		cut(Edit{Header: rest.Header, Remove: rest.Remove[:n]})
		rest.Header, rest.Remove, room = nil, rest.Remove[n:], size
	}
	for {
		n := 0
		for ; n < len(rest.Add) && room > 0; n++ {
			room -= rest.Add[n].size()
		}
		if n == len(rest.Add) {
			return append(parts, rest)
		}
		cut(Edit{Header: rest.Header, Remove: rest.Remove, Add: rest.Add[:n]})
		rest.Header, rest.Remove, rest.Add, room = nil, nil, rest.Add[n:], size
	}
}

// size is what the entry takes in a change.
func (e *Entry) size() int {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // an entry is plain data
	}
	return len(b) + 1
}

// Replay is the set that edits make, one after the other. What is looked up is built once, at the end.
func Replay(c *Compiler, edits []*Edit) (*Set, error) {
	if len(edits) == 0 {
		return nil, nil
	}
	banks := map[string]*Bank{}
	for _, e := range edits {
		b := banks[e.Bank]
		if b == nil {
			b = &Bank{Name: e.Bank, Dropped: true}
			banks[e.Bank] = b
		}
		b.Version = e.Version
		if b.pending = append(b.pending, e); e.More {
			continue
		}
		for _, part := range b.pending {
			if err := b.edit(part); err != nil {
				return nil, fmt.Errorf("version %d: %w", part.Version, err)
			}
		}
		b.pending = nil
	}
	s := &Set{banks: banks, compiler: c}
	return s, s.build("")
}
