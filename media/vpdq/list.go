package vpdq

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ringfence/ringfence/media/pdq"
)

// maxList is how many frames a list may have: a day at 30 frames a second would be 2.6 million.
const maxList = 1_000_000

// ErrSyntax is wrapped by the errors of [Read] and [ReadSignal].
var ErrSyntax = errors.New("not a list of vPDQ hashes")

// Read reads the reference's file of hashes: a line frame,quality,hash,time for each frame, with the time in seconds. Empty lines are passed over.
// Order is kept. A line that is none is refused with its number, as is a list of over a million.
func Read(r io.Reader) ([]Frame, error) {
	var out []Frame
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<10)
	n := 1
	for ; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		number, rest, _ := strings.Cut(line, ",")
		quality, rest, _ := strings.Cut(rest, ",")
		hash, seconds, found := strings.Cut(rest, ",")
		f, err := frame(hash, quality, seconds)
		if err == nil && found {
			f.Number, err = strconv.Atoi(number)
		}
		if err != nil || !found || f.Number < 0 {
			return nil, fmt.Errorf("line %d: %w: %.100q: want frame,quality,hash,time", n, ErrSyntax, line)
		}
		if len(out) == maxList {
			return nil, fmt.Errorf("line %d: %w: more than %d frames", n, ErrSyntax, maxList)
		}
		out = append(out, f)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: %w: too long", n, ErrSyntax)
	}
	return out, lines.Err()
}

// Write writes frames as [Read] reads them, with the time in milliseconds.
func Write(w io.Writer, frames []Frame) error {
	b := bufio.NewWriter(w)
	for _, f := range frames {
		fmt.Fprintf(b, "%d,%d,%v,%.3f\n", f.Number, f.Quality, f.Hash, f.Time.Seconds())
	}
	return b.Flush()
}

// ReadSignal reads the signal that ThreatExchange and HMA exchange for a video: a JSON array of strings "hash,quality,time".
func ReadSignal(data []byte) ([]Frame, error) {
	var features []string
	if err := json.Unmarshal(data, &features); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if len(features) > maxList {
		return nil, fmt.Errorf("%w: %d frames: at most %d are allowed", ErrSyntax, len(features), maxList)
	}
	out := make([]Frame, len(features))
	for i, feature := range features {
		hash, rest, _ := strings.Cut(feature, ",")
		quality, seconds, _ := strings.Cut(rest, ",")
		f, err := frame(hash, quality, seconds)
		if err != nil {
			return nil, fmt.Errorf("frame %d: %w: %.100q: want hash,quality,time", i, ErrSyntax, feature)
		}
		f.Number = i
		out[i] = f
	}
	return out, nil
}

// Signal is the form of frames that [ReadSignal] reads, with the time in milliseconds.
func Signal(frames []Frame) []byte {
	features := make([]string, len(frames))
	for i, f := range frames {
		features[i] = fmt.Sprintf("%v,%d,%.3f", f.Hash, f.Quality, f.Time.Seconds())
	}
	out, _ := json.Marshal(features) // strings always can be
	return out
}

// frame reads the fields of a frame.
func frame(hash, quality, seconds string) (f Frame, err error) {
	if f.Hash, err = pdq.Parse(hash); err != nil {
		return f, err
	}
	if f.Quality, err = strconv.Atoi(quality); err != nil {
		return f, err
	}
	s, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		return f, err
	}
	if !(s >= 0 && s <= MaxTime.Seconds()) || f.Quality < 0 || f.Quality > 100 {
		return f, ErrSyntax
	}
	f.Time = time.Duration(s*1000+0.5) * time.Millisecond
	return f, nil
}
