package state

import "github.com/ringfence/ringfence/text/family"

// familyShare is the part of the budget that families of near-copies use at most. Windows have to do with what is left. Families
// whose latest text is oldest are forgotten first.
const familyShare = 4

// AssignText says to which family a text belongs, which is a new one if it is like no text before, and counts it there; 0 if the
// sketch is that of a text without letters. Its cost is stated at [family.Index].
func (s *State) AssignText(sketch *family.Sketch, account string, at int64) (id family.ID) {
	s.spendFamilies(func() { id = s.families.Assign(sketch, account, at) })
	return id
}

// FindText says to which family a text belongs, and changes nothing; 0 if it is like no text before.
func (s *State) FindText(sketch *family.Sketch) family.ID { return s.families.Find(sketch) }

// Family tells of a family of texts; false if it is not known, or not any more.
func (s *State) Family(id family.ID) (family.Family, bool) { return s.families.Family(id) }

// Template is what the texts of a family have in common; false if it is not known, or not any more.
func (s *State) Template(id family.ID) (family.Template, bool) { return s.families.Template(id) }

// spendFamilies accounts for what a change does to the bytes of families.
func (s *State) spendFamilies(change func()) {
	before := s.families.Bytes()
	change()
	s.spendFixed(int64(s.families.Bytes() - before))
}

// restoreFamilies loads the families of an image. Those whose sketches were made otherwise than this build makes them cannot be
// compared with new texts: they are dropped, to be found again.
func (s *State) restoreFamilies(version byte) error {
	from, to := []byte{prefixFamily}, []byte{prefixFamily + 1}
	if version != family.Version {
		s.out.deleteRange(from, to)
		return nil
	}
	if err := scan(s.opts.DB, from, to, func(key, value []byte) error { return s.families.Load(key[1:], value) }); err != nil {
		return err
	}
	if err := s.families.Loaded(); err != nil {
		return err
	}
	s.used += int64(s.families.Bytes())
	s.fixed += int64(s.families.Bytes())
	return nil
}

// familySink puts what the index of families writes into an image.
type familySink struct{ w *writer }

func (f familySink) Set(key, value []byte) { f.w.set(f.key(key), value) }
func (f familySink) Delete(key []byte)     { f.w.delete(f.key(key)) }

func (f familySink) key(key []byte) []byte {
	f.w.key = append(append(f.w.key[:0], prefixFamily), key...)
	return f.w.key
}
