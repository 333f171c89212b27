package state

import "github.com/ringfence/ringfence/graph/paged"

// Structure is what lives beside windows, tables and families and is part of images: the groups of accounts. Its records are its own; its memory is not part
// of the budget.
type Structure interface {
	// Mark begins an image of it as it is now, which goes to the sink given to the Mark before; the image after this one goes to next.
	Mark(next paged.Sink)
	// Step writes some of that image, and gives how many of the n are left: none as long as there may be more to write.
	Step(n int) (left int)
	// Load takes in a record of an image, in the order of keys.
	Load(key, value []byte) error
	// Loaded ends the loading.
	Loaded() error
}

// Attach takes in a structure, which is new. If the restored image has one whose records are of this version, which is not 0, it is loaded; records of another version are
// dropped, and it begins anew. It is part of the images that begin from now on. After an error the structure is of no use.
func (s *State) Attach(x Structure, version uint64) error {
	s.groups = x
	if s.opts.DB == nil {
		return nil
	}
	if s.grouped == version {
		err := scan(s.opts.DB, []byte{prefixGroup}, []byte{prefixGroup + 1}, func(key, value []byte) error { return x.Load(key[1:], value) })
		if err == nil {
			err = x.Loaded()
		}
		if err != nil {
			return err
		}
	} else if s.grouped != 0 {
		s.out.deleteRange([]byte{prefixGroup}, []byte{prefixGroup + 1})
	}
	s.grouped = version
	x.Mark(groupSink{s.out})
	return nil
}

// Detach lets the structure go, and what images hold of it. What the image at hand, if there is one, has yet to write of it is written now.
func (s *State) Detach() {
	if s.groups == nil && s.grouped == 0 {
		return
	}
	for s.image != nil && s.groups != nil && s.groups.Step(1<<20) == 0 {
	}
	s.groups, s.grouped = nil, 0
	if s.opts.DB != nil {
		s.out.deleteRange([]byte{prefixGroup}, []byte{prefixGroup + 1})
	}
}

// groupSink puts what the structure writes into an image.
type groupSink struct{ w *writer }

func (g groupSink) Set(key, value []byte) {
	g.w.key = append(append(g.w.key[:0], prefixGroup), key...)
	g.w.set(g.w.key, value)
}
