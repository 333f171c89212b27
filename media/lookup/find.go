package lookup

import (
	"cmp"
	"image"
	"maps"
	"slices"

	"github.com/ringfence/ringfence/media/align"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/layout"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
)

// Method says by what a picture was recognised.
type Method string

// The methods, the strongest first.
const (
	SHA256           Method = "sha256"            // the file is the same
	SHA1             Method = "sha1"              //
	MD5              Method = "md5"               //
	PDQ              Method = "pdq"               // the whole picture is the same
	PDQ512           Method = "pdq512"            // the same, reduced to 512 by 512 first
	PDQRotated       Method = "pdq-rotated"       // turned by one, two or three quarters
	PDQMirrored      Method = "pdq-mirrored"      // mirrored, and perhaps turned
	PDQInverted      Method = "pdq-inverted"      // with its colours inverted, and perhaps turned or mirrored
	Layout           Method = "layout"            // a rectangle within the picture is the same, however turned
	Features         Method = "features"          // a part of it shows a part of the known one
	FeaturesMirrored Method = "features-mirrored" // the same, mirrored
)

var methods = []Method{SHA256, SHA1, MD5, PDQ, PDQ512, PDQRotated, PDQMirrored, PDQInverted, Layout, Features, FeaturesMirrored}

// Match is a known picture that a picture shows.
type Match struct {
	ID     string
	Method Method
	// Distance is in bits, up to pdq.MatchDistance; 0 for digests, and for features, which have Inliers.
	Distance int
	// Inliers is how many distinct features agree, align.MinInliers or more; 0 for other methods.
	Inliers int
	// Score is 0 to 1: 1 for digests, 0.5 at the largest distance and the fewest inliers. Not a probability.
	Score float64
	// Query is where in the picture, and Banked what of the known one, in pixels. Banked is empty if the bank does not know the sides.
	Query, Banked image.Rectangle
}

// MaxMatches is how many matches a lookup gives at most.
const MaxMatches = 64

// Finder looks pictures up. It keeps buffers: have one a goroutine.
type Finder struct {
	hasher  *pdq.Hasher
	locator layout.Locator
	near    []hamming.Match
}

// NewFinder returns a Finder.
func NewFinder() *Finder { return &Finder{hasher: pdq.NewHasher()} }

// Item is what a bank can know of a picture: its digests, hashes and features, under an id. Of a picture on a page, such as a screenshot,
// it takes the features of the picture, or every screenshot of the same program would show it. file may be nil.
func (f *Finder) Item(id string, file []byte, p *picture.Picture) (Item, error) {
	it := Item{ID: id, W: p.W, H: p.H}
	if file != nil {
		it.Digests = Digests(file)
	}
	for _, v := range f.hashes(p) {
		it.Hashes = append(it.Hashes, Hash{v.spectrum.Hash(), v.variant, v.spectrum.Quality})
	}
	small := reduced(p)
	features, err := align.Extract(luma(small))
	if err != nil {
		return it, err
	}
	it.Features = features.Within(f.content(small))
	return it, nil
}

// Find gives what of the bank a picture shows, the highest score first, each item once. file holds the bytes that p was decoded from, for the
// digests; either may be nil. A picture that is not opaque is looked up as it is stored, on white and on black. Time and memory are in
// proportion to the picture's pixels, and otherwise bounded.
func (f *Finder) Find(b *Bank, file []byte, p *picture.Picture) []Match {
	s := search{bank: b, found: map[uint64]Match{}}
	s.digests(file, p)
	if p != nil && p.W > 0 && p.H > 0 {
		views := seen(p)
		for _, v := range views {
			f.whole(&s, v)
		}
		if len(s.found) == 0 {
			for _, v := range views {
				f.parts(&s, v)
			}
		}
	}
	out := slices.SortedFunc(maps.Values(s.found), func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(slices.Index(methods, a.Method), slices.Index(methods, b.Method)), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), MaxMatches)]
}

// seen are the ways in which a picture can be seen. What is transparent is one picture on white, and may be another on black.
func seen(p *picture.Picture) []*picture.Picture {
	if p.Alpha == nil {
		return []*picture.Picture{p}
	}
	return []*picture.Picture{p, p.Over(255, 255, 255), p.Over(0, 0, 0)}
}

type variant struct {
	variant  Variant
	spectrum pdq.Spectrum
}

// hashes are the spectra of the variants in which a picture differs.
func (f *Finder) hashes(p *picture.Picture) []variant {
	out := []variant{{Full, f.hasher.Full(p.Pix, p.W, p.H)}}
	if max(p.W, p.H) > 512 {
		out = append(out, variant{Squashed, f.hasher.Squashed(p.Pix, p.W, p.H)})
	}
	return out
}

func (f *Finder) whole(s *search, p *picture.Picture) {
	for _, v := range f.hashes(p) {
		same := PDQ
		if v.variant == Squashed {
			same = PDQ512
		}
		f.near = s.hash(f.near, &v.spectrum, image.Rect(0, 0, p.W, p.H), func(d pdq.Dihedral, inverted bool) Method {
			switch {
			case inverted:
				return PDQInverted
			case d == pdq.Original:
				return same
			case d <= pdq.Rotate270:
				return PDQRotated
			default:
				return PDQMirrored
			}
		})
	}
}

// parts looks for known pictures within a picture.
func (f *Finder) parts(s *search, p *picture.Picture) {
	small := reduced(p)
	back := func(r image.Rectangle) image.Rectangle { // to p's pixels
		return image.Rect(r.Min.X*p.W/small.W, r.Min.Y*p.H/small.H, r.Max.X*p.W/small.W, r.Max.Y*p.H/small.H)
	}
	for _, r := range f.locator.Find(small.Pix, small.W, small.H) {
		part := cut(small, r.Rectangle)
		spectrum := f.hasher.Full(part.Pix, part.W, part.H)
		f.near = s.hash(f.near, &spectrum, back(r.Rectangle), func(pdq.Dihedral, bool) Method { return Layout })
	}
	if s.bank.features.Len() == 0 {
		return
	}
	grey := luma(small)
	if s.features(Features, grey, back) == 0 {
		s.features(FeaturesMirrored, grey.Mirrored(), func(r image.Rectangle) image.Rectangle {
			return back(image.Rect(small.W-r.Max.X, r.Min.Y, small.W-r.Min.X, r.Max.Y))
		})
	}
}

// search is a lookup under way.
type search struct {
	bank  *Bank
	found map[uint64]Match // by the item's number
}

// add keeps a match of an item, unless one that is as good is known. What an earlier tier found stays.
func (s *search) add(n uint64, it *Item, m Match) {
	if known, ok := s.found[n]; ok && (tier(known.Method) != tier(m.Method) || known.Score >= m.Score) {
		return
	}
	m.ID = it.ID
	s.found[n] = m
}

func tier(m Method) int {
	switch m {
	case SHA256, SHA1, MD5:
		return 1
	case Layout:
		return 3
	case Features, FeaturesMirrored:
		return 4
	default:
		return 2
	}
}

func (s *search) digests(file []byte, p *picture.Picture) {
	if file == nil {
		return
	}
	m := Match{Score: 1}
	if p != nil {
		m.Query = image.Rect(0, 0, p.W, p.H)
	}
	for _, d := range slices.Backward(Digests(file)) {
		m.Method = d.Method()
		for n, it := range s.bank.holders(d) {
			m.Banked = image.Rect(0, 0, it.W, it.H)
			s.add(n, it, m)
		}
	}
}

// hash looks for the eight hashes of a spectrum and their complements.
func (s *search) hash(near []hamming.Match, spectrum *pdq.Spectrum, at image.Rectangle, method func(pdq.Dihedral, bool) Method) []hamming.Match {
	if spectrum.Quality < pdq.MinQuality {
		return near
	}
	for d, h := range spectrum.Dihedral() {
		for _, inverted := range []bool{false, true} {
			if inverted {
				h = h.Complement()
			}
			near = s.bank.hashes.Nearest(near[:0], index(h), MaxMatches, pdq.MatchDistance)
			for _, found := range near {
				if it := s.bank.item(found.ID); it != nil {
					s.add(found.ID, it, Match{
						Method: method(pdq.Dihedral(d), inverted), Distance: found.Distance,
						Score: 1 - float64(found.Distance)/(2*pdq.MatchDistance), Query: at, Banked: image.Rect(0, 0, it.W, it.H),
					})
				}
			}
		}
	}
	return near
}

// features looks for pictures that share features, and says how many it found.
func (s *search) features(method Method, grey align.Plane, back func(image.Rectangle) image.Rectangle) int {
	query, err := align.Extract(grey)
	if err != nil { // a picture without pixels
		return 0
	}
	found := s.bank.features.Search(nil, query, MaxMatches)
	for _, f := range found {
		if it := s.bank.item(f.ID); it != nil {
			s.add(f.ID, it, Match{Method: method, Inliers: f.Inliers, Score: f.Score, Query: back(f.Query), Banked: it.back(f.Banked)})
		}
	}
	return len(found)
}
