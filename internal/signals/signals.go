// Package signals is the body of a signals record: what a worker found out about an event's pictures after the event was in the
// journal. It carries the event itself, so that the rules that waited for it can be evaluated from the record alone; a replay reads
// what was found then, and fetches nothing.
package signals

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/lookup"
	"github.com/ringfence/ringfence/media/pdq"
)

// What finds out about media. An event has one record of each at most; a record of another is one of another build.
const (
	Extractor = "media"          // what takes milliseconds once a picture is there: its hashes
	Examiner  = "media.examined" // what takes long, besides that: scores
)

// Version is that of what the extractors compute. A record of a newer one is not read.
const Version = 3

// Bounds of a record.
const (
	MaxPictures = 256  // as many as an event has
	MaxParts    = 16   // of a picture
	MaxVideos   = 4    // of an event
	MaxFrames   = 300  // of a video
	MaxText     = 8192 // bytes of what a picture says
	MaxScorers  = 16   // that were asked about a picture
	MaxPolicies = 64   // that a scorer scores
	MaxShown    = 16   // known pictures that a picture shows
	maxFailure  = 64   // bytes
	maxAgain    = 128  // likewise
	maxName     = 64   // bytes of the name of features, and of a method
	maxInliers  = 4096
	maxPixel    = 1 << 24 // in a picture's row or column
)

// ErrRecord is wrapped by the errors of [Decode].
var ErrRecord = errors.New("no signals record of this build")

// Record is what was found.
type Record struct {
	Extractor string    `json:"extractor"`
	Version   int       `json:"version"`
	Pictures  []Picture `json:"pictures"`
	Videos    []Video   `json:"videos,omitempty"`

	// Again, if set, names the change of a bank for which an event of earlier is looked at once more: "bank/version".
	Again string `json:"again,omitempty"`

	// Event is the line of the event, a JSON object, as the journal has it; without spaces around it.
	Event json.RawMessage `json:"event,omitempty"`
}

// Picture is one of the event's.
type Picture struct {
	At      int    `json:"at"`                // its place in the event's media, from 0
	Failure string `json:"failure,omitempty"` // why there is nothing else, or only the file's digests, in one word

	MD5    string `json:"md5,omitempty"` // of the file, in lower-case hexadecimal digits
	SHA1   string `json:"sha1,omitempty"`
	SHA256 string `json:"sha256,omitempty"`

	Width   int        `json:"width,omitempty"` // in pixels
	Height  int        `json:"height,omitempty"`
	Quality int        `json:"quality,omitempty"` // of the hashes, 0 to 100; see [pdq.MinQuality]
	PDQ     []pdq.Hash `json:"pdq,omitempty"`     // of the picture as it is, and turned and mirrored, in the order of [pdq.Dihedral]
	PDQ512  *pdq.Hash  `json:"pdq512,omitempty"`  // the variant of the reference's file hasher, where it differs
	Parts   []Part     `json:"parts,omitempty"`   // rectangles that may be pictures of their own

	Scores []Scored `json:"scores,omitempty"` // by the models that were asked
	Read   *Read    `json:"read,omitempty"`   // where it was to be read
	Known  *Known   `json:"known,omitempty"`  // where known pictures were to be looked for in it
}

// Known is which known pictures a picture shows, by the features of those as they were held then. Banks say what that means.
type Known struct {
	Shown   []bank.Shown `json:"shown,omitempty"`   // the surest first
	Failure string       `json:"failure,omitempty"` // why nothing was looked for, in one word
}

func (k *Known) check() error {
	if len(k.Failure) > maxFailure || len(k.Shown) > MaxShown {
		return fmt.Errorf("%d known pictures are out of bounds", len(k.Shown))
	}
	for i := range k.Shown {
		s := &k.Shown[i]
		ok := len(s.Features) <= maxName && len(s.Method) <= maxName && s.Distance >= 0 && s.Distance <= 256 && s.Inliers >= 0 && s.Inliers <= maxInliers
		for _, r := range [...][4]int{s.Box, s.Known} {
			for _, at := range r {
				ok = ok && at >= 0 && at <= maxPixel
			}
		}
		if !ok {
			return fmt.Errorf("known picture %d is out of bounds", i)
		}
	}
	return nil
}

// Read is what a picture says.
type Read struct {
	Text    string `json:"text,omitempty"`
	Failure string `json:"failure,omitempty"` // why it was not read, in one word
}

// Video is one of the event's, by its frames.
type Video struct {
	At       int     `json:"at"` // its place in the event's media, from 0
	Failure  string  `json:"failure,omitempty"`
	SHA256   string  `json:"sha256,omitempty"`
	Duration float64 `json:"duration,omitempty"` // in seconds, as its header says
	Frames   []Frame `json:"frames,omitempty"`   // in the order of time
}

// Frame is a frame of a video.
type Frame struct {
	T       float64  `json:"t"` // in seconds from the begin
	Quality int      `json:"quality"`
	PDQ     pdq.Hash `json:"pdq"`
}

// Scored is what a model said of a picture.
type Scored struct {
	Scorer   string  `json:"scorer"`
	Version  string  `json:"version,omitempty"` // of the model, as its server says
	Failure  string  `json:"failure,omitempty"` // why it said nothing, in one word
	Policies []Score `json:"policies,omitempty"`
}

// Score is how likely a picture offends a policy, from 0 to 1.
type Score struct {
	Policy string  `json:"policy"`
	P      float64 `json:"p"`
}

// Part is a part of a picture, of a quality that means something.
type Part struct {
	Box [4]int   `json:"box"` // left, top, right, bottom in pixels
	PDQ pdq.Hash `json:"pdq"`
}

// Hashes are those that banks look up: into dst those of the whole picture first, as many as the second result says, then those of the
// reference's variant and of parts.
func (p *Picture) Hashes(dst []hamming.Hash) (of bank.Picture, whole int) {
	of = bank.Picture{PDQ: dst[:0], MD5: p.MD5, SHA1: p.SHA1, SHA256: p.SHA256}
	if p.Quality >= pdq.MinQuality {
		for _, h := range p.PDQ {
			of.PDQ = append(of.PDQ, words(h))
		}
	}
	whole = len(of.PDQ)
	if whole > 0 && p.PDQ512 != nil {
		of.PDQ = append(of.PDQ, words(*p.PDQ512))
	}
	of.Parts = len(p.Parts)
	for _, part := range p.Parts {
		of.PDQ = append(of.PDQ, words(part.PDQ))
	}
	return of, whole
}

// Sight says what the i-th of the hashes is of that Hashes gives, whose second result is whole: the method by which what is near it was recognised, as package
// media/lookup names it, and where in the picture it lies.
func (p *Picture) Sight(i, whole int) (method lookup.Method, box [4]int) {
	box = [4]int{0, 0, p.Width, p.Height}
	if i < whole {
		switch d := pdq.Dihedral(i); {
		case d == pdq.Original:
			return lookup.PDQ, box
		case d <= pdq.Rotate270:
			return lookup.PDQRotated, box
		}
		return lookup.PDQMirrored, box
	}
	i -= whole
	if whole > 0 && p.PDQ512 != nil {
		if i == 0 {
			return lookup.PDQ512, box
		}
		i--
	}
	return lookup.Layout, p.Parts[i].Box
}

// words is a hash as the index has it.
func words(h pdq.Hash) (w hamming.Hash) {
	for i := range w {
		w[i] = binary.BigEndian.Uint64(h[8*i:])
	}
	return w
}

// Encode gives the record's body.
func (r *Record) Encode() ([]byte, error) {
	head := *r
	head.Event = nil
	body, err := json.Marshal(&head)
	if err != nil || r.Event == nil {
		return body, err
	}
	// Put in as it is: the encoder would write it in another way, which would make it another event.
	body = append(body[:len(body)-1], `,"event":`...)
	return append(append(body, r.Event...), '}'), nil
}

// Decode reads a body. It keeps nothing of it but Event.
func Decode(body []byte) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal(body, r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if r.Extractor != Extractor && r.Extractor != Examiner || r.Version < 1 || r.Version > Version {
		return nil, fmt.Errorf("%w: it is of %.64q, version %d", ErrRecord, r.Extractor, r.Version)
	}
	if len(r.Pictures) > MaxPictures || len(r.Again) > maxAgain {
		return nil, fmt.Errorf("%w: %d pictures", ErrRecord, len(r.Pictures))
	}
	if err := r.checkVideos(); err != nil {
		return nil, err
	}
	for i := range r.Pictures {
		p := &r.Pictures[i]
		if p.Read != nil && (len(p.Read.Text) > MaxText || len(p.Read.Failure) > maxFailure) {
			return nil, fmt.Errorf("%w: the text of picture %d is out of bounds", ErrRecord, i)
		}
		if p.At < 0 || p.At >= MaxPictures || len(p.PDQ) > 8 || len(p.Parts) > MaxParts || len(p.Failure) > maxFailure {
			return nil, fmt.Errorf("%w: picture %d is out of bounds", ErrRecord, i)
		}
		if p.Known != nil {
			if err := p.Known.check(); err != nil {
				return nil, fmt.Errorf("%w: picture %d: %w", ErrRecord, i, err)
			}
		}
		if len(p.Scores) > MaxScorers {
			return nil, fmt.Errorf("%w: picture %d has %d scorers", ErrRecord, i, len(p.Scores))
		}
		for _, s := range p.Scores {
			if len(s.Policies) > MaxPolicies || len(s.Failure) > maxFailure {
				return nil, fmt.Errorf("%w: the scores of picture %d are out of bounds", ErrRecord, i)
			}
			for _, one := range s.Policies {
				if !(one.P >= 0 && one.P <= 1) { // nor NaN
					return nil, fmt.Errorf("%w: picture %d has the score %v", ErrRecord, i, one.P)
				}
			}
		}
	}
	return r, nil
}

func (r *Record) checkVideos() error {
	if len(r.Videos) > MaxVideos {
		return fmt.Errorf("%w: %d videos", ErrRecord, len(r.Videos))
	}
	for i := range r.Videos {
		v := &r.Videos[i]
		if v.At < 0 || v.At >= MaxPictures || len(v.Frames) > MaxFrames || len(v.Failure) > maxFailure {
			return fmt.Errorf("%w: video %d is out of bounds", ErrRecord, i)
		}
		for j, f := range v.Frames {
			if !(f.T >= 0 && f.T <= 24*3600) || j > 0 && f.T < v.Frames[j-1].T {
				return fmt.Errorf("%w: frame %d of video %d is at %v s", ErrRecord, j, i, f.T)
			}
		}
	}
	return nil
}
