package decide

import (
	"strings"

	"github.com/ringfence/ringfence/internal/bank"
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
	return bank.NewSet(c, list)
}

// editBank does to the tables what an edit did to the set before it.
func (f *facts) editBank(e *bank.Edit, before *bank.Set) {
	b, _ := f.banks.Get(e.Bank)
	b.Name, b.Version = e.Bank, e.Version
	if e.More {
		b.Pending = append(b.Pending[:len(b.Pending):len(b.Pending)], e)
		f.banks.Put(e.Bank, b, 0)
		return
	}
	parts := append(b.Pending[:len(b.Pending):len(b.Pending)], e)
	b.Pending = nil
	for _, part := range parts {
		if b.Dropped = part.Drop; part.Drop {
			if old, ok := before.Bank(e.Bank); ok {
				for _, entry := range old.Entries() {
					f.entries.Delete(e.Bank + "\x00" + entry.Value)
				}
			}
			continue
		}
		if part.Header != nil {
			b.Header = *part.Header
		}
		for _, value := range part.Remove {
			f.entries.Delete(e.Bank + "\x00" + value)
		}
		for _, entry := range part.Add {
			f.entries.Put(e.Bank+"\x00"+entry.Value, entry, 0)
		}
	}
	f.banks.Put(e.Bank, b, 0)
}
