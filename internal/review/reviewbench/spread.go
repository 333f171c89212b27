package reviewbench

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// spreadHours is how long views of a post are followed.
const spreadHours = 14 * 24

// Curve is the share of a post's views that came within each hour from 0 to spreadHours: it rises to about 1.
type Curve [spreadHours + 1]float32

// Spread holds curves of two families: of what is passed on fast and briefly, and of what is passed on for long.
type Spread struct{ Fast, Slow []Curve }

// hawkes are the constants of how attention comes: readers of the post itself, each of whom brings in Poisson(branching) others, with delays
// that fade as a power (Lomax) in minutes.
type hawkes struct{ scale, exponent float64 }

var (
	fast = hawkes{scale: 4, exponent: .66}
	slow = hawkes{scale: 8, exponent: .62}
)

// curvesOfAFamily is how many curves are generated, of which posts get one each by chance.
const curvesOfAFamily = 300

// GenerateSpread makes curves by a branching process for each: a Hawkes process, cascade by cascade. The same generator gives the same curves.
func GenerateSpread(rng *rand.Rand) *Spread {
	s := new(Spread)
	for range curvesOfAFamily {
		s.Fast = append(s.Fast, curve(fast.delays(rng)))
		s.Slow = append(s.Slow, curve(slow.delays(rng)))
	}
	return s
}

// delays of one cascade in minutes: at least 5 and at most 400.
func (h hawkes) delays(rng *rand.Rand) []float64 {
	const most = 400
	branching := .3 + .6*rng.Float64()
	pace := h.scale * math.Exp(.9*rng.NormFloat64()) // of one cascade against others
	wait := func() float64 { return pace * (math.Pow(1-rng.Float64(), -1/h.exponent) - 1) }
	var delays []float64
	for len(delays) < 5 {
		delays = delays[:0]
		for range 3 + rng.IntN(40) {
			delays = append(delays, wait())
		}
		for i := 0; i < len(delays); i++ {
			for range poisson(rng, branching) {
				if len(delays) < most {
					delays = append(delays, delays[i]+wait())
				}
			}
		}
		delays = slices.DeleteFunc(delays, func(d float64) bool { return d > spreadHours*60 })
	}
	return delays
}

// curve counts delays in minutes by the hour.
func curve(delays []float64) (c Curve) {
	for _, d := range delays {
		c[min(int(d/60)+1, spreadHours)]++
	}
	sum := float32(0)
	for i := range c {
		sum += c[i] / float32(len(delays))
		c[i] = sum
	}
	return c
}

// ReadSpread reads a CSV file with the columns label and delays_min (minutes, by spaces), a cascade a row: those with the labels false
// and unverified are the slow family. Cascades of fewer than five delays are left out.
func ReadSpread(r io.Reader) (*Spread, error) {
	cascades, err := readCascades(r)
	if err != nil {
		return nil, err
	}
	s := new(Spread)
	for _, c := range cascades {
		if c.slow {
			s.Slow = append(s.Slow, curve(c.delays))
		} else {
			s.Fast = append(s.Fast, curve(c.delays))
		}
	}
	if len(s.Fast) < 20 || len(s.Slow) < 20 {
		return nil, errors.New("the table of cascades needs 20 of either family with five delays at least")
	}
	return s, nil
}

type cascade struct {
	slow   bool
	delays []float64
}

func readCascades(r io.Reader) ([]cascade, error) {
	in := csv.NewReader(r)
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("the table of cascades has no head: %w", err)
	}
	label, delays := slices.Index(head, "label"), slices.Index(head, "delays_min")
	if label < 0 || delays < 0 {
		return nil, errors.New("the table of cascades needs the columns label and delays_min")
	}
	var cascades []cascade
	for n := 1; n < 1<<20; n++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		c := cascade{slow: row[label] == "false" || row[label] == "unverified"}
		for field := range strings.FieldsSeq(row[delays]) {
			d, err := strconv.ParseFloat(field, 64)
			if err != nil || !(d >= 0) {
				return nil, fmt.Errorf("cascade %d: delay %q is not a number of minutes", n, field)
			}
			if d > 0 && d <= spreadHours*60 { // the first is the post itself
				c.delays = append(c.delays, d)
			}
		}
		if len(c.delays) >= 5 {
			cascades = append(cascades, c)
		}
	}
	return cascades, nil
}

// poisson draws a Poisson variable: exactly for small means, by a rounded normal for large ones.
func poisson(rng *rand.Rand, mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	limit, k := math.Exp(-mean), 0
	for p := rng.Float64(); p > limit; p *= rng.Float64() {
		k++
	}
	return k
}
