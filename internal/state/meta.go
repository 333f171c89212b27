package state

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/window"
	"github.com/ringfence/ringfence/text/family"
)

// Version is the format of the images that this build writes. Older ones are upgraded step by step when they are restored.
const Version = 1

// ErrVersion is what Restore gives for an image that a newer build has written, or one too old to be upgraded.
var ErrVersion = errors.New("state: the image has a format that this build cannot read")

// meta is what an image holds besides its entries: under metaKey, a byte for the version, and then JSON, since it is small.
type meta struct {
	Pos      uint64
	Clock    int64
	Lateness int64
	Budget   int64
	Horizon  int64
	MaxIDs   int
	Numbers  uint32
	Windows  []windowMeta
	IDs      []byte
	Families byte   // family.Version of the families' sketches; 0 in images from before there were any
	Groups   uint64 // the version of the attached structure's records; 0 if nothing is attached
}

type windowMeta struct {
	Slot    Slot
	Number  uint32
	Evicted int64
	Spec    window.Spec
}

func (s *State) meta(pos uint64) []byte {
	m := meta{
		Pos: pos, Clock: s.clock, Lateness: s.opts.Lateness, Budget: s.opts.Budget, Horizon: s.opts.Horizon, MaxIDs: s.opts.MaxIDs,
		Numbers: s.numbers, IDs: s.ids.Meta(nil), Families: family.Version, Groups: s.grouped,
	}
	for i, k := range s.windows {
		if k != nil {
			m.Windows = append(m.Windows, windowMeta{Slot: Slot(i), Number: k.number, Evicted: k.evicted, Spec: k.win.Spec})
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // there is no value in it that JSON has no form for
	}
	return append([]byte{Version}, b...)
}

func decodeMeta(b []byte) (m meta, err error) {
	if len(b) == 0 || b[0] != Version {
		return meta{}, errDamaged
	}
	if err := json.Unmarshal(b[1:], &m); err != nil {
		return meta{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return m, nil
}

// upgrades holds, by version, what makes an image of that version one of the next; it adds its changes to the batch, which is
// committed with the new version.
type upgrades map[byte]func(from pebble.Reader, to *pebble.Batch) error

// run brings the image in db, if there is one, to the version.
func (u upgrades) run(db *pebble.DB, version byte) error {
	is, err := versionOf(db)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("state: restore: %w", err)
	}
	for v := is; v != version; v++ {
		if v > version || u[v] == nil {
			return fmt.Errorf("%w: version %d, not %d", ErrVersion, is, version)
		}
	}
	for v := is; v < version; v++ {
		if err := u.step(db, v); err != nil {
			return fmt.Errorf("state: upgrade the image from version %d: %w", v, err)
		}
	}
	return nil
}

func versionOf(db *pebble.DB) (byte, error) {
	b, closer, err := db.Get(metaKey)
	if err != nil {
		return 0, err
	}
	defer closer.Close()
	if len(b) == 0 {
		return 0, errDamaged
	}
	return b[0], nil
}

// step upgrades the image by one version. An upgrade that writes metaKey sees its first byte replaced.
func (u upgrades) step(db *pebble.DB, was byte) error {
	b := db.NewIndexedBatch()
	defer b.Close()
	if err := u[was](db, b); err != nil {
		return err
	}
	now, closer, err := b.Get(metaKey)
	if err != nil {
		return err
	}
	next := append([]byte{was + 1}, now[1:]...)
	if err := closer.Close(); err != nil {
		return err
	}
	if err := b.Set(metaKey, next, nil); err != nil {
		return err
	}
	return b.Commit(pebble.Sync)
}
