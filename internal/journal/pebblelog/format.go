package pebblelog

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
)

// formatKey holds the version of the store's format, in decimal.
var formatKey = []byte{0x00}

// migration brings a store from one format version to the next. It must not mind having run before in part or in whole,
// because the new version is written after it.
type migration func(*Store) error

// migrations[i] leads from version i+1 to i+2; the newest version is one more than there are migrations.
var migrations = []migration{apart}

// apart leads to version 2, from which on the journal may lie in a store of its own, see Move. It changes nothing; a program that
// knows version 1 only would take the other store for an empty journal, and is kept out.
func apart(*Store) error { return nil }

func (s *Store) migrate(migrations []migration) error {
	newest := 1 + len(migrations)
	version, err := s.formatVersion()
	if err != nil {
		return err
	}
	if version == 0 {
		if err := s.setFormatVersion(newest); err != nil {
			return err
		}
		// Pebble opens a new store's write-ahead log in its oldest format, which cannot tell damage from a torn end. A flush
		// begins the next log, in the format asked for.
		return s.fuse.run(s.Flush)
	}
	if version > newest {
		return fmt.Errorf("%w: version %d, this program knows up to %d: run the newer program", ErrNewer, version, newest)
	}
	for ; version < newest; version++ {
		if err := migrations[version-1](s); err != nil {
			return fmt.Errorf("bring the format from version %d to %d: %w", version, version+1, err)
		}
		if err := s.setFormatVersion(version + 1); err != nil {
			return err
		}
	}
	return nil
}

// formatVersion is 0 for a store that was just created.
func (s *Store) formatVersion() (int, error) {
	value, closer, err := s.Get(formatKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, s.mustBeEmpty()
	}
	if err != nil {
		return 0, fmt.Errorf("read the format version: %w", err)
	}
	defer closer.Close()
	version, err := strconv.Atoi(string(value))
	if err != nil || version < 1 {
		return 0, fmt.Errorf("format version %q is damaged: restore the store from a backup", value)
	}
	return version, nil
}

// mustBeEmpty keeps a database that is not a store of ours from being taken for a new one.
func (s *Store) mustBeEmpty() error {
	it, err := s.NewIter(nil)
	if err != nil {
		return err
	}
	defer it.Close()
	if it.First() {
		return errors.New("it has data but no format version: not a store of this program")
	}
	return it.Error()
}

func (s *Store) setFormatVersion(version int) error {
	b := s.NewBatch()
	if err := b.Set(formatKey, strconv.AppendInt(nil, int64(version), 10), nil); err != nil {
		return err
	}
	if err := s.Commit(b); err != nil {
		return fmt.Errorf("write the format version: %w", err)
	}
	return b.Close()
}
