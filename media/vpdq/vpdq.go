// Package vpdq recognises known videos by the PDQ hashes of their frames, as vPDQ does (facebook/ThreatExchange, vpdq), and says which seconds of one
// video are which seconds of another.
//
// A [Hasher] takes frames from a file by running ffmpeg: one a second, and each at which the scene changes, or all. [Read] and [ReadSignal] take lists
// of hashes that others made. [Compare] sets two videos side by side: the percentages by which vPDQ decides, and an alignment, which vPDQ
// does not have.
//
// # How close hashes are
//
// The same file hashed with another version of ffmpeg gives hashes that are a few bits apart (4 to 6 on photos in motion, 22 on noise): two
// videos are never to be compared by equality. Frames hashed elsewhere at other moments of a moving scene can be further apart than any threshold.
// Where a known video is to be found in short pieces, bank it with every frame, and hash queries at one a second.
//
// # What it does not see
//
// A frame is seen as PDQ sees a picture: after a crop, in a border, under a large logo or a caption it is another picture. Sound is not looked at.
// The reference hashes frames as they are stored; here, as for pictures, a video is hashed as a player turns it. [Video.Turned] gives the others.
// Colours of high dynamic range are not mapped to those of a common screen, as the reference does not.
package vpdq

import (
	"time"

	"github.com/ringfence/ringfence/media/pdq"
)

// MaxTime is the longest time into a video that a frame may have.
const MaxTime = 24 * time.Hour

// Frame is one frame of a video.
type Frame struct {
	// Number is its place among the frames of the stream, from 0. Of a video hashed at a rate it is reckoned from the time and the average
	// rate of frames; lists without numbers have the place in the list.
	Number int
	// Time is when it is shown, counted from the video's begin.
	Time    time.Duration
	Quality int // of the hash, 0 to 100
	Hash    pdq.Hash
}

// Video is a video as its hashes.
type Video struct {
	W, H     int           // in pixels, as a player shows it; the hashed frames may be smaller
	Duration time.Duration // as the file's header says; 0 if it does not
	Frames   []Frame       // in the order of time
	// Cut says why the frames do not reach the video's end: a limit, or a file that is damaged further on. Empty if they do.
	Cut string

	turned [][8]pdq.Hash // of each frame
}

// Turned gives the frames as they would be were the video turned or mirrored; it cannot for one whose hashes were read from a list. A query that is
// compared in all eight ways finds a known video however it was turned; mirroring ([pdq.FlipY]) is the common one.
func (v *Video) Turned(d pdq.Dihedral) (frames []Frame, ok bool) {
	if len(v.turned) != len(v.Frames) {
		return nil, false
	}
	frames = make([]Frame, len(v.Frames))
	for i, f := range v.Frames {
		f.Hash = v.turned[i][d]
		frames[i] = f
	}
	return frames, true
}

// IsVideo tells by the first bytes of a file (200 will do) whether it is of one of the containers that a [Hasher] reads: MP4 and QuickTime, Matroska and
// WebM, AVI, FLV, MPEG program and transport streams, Ogg, ASF. A file of sound in one of them counts as well.
func IsVideo(head []byte) bool {
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	switch {
	case at(4, "ftyp"):
		return !at(8, "avif") && !at(8, "avis") && !at(8, "heic") && !at(8, "heix") && !at(8, "mif1") && !at(8, "msf1")
	case at(4, "moov"), at(4, "mdat"), at(4, "wide"):
		return true
	case at(0, "RIFF"):
		return at(8, "AVI ")
	case at(0, "\x47"):
		return len(head) > 188 && head[188] == 0x47
	}
	return at(0, "\x1a\x45\xdf\xa3") || at(0, "FLV\x01") || at(0, "OggS") || at(0, "\x00\x00\x01\xba") || at(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11")
}
