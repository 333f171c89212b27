package align

// correspondence is a feature of the query and the one of the banked picture that it looks like.
type correspondence struct {
	query, banked uint16
}

const (
	// maxDistance is how many of 256 comparisons may differ between features that look alike. Unrelated ones differ in some 128.
	maxDistance = 80
	// A feature's nearest counterpart has to be nearer than ratio times the second, or it says nothing of where it belongs (Lowe 2004).
	ratio = 0.85
)

// correspondences pairs features of a query with those of a banked picture, each at most once. It compares all with all.
func correspondences(query, banked *Features) []correspondence {
	type claim struct {
		query    uint16
		distance uint16
	}
	const none = 257
	claims := make([]claim, len(banked.descriptors))
	for i := range claims {
		claims[i].distance = none
	}
	for i := range query.descriptors {
		q := &query.descriptors[i]
		best, second, at := none, none, 0
		for j := range banked.descriptors {
			if d := distance(q, &banked.descriptors[j]); d < second {
				if d < best {
					best, second, at = d, best, j
				} else {
					second = d
				}
			}
		}
		if best <= maxDistance && float64(best) < ratio*float64(second) && best < int(claims[at].distance) {
			claims[at] = claim{uint16(i), uint16(best)}
		}
	}
	var pairs []correspondence
	for j, c := range claims {
		if c.distance < none {
			pairs = append(pairs, correspondence{c.query, uint16(j)})
		}
	}
	return pairs
}
