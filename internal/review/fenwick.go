package review

// fenwick holds weights so that one can be changed, and the one at a sum found, in O(log n) (Fenwick 1994).
type fenwick struct {
	weights []float64 // as they are
	sums    []float64 // sums[i] is of the weights (i+1) &^ lowest bit … i
}

// grow adds a weight of 0.
func (f *fenwick) grow() {
	f.weights = append(f.weights, 0)
	i := len(f.weights)
	sum := 0.0
	for j, low := i-1, i&-i; j > i-low; j -= j & -j {
		sum += f.sums[j-1]
	}
	f.sums = append(f.sums, sum)
}

// set changes a weight, and computes the sums that it is part of anew: adding differences would let them drift.
func (f *fenwick) set(at int, weight float64) {
	f.weights[at] = weight
	for i := at + 1; i <= len(f.sums); i += i & -i {
		sum := f.weights[i-1]
		for j, end := i-1, i-i&-i; j > end; j -= j & -j {
			sum += f.sums[j-1]
		}
		f.sums[i-1] = sum
	}
}

func (f *fenwick) total() float64 {
	sum := 0.0
	for i := len(f.sums); i > 0; i -= i & -i {
		sum += f.sums[i-1]
	}
	return sum
}

// find is the place of the weight in which a sum from 0 to the total falls; of a weight over 0, but for rounding at the very end.
func (f *fenwick) find(sum float64) int {
	step := 1
	for step*2 <= len(f.sums) {
		step *= 2
	}
	at := 0
	for ; step > 0; step /= 2 {
		if next := at + step; next <= len(f.sums) && f.sums[next-1] <= sum {
			sum -= f.sums[next-1]
			at = next
		}
	}
	return min(at, len(f.sums)-1)
}
