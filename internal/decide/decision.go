package decide

import (
	"encoding/hex"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
)

// Decision is what the rules said of one event.
type Decision struct {
	Identity [16]byte // of the event
	Position uint64   // of its record
	Ordinal  uint16   // 0, or the place among the events about groups that were raised at the record, from 1
	Fired    bool     // a rule fired; others are kept only on demand
	Line     []byte   // the decision as one line of JSON, without a newline; see appendDecision for its form
}

// verdict is a rule that fired on the event at hand.
type verdict struct {
	rule    string
	version string
	mode    string
	reason  string
}

// unevaluated is a rule that could not say anything of the event at hand, and why.
type unevaluated struct {
	rule string
	why  string
}

// effectID names an effect by its cause alone: no position and no rule version, so that a replay, a re-run after a crash and a
// changed rule meet the same id. Lengths are part of the hash, so that no two causes read alike.
func effectID(buf []byte, e *effect.Effect, ordinal int) (id string, scratch []byte) {
	buf = buf[:0]
	for _, s := range [...]string{e.Rule, e.Source, e.EventID, string(e.Kind), e.Target.Kind.String(), e.Target.ID} {
		buf = append(buf, byte(len(s)), byte(len(s)>>8), byte(len(s)>>16))
		buf = append(buf, s...)
	}
	buf = append(buf, byte(ordinal), byte(ordinal>>8))
	sum := xxh3.Hash128(buf).Bytes()
	var text [2 * len(sum)]byte
	hex.Encode(text[:], sum[:])
	return string(text[:]), buf
}

// appendDecision writes the decision of an event. The keys and their order are a contract: two runs that decide alike give the
// same bytes.
func appendDecision(dst []byte, ev *event.Event, fired []verdict, effects []effect.Effect, not []unevaluated) []byte {
	dst = append(dst, `{"event":`...)
	dst = appendString(dst, ev.ID)
	dst = append(dst, `,"time":"`...)
	dst = time.Unix(0, ev.Time).UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","actor":`...)
	dst = appendString(dst, ev.Actor)
	dst = append(dst, `,"rules":[`...)
	for i, v := range fired {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"id":`...)
		dst = appendString(dst, v.rule)
		dst = append(dst, `,"version":`...)
		dst = appendString(dst, v.version)
		dst = append(dst, `,"mode":`...)
		dst = appendString(dst, v.mode)
		dst = append(dst, '}')
	}
	dst = append(dst, `],"effects":[`...)
	for i := range effects {
		e := &effects[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"id":`...)
		dst = appendString(dst, e.ID)
		dst = append(dst, `,"rule":`...)
		dst = appendString(dst, e.Rule)
		dst = append(dst, `,"do":`...)
		dst = appendString(dst, string(e.Kind))
		dst = append(dst, `,"on":"`...)
		dst = append(dst, e.Target.Kind.String()...)
		dst = append(dst, ':')
		dst = appendQuoted(dst, e.Target.ID)
		dst = append(dst, `,"value":`...)
		dst = appendString(dst, e.Value)
		dst = append(dst, `,"state":`...)
		dst = appendString(dst, string(e.State))
		dst = append(dst, '}')
	}
	dst = append(dst, `],"reasons":[`...)
	for i, v := range fired {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"rule":`...)
		dst = appendString(dst, v.rule)
		dst = append(dst, `,"text":`...)
		dst = appendString(dst, v.reason)
		dst = append(dst, '}')
	}
	dst = append(dst, `],"unevaluated":[`...)
	for i, u := range not {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"rule":`...)
		dst = appendString(dst, u.rule)
		dst = append(dst, `,"why":`...)
		dst = appendString(dst, u.why)
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}

// appendString writes s as a JSON string.
func appendString(dst []byte, s string) []byte { return appendQuoted(append(dst, '"'), s) }

// appendQuoted writes s as the rest of a JSON string that was begun, and its end.
func appendQuoted(dst []byte, s string) []byte { return append(event.AppendEscaped(dst, s), '"') }
