package decide

import (
	"strings"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/model"
)

// bankSet is the set of the banks in the tables; nil if there are none.
func (f *facts) bankSet(c *bank.Compiler) (*bank.Set, error) {
	if f.banks.Len() == 0 {
		return nil, nil
	}
	if c == nil {
		c = &bank.Compiler{}
	}
	var list []bank.Stored
	at := map[string]int{}
	for name, b := range f.banks.All() {
		at[name] = len(list)
		list = append(list, b)
	}
	for key, e := range f.entries.All() {
		name, _, _ := strings.Cut(key, "\x00")
		b := &list[at[name]]
		b.Entries = append(b.Entries, e)
	}
	for key, st := range f.standings.All() {
		name, _, _ := strings.Cut(key, "\x00")
		b := &list[at[name]]
		b.Standings = append(b.Standings, st)
	}
	return bank.NewSet(c, list)
}

// editBank does to the tables what an edit did to a set: before it, and after.
func (f *facts) editBank(e *bank.Edit, before, after *bank.Set) {
	pending := before.Stored(e.Bank).Pending
	f.banks.Put(e.Bank, after.Stored(e.Bank), 0)
	if e.More {
		return
	}
	now, ok := after.Bank(e.Bank)
	if !ok {
		now = &bank.Bank{}
	}
	settle := func(value string) {
		if entry, ok := now.Entry(value); ok {
			f.entries.Put(e.Bank+"\x00"+value, entry, 0)
		} else {
			f.entries.Delete(e.Bank + "\x00" + value)
		}
		if st, ok := now.Standing(value); ok {
			f.standings.Put(e.Bank+"\x00"+value, st, 0)
		} else {
			f.standings.Delete(e.Bank + "\x00" + value)
		}
	}
	for _, part := range append(pending[:len(pending):len(pending)], e) {
		if old, ok := before.Bank(e.Bank); part.Drop && ok {
			for _, entry := range old.Entries() {
				settle(entry.Value)
			}
		}
		for _, value := range part.Touched() {
			settle(value)
		}
	}
}

// modelSet is the set of the models in the table; nil if there are none.
func (f *facts) modelSet() (*model.Set, error) {
	if f.models.Len() == 0 {
		return nil, nil
	}
	var last []model.Edit
	for _, e := range f.models.All() {
		last = append(last, e)
	}
	return model.NewSet(last)
}
