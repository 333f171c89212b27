package evidence

import "math"

// logTail is ln P(Poisson(rate) ≥ n), for any rate of 0 or more.
func logTail(rate float64, n int) float64 {
	switch {
	case n <= 0:
		return 0
	case rate <= 0:
		return math.Inf(-1)
	}
	log := logMass(rate, n)
	if rate < float64(n) { // the terms from n on fall
		sum, term := 1.0, 1.0
		for i := n + 1; term > 1e-17*sum; i++ {
			term *= rate / float64(i)
			sum += term
		}
		return min(0, log+math.Log(sum))
	}
	// The terms below n fall towards 0.
	sum, term := 0.0, 1.0
	for i := n; i > 0 && term > 1e-17*sum; i-- {
		term *= float64(i) / rate
		sum += term
	}
	return math.Log1p(-min(1-1e-16, math.Exp(log)*sum))
}

// logMass is ln P(Poisson(rate) = n).
func logMass(rate float64, n int) float64 {
	return float64(n)*math.Log(rate) - rate - logFactorial(n)
}

func logFactorial(n int) float64 {
	if n < len(logFactorials) {
		return logFactorials[n]
	}
	gamma, _ := math.Lgamma(float64(n) + 1)
	return gamma
}

// logFactorials are those of what a tie counts to.
var logFactorials = func() (all [256]float64) {
	for n := range all {
		all[n], _ = math.Lgamma(float64(n) + 1)
	}
	return all
}()

// fisher combines independent p-values, of which logSum is the sum of the logarithms and k how many they are: the logarithm of the tail of a
// chi-squared distribution with 2k degrees of freedom.
func fisher(logSum float64, k int) float64 {
	s := -logSum
	sum, term := 1.0, 1.0
	for i := 1; i < k; i++ {
		term *= s / float64(i)
		sum += term
	}
	return min(0, -s+math.Log(sum))
}

// combined is the logarithm of the p-value of k classes, logSum and best the sum and the least of theirs. Fisher's method finds what is a little unlikely in
// several, the least of them what is in one: the better of the two counts, and twice, for the choice.
func combined(logSum, best float64, k int) float64 {
	if k == 0 {
		return 0
	}
	return min(0, math.Ln2+min(fisher(logSum, k), best+math.Log(float64(k))))
}
