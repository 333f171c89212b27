package leiden

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Names are the nodes of a list of edges as it spells them, in the order in which they first stand there.
type Names []string

// LineError is a line of a list of edges that was refused.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap is the cause.
func (e *LineError) Unwrap() error { return e.Err }

// MaxLine is how many bytes a line of a list of edges may have.
const MaxLine = 64 << 10

// ReadEdges reads a list of edges, a line each: two nodes, which are any words, and a weight above 0, which is 1 where it is left out, parted by
// tabs or spaces. Empty lines are skipped. A line that is no edge is given to refused as a *LineError, and the rest goes on unless it returns an
// error, which ends the reading.
//
// It holds 16 bytes an edge, and of each node its name and about 60 bytes.
func ReadEdges(r io.Reader, refused func(*LineError) error) (Names, []Edge, error) {
	var (
		in    = bufio.NewReaderSize(r, MaxLine)
		names Names
		edges []Edge
		place = map[string]uint32{}
	)
	node := func(word []byte) uint32 {
		v, ok := place[string(word)]
		if !ok {
			v = uint32(len(names))
			names = append(names, string(word))
			place[names[v]] = v
		}
		return v
	}
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		bad := error(nil)
		if errors.Is(err, bufio.ErrBufferFull) {
			bad = fmt.Errorf("longer than %d bytes", MaxLine)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
		}
		if err != nil && err != io.EOF {
			return nil, nil, err
		}
		last := err == io.EOF
		if bad == nil {
			a, b, weight, fault := cutEdge(line)
			switch bad = fault; {
			case bad != nil || a == nil:
			case len(names) > MaxNodes-2:
				return nil, nil, fmt.Errorf("line %d: more than %d nodes", number, MaxNodes)
			default:
				edges = append(edges, Edge{node(a), node(b), weight})
			}
		}
		if bad != nil {
			if err := refused(&LineError{number, bad}); err != nil {
				return nil, nil, err
			}
		}
		if last {
			return names, edges, nil
		}
	}
}

// cutEdge cuts a line into its words; a is nil for an empty line.
func cutEdge(line []byte) (a, b []byte, weight float64, err error) {
	a, rest := cutWord(line)
	if len(a) == 0 {
		return nil, nil, 0, nil
	}
	b, rest = cutWord(rest)
	if len(b) == 0 {
		return nil, nil, 0, fmt.Errorf("one word, %q: want two nodes and perhaps a weight", clip(a))
	}
	w, rest := cutWord(rest)
	if len(w) == 0 {
		return a, b, 1, nil
	}
	if more, _ := cutWord(rest); len(more) > 0 {
		return nil, nil, 0, fmt.Errorf("%q after the weight: want two nodes and perhaps a weight", clip(more))
	}
	weight, err = strconv.ParseFloat(string(w), 64)
	if err != nil || !(weight > 0) || math.IsInf(weight, 1) {
		return nil, nil, 0, fmt.Errorf("weight %q: want a number above 0", clip(w))
	}
	return a, b, weight, nil
}

func cutWord(line []byte) (word, rest []byte) {
	i := 0
	for i < len(line) && isBlank(line[i]) {
		i++
	}
	j := i
	for j < len(line) && !isBlank(line[j]) {
		j++
	}
	return line[i:j], line[j:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// clip is the beginning of a word for a message.
func clip(word []byte) []byte { return bytes.ToValidUTF8(word[:min(len(word), 40)], []byte("\uFFFD")) }
