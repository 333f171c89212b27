package evidence

// index finds the places of things in a table by their hashes: open addressing with linear probing and deletion without tombstones. What is at a place the caller
// compares. It holds no order that anything depends on, and can be made anew from its table.
type index struct {
	cells []cell
	held  int
}

// cell is 32 bits of a hash and a place + 1; a place of 0 is an empty cell.
type cell struct{ tag, place uint32 }

func tagOf(hash uint64) uint32 { return uint32(hash ^ hash>>32) }

// first is where to begin to look for a hash.
func (x *index) first(hash uint64) uint32 { return tagOf(hash) }

// next is the next place, from a position on, at which a thing of that hash may be, and the position after it; ok is false when there is none left.
func (x *index) next(hash uint64, position uint32) (place, after uint32, ok bool) {
	if len(x.cells) == 0 {
		return 0, 0, false
	}
	tag, mask := tagOf(hash), uint32(len(x.cells)-1)
	for i := position & mask; ; i = (i + 1) & mask {
		c := x.cells[i]
		if c.place == 0 {
			return 0, 0, false
		}
		if c.tag == tag {
			return c.place - 1, i + 1, true
		}
	}
}

// add notes a place that is not in the index.
func (x *index) add(hash uint64, place uint32) {
	if 4*(x.held+1) > 3*len(x.cells) {
		x.grow()
	}
	x.held++
	x.put(cell{tagOf(hash), place + 1})
}

func (x *index) put(c cell) {
	mask := uint32(len(x.cells) - 1)
	i := c.tag & mask
	for x.cells[i].place != 0 {
		i = (i + 1) & mask
	}
	x.cells[i] = c
}

func (x *index) grow() {
	old := x.cells
	x.cells = make([]cell, max(64, 2*len(old)))
	for _, c := range old {
		if c.place != 0 {
			x.put(c)
		}
	}
}

// remove takes a place of that hash out.
func (x *index) remove(hash uint64, place uint32) {
	if len(x.cells) == 0 {
		return
	}
	mask := uint32(len(x.cells) - 1)
	i := tagOf(hash) & mask
	for x.cells[i].place != place+1 {
		if x.cells[i].place == 0 {
			return
		}
		i = (i + 1) & mask
	}
	x.held--
	for j := (i + 1) & mask; x.cells[j].place != 0; j = (j + 1) & mask {
		if home := x.cells[j].tag & mask; (j-home)&mask >= (j-i)&mask { // it may move up to i
			x.cells[i] = x.cells[j]
			i = j
		}
	}
	x.cells[i] = cell{}
}

// mix spreads the bits of a number over all of it (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
