package learn

import "math"

// Sigmoid is 1/(1+e^-x), between 0 and 1 and never NaN unless x is.
func Sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + exp(-x))
	}
	e := exp(x)
	return e / (1 + e)
}

// exp is e^x for x ≤ 0, within two units of the last place. The one of package math is written in assembly for some processors
// and not for others, and they differ in the last bit.
func exp(x float64) float64 {
	const (
		ln2High = 6.93147180369123816490e-01 // the upper bits of ln 2: k·ln2High is exact
		ln2Low  = 1.90821492927058770002e-10
	)
	switch {
	case math.IsNaN(x):
		return x
	case x < -700:
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := float64(x-float64(k*ln2High)) - float64(k*ln2Low) // |r| ≤ ln 2 / 2
	sum := 1.0
	for i := 14.0; i >= 1; i-- {
		sum = 1 + float64(sum*r)/i
	}
	return math.Ldexp(sum, int(k))
}
