package leiden

// adjustedRand is the adjusted Rand index of two partitions of the same nodes (Hubert and Arabie 1985): 1 where they are equal, about 0 where one says
// nothing of the other.
func adjustedRand(a, b []uint32) float64 {
	pairs := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	both, as, bs := map[[2]uint32]int{}, map[uint32]int{}, map[uint32]int{}
	for v := range a {
		both[[2]uint32{a[v], b[v]}]++
		as[a[v]]++
		bs[b[v]]++
	}
	var index, sumA, sumB float64
	for _, n := range both {
		index += pairs(n)
	}
	for _, n := range as {
		sumA += pairs(n)
	}
	for _, n := range bs {
		sumB += pairs(n)
	}
	expected := sumA * sumB / pairs(len(a))
	greatest := (sumA + sumB) / 2
	if greatest == expected {
		return 1
	}
	return (index - expected) / (greatest - expected)
}
