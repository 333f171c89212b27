package source

import "github.com/ringfence/ringfence/event"

// Shifted gives the events of r with all their times, also those at which accounts were created, moved by nanoseconds. It is how a
// simulated week is played as if it ended now.
func Shifted(r Reader, by int64) Reader { return &shifted{Reader: r, by: by} }

type shifted struct {
	Reader
	by  int64
	raw []byte
}

func (s *shifted) Next(e *event.Event) error {
	if err := s.Reader.Next(e); err != nil {
		return err
	}
	e.Time += s.by
	if e.Fields.Has(event.FieldAccountCreated) {
		e.Account.Created += s.by
	}
	s.raw = e.AppendNative(s.raw[:0])
	return nil
}

func (s *shifted) Raw() []byte { return s.raw }
