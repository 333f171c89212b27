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
	// The series 1 + r + r²/2! + … by even and odd powers, which do not wait for one another.
	square := float64(r * r)
	even, odd := 1.0/479001600, 1.0/6227020800 // 1/12! and 1/13!
	for i := len(factorials) - 2; i >= 0; i -= 2 {
		even = float64(even*square) + factorials[i]
		odd = float64(odd*square) + factorials[i+1]
	}
	return float64((even + float64(odd*r)) * math.Float64frombits(uint64(int64(k)+1023)<<52))
}

// factorials are 1/0! to 1/11!.
var factorials = [12]float64{1, 1, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320, 1. / 362880, 1. / 3628800, 1. / 39916800}

// expUp is e^x for any x that is not above 700; above, it is as at 700.
func expUp(x float64) float64 {
	if x <= 0 {
		return exp(x)
	}
	return 1 / exp(-min(x, 700))
}

// log is the natural logarithm of a positive finite number, within two units of the last place of itself or of ln 2, for the reason that exp
// is there.
func log(x float64) float64 {
	fraction, power := math.Frexp(x)
	if fraction < math.Sqrt2/2 {
		fraction, power = 2*fraction, power-1
	}
	s := (fraction - 1) / (fraction + 1) // |s| < .172: ln fraction = 2·(s + s³/3 + s⁵/5 + …)
	square, sum := float64(s*s), 0.0
	for i := 23.0; i >= 1; i -= 2 {
		sum = float64(sum*square) + 1/i
	}
	return float64(float64(power)*math.Ln2) + float64(float64(2*s)*sum)
}
