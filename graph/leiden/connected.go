package leiden

// splitApart gives each connected part of a community but the first a free number. nodes lists all members of these communities. A split never lowers either objective: no edge is lost, and the penalty shrinks.
//
// The refinement leaves nothing to split, but where a level stopped at the limit of visits or nothing could be put together.
func splitApart(l *level, community, nodes []uint32) {
	part := make([]uint32, len(community)) // 0: not reached, else the number of the part
	var stack []uint32
	seen := make([]bool, len(community)) // a part of the community was reached
	parts := uint32(0)
	var apart [][]uint32 // further parts
	for _, v := range nodes {
		if part[v] != 0 {
			continue
		}
		parts++
		part[v] = parts
		stack = append(stack[:0], v)
		c := community[v]
		again := seen[c]
		seen[c] = true
		var all []uint32
		for len(stack) > 0 {
			u := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if again {
				all = append(all, u)
			}
			for _, a := range l.of(u) {
				if community[a.to] == c && part[a.to] == 0 {
					part[a.to] = parts
					stack = append(stack, a.to)
				}
			}
		}
		if again {
			apart = append(apart, all)
		}
	}
	if len(apart) == 0 {
		return
	}
	used := make([]bool, len(community))
	for _, c := range community {
		used[c] = true
	}
	free := uint32(0)
	for _, all := range apart {
		for used[free] {
			free++
		}
		used[free] = true
		for _, v := range all {
			community[v] = free
		}
	}
}
