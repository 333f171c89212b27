package group

import (
	"math"
	"slices"
)

// Seeds is how figures of accounts vary from run to run. Campaigns, not accounts, are what differs from one seed to the next, so these intervals are those to go by.
type Seeds struct {
	Runs      int      `json:"runs"`
	Precision Variable `json:"precision"`
	Recall    Variable `json:"recall"`
	F1        Variable `json:"f1"`
}

// Variable is a figure over runs: its mean with the 95% interval of Student's t, and its worst.
type Variable struct {
	Mean  float64 `json:"mean"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Worst float64 `json:"worst"`
}

// student is the 97.5th percentile of Student's distribution by degrees of freedom, from one; above, it is taken for normal.
var student = [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101,
	2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042}

// variableOf summarises two values or more that lie in 0 to 1.
func variableOf(values []float64) Variable {
	n := float64(len(values))
	var v Variable
	for _, x := range values {
		v.Mean += x / n
	}
	squares := 0.0
	for _, x := range values {
		squares += (x - v.Mean) * (x - v.Mean)
	}
	t := 1.96
	if freedom := len(values) - 1; freedom <= len(student) {
		t = student[freedom-1]
	}
	half := t * math.Sqrt(squares/(n-1)/n)
	v.Low, v.High, v.Worst = max(0, v.Mean-half), min(1, v.Mean+half), slices.Min(values)
	return v
}

func seedsOf(values [3][]float64) *Seeds {
	if len(values[0]) < 2 {
		return nil
	}
	return &Seeds{len(values[0]), variableOf(values[0]), variableOf(values[1]), variableOf(values[2])}
}
