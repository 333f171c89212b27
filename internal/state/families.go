package state

import "github.com/ringfence/ringfence/text/family"

// Families of near-copies of texts use up to a quarter of the budget, which windows lack then. Those whose latest text is oldest
// are forgotten first.

// familyShare is the part of the budget that families use at most.
const familyShare = 4

// AssignText says to which family a text belongs, which is a new one if it is like no text before, and counts it there; 0 if the
// sketch is that of a text without letters. It takes some 10 to 30 µs.
func (s *State) AssignText(sketch *family.Sketch, account string, at int64) family.ID {
	before := s.families.Bytes()
	id := s.families.Assign(sketch, account, at)
	delta := int64(s.families.Bytes() - before)
	s.used += delta
	s.fixed += delta
	if delta > 0 {
		s.fit()
	}
	return id
}

// FindText says to which family a text belongs, and changes nothing; 0 if it is like no text before.
func (s *State) FindText(sketch *family.Sketch) family.ID { return s.families.Find(sketch) }

// Family tells of a family of texts; false if it is not known, or not any more.
func (s *State) Family(id family.ID) (family.Family, bool) { return s.families.Family(id) }

// Template is what the texts of a family have in common; false if it is not known, or not any more.
func (s *State) Template(id family.ID) (family.Template, bool) { return s.families.Template(id) }
