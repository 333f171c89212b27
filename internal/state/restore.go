package state

import (
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/state/ids"
	"github.com/ringfence/ringfence/internal/window"
)

var errDamaged = errors.New("damaged image")

// Restore fills an empty state, to which the tables have been added, from the image in its store, and gives the position that the
// image is as of: 0 if there is none. The image's bounds replace those of the options. After an error the state is of no use.
func (s *State) Restore() (pos uint64, err error) {
	if s.opts.DB == nil {
		return 0, ErrNoStore
	}
	// Version 1 is the first: there is nothing to upgrade from yet.
	if err := (upgrades{}).run(s.opts.DB, Version); err != nil {
		return 0, err
	}
	b, closer, err := s.opts.DB.Get(metaKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("state: restore: %w", err)
	}
	defer closer.Close()
	if pos, err = s.restore(b); err != nil {
		return 0, fmt.Errorf("state: restore: %w", err)
	}
	return pos, nil
}

// StoredBounds are those of the image in a store, for a replay that is to decide alike; zero, which stands for the defaults, if
// there is no image.
func StoredBounds(db *pebble.DB) (Bounds, error) {
	if err := (upgrades{}).run(db, Version); err != nil {
		return Bounds{}, err
	}
	b, closer, err := db.Get(metaKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return Bounds{}, nil
	} else if err != nil {
		return Bounds{}, fmt.Errorf("state: bounds of the image: %w", err)
	}
	defer closer.Close()
	m, err := decodeMeta(b)
	if err != nil {
		return Bounds{}, fmt.Errorf("state: bounds of the image: %w", err)
	}
	return Bounds{Lateness: m.Lateness, Budget: m.Budget, Horizon: m.Horizon, MaxIDs: m.MaxIDs}, nil
}

func (s *State) restore(b []byte) (pos uint64, err error) {
	m, err := decodeMeta(b)
	if err != nil {
		return 0, err
	}
	s.clock, s.numbers = m.Clock, m.Numbers
	s.opts.Lateness, s.opts.Budget, s.opts.Horizon, s.opts.MaxIDs = m.Lateness, m.Budget, m.Horizon, m.MaxIDs
	if err := s.opts.validate(); err != nil {
		return 0, err
	}
	s.families.SetBudget(int(s.opts.Budget / familyShare))
	byNumber, err := s.restoreWindows(m.Windows)
	if err != nil {
		return 0, err
	}
	s.setIDs()
	if err := s.ids.Restore(m.IDs, idStore{s.opts.DB}); err != nil {
		return 0, err
	}
	if err := s.restoreCells(byNumber); err != nil {
		return 0, err
	}
	if err := s.restoreTables(); err != nil {
		return 0, err
	}
	if err := s.restoreFamilies(m.Families); err != nil {
		return 0, err
	}
	s.grouped = m.Groups
	s.setWake()
	return m.Pos, nil
}

func (s *State) restoreWindows(metas []windowMeta) (map[uint32]Slot, error) {
	byNumber := make(map[uint32]Slot, len(metas))
	for _, m := range metas {
		w, err := window.New(m.Spec, s.opts.Lateness)
		if err != nil {
			return nil, err
		}
		for int(m.Slot) >= len(s.windows) {
			s.windows = append(s.windows, nil)
		}
		if _, twice := byNumber[m.Number]; twice || s.windows[m.Slot] != nil || m.Number >= s.numbers {
			return nil, fmt.Errorf("window %s: %w", m.Spec.ID, errDamaged)
		}
		k := newKeyed(w, m.Number, s.clock)
		k.evicted = m.Evicted
		s.windows[m.Slot], byNumber[m.Number] = k, m.Slot
	}
	return byNumber, nil
}

func (s *State) restoreCells(byNumber map[uint32]Slot) error {
	return scan(s.opts.DB, []byte{prefixCell}, []byte{prefixCell + 1}, func(key, value []byte) error {
		if len(key) != 1+4+16 {
			return errDamaged
		}
		slot, ok := byNumber[binary.BigEndian.Uint32(key[1:])]
		last, n := binary.Uvarint(value)
		if !ok || n <= 0 || last > uint64(s.clock) {
			return fmt.Errorf("key %x: %w", key, errDamaged)
		}
		k := s.windows[slot]
		words, err := k.win.Decode(value[n:])
		if err != nil || len(words) > sizeOf(classCount-1) {
			return fmt.Errorf("window %s, key %x: %w", k.win.ID, key[5:], errDamaged)
		}
		i := s.cells.alloc(words)
		c := s.cells.at(i)
		c.key, c.last, c.win, c.flags = window.Key(key[5:]), int64(last), slot, stored
		k.index[c.key] = i
		k.wheel.file(&s.cells, i)
		k.bytes += c.cost()
		s.used += c.cost()
		return nil
	})
}

func (s *State) restoreTables() error {
	if err := s.loadTables(); err != nil {
		return err
	}
	for _, t := range s.tables {
		s.due = t.refile(s.due)
	}
	heap.Init(&s.due)
	return nil
}

func (s *State) loadTables() error {
	return scan(s.opts.DB, []byte{prefixTable}, []byte{prefixTable + 1}, func(key, value []byte) error {
		if len(key) < 2 || len(key) < 2+int(key[1]) {
			return errDamaged
		}
		name, key := string(key[2:2+key[1]]), key[2+key[1]:]
		t := s.tables[name]
		if t == nil {
			return fmt.Errorf("the image has a table %q that was not added", name)
		}
		return t.load(string(key), value)
	})
}

// scan calls fn for every key from one to before another. What fn gets is only valid until it returns.
func scan(r pebble.Reader, from, to []byte, fn func(key, value []byte) error) (err error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if err := fn(it.Key(), value); err != nil {
			return err
		}
	}
	return it.Error()
}

// idStore is the part of the store that ids are kept in.
type idStore struct{ db *pebble.DB }

var _ ids.Source = idStore{}

func (st idStore) content(era uint32, id [16]byte) (content uint64, found bool, err error) {
	var buf [1 + 4 + 16]byte
	b, closer, err := st.db.Get(appendIDKey(buf[:0], era, id))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, false, nil
	} else if err != nil {
		return 0, false, fmt.Errorf("state: look up an id: %w", err)
	}
	defer closer.Close()
	if len(b) != 8 {
		return 0, false, fmt.Errorf("state: look up an id: %w", errDamaged)
	}
	return binary.LittleEndian.Uint64(b), true, nil
}

// IDs calls fn for each id of an era.
func (st idStore) IDs(era uint32, fn func(id [16]byte)) error {
	from, to := numbered(prefixID, era)
	return scan(st.db, from, to, func(key, _ []byte) error {
		if len(key) != 1+4+16 {
			return errDamaged
		}
		fn([16]byte(key[5:]))
		return nil
	})
}

// Filter is a copy of a chunk of an era's filter.
func (st idStore) Filter(era, chunk uint32) ([]byte, error) {
	b, closer, err := st.db.Get(appendFilterKey(nil, era, chunk))
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return append([]byte(nil), b...), nil
}
