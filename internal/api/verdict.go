package api

import (
	"bytes"
	"slices"
)

// verdicts are the words of a verdict, weakest first. From inform on they are the steps of enforcement.
var verdicts = []string{"allow", "review", "inform", "friction", "limit", "lock", "suspend", "remove"}

// verdictOf is the strongest thing that a decision has queued: an enforcement, else a review, else nothing.
//
// It reads the line without decoding it. That is sound because the line's form is fixed (its keys stand in one order, without
// spaces) and every quote within a string is escaped: the marks below, which hold plain quotes, are found between strings only.
func verdictOf(line []byte) string {
	strongest := 0
	for {
		_, rest, found := bytes.Cut(line, []byte(`,"do":"`))
		if !found {
			return verdicts[strongest]
		}
		do, rest := word(rest)
		value, state, rest := effectOf(rest)
		line = rest
		if string(state) != "queued" {
			continue
		}
		switch string(do) {
		case "enforce":
			strongest = max(strongest, slices.Index(verdicts, string(value)))
		case "review":
			strongest = max(strongest, slices.Index(verdicts, "review"))
		}
	}
}

// effectOf reads the rest of an effect: `,"on":"…","value":"…","state":"…"`.
func effectOf(line []byte) (value, state, rest []byte) {
	for _, field := range []struct {
		mark string
		to   *[]byte
	}{{`,"on":"`, nil}, {`,"value":"`, &value}, {`,"state":"`, &state}} {
		after, ok := bytes.CutPrefix(line, []byte(field.mark))
		if !ok {
			return nil, nil, line
		}
		w, after := word(after)
		if field.to != nil {
			*field.to = w
		}
		line = after
	}
	return value, state, line
}

// word reads a JSON string behind its opening quote, as it is written.
func word(line []byte) (w, rest []byte) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return line[:i], line[i+1:]
		}
	}
	return nil, nil
}
